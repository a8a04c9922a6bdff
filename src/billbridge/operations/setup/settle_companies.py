"""What a setup file makes of one company: which configurations stay, which are new, which end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from billbridge.billing.configuration import Configuration
from billbridge.billing.months import Month
from billbridge.operations.names import folded
from billbridge.operations.setup.document import CompanySetup
from billbridge.operations.setup.lines import Path
from billbridge.operations.setup.problems import Problems


def settle_company(
    entry: CompanySetup,
    before: CompanySetup,
    path: Path,
    *,
    owners: Mapping[str, str],
    billed: frozenset[str],
    day: date,
    problems: Problems,
) -> tuple[CompanySetup, frozenset[str]]:
    """The company's settings after applying, and the ids of the configurations that end instead of vanishing.

    `owners` are the companies of all configurations by the configuration's id, `billed` the ids of those on which
    bills or subscriptions hang.
    """
    since = entry.auto_billing_since or (before.auto_billing_since if before.auto_billing else day)
    if since is not None and since > day and since != before.auto_billing_since:
        problems.add(
            (*path, "auto_billing_since"),
            f"auto_billing_since is {since}, which lies after the business day {day}.",
            "Write the day on which it was switched on, or remove it: then it begins on the day of applying.",
        )
    settled = replace(entry, auto_billing_since=since if entry.auto_billing else None)
    if entry.configurations is None:
        return settled, frozenset()
    wanted = _identified(entry.configurations, before.configurations or ())
    _check_ids(wanted, entry.id, path, owners, problems)
    ending = _ending(wanted, before.configurations or (), path, billed, Month.of(day), problems)
    return (
        replace(settled, configurations=(*wanted, *ending)),
        frozenset(configuration.id for configuration in ending),
    )


def _identified(wanted: Sequence[Configuration], before: Sequence[Configuration]) -> list[Configuration]:
    """Give each configuration without an id that of the one which has its name now, unless another entry has it."""
    written = {configuration.id for configuration in wanted}
    by_name = {folded(one.name): one.id for one in before if one.id not in written}
    return [one if one.id else replace(one, id=by_name.get(folded(one.name), "")) for one in wanted]


def _check_ids(
    wanted: Sequence[Configuration], company_id: str, path: Path, owners: Mapping[str, str], problems: Problems
) -> None:
    """Refuse an id that a configuration of another company has: bills would move with it."""
    for number, configuration in enumerate(wanted):
        if owners.get(configuration.id, company_id) != company_id:
            problems.add(
                (*path, "configurations", number, "id"),
                f"Configuration {configuration.name!r} has the id of another company's configuration.",
                "Remove the id.",
            )


def _ending(
    wanted: Sequence[Configuration],
    before: Sequence[Configuration],
    path: Path,
    billed: frozenset[str],
    month: Month,
    problems: Problems,
) -> list[Configuration]:
    """The configurations that are left out but stay until the end of `month`, because bills hang on them.

    They give the products that another configuration now bills to that one at once, and keep the rest. One that
    gives all of them away has to be ended by the file itself: it may only have been given another name.
    """
    kept = {configuration.id for configuration in wanted}
    takers = {product: configuration for configuration in wanted for product in configuration.products}
    ending: list[Configuration] = []
    for old in before:
        if old.id in kept or old.id not in billed:
            continue
        products = tuple(product for product in old.products if product not in takers)
        if not products and old.last_month is None:
            names = " and ".join(sorted({repr(takers[product].name) for product in old.products}))
            problems.add(
                (*path, "configurations"),
                f"Configuration {old.name!r} has bills, so it cannot vanish, but {names} takes all its products.",
                f'Give one that replaces it id = "{old.id}", so that its subscriptions go on, or list it with '
                f'id = "{old.id}", products = [] and last_month = "{month}", so that they end.',
            )
            continue
        ending.append(
            replace(
                old,
                products=products,
                asset_types={product: name for product, name in old.asset_types.items() if product in products},
                last_month=min(old.last_month or month, month),
            )
        )
    return ending
