"""The ledger by endpoint: who held which license from when to when, and what bills it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Concat
from django.db.models.lookups import Exact

from billbridge.billing.activations import Activation, NotBilledReason, Origin
from billbridge.billing.billable import why_not_billed
from billbridge.billing.counting import days_mask
from billbridge.billing.months import Month
from billbridge.billing.products import LicenseType, Product, ProductKind, type_key
from billbridge.billing.usage import Exclusion
from billbridge.store.models import (
    ActivationRow,
    BilledProduct,
    BillingConfiguration,
    Company,
    ExclusionSetting,
    Provider,
)

_FEW = 500
"""Up to so many companies are asked for by their ids; beyond that all of the provider's are read at once."""

LICENSE = f"{ProductKind.LICENSE}:"

ORIGINS = {Origin.OBSERVED: "collected", Origin.USAGE_HISTORY: "imported"}
"""Where an activation's days come from, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One activation with its days of a month. `last_day` is empty while it lasts."""

    company_pk: int
    company: str
    user: str
    endpoint: str
    license_type: str
    first_day: date
    last_day: date | None
    given_back: bool
    last_seen: date
    days: int
    """Days of the month on which it was active; of the running month those so far."""
    origin: str
    configuration: str
    """The billing configuration that bills it; empty when none does."""
    reason: str
    """Why none bills it."""


def ledger(provider: Provider, month: Month, company: Company | None = None) -> QuerySet[ActivationRow]:
    """Every activation that was active on a day of the month; of one company, or of all.

    Only the ids are loaded: sorting a large ledger is quick as long as no whole rows are carried along.
    """
    rows = ActivationRow.objects.filter(
        Q(last_day=None) | Q(last_day__gte=month.first), provider=provider, first_day__lte=month.last
    ).only("pk")
    return rows.filter(company=company) if company is not None else rows


def whole(chosen: QuerySet[ActivationRow] | Sequence[ActivationRow]) -> list[ActivationRow]:
    """The rows behind the ids, in their order: of a page by their ids, of more all at once."""
    if isinstance(chosen, QuerySet) and chosen.query.high_mark is None:
        return list(chosen.defer(None).select_related("company"))
    ids = [row.pk for row in chosen]
    rows = ActivationRow.objects.filter(pk__in=ids).select_related("company").in_bulk()
    return [rows[pk] for pk in ids if pk in rows]


def license_types_held(provider: Provider) -> list[str]:
    """Every license type that some endpoint holds now, as the source writes it, by name."""
    types = ActivationRow.objects.filter(provider=provider, last_day=None).order_by().values_list("license_type")
    return sorted((name for (name,) in types.distinct()), key=str.casefold)


LicenseTypes = Mapping[str, LicenseType]
"""The known license types, by name as compared."""


def narrow_by_state(
    rows: QuerySet[ActivationRow], value: str, *, provider: Provider, month: Month, license_types: LicenseTypes
) -> QuerySet[ActivationRow]:
    """Activations that last, that ended, that a billing configuration bills, or that none does."""
    if value == "active":
        return rows.filter(last_day=None)
    if value == "ended":
        return rows.exclude(last_day=None)
    configured = is_configured(provider, month, license_types)
    return rows.filter(configured if value == "billed" else ~configured)


def is_configured(provider: Provider, month: Month, license_types: LicenseTypes) -> Exists:
    """Whether a billing configuration of the activation's company holds its license type in the month."""
    still = Q(configuration__last_month=None) | Q(configuration__last_month__gte=month)
    ends = BillingConfiguration.objects.filter(company__provider=provider, last_month__lt=month).exists()
    product = _product_of(provider, license_types)
    same = BilledProduct.objects.filter(company=OuterRef("company"), product=product)
    return Exists(same.filter(still) if ends else same)


def _product_of(provider: Provider, license_types: LicenseTypes) -> Case | Concat:
    """The product an activation is billed as, compared as it is written: only that finds an index.

    Settings spell a license type as it is known; one that the source writes otherwise is taken in that spelling.
    """
    plain = Concat(Value(LICENSE), OuterRef("license_type"))
    other = [
        When(Exact(OuterRef("license_type"), name), then=Value(f"{LICENSE}{license_types[type_key(name)].name}"))
        for name in license_types_held(provider)
        if type_key(name) in license_types and license_types[type_key(name)].name != name
    ]
    return Case(*other, default=plain, output_field=CharField()) if other else plain


def ledger_rows(
    provider: Provider,
    chosen: Sequence[ActivationRow],
    *,
    month: Month,
    through: date,
    license_types: LicenseTypes,
) -> list[LedgerRow]:
    """Activations with their days of the month and what bills them, in their order.

    `through` is the last day known.
    """
    ids = {row.company_id for row in chosen}
    which = Q(company_id__in=ids) if len(ids) <= _FEW else Q(company__provider=provider)
    configured = configurations_by_type(which, month)
    exclusions: dict[int, list[Exclusion]] = defaultdict(list)
    for one in ExclusionSetting.objects.filter(which).order_by("pk"):
        exclusions[one.company_id].append(
            Exclusion(endpoint=one.endpoint, user=one.user, license_type=one.license_type, reason=one.reason)
        )
    rows: list[LedgerRow] = []
    for row in chosen:
        names = configured.get(row.company_id, {})
        reason, detail = why_not_billed(_activation(row), exclusions[row.company_id], license_types, names)
        said = f"excluded: {detail}" if reason is NotBilledReason.EXCLUDED else reason.value if reason else ""
        rows.append(
            LedgerRow(
                company_pk=row.company_id,
                company=row.company.name,
                user=row.user_login,
                endpoint=row.endpoint,
                license_type=row.license_type,
                first_day=row.first_day,
                last_day=row.last_day,
                given_back=row.given_back,
                last_seen=row.last_seen,
                days=days_mask(row.first_day, min(row.last_day or through, through), month).bit_count(),
                origin=ORIGINS.get(Origin(row.origin), row.origin),
                configuration="" if reason else names[type_key(row.license_type)],
                reason=said,
            )
        )
    return rows


def configurations_by_type(which: Q, month: Month) -> dict[int, dict[str, str]]:
    """Per company, the name of the configuration that bills a license type in the month, by name as compared."""
    billed = (
        BilledProduct.objects.filter(which, product__startswith=LICENSE)
        .filter(Q(configuration__last_month=None) | Q(configuration__last_month__gte=month))
        .values_list("company_id", "product", "configuration__name")
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for company_id, product, name in billed:
        found[company_id][type_key(Product.parse(product).code)] = name
    return found


def _activation(row: ActivationRow) -> Activation:
    return Activation(
        company_id="",
        user_id=row.user_id,
        user_login=row.user_login,
        endpoint=row.endpoint,
        license_type=row.license_type,
        first_day=row.first_day,
        last_day=row.last_day,
        last_seen=row.last_seen,
    )
