"""Entries of a setup file that contradict each other: doubles, and configurations that may not be."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from billbridge.billing.configuration import Configuration, ConfigurationError, check_configurations
from billbridge.billing.products import Product, ProductKind, type_key
from billbridge.operations.names import folded
from billbridge.operations.setup.check_notifications import check_notification
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.operations.setup.lines import Path
from billbridge.operations.setup.problems import Problems

_T = TypeVar("_T")


def check_document(
    document: SetupDocument,
    problems: Problems,
    *,
    same: Callable[[str], str] = folded,
    account_names: Mapping[str, str] | None = None,
) -> None:
    """Add every contradiction within a document to `problems`.

    A file is checked as it is written, when names are the same without regard to case, and once more when ids stand
    in their place, which only `same=str` compares; `account_names` are then the storage accounts' names by id.
    """
    _once(problems, "license_types", document.license_types, lambda t: type_key(t.name), "is listed twice")
    _once(
        problems,
        "default_asset_types",
        document.default_asset_types,
        lambda s: _key(s.product, same),
        "is set twice",
    )
    _once(problems, "storage_accounts", document.storage_accounts, lambda a: a.id, "is listed twice")
    _once(problems, "users", document.users, lambda u: u.id, "is listed twice")
    _once(
        problems,
        "prices",
        document.prices,
        lambda p: (same(p.company_id), type_key(p.license_type), p.from_month),
        "has two prices from the same month",
    )
    _check_ends(document, problems)
    _once(
        problems,
        "storage_costs",
        document.storage_costs,
        lambda c: (same(c.account_id), same(c.company_id), same(c.user_id), c.from_month),
        "has two costs from the same month",
    )
    _once(
        problems,
        "storage_limits",
        document.storage_limits,
        lambda limit: (same(limit.account_id), same(limit.company_id), same(limit.user_id)),
        "has two storage limits",
    )
    _once(problems, "domains", document.domains, lambda d: d.name, "is listed twice")
    _once(problems, "companies", document.companies, lambda c: c.id or same(c.name), "is listed twice")
    _once(problems, "notifications", document.notifications, lambda n: folded(n.name), "has a name that is taken")
    for position, channel in enumerate(document.notifications or ()):
        check_notification(channel, ("notifications", position), problems)
    ids: dict[str, Path] = {}
    for position, company in enumerate(document.companies or ()):
        _ids_once(company, position, ids, problems)
        _configurations(company, position, problems, same, account_names or {})


def _check_ends(document: SetupDocument, problems: Problems) -> None:
    """Add a problem for every price that ends although it may not, or before it begins."""
    for position, price in enumerate(document.prices or ()):
        if price.last_month is None:
            continue
        path: Path = ("prices", position, "last_month")
        if not price.company_id:
            what = f"The general price of {price.license_type} cannot end."
            problems.add(path, what, "Set another price from a later month on; only a company's own price ends.")
        elif price.last_month < price.from_month:
            what = f"The price of {price.license_type} ends before it begins in {price.from_month}."
            problems.add(path, what, f"Write a last_month not before {price.from_month}, or remove the price.")


def _once(
    problems: Problems, part: str, entries: Iterable[_T] | None, key: Callable[[_T], Hashable], what: str
) -> None:
    """Add a problem for every entry whose key an earlier one has."""
    first: dict[Hashable, int] = {}
    for position, entry in enumerate(entries or ()):
        earlier = first.setdefault(key(entry), position)
        if earlier != position:
            line = problems.source.line_of((part, earlier))
            problems.add(
                (part, position), f"[[{part}]]: this entry {what}, first in line {line}.", "Remove one of the two."
            )


def _ids_once(company: CompanySetup, position: int, ids: dict[str, Path], problems: Problems) -> None:
    """Add a problem for every configuration with the id of another, whichever company it belongs to."""
    for number, configuration in enumerate(company.configurations or ()):
        path: Path = ("companies", position, "configurations", number)
        earlier = ids.setdefault(configuration.id, path) if configuration.id else path
        if earlier != path:
            problems.add(
                path,
                f"Configuration {configuration.name!r} has the id of the one in "
                f"line {problems.source.line_of(earlier)}.",
                "Remove the id from the one that is new.",
            )


def _configurations(
    company: CompanySetup,
    position: int,
    problems: Problems,
    same: Callable[[str], str],
    account_names: Mapping[str, str],
) -> None:
    """Add a problem for every configuration that may not stand beside those before it."""
    good: list[Configuration] = []
    names: dict[Product, str] = {}
    for number, configuration in enumerate(company.configurations or ()):
        products = {_key(product, same): product.code for product in configuration.products}
        names |= {product: account_names.get(code, code) for product, code in products.items()}
        compared = replace(
            configuration, products=tuple(_key(product, same) for product in configuration.products), asset_types={}
        )
        try:
            check_configurations(company.name or company.id, [*good, compared], names)
        except ConfigurationError as error:
            problems.add(("companies", position, "configurations", number), error.message, error.hint)
        else:
            good.append(compared)


def _key(product: Product, same: Callable[[str], str]) -> Product:
    """A product as compared: license types without regard to case, storage accounts as `same` compares them."""
    code = type_key(product.code) if product.kind is ProductKind.LICENSE else same(product.code)
    return Product(product.kind, code)
