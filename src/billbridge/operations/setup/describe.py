"""Settings in words, one cell for each thing that can change on its own, for showing what a file would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal

from billbridge.billing.configuration import Configuration
from billbridge.billing.months import Month
from billbridge.billing.products import LicenseType, Product, ProductKind
from billbridge.billing.storage import GbRates, Limit
from billbridge.billing.usage import Adjustment, Exclusion
from billbridge.operations.names import folded
from billbridge.operations.setup import figures
from billbridge.operations.setup.describe_notifications import described_notifications
from billbridge.operations.setup.document import CompanySetup, SetupDocument

Identity = tuple[str, ...]
"""What tells a cell from every other one; its first text is the part it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A setting in words: the path a person knows it by, and what it is set to."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """How companies, storage accounts, users and configurations are called, by their ids."""

    companies: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)
    configurations: Mapping[str, str] = field(default_factory=dict)

    def company(self, company_id: str) -> str:
        return _label(company_id, self.companies)

    def account(self, account_id: str) -> str:
        return _label(account_id, self.accounts)

    def user(self, user_id: str) -> str:
        return _label(user_id, self.logins)

    def product(self, product: Product) -> str:
        return product.code if product.kind is ProductKind.LICENSE else f"storage {self.account(product.code)}"


def described(document: SetupDocument, labels: Labels) -> dict[Identity, Cell]:
    """Every setting of a document but its secrets. What is not set has no cell, or an empty text."""
    cells: dict[Identity, Cell] = {}
    for identity, path, text in _lists(document, labels):
        cells[identity] = Cell(path=path, text=text)
    for part, settings in (("provider", document.provider), ("halopsa", document.halopsa), ("mbs", document.mbs)):
        if settings is not None:
            where = "sources.mbs" if part == "mbs" else part
            for one in fields(settings):
                if one.name not in _SECRETS:
                    text = _value(getattr(settings, one.name))
                    cells[part, one.name] = Cell(path=f"{where}.{one.name}", text=text)
    for identity, path, text in described_notifications(document.notifications or ()):
        cells[identity] = Cell(path=path, text=text)
    if document.supplier_name is not None:
        path = "halopsa.additional_settings.supplier_name"
        cells["halopsa", "supplier_name"] = Cell(path=path, text=document.supplier_name)
    for company in document.companies or ():
        where = f"companies[{labels.company(company.id)}]"
        for identity, path, text in _company(company, labels):
            cells["companies", company.id, *identity] = Cell(path=where + path, text=text)
    return cells


_SECRETS = frozenset({"client_secret", "password"})

_Described = Iterator[tuple[Identity, str, str]]


def _lists(document: SetupDocument, labels: Labels) -> _Described:
    for type_ in document.license_types or ():
        yield ("license_types", type_.name), f"license_types[{type_.name}]", _license_type(type_)
    for default in document.default_asset_types or ():
        path = f"default_asset_types[{labels.product(default.product)}]"
        item = f", item {default.item_id}" if default.item_id is not None else ""
        yield ("default_asset_types", str(default.product)), path, default.asset_type + item
    for price in document.prices or ():
        owner = f", {labels.company(price.company_id)}" if price.company_id else ""
        path = f"prices[{price.license_type} from {price.from_month}{owner}]"
        text = f"cost {figures.money(price.cost)}, price {figures.money(price.price)}"
        text += f", to {price.last_month}" if price.last_month else ""
        yield ("prices", price.license_type, str(price.from_month), price.company_id), path, text
    for cost in document.storage_costs or ():
        owner = f", {labels.company(cost.company_id)}" if cost.company_id else ""
        owner += f", user {labels.user(cost.user_id)}" if cost.user_id else ""
        path = f"storage_costs[{labels.account(cost.account_id)} from {cost.from_month}{owner}]"
        identity = ("storage_costs", cost.account_id, str(cost.from_month), cost.company_id, cost.user_id)
        yield identity, path, _rates(cost.rates)
    for limit in document.storage_limits or ():
        owner = f", user {labels.user(limit.user_id)}" if limit.user_id else ""
        path = f"storage_limits[{labels.account(limit.account_id)}, {labels.company(limit.company_id)}{owner}]"
        yield ("storage_limits", limit.account_id, limit.company_id, limit.user_id), path, _limit(limit.limit)
    for domain in document.domains or ():
        company = labels.company(domain.company_id) if domain.company_id else "no company"
        text = f"{company}, {domain.license_type or 'no license type'}"
        is_set = domain.company_id or domain.license_type
        yield ("domains", domain.name), f"domains[{domain.name}]", text if is_set else ""


def _company(company: CompanySetup, labels: Labels) -> _Described:
    yield ("customer_id",), ".customer_id", _value(company.customer_id)
    yield ("site_id",), ".site_id", _value(company.site_id)
    yield ("agreement_id",), ".agreement_id", _value(company.agreement_id)
    since = company.auto_billing_since or "the day of applying"
    yield ("auto_billing",), ".auto_billing", f"on since {since}" if company.auto_billing else "off"
    for configuration in company.configurations or ():
        identity = configuration.id or f"new {folded(configuration.name)}"
        name = labels.configurations.get(configuration.id, configuration.name)
        for key, text in _configuration(configuration, labels):
            yield ("configurations", identity, key), f".configurations[{name}].{key}", text
    yield from _numbered("exclusions", (_exclusion(one) for one in company.exclusions or ()))
    yield from _numbered("adjustments", (_adjustment(one) for one in company.adjustments or ()))


def _configuration(configuration: Configuration, labels: Labels) -> Iterator[tuple[str, str]]:
    yield "name", configuration.name
    yield "mode", configuration.mode
    yield "products", ", ".join(sorted(labels.product(product) for product in configuration.products)) or "none"
    chosen = sorted(f"{labels.product(product)} = {name}" for product, name in configuration.asset_types.items())
    yield "asset_types", ", ".join(chosen)
    yield "item_id", _value(configuration.item_id)
    yield "last_month", _value(configuration.last_month)


def _numbered(part: str, texts: Iterable[str]) -> _Described:
    """Entries without an identity of their own: the text is the identity, with a number where it repeats."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen[text] += 1
        yield (part, text, str(seen[text])), f".{part}", text


def _license_type(type_: LicenseType) -> str:
    marks = [f"per {type_.unit}", "billable" if type_.billable else "not billable"]
    return ", ".join([*marks, "count only"] if type_.count_only else marks)


def _rates(rates: GbRates) -> str:
    return ", ".join(
        f"{one.name.replace('_', ' ')} {figures.money(getattr(rates, one.name))}" for one in fields(rates)
    )


def _limit(limit: Limit) -> str:
    included = [
        f"{figures.number(gb)} GB {kind}"
        for gb, kind in ((limit.backup_gb, "backup"), (limit.restore_gb, "restore"))
        if gb is not None
    ]
    money = [f"cost {figures.money(limit.cost)}", f"price {figures.money(limit.price)}"]
    return f"{limit.name}: {', '.join([*included, *money])}"


def _exclusion(exclusion: Exclusion) -> str:
    user = f" of {exclusion.user}" if exclusion.user else ""
    type_ = f" ({exclusion.license_type})" if exclusion.license_type else ""
    return f"{exclusion.endpoint}{user}{type_}: {exclusion.reason}"


def _adjustment(adjustment: Adjustment) -> str:
    until = f" to {adjustment.last_month}" if adjustment.last_month else ""
    return (
        f"{figures.signed(adjustment.units)} {adjustment.license_type} "
        f"from {adjustment.first_month}{until}: {adjustment.reason}"
    )


def _value(value: str | int | float | Month | None) -> str:
    if isinstance(value, bool):
        return figures.yes_or_no(value)
    if isinstance(value, float | Decimal):
        return figures.number(value)
    return "" if value is None else str(value)


def _label(known: str, names: Mapping[str, str]) -> str:
    name = names.get(known, "")
    return f"{name} ({known})" if name and name != known else known
