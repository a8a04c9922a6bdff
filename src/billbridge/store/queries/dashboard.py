"""Reading what the dashboard shows: the figures of a year, what is held now, and what needs a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, Max, OuterRef, Q, Sum

from billbridge.billing.bills import BillKind, BillState, first_automatic_month
from billbridge.billing.months import Month, in_auto_billing_window
from billbridge.store.models import (
    ActivationRow,
    Bill,
    BillingConfiguration,
    Collection,
    Company,
    Domain,
    DomainReading,
    DriftFinding,
    HaloConnection,
    Provider,
    Run,
    SourceConnection,
    StorageAccount,
    StorageReading,
    Task,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigures:
    """What the bills of a month add up to, in the provider's currency, and how many there are in each state."""

    month: Month
    cost: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    states: dict[tuple[BillKind, BillState], int] = field(default_factory=dict)

    @property
    def margin(self) -> Decimal:
        return self.price - self.cost

    @property
    def bills(self) -> int:
        return sum(self.states.values())

    def having(self, *states: BillState, kind: BillKind | None = None) -> int:
        """How many bills are in one of some states, of one kind or of any."""
        return sum(n for (of, state), n in self.states.items() if state in states and kind in (None, of))

    @property
    def unfinished(self) -> int:
        """How many bills of a month that is over have not gone out with its last figures."""
        return sum(
            n
            for (kind, state), n in self.states.items()
            if state is not BillState.SENT or kind is BillKind.TEMPORARY
        )


def months_with_bills(provider: Provider, since: Month) -> dict[Month, MonthFigures]:
    """The months since `since` that have bills, oldest first; of months before it only unfinished bills count."""
    unfinished = ~Q(state=BillState.SENT.value) | Q(kind=BillKind.TEMPORARY.value)
    rows = (
        Bill.objects.filter(Q(month__gte=since) | unfinished, provider=provider)
        .order_by("month")
        .values("month", "state", "kind", "currency")
        .annotate(bills=Count("pk"), all_costs=Sum("cost"), all_prices=Sum("price"))
    )
    months: dict[Month, MonthFigures] = {}
    for row in rows:
        before = months.get(row["month"], MonthFigures(month=row["month"]))
        own = row["currency"] == provider.currency
        state = BillKind(row["kind"]), BillState(row["state"])
        months[row["month"]] = MonthFigures(
            month=row["month"],
            cost=before.cost + (row["all_costs"] if own else 0),
            price=before.price + (row["all_prices"] if own else 0),
            states=before.states | {state: before.states.get(state, 0) + row["bills"]},
        )
    return months


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """How many of what needs a person there is; bills are counted from the months' figures instead."""

    unmapped: int = 0
    """Companies without a HaloPSA customer that hold licenses or are configured."""
    gone: int = 0
    """Companies the source shows no more, whose billing has no end."""
    conflicts: int = 0
    """Companies with a conflict in the last run."""
    not_automatic: int = 0
    """Companies with auto-billing whose bill of last month should have gone out by itself and did not."""
    late: int = 0
    """Automatic bills of last month that were made late."""
    last_run: Run | None = None
    failed_tasks: tuple[Task, ...] = ()
    """Of each kind of task the newest one, if it failed or was stopped."""
    troubled_tasks: tuple[Task, ...] = ()
    """Tasks that met trouble which may pass, and wait to be tried again."""
    last_collected: date | None = None
    """The last business day on which licenses were collected whole."""
    stopped_sections: tuple[Collection, ...] = ()
    """Of each section the newest collection, if it was held or failed."""
    drifted: int = 0
    """Open findings of the drift check that the next bill suffers from."""
    not_looked_at: int = 0
    """Lists of HaloPSA's that the drift check could not read."""


def attention(provider: Provider, day: date) -> Attention:
    """What needs a person on a business day."""
    last_month = Month.of(day).previous
    # A run of some companies says nothing of the others, but it is the last that anybody heard of HaloPSA.
    last_run = Run.objects.filter(provider=provider).exclude(state=Run.State.RUNNING).order_by("-pk").first()
    states = [entry.get("state") for entry in last_run.coverage.values()] if last_run else []
    tasks = _tasks_in_trouble(provider)
    collections = Collection.objects.filter(provider=provider)
    newest = collections.order_by().values("section").annotate(newest=Max("pk")).values("newest")
    return Attention(
        unmapped=_unmapped(provider),
        gone=_gone(provider),
        conflicts=states.count("conflict"),
        not_automatic=_not_automatic(provider, day),
        late=Bill.objects.filter(provider=provider, month=last_month, late=True).count(),
        last_run=last_run,
        failed_tasks=tuple(task for task in tasks if task.state != Task.State.QUEUED),
        troubled_tasks=tuple(task for task in tasks if task.state == Task.State.QUEUED),
        last_collected=collections.filter(
            section=Collection.Section.LICENSES, state=Collection.State.DONE
        ).aggregate(last=Max("day"))["last"],
        stopped_sections=tuple(
            collections.filter(pk__in=newest).exclude(state=Collection.State.DONE).order_by("section")
        ),
        **_drift(provider),
    )


def _drift(provider: Provider) -> dict[str, int]:
    unknown = Q(kind=DriftFinding.Kind.UNKNOWN)
    found = DriftFinding.objects.filter(provider=provider, over_on=None, harms=True)
    return found.aggregate(drifted=Count("pk", filter=~unknown), not_looked_at=Count("pk", filter=unknown))


def _gone(provider: Provider) -> int:
    endless = BillingConfiguration.objects.filter(company=OuterRef("pk"), last_month=None)
    return Company.objects.filter(Exists(endless), provider=provider, in_source=False).count()


def _unmapped(provider: Provider) -> int:
    held = ActivationRow.objects.filter(company=OuterRef("pk"), last_day=None)
    configured = BillingConfiguration.objects.filter(company=OuterRef("pk"))
    companies = Company.objects.filter(provider=provider, client_id=None, in_source=True)
    return companies.filter(Exists(configured) | Exists(held)).count()


def _not_automatic(provider: Provider, day: date) -> int:
    """Auto-billing has the first days of a month for last month's bills; what was not made by then was missed."""
    if in_auto_billing_window(day):
        return 0
    month = Month.of(day).previous
    made = Bill.objects.filter(company=OuterRef("pk"), month=month)
    configured = BillingConfiguration.objects.filter(company=OuterRef("pk"))
    companies = Company.objects.filter(Exists(configured), provider=provider, auto_since__isnull=False)
    # A bill that is held or did not arrive is counted as that already.
    since = companies.exclude(Exists(made)).values_list("auto_since", flat=True)
    return sum(1 for day_on in since if day_on is not None and first_automatic_month(day_on) <= month)


def _tasks_in_trouble(provider: Provider) -> list[Task]:
    """Of each kind the newest task, if it failed or was stopped; and those that wait to be tried again."""
    tasks = Task.objects.filter(provider=provider)
    newest = tasks.order_by().values("kind").annotate(newest=Max("pk")).values("newest")
    ended_badly = Q(pk__in=newest, state__in=(Task.State.FAILED, Task.State.STOPPED))
    tried_again = Q(state=Task.State.QUEUED, tries__gt=0) & ~Q(kind="notification")
    return list(tasks.filter(ended_badly | tried_again).defer("result", "inputs").order_by("-pk"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """Which of the first steps of an installation were done."""

    source: bool
    halopsa: bool
    configured: bool
    billed: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing was set up at all."""
        return not (self.source or self.halopsa or self.configured or self.billed)

    @property
    def is_done(self) -> bool:
        return self.source and self.halopsa and self.configured and self.billed


def set_up(provider: Provider) -> SetUp:
    """How far the installation is set up."""
    done = Provider.objects.filter(pk=provider.pk).values_list(
        Exists(SourceConnection.objects.filter(provider=OuterRef("pk"))),
        Exists(HaloConnection.objects.filter(provider=OuterRef("pk"))),
        Exists(BillingConfiguration.objects.filter(company__provider=OuterRef("pk"))),
        Exists(Bill.objects.filter(provider=OuterRef("pk"))),
    )
    source, halopsa, configured, billed = done.get()
    return SetUp(source=source, halopsa=halopsa, configured=configured, billed=billed)


def licenses_held(provider: Provider) -> list[tuple[str, int]]:
    """How many licenses of each type companies hold now, most first; domains count with their last numbers."""
    held: dict[str, int] = defaultdict(int)
    rows = ActivationRow.objects.filter(provider=provider, last_day=None).order_by().values_list("license_type")
    for license_type, number in rows.annotate(number=Count("pk")):
        held[license_type] += number
    last = DomainReading.objects.filter(provider=provider).aggregate(last=Max("day"))["last"]
    if last is not None:
        types = dict(
            Domain.objects.filter(provider=provider, company__isnull=False)
            .exclude(license_type="")
            .values_list("name", "license_type")
        )
        readings = DomainReading.objects.filter(provider=provider, day=last, licenses__gt=0)
        for domain, number in readings.values_list("domain", "licenses"):
            if domain in types:
                held[types[domain]] += number
    return sorted(held.items(), key=lambda each: (-each[1], each[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageYear:
    """The backup bytes on each storage account on the last day known of each month, largest account first."""

    accounts: tuple[str, ...]
    months: tuple[tuple[Month, tuple[int, ...]], ...]
    """Each month with the bytes of the accounts, in their order; none at all where nothing is known."""


def storage_kept(provider: Provider, months: Sequence[Month]) -> StorageYear:
    """What was kept on the storage accounts at the end of some months, or on the last day collected in them."""
    days = _last_days(provider, months)
    names = dict(StorageAccount.objects.filter(provider=provider).values_list("source_id", "name"))
    rows = (
        StorageReading.objects.filter(provider=provider, day__in=list(days.values()))
        .order_by()
        .values_list("day", "account_id")
        .annotate(kept=Sum("backup_bytes"))
    )
    kept = {(day, account): number for day, account, number in rows}
    accounts = _largest(kept)
    return StorageYear(
        accounts=tuple(names.get(account, account) for account in accounts),
        months=tuple(
            (
                month,
                tuple(int(kept.get((days[month], account), 0)) for account in accounts) if month in days else (),
            )
            for month in months
        ),
    )


def _last_days(provider: Provider, months: Sequence[Month]) -> dict[Month, date]:
    """The last day of each month on which storage was collected; months without one are left out."""
    days: Iterable[date] = (
        Collection.objects.filter(
            provider=provider,
            section=Collection.Section.STORAGE,
            state=Collection.State.DONE,
            day__gte=months[0].first,
            day__lte=months[-1].last,
        )
        .order_by("day")
        .values_list("day", flat=True)
        .distinct()
    )
    return {Month.of(day): day for day in days}


def _largest(kept: dict[tuple[date, str], int]) -> list[str]:
    sums: dict[str, int] = defaultdict(int)
    for (_, account), number in kept.items():
        sums[account] += number
    return sorted(sums, key=lambda account: (-sums[account], account))


def not_collected_since(last: date | None, day: date) -> bool:
    """Whether the source has been silent: collections run daily, so a whole day without one is a day too many."""
    return last is None or (day - last).days > 1
