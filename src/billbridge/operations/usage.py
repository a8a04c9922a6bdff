"""Loading: what the store knows of companies' usage and settings, as the core's values, many companies at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, Min, Q

from billbridge.billing.activations import Activation, Origin
from billbridge.billing.bills import Coverage
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.counting import DomainSeries
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook, PriceSetting
from billbridge.billing.products import Product
from billbridge.billing.rating import Adjustment, CompanyUsage, Exclusion
from billbridge.billing.storage import AccountTerms, GbRates, Limit, StorageUse
from billbridge.store.models import (
    ActivationRow,
    AdjustmentSetting,
    BillingConfiguration,
    Collection,
    Company,
    Domain,
    DomainReading,
    ExclusionSetting,
    LicensePrice,
    MonthlyStorage,
    Provider,
    StorageLimit,
    StorageRate,
    StorageReading,
    UsageHistoryImport,
)


def price_book(provider: Provider) -> PriceBook:
    """Every license price of the provider."""
    rows = LicensePrice.objects.filter(provider=provider).values_list(
        "license_type", "from_month", "cost", "price", "company__source_id"
    )
    return PriceBook.of(
        PriceSetting(license_type=type_, from_month=month, cost=cost, price=price, company_id=company or "")
        for type_, month, cost, price, company in rows
    )


def coverage(provider: Provider, month: Month) -> Coverage:
    """How much of a month was collected or imported: nothing, from a day on, or whole."""
    done = Collection.objects.filter(
        provider=provider, section=Collection.Section.LICENSES, state=Collection.State.DONE
    )
    collected = done.aggregate(first=Min("day"), last=Max("day"))
    imports = UsageHistoryImport.objects.filter(
        provider=provider, first_day__lte=month.last, last_day__gte=month.first
    ).aggregate(first=Min("first_day"), last=Max("last_day"))
    inside = done.filter(day__gte=month.first, day__lte=month.last).exists()
    starts = [day for day in (imports["first"], collected["first"] if inside else None) if day is not None]
    if not starts:
        return Coverage()
    last_known = max(day for day in (imports["last"], collected["last"]) if day is not None)
    imported_whole = imports["last"] is not None and imports["last"] >= month.last
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySettings:
    """A company's configurations, exclusions, adjustments and storage terms."""

    configurations: tuple[Configuration, ...]
    exclusions: tuple[Exclusion, ...]
    adjustments: tuple[Adjustment, ...]


def load_settings(companies: Sequence[Company]) -> dict[int, CompanySettings]:
    """The settings of some companies, by the company's row id."""
    ids = [company.pk for company in companies]
    configurations: dict[int, list[Configuration]] = defaultdict(list)
    rows = BillingConfiguration.objects.filter(company_id__in=ids).prefetch_related("products").order_by("pk")
    for row in rows:
        configurations[row.company_id].append(configuration_of(row))
    exclusions: dict[int, list[Exclusion]] = defaultdict(list)
    for exclusion in ExclusionSetting.objects.filter(company_id__in=ids).order_by("pk"):
        exclusions[exclusion.company_id].append(
            Exclusion(
                endpoint=exclusion.endpoint,
                user=exclusion.user,
                license_type=exclusion.license_type,
                reason=exclusion.reason,
            )
        )
    adjustments: dict[int, list[Adjustment]] = defaultdict(list)
    for adjustment in AdjustmentSetting.objects.filter(company_id__in=ids).order_by("pk"):
        adjustments[adjustment.company_id].append(
            Adjustment(
                license_type=adjustment.license_type,
                units=adjustment.units,
                reason=adjustment.reason,
                first_month=adjustment.first_month,
                last_month=adjustment.last_month,
            )
        )
    return {
        pk: CompanySettings(
            configurations=tuple(configurations[pk]),
            exclusions=tuple(exclusions[pk]),
            adjustments=tuple(adjustments[pk]),
        )
        for pk in ids
    }


def configuration_of(row: BillingConfiguration) -> Configuration:
    """A configuration as the core knows it."""
    products = sorted(row.products.all(), key=lambda billed: billed.pk)
    return Configuration(
        id=str(row.uid),
        name=row.name,
        mode=SendMode(row.mode),
        products=tuple(Product.parse(billed.product) for billed in products),
        asset_types={Product.parse(b.product): b.asset_type for b in products if b.asset_type},
        item_id=row.item_id,
        last_month=row.last_month,
    )


def load_usage(
    provider: Provider, companies: Sequence[Company], month: Month, through: date
) -> dict[int, CompanyUsage]:
    """Everything some companies used in a month, by the company's row id."""
    ids = [company.pk for company in companies]
    settings = load_settings(companies)
    activations = _activations(companies, month)
    domains = _domains(provider, ids, month)
    storage = _storage(ids, month, through)
    terms = _terms(provider, ids, month)
    return {
        company.pk: CompanyUsage(
            company_id=company.source_id,
            month=month,
            through=through,
            configurations=settings[company.pk].configurations,
            activations=activations[company.pk],
            domains=domains[company.pk],
            storage=storage[company.pk],
            terms=terms[company.pk],
            exclusions=settings[company.pk].exclusions,
            adjustments=settings[company.pk].adjustments,
        )
        for company in companies
    }


def activations_of(rows: Iterable[ActivationRow], source_ids: dict[int, str]) -> list[Activation]:
    """Ledger rows as the core's activations; `source_ids` are the companies' ids in the source."""
    return [
        Activation(
            company_id=source_ids[row.company_id],
            user_id=row.user_id,
            user_login=row.user_login,
            endpoint=row.endpoint,
            license_type=row.license_type,
            first_day=row.first_day,
            last_day=row.last_day,
            given_back=row.given_back,
            last_seen=row.last_seen,
            origin=Origin(row.origin),
        )
        for row in rows
    ]


def _activations(companies: Sequence[Company], month: Month) -> dict[int, list[Activation]]:
    source_ids = {company.pk: company.source_id for company in companies}
    rows = ActivationRow.objects.filter(
        Q(last_day=None) | Q(last_day__gte=month.first),
        company_id__in=source_ids,
        first_day__lte=month.last,
    ).values_list(
        "company_id", "user_id", "user_login", "endpoint", "license_type",
        "first_day", "last_day", "given_back", "last_seen", "origin",
    )  # fmt: skip
    loaded: dict[int, list[Activation]] = defaultdict(list)
    for pk, user_id, login, endpoint, type_, first, last, given_back, seen, origin in rows.iterator():
        loaded[pk].append(
            Activation(
                company_id=source_ids[pk],
                user_id=user_id,
                user_login=login,
                endpoint=endpoint,
                license_type=type_,
                first_day=first,
                last_day=last,
                given_back=given_back,
                last_seen=seen,
                origin=Origin(origin),
            )
        )
    return loaded


def _domains(provider: Provider, company_ids: Sequence[int], month: Month) -> dict[int, list[DomainSeries]]:
    loaded: dict[int, list[DomainSeries]] = defaultdict(list)
    domains = list(Domain.objects.filter(provider=provider, company_id__in=company_ids).exclude(license_type=""))
    if not domains:
        return loaded
    readings: dict[str, dict[date, int]] = defaultdict(dict)
    before: dict[str, int] = {}
    rows = DomainReading.objects.filter(
        provider=provider, domain__in=[domain.name for domain in domains], day__lte=month.last
    ).order_by("day")
    for reading in rows:
        if reading.day < month.first:
            before[reading.domain] = reading.licenses
        else:
            readings[reading.domain][reading.day] = reading.licenses
    for domain in domains:
        if domain.company_id is not None and (readings[domain.name] or domain.name in before):
            loaded[domain.company_id].append(
                DomainSeries(
                    domain=domain.name,
                    license_type=domain.license_type,
                    readings=readings[domain.name],
                    before=before.get(domain.name),
                )
            )
    return loaded


def _storage(company_ids: Sequence[int], month: Month, through: date) -> dict[int, list[StorageUse]]:
    """Readings of the month, the last one before it, and the source's own average once the month is over."""
    readings: dict[tuple[int, str, str], list[StorageReading]] = defaultdict(list)
    rows = StorageReading.objects.filter(
        company_id__in=company_ids, day__gte=month.previous.first, day__lte=month.last
    ).order_by("day")
    for reading in rows:
        readings[reading.company_id, reading.account_id, reading.user_id].append(reading)
    averages = {
        (monthly.company_id, monthly.account_id, monthly.user_id): monthly
        for monthly in MonthlyStorage.objects.filter(company_id__in=company_ids, month=month)
        if through >= month.last
    }
    loaded: dict[int, list[StorageUse]] = defaultdict(list)
    for identity in sorted({*readings, *averages}):
        company_id, account_id, user_id = identity
        own = [reading for reading in readings[identity] if reading.day in month]
        earlier = [reading for reading in readings[identity] if reading.day < month.first]
        average = averages.get(identity)
        if not own and average is None:
            continue
        latest = own[-1] if own else None
        restored = average.restore_bytes if average else latest.restore_bytes if latest else 0
        loaded[company_id].append(
            StorageUse(
                account_id=account_id,
                user_id=user_id,
                user_login=average.user_login if average else latest.user_login if latest else "",
                readings={reading.day: reading.backup_bytes for reading in own},
                before=earlier[-1].backup_bytes if earlier else None,
                monthly_average=average.backup_bytes if average else None,
                restored=restored,
            )
        )
    return loaded


def _terms(provider: Provider, company_ids: Sequence[int], month: Month) -> dict[int, dict[str, AccountTerms]]:
    """Each company's terms per storage account, of the rates that hold in the month."""
    general: dict[str, GbRates] = {}
    by_company: dict[tuple[int, str], GbRates] = {}
    by_user: dict[tuple[str, str], GbRates] = {}
    rates = StorageRate.objects.filter(provider=provider).order_by("from_month")
    accounts: set[str] = set()
    for rate in rates:
        if rate.from_month > month:
            continue
        accounts.add(rate.account_id)
        values = _rates(rate)
        if rate.user_id:
            by_user[rate.account_id, rate.user_id] = values
        elif rate.company_id is not None:
            by_company[rate.company_id, rate.account_id] = values
        else:
            general[rate.account_id] = values
    company_limits: dict[tuple[int, str], Limit] = {}
    user_limits: dict[tuple[int, str], dict[str, Limit]] = defaultdict(dict)
    for row in StorageLimit.objects.filter(company_id__in=company_ids):
        accounts.add(row.account_id)
        if row.user_id:
            user_limits[row.company_id, row.account_id][row.user_id] = _limit(row)
        else:
            company_limits[row.company_id, row.account_id] = _limit(row)
    return {
        pk: {
            account: AccountTerms(
                rates=general.get(account),
                company_rates=by_company.get((pk, account)),
                user_rates={user: values for (of, user), values in by_user.items() if of == account},
                company_limit=company_limits.get((pk, account)),
                user_limits=user_limits.get((pk, account)),
            )
            for account in accounts
        }
        for pk in company_ids
    }


def _rates(row: StorageRate) -> GbRates:
    return GbRates(
        backup_cost=row.backup_cost,
        backup_price=row.backup_price,
        restore_cost=row.restore_cost,
        restore_price=row.restore_price,
    )


def _limit(row: StorageLimit) -> Limit:
    return Limit(name=row.name, backup_gb=row.backup_gb, restore_gb=row.restore_gb, cost=row.cost, price=row.price)


_AS_IT_IS = (str, int)
_AS_TEXT = (Decimal, date, Month, Product, UUID)


def as_json(value: Any) -> Any:
    """A core value as plain JSON: dataclasses as objects, exact numbers as text, days and months as they read."""
    # What is most frequent comes first: a large provider's bills hold some million values as evidence.
    if value is None or isinstance(value, _AS_IT_IS):
        return value
    if isinstance(value, _AS_TEXT):
        return str(value)
    if hasattr(value, "__dataclass_fields__"):
        return {name: as_json(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    return str(value)
