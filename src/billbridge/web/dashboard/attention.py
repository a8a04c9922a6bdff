"""What needs a person today, in words: each entry with a count, a sentence, and the page that solves it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from billbridge.billing.bills import BillKind, BillState
from billbridge.billing.months import Month
from billbridge.billing.products import Product, ProductKind
from billbridge.operations.tasks import TaskKind
from billbridge.store.models import Collection as Collected
from billbridge.store.models import Run, Task
from billbridge.store.queries.dashboard import Attention, MonthFigures, not_collected_since

NOT_ARRIVED = (BillState.PARTLY_SENT, BillState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to do; `count` is `None` where there is nothing to count. `urgent` is trouble, not only work."""

    title: str
    sentence: str
    address: str
    link: str
    count: int | None = None
    urgent: bool = False


def entries(
    found: Attention,
    months: Mapping[Month, MonthFigures],
    *,
    unpriced: Collection[Product],
    day: date,
    has_source: bool,
    without_bill: Mapping[Month, int],
) -> list[Entry]:
    """What needs a person on a business day, trouble first.

    `unpriced` are products without a price; `without_bill` are the companies with usage and no bill, by month.
    """
    month = Month.of(day)
    all_entries = [
        *_bills(months, month),
        *_never_billed(without_bill),
        *_automatic(found, months, month.previous),
        *_runs(found),
        *_drift(found),
        *_source(found, day, has_source=has_source),
        *_settings(found),
        *_prices(unpriced),
    ]
    return sorted(all_entries, key=lambda entry: not entry.urgent)


def _bills(months: Mapping[Month, MonthFigures], running: Month) -> Iterator[Entry]:
    every = list(months.values())
    held = sum(one.having(BillState.HELD) for one in every)
    if held:
        yield Entry(
            title="Bills are held",
            sentence="Nothing of them is sent until what holds them is mended; each says why.",
            address=_bills_page(state=BillState.HELD.value),
            link="See the held bills",
            count=held,
        )
    for state, sentence in (
        (BillState.FAILED, "HaloPSA took nothing of them; the next sync tries again."),
        (BillState.PARTLY_SENT, "Some of their lines are not in HaloPSA; each says why."),
    ):
        number = sum(one.having(state) for one in every)
        if number:
            yield Entry(
                title="Bills have not arrived" if state is BillState.FAILED else "Bills have arrived in part",
                sentence=sentence,
                address=_bills_page(state=state.value),
                link="See these bills",
                count=number,
                urgent=True,
            )
    closed = [one for one in every if one.month < running.previous and one.unfinished]
    if closed:
        names = _listed([one.month.title for one in closed])
        yield Entry(
            title="Closed months without a sent bill",
            sentence=f"{names}: such bills go out only when they are sent by name.",
            address=_bills_page(month="closed", state="not-sent"),
            link="See these bills",
            count=sum(one.unfinished for one in closed),
            urgent=True,
        )


def _never_billed(without_bill: Mapping[Month, int]) -> Iterator[Entry]:
    if not without_bill:
        return
    oldest = min(without_bill)
    yield Entry(
        title="Closed months without a bill",
        sentence=f"{_listed([month.title for month in sorted(without_bill)])}: companies have usage, but nobody "
        "made their bills. A closed month is billed only when it is asked for by name.",
        address=f"{reverse('sync:sync')}?{urlencode({'month': str(oldest)})}",
        link=f"Plan {oldest.title}",
        count=sum(without_bill.values()),
        urgent=True,
    )


def _automatic(found: Attention, months: Mapping[Month, MonthFigures], last: Month) -> Iterator[Entry]:
    figures = months.get(last, MonthFigures(month=last))
    failed = figures.having(*NOT_ARRIVED, BillState.SENDING, kind=BillKind.AUTOMATIC)
    if failed or found.not_automatic:
        yield Entry(
            title="Auto-billing is not done",
            sentence=f"Bills of {last.title} should have gone out by themselves. A sync sends them.",
            address=f"{reverse('sync:sync')}",
            link="Sync with HaloPSA",
            count=failed + found.not_automatic,
            urgent=True,
        )
    if found.late:
        yield Entry(
            title="Automatic bills were late",
            sentence=f"Bills of {last.title} were made after the first three days of the month.",
            address=_bills_page(month=str(last), warning="late"),
            link="See the late bills",
            count=found.late,
        )


def _runs(found: Attention) -> Iterator[Entry]:
    run = found.last_run
    if run is not None and found.conflicts:
        yield Entry(
            title="Conflicts with HaloPSA",
            sentence="Somebody changed subscriptions of these companies there, or they cannot be told apart.",
            address=reverse("runs:run", args=[run.pk]),
            link="See the run",
            count=found.conflicts,
        )
    if run is not None and run.state in (Run.State.FAILED, Run.State.INTERRUPTED, Run.State.STOPPED):
        yield Entry(
            title="The last run did not end well",
            sentence=_first_line(run.reason) or "It was cut short. The next one goes on where it stopped.",
            address=reverse("runs:run", args=[run.pk]),
            link="See the run",
            urgent=True,
        )
    for task in found.failed_tasks:
        yield _task(task)
    for task in found.troubled_tasks:
        yield Entry(
            title=f"{_TASK_NAMES.get(task.kind, task.kind.capitalize())} waits to be tried again",
            sentence=_first_line(task.reason),
            address=reverse("tasks:task", args=[task.pk]),
            link="See how far it is",
            urgent=True,
        )


def _drift(found: Attention) -> Iterator[Entry]:
    if found.drifted:
        yield Entry(
            title="HaloPSA was changed",
            sentence="Somebody changed what the next bills rely on; each finding says what that does to them.",
            address=f"{reverse('drift:drift')}?{urlencode({'harm': 'harmful'})}",
            link="See the drift",
            count=found.drifted,
        )
    if found.not_looked_at:
        yield Entry(
            title="HaloPSA could not be checked whole",
            sentence="Of some of HaloPSA's lists it is not known whether what the next bills rely on was changed.",
            address=f"{reverse('drift:drift')}?{urlencode({'harm': 'unknown'})}",
            link="See why",
            count=found.not_looked_at,
        )


_TASK_PAGES = {
    TaskKind.PLAN.value: ("sync:sync", "Sync with HaloPSA"),
    TaskKind.SYNC.value: ("sync:sync", "Sync with HaloPSA"),
    TaskKind.COLLECT.value: ("sources:sources", "See the source"),
    TaskKind.TEST_SOURCE.value: ("sources:sources", "See the source"),
    TaskKind.REFRESH.value: ("halopsa:connection", "See the connection"),
    TaskKind.TEST_HALOPSA.value: ("halopsa:connection", "See the connection"),
    TaskKind.DRIFT.value: ("drift:drift", "See the drift"),
}
_TASK_NAMES = {
    TaskKind.PLAN.value: "Planning",
    TaskKind.SYNC.value: "The sync",
    TaskKind.AUTO_BILLING.value: "Auto-billing",
    TaskKind.COLLECT.value: "Collecting",
    TaskKind.DRIFT.value: "The drift check",
    TaskKind.NOTIFY.value: "Telling people",
    TaskKind.TEST_SOURCE.value: "Testing the source",
    TaskKind.REFRESH.value: "Reading HaloPSA's lists",
    TaskKind.TEST_HALOPSA.value: "Testing the HaloPSA connection",
    TaskKind.DRIFT.value: "Checking HaloPSA for drift",
}


def _task(task: Task) -> Entry:
    page, link = _TASK_PAGES.get(task.kind, ("", "See what happened, and try again"))
    return Entry(
        title=f"{_TASK_NAMES.get(task.kind, task.kind.capitalize())} {task.state}",
        sentence=_first_line(task.reason) or "Ask for it again.",
        address=reverse(page) if page else reverse("tasks:task", args=[task.pk]),
        link=link,
        urgent=True,
    )


def _source(found: Attention, day: date, *, has_source: bool) -> Iterator[Entry]:
    address = reverse("sources:sources")
    for collection in found.stopped_sections:
        what = "was held" if collection.state == Collected.State.HELD else "failed"
        yield Entry(
            title=f"Collecting {collection.section} {what}",
            sentence=_first_line(collection.reason) or "Nothing was changed.",
            address=address,
            link="See the source",
            urgent=True,
        )
    if has_source and not_collected_since(found.last_collected, day):
        last = found.last_collected
        sentence = (
            f"Licenses were last collected on {last:%B} {last.day}, {last.year}."
            if last
            else "Nothing was ever collected from it."
        )
        yield Entry(
            title="The source is silent", sentence=sentence, address=address, link="See the source", urgent=True
        )


def _prices(unpriced: Collection[Product]) -> Iterator[Entry]:
    for kind, what, page in (
        (ProductKind.LICENSE, "license products", "halopsa:cost-price"),
        (ProductKind.STORAGE, "storage accounts", "storage:accounts"),
    ):
        number = sum(1 for product in unpriced if product.kind is kind)
        if number:
            yield Entry(
                title=f"Prices of {what} were never set",
                sentence="Companies are billed for them, but nobody ever said what they cost.",
                address=reverse(page),
                link="Set cost and price",
                count=number,
            )


def _settings(found: Attention) -> Iterator[Entry]:
    if found.unmapped:
        yield Entry(
            title="Companies are not mapped",
            sentence="They hold licenses or are configured, but no HaloPSA customer is theirs.",
            address=reverse("halopsa:mapping") + "?state=unmapped",
            link="Map them",
            count=found.unmapped,
        )
    if found.gone:
        yield Entry(
            title="Companies are gone from the source",
            sentence="Their billing goes on until somebody ends it with a last month.",
            address=reverse("companies:companies") + "?source=gone",
            link="See these companies",
            count=found.gone,
        )


def _bills_page(**chosen: str) -> str:
    return f"{reverse('bills:bills')}?{urlencode(chosen)}"


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} to {names[-1]}"


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
