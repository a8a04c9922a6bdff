"""The dashboard's charts: a year of money, licenses per product, storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from billbridge.billing.months import Month
from billbridge.billing.storage import GB
from billbridge.store.queries.dashboard import MonthFigures, StorageYear
from billbridge.web.charts import Chart, Series, columns, rows
from billbridge.web.templatetags.console import gigabytes, money

MONTHS = 12
_MOST_PRODUCTS = 9
_MOST_ACCOUNTS = 5


def year_until(month: Month) -> tuple[Month, ...]:
    """The twelve months up to and with a month."""
    return tuple(month.plus(n) for n in range(1 - MONTHS, 1))


def money_chart(months: Sequence[Month], figures: Mapping[Month, MonthFigures], currency: str) -> Chart:
    """Price and cost of each month as columns, the margin as a line; a month without any bill stays blank."""
    found = [figures.get(month) for month in months]

    def series(name: str, tone: int, values: list[Decimal | None]) -> Series:
        return Series(name=name, tone=tone, values=values, shown=[money(value, currency) for value in values])

    return columns(
        f"Price, cost and margin of {len(months)} months in {currency}",
        [_short(month) for month in months],
        [
            series("Price", 1, [one.price if one else None for one in found]),
            series("Cost", 2, [one.cost if one else None for one in found]),
        ],
        line=series("Margin", 3, [one.margin if one else None for one in found]),
        names=[month.title for month in months],
    )


def licenses_chart(held: Sequence[tuple[str, int]]) -> Chart:
    """Licenses held now, the most frequent products first and the rest together."""
    shown = list(held[:_MOST_PRODUCTS])
    rest = held[_MOST_PRODUCTS:]
    if rest:
        shown.append((f"{len(rest)} others", sum(number for _, number in rest)))
    numbers = [number for _, number in shown]
    series = Series(name="Licenses", tone=1, values=numbers, shown=[f"{number:,}" for number in numbers])
    return rows("Licenses held now, by product", [name for name, _ in shown], series, place_heading="Product")


def storage_chart(year: StorageYear) -> Chart:
    """What was kept on each storage account at the end of each month, one on top of the other."""
    accounts = list(year.accounts[:_MOST_ACCOUNTS])
    by_account = [[kept[i] if kept else None for _, kept in year.months] for i in range(len(accounts))]
    if len(year.accounts) > _MOST_ACCOUNTS:
        accounts.append(f"{len(year.accounts) - _MOST_ACCOUNTS} others")
        by_account.append([sum(kept[_MOST_ACCOUNTS:]) if kept else None for _, kept in year.months])
    return columns(
        "Backup storage at the end of each month, in GB",
        [_short(month) for month, _ in year.months],
        [
            Series(
                name=name,
                tone=tone,
                values=[None if number is None else Decimal(number) / GB for number in numbers],
                shown=[gigabytes(number) for number in numbers],
            )
            for tone, (name, numbers) in enumerate(zip(accounts, by_account, strict=True), start=1)
        ],
        names=[month.title for month, _ in year.months],
        stacked=True,
    )


def _short(month: Month) -> str:
    """`Oct`, and in January the year instead, so that a year's turn is seen."""
    return str(month.year) if month.number == 1 else month.title[:3]
