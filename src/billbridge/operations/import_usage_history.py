"""Importing a Usage History export: exact dates into the ledger, all good rows or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256

from django.db import transaction

from billbridge.billing.activations import Activation, Holder, Origin
from billbridge.billing.history import Covered, merge_history
from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations.names import folded
from billbridge.operations.usage import activation_row, activations_of
from billbridge.sources.usage_history import RowProblem, UsageHistoryRow, UsageStatus, read_usage_history
from billbridge.store.models import ActivationRow, BackupUser, Company, Provider, UsageHistoryImport


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import did: rows taken, rows left out with line and reason, and how many activations changed.

    `known` are the days that count as known from now on: those of the month the file can speak for.
    """

    rows: int
    problems: tuple[RowProblem, ...]
    skipped_trials: int
    changed: int
    imported: bool
    known: Covered | None = None


def import_usage_history(
    provider: Provider,
    name: str,
    data: bytes,
    day: date,
    *,
    dates: str = "iso",
    month: Month | None = None,
    all_or_nothing: bool = True,
) -> ImportResult:
    """Import a file. Its exact dates win over observed ones for the endpoints and days it covers.

    With `month` the file speaks for that month alone. Without it the file speaks, for the endpoints in it, for the
    time from their first activation to its newest date: that it was exported later is nowhere said. Which licenses
    were given back before the period of the export is not in it, so no month but that of the newest date counts as
    known. With `all_or_nothing` a single bad row keeps every row out. Importing the same file again changes
    nothing, and endpoints that are not in the file are left as they are. Raises `InvalidInput` for a month that has
    not begun.
    """
    if month is not None and month.first > day:
        raise InvalidInput(f"{month} has not begun on {day}.", hint="Say which month the file speaks for.")
    history = read_usage_history(data, day=day, dates=dates)  # type: ignore[arg-type]
    rows, unknown = _known(provider, history.rows)
    problems = (*history.errors, *unknown)
    paid = [(row, company, user) for row, company, user in rows if row.status in _PAID]
    if all_or_nothing and any(not _is_nobodys(problem) for problem in problems):
        return ImportResult(
            rows=0, problems=(*problems, *history.warnings), skipped_trials=0, changed=0, imported=False
        )
    known = _known_days(history.rows, month, day)
    with transaction.atomic():
        changed = _merge(provider, paid, month, known.last) if known else 0
        if known:
            UsageHistoryImport.objects.get_or_create(
                provider=provider,
                digest=sha256(data).hexdigest(),
                first_day=known.first,
                last_day=known.last,
                defaults={"name": name, "rows": len(paid), "imported": datetime.now(UTC)},
            )
    return ImportResult(
        rows=len(paid),
        problems=(*problems, *history.warnings),
        skipped_trials=len(rows) - len(paid),
        changed=changed,
        imported=True,
        known=known,
    )


def _known_days(rows: Sequence[UsageHistoryRow], month: Month | None, day: date) -> Covered | None:
    """The days a file makes known: those of the month it is said to speak for, else of its newest date's month."""
    if month is not None:
        return Covered(first=month.first, last=min(month.last, day))
    newest = max((row.deactivated or row.activated for row in rows), default=None)
    return Covered(first=Month.of(newest).first, last=newest) if newest else None


def _is_nobodys(problem: RowProblem) -> bool:
    """A row without a company is the provider's own or an orphan's: it is shown, and keeps nothing else out."""
    return problem.column == "Company" and not problem.value.strip()


_PAID = frozenset({UsageStatus.PAID, UsageStatus.EXPIRED})


def _known(
    provider: Provider, rows: tuple[UsageHistoryRow, ...]
) -> tuple[list[tuple[UsageHistoryRow, Company, str]], list[RowProblem]]:
    """Join rows with companies by name and users by login; a name that fits none or two is a problem.

    Logins are compared as the backup service does, without regard to case. A user who has moved to another company
    since is the same user: as another one the endpoint would be counted twice.
    """
    companies: dict[str, list[Company]] = defaultdict(list)
    for company in Company.objects.filter(provider=provider):
        companies[company.name.strip()].append(company)
    users: dict[tuple[int | None, str], str] = {}
    for user in BackupUser.objects.filter(provider=provider):
        users[user.company_id, folded(user.login)] = user.source_id
        users.setdefault((None, folded(user.login)), user.source_id)
    known: list[tuple[UsageHistoryRow, Company, str]] = []
    problems: list[RowProblem] = []
    for row in rows:
        found = companies.get(row.company.strip(), [])
        if len(found) != 1:
            reason = "no company has this name" if not found else "two companies have this name"
            problems.append(RowProblem(line=row.line, column="Company", value=row.company, reason=reason))
            continue
        login = folded(row.user)
        anywhere = users.get((None, login), row.user)
        known.append((row, found[0], users.get((found[0].pk, login), anywhere)))
    return known, problems


def _merge(
    provider: Provider,
    rows: list[tuple[UsageHistoryRow, Company, str]],
    month: Month | None,
    until: date,
) -> int:
    by_holder: dict[Holder, list[Activation]] = defaultdict(list)
    companies = {company.source_id: company for _, company, _ in rows}
    for row, company, user_id in rows:
        activation = _activation(row, company, user_id, until)
        by_holder[activation.holder].append(activation)
    existing: dict[Holder, list[ActivationRow]] = defaultdict(list)
    source_ids = {company.pk: company.source_id for company in companies.values()}
    for ledger_row in ActivationRow.objects.filter(company_id__in=source_ids).select_for_update():
        (known,) = activations_of([ledger_row], source_ids)
        existing[known.holder].append(ledger_row)
    changed = 0
    for holder, history in by_holder.items():
        covered = Covered(
            first=month.first if month else Month.of(min(a.first_day for a in history)).first, last=until
        )
        before = activations_of(existing[holder], source_ids)
        limited = [_ended(a, until) for a in history] if month else history
        after = merge_history(before, limited, covered=covered)
        if sorted(map(repr, before)) != sorted(map(repr, after)):
            _replace(provider, companies, existing[holder], after)
            changed += 1
    return changed


def _activation(row: UsageHistoryRow, company: Company, user_id: str, until: date) -> Activation:
    return Activation(
        company_id=company.source_id,
        user_id=user_id,
        user_login=row.user,
        endpoint=row.endpoint,
        license_type=row.type,
        first_day=row.activated,
        last_day=row.deactivated,
        given_back=row.deactivated is not None,
        last_seen=row.deactivated or until,
        origin=Origin.USAGE_HISTORY,
    )


def _ended(activation: Activation, until: date) -> Activation:
    """A file that speaks for one month says nothing about what came after it."""
    if activation.last_day is not None:
        return activation
    return Activation(
        company_id=activation.company_id,
        user_id=activation.user_id,
        user_login=activation.user_login,
        endpoint=activation.endpoint,
        license_type=activation.license_type,
        first_day=activation.first_day,
        last_day=until,
        last_seen=until,
        origin=activation.origin,
    )


def _replace(
    provider: Provider, companies: dict[str, Company], rows: list[ActivationRow], after: tuple[Activation, ...]
) -> None:
    ActivationRow.objects.filter(pk__in=[row.pk for row in rows]).delete()
    ActivationRow.objects.bulk_create(activation_row(provider, companies[a.company_id], a) for a in after)
