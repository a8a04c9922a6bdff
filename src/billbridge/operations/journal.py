"""The journal of a run: each write stored before it is sent, and each slot's base when it was read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from billbridge.billing.changes import OWNED, WATCHED, Base, Change, ChangeKind, Found, Value
from billbridge.billing.months import Month
from billbridge.billing.resume import Intent
from billbridge.halopsa.subscriptions import learned_decimals
from billbridge.operations.halopsa_values import loaded, loaded_value, stored, stored_value
from billbridge.store.models import (
    BillingConfiguration,
    BillLine,
    Company,
    HaloConnection,
    PlannedChange,
    Provider,
    Run,
    Slot,
)

_UNSETTLED = (PlannedChange.State.INTENDED, PlannedChange.State.SENDING, PlannedChange.State.SENT)


class RunJournal:
    """Keeps one run's changes in the database; every call is a transaction of its own.

    `now` gives the database's time in seconds, by which intents of an interrupted run are aged.
    """

    def __init__(self, run: Run, now: Callable[[], float]) -> None:
        self._run = run
        self._now = now
        self._rows: dict[int, PlannedChange] = {}
        self._resumed: frozenset[str] = frozenset()
        self.learned_decimals: int | None = None
        """To how many decimals HaloPSA kept the prices it rounded in this run, if it rounded any."""

    def intend(self, changes: Sequence[Change]) -> None:
        """Store the changes, with the values before them, before any of them is sent."""
        self._resumed = frozenset(_earlier(self._run).values_list("key", flat=True))
        companies = dict(Company.objects.filter(provider=self._run.provider).values_list("source_id", "pk"))
        with transaction.atomic():
            rows = PlannedChange.objects.bulk_create(
                [self._row(position, change, companies) for position, change in enumerate(changes)], batch_size=500
            )
        self._rows = {id(change): row for change, row in zip(changes, rows, strict=True)}

    def sending(self, changes: Sequence[Change]) -> None:
        """They are sent now; from here on their outcome is unknown until it is read back."""
        ids = [self._rows[id(change)].pk for change in changes]
        PlannedChange.objects.filter(pk__in=ids).update(state=PlannedChange.State.SENDING, sent_at=self._now())

    def verified(self, change: Change, now: Found, rounded: dict[str, Value]) -> None:
        """HaloPSA shows the change; what it shows is the new base, rounded or not."""
        if rounded:
            learned = (self.learned_decimals, learned_decimals(rounded))
            self.learned_decimals = max((d for d in learned if d is not None), default=None)
            shown = ", ".join(f"{name} {value}" for name, value in rounded.items())
            PlannedChange.objects.filter(pk=self._rows[id(change)].pk).update(error=f"HaloPSA rounded: {shown}")
        with transaction.atomic():
            PlannedChange.objects.filter(pk=self._rows[id(change)].pk).update(
                state=PlannedChange.State.VERIFIED, subscription_id=now.id, read_back=_read_back(change, now)
            )
            if now.key == change.wanted.key or change.kind is not ChangeKind.CLOSE:
                keep_slot(change, now)
                self._line_of(change).update(is_sent=True)  # at once: a run cut short later has still sent it
                if change.wanted.key in self._resumed:
                    _earlier(self._run).filter(key=change.wanted.key).update(state=PlannedChange.State.ABANDONED)

    def failed(self, change: Change, reason: str, now: Found | None) -> None:
        """The change did not arrive, or not as it was sent; `now` is what HaloPSA shows instead, if anything.

        A subscription of ours that was not known before becomes known: what it shows now is no person's edit.
        """
        with transaction.atomic():
            PlannedChange.objects.filter(pk=self._rows[id(change)].pk).update(
                state=PlannedChange.State.FAILED, error=reason, read_back=_read_back(change, now)
            )
            known = Slot.objects.filter(key=change.wanted.key).exists()
            if now is not None and now.key == change.wanted.key and not known:
                keep_slot(replace(change, wanted=replace(change.wanted, owned={}, of_month={}, set_once={})), now)

    def _line_of(self, change: Change) -> QuerySet[BillLine]:
        """The bill's line that a change sends; none for one that empties or closes a slot."""
        wanted, company = change.wanted, self._rows[id(change)].company_id
        if company is None or not wanted.shows or wanted.closes:
            return BillLine.objects.none()
        return BillLine.objects.filter(
            bill__company_id=company,
            bill__month=Month.parse(wanted.shows),
            configuration__uid=UUID(wanted.configuration_id),
        )

    def _row(self, position: int, change: Change, companies: Mapping[str, int]) -> PlannedChange:
        return PlannedChange(
            run=self._run,
            position=position,
            key=change.wanted.key,
            kind=change.kind.value,
            subscription_id=change.subscription_id,
            client_id=change.wanted.client_id,
            company_id=companies.get(change.wanted.company_id),
            name=change.wanted.name,
            month=change.wanted.shows,
            fields={
                field.field: {
                    "before": stored_value(field.before),
                    "after": stored_value(field.after),
                    "base": stored_value(field.base),
                }
                for field in change.fields
            },
        )


def _read_back(change: Change, now: Found | None) -> dict[str, Any]:
    """What HaloPSA shows of the fields that were sent; nothing when it shows no such subscription."""
    return {} if now is None else stored({name: now.fields.get(name) for name in change.values})


def keep_slot(change: Change, now: Found) -> None:
    """Record what HaloPSA shows of a slot as the base of the next comparison."""
    wanted = change.wanted
    existing = Slot.objects.filter(key=wanted.key).first()
    is_other = existing is not None and existing.subscription_id != now.id
    if change.kind is ChangeKind.CLOSE and (is_other or not wanted.closes):
        return  # a double of the same key was closed; the slot stays with the one that is kept
    owned = {name: now.fields.get(name) for name in OWNED}
    sent = {**(loaded(existing.sent) if existing else {}), **_sent(change)}
    Slot.objects.update_or_create(
        key=wanted.key,
        defaults={
            "configuration": BillingConfiguration.objects.only("pk").get(uid=UUID(wanted.configuration_id)),
            "slot": wanted.slot,
            "subscription_id": now.id,
            "shows": Month.parse(wanted.shows) if wanted.shows else None,
            "owned": stored(owned),
            "asked": stored(wanted.owned),
            "sent": stored(sent),
            "watched": stored({name: now.fields.get(name) for name in WATCHED}),
            "closed": wanted.closes,
        },
    )


def _sent(change: Change) -> dict[str, Value]:
    """What a slot was last sent: for a close nothing new, else the month's values and those set once."""
    if change.wanted.closes:
        return {}
    return {**change.wanted.of_month, **change.wanted.set_once}


def bases_of(provider: Provider, keys: Iterable[str] | None = None) -> dict[str, Base]:
    """What is known of every slot of the provider, by key."""
    slots = Slot.objects.filter(configuration__company__provider=provider)
    if keys is not None:
        slots = slots.filter(key__in=list(keys))
    return {
        slot.key: Base(
            subscription_id=slot.subscription_id,
            owned=loaded(slot.owned),
            asked=loaded(slot.asked),
            sent=loaded(slot.sent),
            watched=loaded(slot.watched),
        )
        for slot in slots
    }


def unsettled_intents(provider: Provider) -> list[Intent]:
    """Writes of runs that were cut short, whose outcome nobody recorded, oldest first."""
    return _intents(_unsettled(provider))


def failed_creates(provider: Provider) -> list[Intent]:
    """Creates that HaloPSA never showed, oldest first: it may have committed them after they were given up.

    Once a slot's subscription is known, its failed creates say nothing any more.
    """
    rows = PlannedChange.objects.filter(
        run__provider=provider, kind=ChangeKind.CREATE.value, state=PlannedChange.State.FAILED
    )
    return _intents(rows.exclude(key__in=Slot.objects.values("key")))


def _intents(rows: QuerySet[PlannedChange]) -> list[Intent]:
    return [
        Intent(
            key=row.key,
            subscription_id=row.subscription_id,
            client_id=row.client_id,
            values={name: loaded_value(name, change["after"]) for name, change in row.fields.items()},
            sent_at=row.sent_at,
        )
        for row in rows.order_by("run_id", "position")
    ]


def last_written(keys: Iterable[str]) -> dict[str, date]:
    """The business day on which each slot was last written and read back, by key."""
    rows = PlannedChange.objects.filter(key__in=list(keys), state=PlannedChange.State.VERIFIED)
    return dict(rows.values("key").annotate(day=Max("run__day")).values_list("key", "day"))


def end_earlier_runs(run: Run) -> None:
    """Earlier runs of the provider that still seem to be running were cut short."""
    Run.objects.filter(provider=run.provider, pk__lt=run.pk, state=Run.State.RUNNING).update(
        state=Run.State.INTERRUPTED, reason="cut short; resumed by a later run"
    )


def settle_intents(run: Run, keys: AbstractSet[str]) -> None:
    """Intents of earlier runs for these keys are superseded, because what HaloPSA shows was recorded as the base.

    Until then they stay, be it over many runs that are cut short or meet a conflict: without them nobody could tell
    a person's edit from what the killed run wrote.
    """
    superseded = [pk for pk, key in _earlier(run).values_list("pk", "key") if key in keys]
    PlannedChange.objects.filter(pk__in=superseded).update(state=PlannedChange.State.ABANDONED)


def _earlier(run: Run) -> QuerySet[PlannedChange]:
    """The unsettled intents of runs before this one."""
    return _unsettled(run.provider).filter(run_id__lt=run.pk)


def _unsettled(provider: Provider) -> QuerySet[PlannedChange]:
    return PlannedChange.objects.filter(run__provider=provider, state__in=_UNSETTLED)


def learn_price_decimals(connection: HaloConnection, decimals: int) -> None:
    """HaloPSA rounds prices to fewer decimals than were sent: later unit prices are derived with no more."""
    if 2 <= decimals < connection.unit_price_decimals:
        connection.unit_price_decimals = decimals
        connection.save(update_fields=["unit_price_decimals"])


def remember_sizes(connection: HaloConnection, sizes: dict[str, int], *, proven_batch: int | None = None) -> None:
    """Keep what the run learned of the instance, so that the next one reads the fewest pages."""
    connection.known_sizes = sizes
    if proven_batch is not None:
        connection.proven_batch = proven_batch
    connection.save(update_fields=["known_sizes", "proven_batch"])
