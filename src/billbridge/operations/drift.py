"""The drift check: what was changed in HaloPSA since our last sync, kept as findings. Nothing is written there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.db import transaction

from billbridge.billing.drift import coverage, drift
from billbridge.billing.drift_findings import Coverage, Drift
from billbridge.billing.drift_values import FoundInHaloPSA
from billbridge.billing.months import Month
from billbridge.errors import BillbridgeError
from billbridge.halopsa.tenant import Sizes
from billbridge.operations.access import Actor
from billbridge.operations.connect import halopsa_of
from billbridge.operations.drift_expected import settings_expect, slots_expect, slots_of
from billbridge.operations.drift_found import Wanted, nothing_read, read_for_drift
from billbridge.operations.in_halopsa import Connect
from billbridge.operations.provider import connection_of
from billbridge.operations.tasks import TaskKind, ask_for
from billbridge.store.models import Company, DriftCheck, DriftFinding, Provider, Task
from billbridge.store.queries.drift import open_findings

MOST_IN_NAME = 300
"""Characters of a thing's name that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftResult:
    """What a check found: what is new, everything that is open now, what is over; and how much was looked at."""

    day: date
    read_at: datetime
    """UTC."""
    new: tuple[DriftFinding, ...]
    open: tuple[DriftFinding, ...]
    closed: tuple[DriftFinding, ...]
    coverage: Coverage

    @property
    def harmful(self) -> tuple[DriftFinding, ...]:
        """The open changes that the next bill suffers from."""
        return tuple(one for one in self.open if one.harms and one.kind == DriftFinding.Kind.CHANGE)

    @property
    def unread(self) -> tuple[DriftFinding, ...]:
        """The open findings about what could not be looked at, if that matters to the next bill."""
        return tuple(one for one in self.open if one.harms and one.kind == DriftFinding.Kind.UNKNOWN)

    @property
    def is_clean(self) -> bool:
        """Whether everything was looked at, and nothing is open that the next bill suffers from."""
        return not (self.harmful or self.unread or self.coverage.unknown)


def ask_for_drift_check(actor: Actor) -> Task:
    """Ask for a drift check; raises what `ask_for` raises."""
    return ask_for(actor, TaskKind.DRIFT)


def check_drift(
    provider: Provider,
    day: date,
    *,
    connect: Connect = halopsa_of,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> DriftResult:
    """Compare what the next bills rely on with HaloPSA on the business day `day`, and keep what is found.

    Whatever keeps HaloPSA from being read is a finding too. Raises `InvalidInput` when no HaloPSA is set up.
    """
    connection = connection_of(provider)
    running = Month.of(day)
    slots = slots_of(provider)
    expected = settings_expect(connection, running, slots)
    known = {slot.subscription_id: int(slot.watched.get("client_id") or 0) for slot in slots}
    read_at = datetime.now(UTC)
    found = _read(provider, connect, Wanted.by(expected, known), Sizes(**connection.known_sizes), say, progress)
    say("comparing")
    subscriptions = slots_expect(provider, slots, found.subscriptions.rows.values(), running)
    expected = replace(expected, subscriptions=subscriptions)
    checked = coverage(expected, found)
    return _keep(provider, day, read_at, drift(expected, found), checked)


def _read(
    provider: Provider,
    connect: Connect,
    wanted: Wanted,
    sizes: Sizes,
    say: Callable[[str], None],
    progress: Callable[[int, int], None],
) -> FoundInHaloPSA:
    try:
        with connect(provider) as halo:
            return read_for_drift(halo, wanted, sizes, say=say, progress=progress)
    except BillbridgeError as error:
        return nothing_read(error)


def _keep(
    provider: Provider, day: date, read_at: datetime, findings: Iterable[Drift], checked: Coverage
) -> DriftResult:
    """Keep the findings in one transaction: new ones, those seen again, and those that are over.

    A finding whose subject could not be looked at this time stays open as it is.
    """
    findings = tuple(findings)
    concerned = {one.company_id for one in findings} - {""}
    companies = {
        company.source_id: company for company in Company.objects.filter(provider=provider, source_id__in=concerned)
    }
    with transaction.atomic():
        # Two checks at once would both keep the same new finding: one after the other does.
        Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
        before = {row.key: row for row in open_findings(provider)}
        seen, new = [], []
        for one in findings:
            row = before.pop(one.key, None)
            if row is None:
                row = DriftFinding(provider=provider, key=one.key, first_seen=day)
                new.append(row)
            else:
                seen.append(row)
            _describe(row, one, day, companies)
        stays = [row for key, row in before.items() if checked.leaves_open(key)]
        closed = [row for key, row in before.items() if not checked.leaves_open(key)]
        for row in closed:
            row.over_on = day
        DriftFinding.objects.bulk_create(new, batch_size=500)
        DriftFinding.objects.bulk_update(seen, _DESCRIBED, batch_size=100)
        DriftFinding.objects.bulk_update(closed, ["over_on"], batch_size=500)
        DriftCheck.objects.update_or_create(
            provider=provider,
            defaults={
                "day": day,
                "read_at": read_at,
                "things": checked.things,
                "unknown": checked.because,
            },
        )
    still_open = sorted([*new, *seen, *stays], key=lambda row: row.key)
    return DriftResult(
        day=day, read_at=read_at, new=tuple(new), open=tuple(still_open), closed=tuple(closed), coverage=checked
    )


_DESCRIBED = ("kind", "harms", "thing", "name", "company", "finding", "effect", "remedy", "last_seen")


def _describe(row: DriftFinding, one: Drift, day: date, companies: Mapping[str, Company]) -> None:
    row.kind = one.kind.value
    row.harms = one.harms
    row.thing = one.thing.value
    row.name = one.name[:MOST_IN_NAME]
    row.company = companies.get(one.company_id)
    row.finding = one.finding
    row.effect = one.effect
    row.remedy = one.remedy
    row.last_seen = day
