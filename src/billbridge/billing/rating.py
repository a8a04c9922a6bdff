"""Rating: a company's usage of a month becomes the priced lines of its bill, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable

from billbridge.billing.billable import count_billable, unconfigured_storage
from billbridge.billing.configuration import SendMode, products_billed
from billbridge.billing.counting import ChangeOfType, Count
from billbridge.billing.lines import QUANTITY_DECIMALS, Line, Mark, ProductAmount, RatedMonth, line_of
from billbridge.billing.money import ZERO, amount, round_half_up
from billbridge.billing.prices import MissingPrice, PriceBook
from billbridge.billing.products import Product, ProductKind, type_key
from billbridge.billing.storage import AccountTerms, charge_account
from billbridge.billing.usage import BillingRules, CompanyUsage


def rate(usage: CompanyUsage, rules: BillingRules, prices: PriceBook) -> RatedMonth:
    """Make one company's lines for one month. The order of the input never matters."""
    billed = products_billed(usage.configurations, usage.month)
    counts, not_billed = count_billable(usage, rules, billed)
    amounts: dict[Product, ProductAmount] = {}
    for product, configuration in billed.items():
        if product.kind is ProductKind.LICENSE:
            count = counts.get(type_key(product.code))
            amounts[product] = _license_amount(product, count, usage, rules, prices, mode=configuration.mode)
        else:
            amounts[product] = _storage_amount(product, usage, rules, configuration.mode)
    lines = tuple(
        line_of(configuration, [amounts[product] for product in configuration.products], rules)
        for configuration in sorted(usage.configurations, key=lambda c: (c.name.casefold(), c.id))
        if configuration.holds_in(usage.month)
    )
    not_billed += unconfigured_storage(usage, billed)
    return RatedMonth(
        lines=lines,
        not_billed=tuple(sorted(not_billed, key=lambda n: (n.reason.name, n.license_type, n.user, n.subject))),
        hold_reasons=_missing_prices(lines) if rules.missing_price is MissingPrice.HOLD else (),
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


def _missing_prices(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(
        f"{line.name}: cost and price of {product.product.code} were never set"
        for line in lines
        for product in line.products
        if Mark.NEVER_SET in product.marks
    )
