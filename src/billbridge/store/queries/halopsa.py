"""Reading what the pages of Settings > HaloPSA show: companies with their bills, prices, products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Exists, IntegerField, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from billbridge.billing.months import Month
from billbridge.store.fields import MoneyField
from billbridge.store.models import (
    Bill,
    BilledProduct,
    BillingConfiguration,
    Company,
    LicensePrice,
    PlannedChange,
    Provider,
    Run,
    Slot,
    StorageAccount,
    StorageRate,
)

_RUNS_LOOKED_AT = 3
"""Runs whose coverage is read to tell when a company was last synced; beyond it, its last write tells."""
_NOT_SYNCED = frozenset({"not configured", "nothing to bill"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSync:
    """The last run that synced a company, when it began, and what it did for the company (empty if not known)."""

    run: int
    began: datetime
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingCounts:
    """How many companies are mapped to a HaloPSA customer, and how many are not."""

    mapped: int
    unmapped: int


def companies(provider: Provider) -> QuerySet[Company]:
    """All companies of a provider."""
    return Company.objects.filter(provider=provider)


def company_of(provider: Provider, company_id: int) -> Company | None:
    """A company by its row id, if it is the provider's."""
    return companies(provider).filter(pk=company_id).first()


def mapping_counts(provider: Provider) -> MappingCounts:
    """How far the mapping is."""
    found = companies(provider).aggregate(all=Count("pk"), mapped=Count("client_id"))
    return MappingCounts(mapped=found["mapped"], unmapped=found["all"] - found["mapped"])


def customers_in_use(provider: Provider) -> dict[int, int]:
    """How many companies are mapped to each HaloPSA customer that any is mapped to."""
    rows = companies(provider).filter(client_id__isnull=False).values_list("client_id").annotate(count=Count("pk"))
    return {client_id: count for client_id, count in rows if client_id is not None}


def companies_of_customer(provider: Provider, customer_id: int) -> tuple[str, ...]:
    """The names of the companies mapped to a HaloPSA customer."""
    return tuple(companies(provider).filter(client_id=customer_id).order_by("name").values_list("name", flat=True))


def open_subscriptions(provider: Provider, company: Company) -> int:
    """How many subscriptions of a company stand in HaloPSA and are not closed."""
    return Slot.objects.filter(
        configuration__company=company, configuration__company__provider=provider, closed=False
    ).count()


def billed_companies(provider: Provider, last: Month, running: Month) -> QuerySet[Company]:
    """Companies with the number of their configurations and the state and price of two months' bills.

    Adds `configured`, `last_state`, `last_price`, `running_state`, `running_price` and the bills' ids `last_bill`
    and `running_bill`; empty where there is no bill.
    """
    own = BillingConfiguration.objects.filter(company=OuterRef("pk")).order_by()
    counted = own.values("company").annotate(count=Count("pk")).values("count")
    return companies(provider).annotate(
        configured=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0)),
        is_configured=Exists(own),
        last_state=_of_bill(last, "state"),
        last_price=_of_bill(last, "price", MoneyField()),
        last_bill=_of_bill(last, "pk"),
        running_state=_of_bill(running, "state"),
        running_price=_of_bill(running, "price", MoneyField()),
        running_bill=_of_bill(running, "pk"),
    )


def last_syncs(provider: Provider, of: Sequence[Company]) -> dict[int, LastSync]:
    """When some companies were last synced with HaloPSA, by their row id."""
    found: dict[int, LastSync] = {}
    ended = Run.objects.filter(provider=provider, ended__isnull=False).exclude(coverage={}).order_by("-pk")
    for number in ended.values_list("pk", flat=True)[:_RUNS_LOOKED_AT]:
        if len(found) == len(of):
            break
        run = Run.objects.only("began", "coverage").get(pk=number)  # one by one: coverage is large, one often tells
        for company in of:
            covered = run.coverage.get(company.name)
            if company.pk not in found and covered and covered["state"] not in _NOT_SYNCED:
                found[company.pk] = LastSync(run=run.pk, began=run.began, state=covered["state"])
    rest = [company.pk for company in of if company.pk not in found]
    return _last_writes(provider, rest) | found


def general_prices(provider: Provider) -> dict[str, list[LicensePrice]]:
    """The general prices of each license type as it is written, the newest first."""
    found: dict[str, list[LicensePrice]] = defaultdict(list)
    for row in LicensePrice.objects.filter(provider=provider, company=None).order_by("-from_month"):
        found[row.license_type].append(row)
    return found


def company_prices(provider: Provider) -> QuerySet[LicensePrice]:
    """The prices that hold for one company alone."""
    return LicensePrice.objects.filter(provider=provider, company__isnull=False).select_related("company")


def storage_accounts(provider: Provider) -> list[StorageAccount]:
    """The storage accounts by name."""
    return list(StorageAccount.objects.filter(provider=provider).order_by("name", "pk"))


def general_storage_rates(provider: Provider, month: Month) -> dict[str, StorageRate]:
    """Cost and price per GB that hold in a month for everyone on a storage account, by the account's id."""
    rates = StorageRate.objects.filter(provider=provider, company=None, from_month__lte=month)
    return {rate.account_id: rate for rate in rates.order_by("from_month")}


def billed_products(provider: Provider) -> dict[str, int]:
    """In how many companies' configurations each product stands, by the product as written."""
    rows = BilledProduct.objects.filter(company__provider=provider).values_list("product")
    return dict(rows.annotate(count=Count("pk")).order_by())


def _of_bill(month: Month, field: str, output: MoneyField[Decimal, Decimal] | None = None) -> Subquery:
    bills = Bill.objects.filter(company=OuterRef("pk"), month=month).order_by().values(field)[:1]
    return Subquery(bills, output_field=output) if output is not None else Subquery(bills)


def _last_writes(provider: Provider, company_ids: Sequence[int]) -> dict[int, LastSync]:
    """The last run in which something of each company was written and read back."""
    keys = dict(
        Slot.objects.filter(configuration__company_id__in=company_ids).values_list(
            "key", "configuration__company_id"
        )
    )
    newest: dict[int, int] = {}
    written = PlannedChange.objects.filter(
        run__provider=provider, key__in=list(keys), state=PlannedChange.State.VERIFIED
    )
    for key, run in written.values_list("key").annotate(run=Max("run_id")).order_by():
        newest[keys[key]] = max(run, newest.get(keys[key], 0))
    began = dict(Run.objects.filter(pk__in=set(newest.values())).values_list("pk", "began"))
    return {company: LastSync(run=run, began=began[run]) for company, run in newest.items()}
