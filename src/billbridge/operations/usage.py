"""Loading: what the store knows of companies' usage and settings, as the core's values, many companies at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from billbridge.billing.activations import Activation, Origin, endpoint_key
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.counting import DomainSeries
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook, PriceSetting
from billbridge.billing.products import Product
from billbridge.billing.usage import Adjustment, CompanyUsage, Exclusion
from billbridge.operations.storage_usage import storage_of, storage_terms
from billbridge.store.models import (
    ActivationRow,
    AdjustmentSetting,
    BillingConfiguration,
    Company,
    Domain,
    DomainReading,
    ExclusionSetting,
    LicensePrice,
    Provider,
)


def price_book(provider: Provider) -> PriceBook:
    """Every license price of the provider."""
    rows = LicensePrice.objects.filter(provider=provider).values_list(
        "license_type", "from_month", "last_month", "cost", "price", "company__source_id"
    )
    return PriceBook.of(
        PriceSetting(
            license_type=type_, from_month=first, last_month=last, cost=cost, price=price, company_id=company or ""
        )
        for type_, first, last, cost, price, company in rows
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
    provider: Provider,
    companies: Sequence[Company],
    month: Month,
    through: date,
    *,
    settings: Mapping[int, CompanySettings] | None = None,
) -> dict[int, CompanyUsage]:
    """Everything some companies used in a month, by the company's row id; `settings` in place of those saved."""
    ids = [company.pk for company in companies]
    settings = load_settings(companies) if settings is None else settings
    activations = _activations(companies, month)
    domains = _domains(provider, ids, month)
    storage = storage_of(ids, month, through)
    terms = storage_terms(provider, ids, month)
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


def activation_row(provider: Provider, company: Company, activation: Activation) -> ActivationRow:
    """An activation as a new row of the ledger; it is not saved."""
    return ActivationRow(
        provider=provider,
        company=company,
        user_id=activation.user_id,
        user_login=activation.user_login,
        endpoint=activation.endpoint,
        endpoint_key=endpoint_key(activation.endpoint),
        license_type=activation.license_type,
        first_day=activation.first_day,
        last_day=activation.last_day,
        given_back=activation.given_back,
        last_seen=activation.last_seen,
        origin=activation.origin.value,
    )


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
