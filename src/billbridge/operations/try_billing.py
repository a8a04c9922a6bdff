"""What bills a company would get with configurations that are not saved: rated from its usage, nothing stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from billbridge.billing.bills import BillKind, BillState
from billbridge.billing.configuration import check_configurations, products_billed
from billbridge.billing.lines import RatedMonth
from billbridge.billing.months import Month
from billbridge.billing.products import Product, ProductKind
from billbridge.billing.usage import CompanyUsage
from billbridge.operations.company_billing import Editing
from billbridge.operations.coverage import coverages
from billbridge.operations.provider import billing_rules, today
from billbridge.operations.rate_company import rate_company
from billbridge.operations.usage import CompanySettings, load_usage, price_book
from billbridge.store.models import Bill, Company, Provider, StorageAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialMonth:
    """The lines a month would have, and what a person should know of them."""

    month: Month
    through: date
    """The last day known: the month's last, or the business day in the running month."""
    rated: RatedMonth
    collected_from: date | None
    """The first day known of, `None` when nothing of the month was collected or imported: no bill is made then."""
    unknown_storage: tuple[Product, ...] = ()
    """Storage products that would be billed, and of which nothing is known in the month."""
    is_final: bool = False
    """The month's bill is automatic and sent already: no change of configurations touches it."""


def try_billing(editing: Editing, names: Mapping[Product, str]) -> tuple[TrialMonth, ...]:
    """The bills of last month and of this month so far, with what the person has entered so far.

    `names` are the storage accounts', for messages. Raises `ConfigurationError` for configurations that may not be.
    """
    company = editing.company
    provider = company.provider
    check_configurations(company.name, editing.billing.configurations, names)
    day = today(provider)
    months = (Month.of(day).previous, Month.of(day))
    rules, prices = billing_rules(provider), price_book(provider)
    covered = coverages(provider, months)
    settings = CompanySettings(
        configurations=editing.billing.configurations,
        exclusions=editing.saved.exclusions or (),
        adjustments=editing.saved.adjustments or (),
    )
    final = _final_months(company)
    tried: list[TrialMonth] = []
    for month in months:
        through = min(month.last, day)
        usage = load_usage(provider, [company], month, through, settings={company.pk: settings})[company.pk]
        tried.append(
            TrialMonth(
                month=month,
                through=through,
                rated=rate_company(company, usage, rules, prices),
                collected_from=covered[month].first_day,
                unknown_storage=_unknown_storage(usage),
                is_final=month in final,
            )
        )
    return tuple(tried)


def _unknown_storage(usage: CompanyUsage) -> tuple[Product, ...]:
    known = {use.account_id for use in usage.storage}
    billed = products_billed(usage.configurations, usage.month)
    return tuple(one for one in billed if one.kind is ProductKind.STORAGE and one.code not in known)


def product_names(provider: Provider) -> dict[Product, str]:
    """How the provider's storage accounts are called, for messages that name a product."""
    rows = StorageAccount.objects.filter(provider=provider).values_list("source_id", "name")
    return {Product.storage(source_id): name for source_id, name in rows}


def _final_months(company: Company) -> frozenset[Month]:
    bills = Bill.objects.filter(company=company, kind=BillKind.AUTOMATIC.value, state=BillState.SENT.value)
    return frozenset(bills.order_by("-month").values_list("month", flat=True)[:2])
