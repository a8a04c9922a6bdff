"""How much of a month is known: what was collected and what was imported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import Count, Max, Min, Q

from billbridge.billing.bills import Coverage
from billbridge.billing.months import Month
from billbridge.store.models import Collection, Provider, UsageHistoryImport


def coverage(provider: Provider, month: Month) -> Coverage:
    """How much of a month was collected or imported: nothing, from a day on, or whole."""
    return coverages(provider, [month])[month]


def coverages(provider: Provider, months: Sequence[Month]) -> dict[Month, Coverage]:
    """The same of several months, asked for at once."""
    done = Collection.objects.filter(
        provider=provider, section=Collection.Section.LICENSES, state=Collection.State.DONE
    )
    inside = {f"in_{n}": Count("pk", filter=Q(day__range=(m.first, m.last))) for n, m in enumerate(months)}
    collected = done.aggregate(first=Min("day"), last=Max("day"), **inside)
    imported = UsageHistoryImport.objects.filter(provider=provider).aggregate(
        **{f"first_{number}": Min("first_day", filter=_speaks_of(month)) for number, month in enumerate(months)},
        **{f"last_{number}": Max("last_day", filter=_speaks_of(month)) for number, month in enumerate(months)},
    )
    return {
        month: _coverage(
            month,
            collected=(collected["first"] if collected[f"in_{number}"] else None, collected["last"]),
            imported=(imported[f"first_{number}"], imported[f"last_{number}"]),
        )
        for number, month in enumerate(months)
    }


def _speaks_of(month: Month) -> Q:
    return Q(first_day__lte=month.last, last_day__gte=month.first)


def _coverage(
    month: Month, *, collected: tuple[date | None, date | None], imported: tuple[date | None, date | None]
) -> Coverage:
    """A month's coverage by the first and last days of collections and of imported files; `None` is none in it."""
    starts = [day for day in (imported[0], collected[0]) if day is not None]
    if not starts:
        return Coverage()
    last_known = max(day for day in (imported[1], collected[1]) if day is not None)
    imported_whole = imported[1] is not None and imported[1] >= month.last
    return Coverage(first_day=max(min(starts), month.first), after_end=last_known > month.last or imported_whole)


def storage_coverage(provider: Provider, month: Month) -> Coverage:
    """How much of a month's storage is known: its daily figures, or the source's own once the month is over."""
    done = Collection.objects.filter(
        provider=provider, section=Collection.Section.STORAGE, state=Collection.State.DONE
    )
    collected = done.aggregate(first=Min("day"), last=Max("day"))
    if collected["first"] is None or collected["last"] < month.first:
        return Coverage()
    after_end = collected["last"] > month.last
    return Coverage(
        first_day=month.first if after_end else max(collected["first"], month.first), after_end=after_end
    )
