"""Rating: a company's usage of a month becomes the priced lines of its bill, each with its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import TypeVar

from billbridge.billing.activations import Activation, NotBilled, NotBilledReason, endpoint_key
from billbridge.billing.configuration import Configuration, SendMode, products_billed
from billbridge.billing.counting import (
    ChangeOfType,
    Count,
    CountedDomain,
    CountedEndpoint,
    CountingRule,
    DomainSeries,
    count_licenses,
)
from billbridge.billing.money import ZERO, Currency, amount, round_half_up, unit_price
from billbridge.billing.months import Month
from billbridge.billing.prices import MissingPrice, PriceBook
from billbridge.billing.products import LicenseType, Product, ProductKind, type_key
from billbridge.billing.storage import (
    AccountTerms,
    StorageBasis,
    StorageCharge,
    StorageUse,
    charge_account,
)

_Counted = TypeVar("_Counted", Activation, DomainSeries)

QUANTITY_DECIMALS = 6
"""An exact quantity is shown and stored with this many decimals; what is sent is rounded from the exact one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingRules:
    """The provider's and the connection's settings that decide how usage becomes money."""

    currency: Currency
    counting: CountingRule = CountingRule.ACTIVE_IN_MONTH
    change_of_type: ChangeOfType = ChangeOfType.BOTH
    storage: StorageBasis = StorageBasis.MEAN
    missing_price: MissingPrice = MissingPrice.BILL_AT_ZERO
    unit_price_decimals: int = 4
    """The most decimals a derived unit price may have, 2 to 6."""
    keeps_fractions: bool = False
    """Whether HaloPSA is known to keep fractional quantities; if not, they are sent rounded up."""
    license_types: Mapping[str, LicenseType] = field(default_factory=dict)
    """The known license types, by their name as compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """An endpoint that is not billed, and why. Without a license type all its licenses are meant."""

    endpoint: str
    reason: str
    user: str = ""
    license_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Units a person adds to or takes from a license product's quantity, and why."""

    license_type: str
    units: Decimal
    reason: str
    first_month: Month
    last_month: Month | None = None

    def holds_in(self, month: Month) -> bool:
        return self.first_month <= month and (self.last_month is None or month <= self.last_month)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyUsage:
    """Everything one company used in a month, and its settings: the input of rating.

    `through` is the last day known: the month's last, or the business day in the running month.
    """

    company_id: str
    month: Month
    through: date
    configurations: Sequence[Configuration]
    activations: Sequence[Activation] = ()
    domains: Sequence[DomainSeries] = ()
    storage: Sequence[StorageUse] = ()
    terms: Mapping[str, AccountTerms] = field(default_factory=dict)
    """The storage terms of this company, by storage account."""
    exclusions: Sequence[Exclusion] = ()
    adjustments: Sequence[Adjustment] = ()


class Mark(StrEnum):
    """Something about a line that a person should see."""

    NEVER_SET = "cost and price were never set"
    CHANGED_TYPE = "an endpoint changed its product and counts under both"
    REPEATED_DAYS = "days without a collection repeat the day before"
    ROUNDED_QUANTITY = "the quantity is sent rounded up"
    REMAINDER = "unit price times quantity differs from the total: send the total instead"
    MONEY_WITHOUT_UNITS = "there is money but no quantity: sent as quantity 1 at the total"
    FLOORED = "adjustments would make the quantity negative: it is 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAmount:
    """One product's part of a line: its quantity, unit cost and price, amounts, and the evidence for them.

    `quantity` is exact to six decimals. Storage has no single unit price; its money is in `storage`.
    """

    product: Product
    quantity: Decimal
    cost: Decimal
    price: Decimal
    unit_cost: Decimal | None = None
    unit_price: Decimal | None = None
    price_origin: str = ""
    endpoints: tuple[CountedEndpoint, ...] = ()
    domains: tuple[CountedDomain, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    storage: StorageCharge | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One configuration's line of a bill.

    `quantity` is the exact sum of the products' quantities, `cost` and `price` the sums of their amounts. What
    HaloPSA gets is `sent_quantity` with `sent_cost` and `sent_price` per unit, which are `None` where HaloPSA's own
    stay. The remainders say by how much the product of what is sent differs from the amounts.
    """

    configuration_id: str
    name: str
    mode: SendMode
    products: tuple[ProductAmount, ...]
    quantity: Decimal
    cost: Decimal
    price: Decimal
    sent_quantity: Decimal
    sent_cost: Decimal | None
    sent_price: Decimal | None
    cost_remainder: Decimal = ZERO
    price_remainder: Decimal = ZERO
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedMonth:
    """A company's lines for a month, everything that is on none of them with its reason, and what holds it."""

    lines: tuple[Line, ...]
    not_billed: tuple[NotBilled, ...]
    hold_reasons: tuple[str, ...] = ()

    @property
    def cost(self) -> Decimal:
        return sum((line.cost for line in self.lines), ZERO)

    @property
    def price(self) -> Decimal:
        return sum((line.price for line in self.lines), ZERO)


def rate(usage: CompanyUsage, rules: BillingRules, prices: PriceBook) -> RatedMonth:
    """Make one company's lines for one month. The order of the input never matters."""
    billed = products_billed(usage.configurations, usage.month)
    counts, not_billed = _count(usage, rules, billed)
    amounts: dict[Product, ProductAmount] = {}
    for product, configuration in billed.items():
        if product.kind is ProductKind.LICENSE:
            count = counts.get(type_key(product.code))
            amounts[product] = _license_amount(product, count, usage, rules, prices, mode=configuration.mode)
        else:
            amounts[product] = _storage_amount(product, usage, rules, configuration.mode)
    lines = tuple(
        _line(configuration, [amounts[product] for product in configuration.products], rules)
        for configuration in sorted(usage.configurations, key=lambda c: (c.name.casefold(), c.id))
        if configuration.holds_in(usage.month)
    )
    not_billed += _unconfigured_storage(usage, billed)
    return RatedMonth(
        lines=lines,
        not_billed=tuple(sorted(not_billed, key=lambda n: (n.reason.name, n.license_type, n.user, n.subject))),
        hold_reasons=_missing_prices(lines) if rules.missing_price is MissingPrice.HOLD else (),
    )


def _count(
    usage: CompanyUsage, rules: BillingRules, billed: Mapping[Product, Configuration]
) -> tuple[dict[str, Count], tuple[NotBilled, ...]]:
    """Count the license types that are configured; everything else is returned as not billed."""
    configured = {type_key(p.code): p.code for p in billed if p.kind is ProductKind.LICENSE}
    exclusions = sorted(usage.exclusions, key=lambda e: (e.endpoint, e.user, e.license_type, e.reason))
    counted: list[Activation] = []
    not_billed: dict[object, NotBilled] = {}
    first, last = usage.month.first, min(usage.month.last, usage.through)
    for activation in usage.activations:
        if not activation.touches(first, last):
            continue
        reason, detail = _reason(activation, exclusions, rules, configured)
        if reason is None:
            counted.append(_spelled(activation, configured))
        else:
            listed = NotBilled(
                reason=reason,
                subject=activation.endpoint,
                license_type=activation.license_type,
                company_id=usage.company_id,
                user=activation.user_login,
                detail=detail,
            )
            not_billed[activation.holder] = min(
                not_billed.get(activation.holder, listed), listed, key=lambda n: (n.subject, n.user)
            )
    domains: list[DomainSeries] = []
    for series in usage.domains:
        if type_key(series.license_type) in configured:
            domains.append(_spelled(series, configured))
        elif any(series.readings.values()) or series.before:
            not_billed[series.domain, series.license_type] = NotBilled(
                reason=NotBilledReason.NOT_CONFIGURED,
                subject=series.domain,
                license_type=series.license_type,
                company_id=usage.company_id,
                count=max(series.readings.values(), default=series.before or 0),
            )
    counts, left_out = count_licenses(
        counted,
        domains,
        month=usage.month,
        through=usage.through,
        rule=rules.counting,
        change_of_type=rules.change_of_type,
    )
    not_counted = (replace(each, company_id=usage.company_id) for each in left_out)
    return {type_key(t): c for t, c in counts.items()}, (*not_billed.values(), *not_counted)


def _spelled(counted: _Counted, configured: Mapping[str, str]) -> _Counted:
    """The same with its license type spelled as in the configuration, so that spellings are counted together."""
    spelling = configured[type_key(counted.license_type)]
    return counted if counted.license_type == spelling else replace(counted, license_type=spelling)


def _reason(
    activation: Activation, exclusions: Iterable[Exclusion], rules: BillingRules, configured: Mapping[str, str]
) -> tuple[NotBilledReason | None, str]:
    """Why an activation is on no line: the first of unknown, the provider's own, excluded, not configured."""
    known = rules.license_types.get(type_key(activation.license_type))
    if known is None:
        return NotBilledReason.UNKNOWN_TYPE, ""
    if not known.billable:
        return NotBilledReason.PROVIDER_TYPE, ""
    for exclusion in exclusions:
        if _excludes(exclusion, activation):
            return NotBilledReason.EXCLUDED, exclusion.reason
    if type_key(activation.license_type) not in configured:
        return NotBilledReason.NOT_CONFIGURED, ""
    return None, ""


def _excludes(exclusion: Exclusion, activation: Activation) -> bool:
    return (
        endpoint_key(exclusion.endpoint) == endpoint_key(activation.endpoint)
        and exclusion.user in ("", activation.user_login)
        and type_key(exclusion.license_type) in ("", type_key(activation.license_type))
    )


def _license_amount(
    product: Product,
    count: Count | None,
    usage: CompanyUsage,
    rules: BillingRules,
    prices: PriceBook,
    *,
    mode: SendMode,
) -> ProductAmount:
    adjustments = tuple(
        adjustment
        for adjustment in sorted(
            usage.adjustments, key=lambda a: (a.first_month, a.reason, a.units, str(a.last_month))
        )
        if type_key(adjustment.license_type) == type_key(product.code) and adjustment.holds_in(usage.month)
    )
    quantity = count.quantity if count else ZERO
    quantity += sum((adjustment.units for adjustment in adjustments), ZERO)
    marks: list[Mark] = []
    if quantity < 0:
        quantity = ZERO
        marks.append(Mark.FLOORED)
    price = prices.in_force(product.code, usage.company_id, usage.month)
    if price.never_set and quantity and mode is not SendMode.QUANTITY:
        marks.append(Mark.NEVER_SET)
    counts_both = rules.change_of_type is ChangeOfType.BOTH
    if count and counts_both and any(endpoint.changed_type for endpoint in count.endpoints):
        marks.append(Mark.CHANGED_TYPE)
    if count and any(domain.repeated_days for domain in count.domains):
        marks.append(Mark.REPEATED_DAYS)
    decimals = rules.currency.decimals
    return ProductAmount(
        product=product,
        quantity=quantity,
        cost=amount(quantity, price.cost, decimals),
        price=amount(quantity, price.price, decimals),
        unit_cost=price.cost,
        unit_price=price.price,
        price_origin=price.origin,
        endpoints=count.endpoints if count else (),
        domains=count.domains if count else (),
        adjustments=adjustments,
        marks=tuple(marks),
    )


def _storage_amount(product: Product, usage: CompanyUsage, rules: BillingRules, mode: SendMode) -> ProductAmount:
    charge = charge_account(
        product.code,
        [use for use in usage.storage if use.account_id == product.code],
        usage.terms.get(product.code, AccountTerms()),
        month=usage.month,
        through=usage.through,
        basis=rules.storage,
    )
    marks: list[Mark] = []
    if charge.never_set and mode is not SendMode.QUANTITY:
        marks.append(Mark.NEVER_SET)
    if any(user.repeated_days for user in charge.users):
        marks.append(Mark.REPEATED_DAYS)
    return ProductAmount(
        product=product,
        quantity=round_half_up(charge.gb, QUANTITY_DECIMALS),
        cost=round_half_up(charge.cost, rules.currency.decimals),
        price=round_half_up(charge.price, rules.currency.decimals),
        storage=charge,
        marks=tuple(marks),
    )


def _line(configuration: Configuration, products: Sequence[ProductAmount], rules: BillingRules) -> Line:
    ordered = tuple(sorted(products, key=lambda p: p.product))
    exact = sum((_exact_quantity(p) for p in ordered), Fraction(0))
    cost = sum((p.cost for p in ordered), ZERO)
    price = sum((p.price for p in ordered), ZERO)
    marks = list(dict.fromkeys(mark for p in ordered for mark in p.marks))
    sent_quantity = _sent_quantity(exact, rules, has_storage=any(p.storage for p in ordered))
    sent_cost: Decimal | None = None
    sent_price: Decimal | None = None
    cost_remainder = price_remainder = ZERO
    decimals = rules.currency.decimals
    if configuration.mode is not SendMode.TOTAL and sent_quantity != exact:
        marks.append(Mark.ROUNDED_QUANTITY)
    if configuration.mode is not SendMode.QUANTITY and (exact or cost or price):
        if configuration.mode is SendMode.TOTAL or not exact:
            if not exact:
                marks.append(Mark.MONEY_WITHOUT_UNITS)
            sent_quantity, sent_cost, sent_price = Decimal(1), cost, price
        else:
            most = rules.unit_price_decimals
            unit_of_cost = unit_price(cost, sent_quantity, decimals=decimals, most_decimals=most)
            unit_of_price = unit_price(price, sent_quantity, decimals=decimals, most_decimals=most)
            sent_cost, cost_remainder = unit_of_cost.value, unit_of_cost.remainder
            sent_price, price_remainder = unit_of_price.value, unit_of_price.remainder
    if cost_remainder or price_remainder:
        marks.append(Mark.REMAINDER)
    return Line(
        configuration_id=configuration.id,
        name=configuration.name,
        mode=configuration.mode,
        products=ordered,
        quantity=round_half_up(exact, QUANTITY_DECIMALS),
        cost=cost,
        price=price,
        sent_quantity=sent_quantity,
        sent_cost=sent_cost,
        sent_price=sent_price,
        cost_remainder=cost_remainder,
        price_remainder=price_remainder,
        marks=tuple(marks),
    )


def _exact_quantity(product: ProductAmount) -> Fraction:
    return product.storage.gb if product.storage is not None else Fraction(product.quantity)


def _sent_quantity(exact: Fraction, rules: BillingRules, *, has_storage: bool) -> Decimal:
    """Whole units, rounded up; a fraction only where HaloPSA keeps fractions, and never for storage."""
    if rules.keeps_fractions and not has_storage:
        return round_half_up(exact, QUANTITY_DECIMALS)
    return Decimal(ceil(exact))


def _missing_prices(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(
        f"{line.name}: cost and price of {product.product.code} were never set"
        for line in lines
        for product in line.products
        if Mark.NEVER_SET in product.marks
    )


def _unconfigured_storage(usage: CompanyUsage, billed: Mapping[Product, Configuration]) -> tuple[NotBilled, ...]:
    by_account: dict[str, list[StorageUse]] = defaultdict(list)
    for use in usage.storage:
        if Product.storage(use.account_id) not in billed:
            by_account[use.account_id].append(use)
    return tuple(
        NotBilled(
            reason=NotBilledReason.NOT_CONFIGURED,
            subject=account_id,
            company_id=usage.company_id,
            detail=f"storage of {len(uses)} users",
        )
        for account_id, uses in by_account.items()
    )
