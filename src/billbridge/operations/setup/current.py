"""Loading the settings in force, with everything known that a setup file may name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from django.db.models import Exists, OuterRef, Q

from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.counting import ChangeOfType, CountingRule
from billbridge.billing.prices import MissingPrice, PriceSetting
from billbridge.billing.products import LicenseType, Product, ProductKind
from billbridge.billing.slots import Layout
from billbridge.billing.storage import GbRates, Limit, StorageBasis
from billbridge.operations.provider import the_provider
from billbridge.operations.setup.channels import current_notifications, kept_secret
from billbridge.operations.setup.concern import EVERYTHING, Concern
from billbridge.operations.setup.document import (
    CompanySetup,
    DefaultAssetTypeSetting,
    DomainSetting,
    HaloSettings,
    KnownAccount,
    KnownUser,
    MbsSettings,
    ProviderSettings,
    SetupDocument,
    StorageCost,
    StorageLimitSetting,
)
from billbridge.operations.setup.installed import Installed
from billbridge.operations.usage import load_settings
from billbridge.store.models import (
    AdjustmentSetting,
    BackupUser,
    BilledProduct,
    BillingConfiguration,
    BillLine,
    Company,
    DefaultAssetType,
    Domain,
    ExclusionSetting,
    HaloConnection,
    KnownLicenseType,
    LicensePrice,
    Provider,
    Slot,
    SourceConnection,
    StorageAccount,
    StorageLimit,
    StorageRate,
)

MBS = "mbs"
"""The kind of the source connection that [sources.mbs] is."""


def current_setup(provider: Provider | None = None, *, concern: Concern = EVERYTHING) -> Installed:
    """The settings of a provider, by default of the only one, in an order that is always the same.

    With a `concern` only what it asks for is loaded; of other companies the names, of other lists what they name.
    Empty on an installation without a provider; raises InvalidInput when there are several and none is named.
    """
    if provider is None and Provider.objects.exists():
        provider = the_provider()
    document = _document(provider, concern) if provider is not None else _NOTHING
    configurations = BillingConfiguration.objects.all()
    own = configurations.filter(company__provider=provider) if provider is not None else configurations.none()
    loaded, others = own, configurations.exclude(pk__in=own.values("pk"))
    if concern.companies is not None:
        loaded = own.filter(company__source_id__in=concern.companies)
        others = configurations.filter(uid__in=concern.configurations).exclude(pk__in=loaded.values("pk"))
    elsewhere = _named_elsewhere(provider, concern) if provider is not None else frozenset()
    has_bills = Exists(BillLine.objects.filter(configuration=OuterRef("pk")))
    has_subscriptions = Exists(Slot.objects.filter(configuration=OuterRef("pk")))
    billed = loaded.filter(has_bills | has_subscriptions).values_list("uid", flat=True)
    taken = others.values_list("uid", flat=True)
    accounts = _accounts_in_use(document) | {one.code for one in elsewhere if one.kind is ProductKind.STORAGE}
    return Installed(
        document=document,
        accounts=dict.fromkeys(accounts, "") | {a.id: a.name for a in document.storage_accounts},
        license_types=frozenset(one.code for one in elsewhere if one.kind is ProductKind.LICENSE),
        billed=frozenset(str(uid) for uid in billed),
        taken=frozenset(str(uid) for uid in taken),
        subscriptions=Slot.objects.filter(configuration__in=own).count() if concern.companies is None else 0,
    )


def current_part(provider: Provider, name: str, company_id: str = "") -> object:
    """One part of the settings in force by its name in the document, or one company by its id in the source.

    What a form compares with: a large provider's other settings need not be loaded for it.
    """
    read = _READERS.get(name)
    if read is not None:
        return read(provider)
    if name == "companies":
        if not company_id:
            return _companies(provider)
        return next(iter(company_setups(Company.objects.filter(provider=provider, source_id=company_id))), None)
    return getattr(_document(provider, EVERYTHING), name)


_NOTHING = SetupDocument(
    notifications=(),
    license_types=(),
    default_asset_types=(),
    prices=(),
    storage_costs=(),
    storage_limits=(),
    domains=(),
    companies=(),
)


def _document(provider: Provider, concern: Concern) -> SetupDocument:
    halopsa = _connection(provider)
    return SetupDocument(
        provider=_provider(provider),
        halopsa=_halopsa(halopsa),
        supplier_name=_supplier_name(halopsa),
        mbs=_mbs(provider),
        notifications=current_notifications(provider),
        license_types=_license_types(provider),
        default_asset_types=_default_asset_types(provider),
        storage_accounts=tuple(
            KnownAccount(id=row.source_id, name=row.name)
            for row in StorageAccount.objects.filter(provider=provider).order_by("source_id")
        ),
        users=_users(provider) if concern.users else (),
        prices=_prices(provider) if concern.has("prices") else None,
        storage_costs=_storage_costs(provider) if concern.has("storage_costs") else None,
        storage_limits=_storage_limits(provider) if concern.has("storage_limits") else None,
        domains=_domains(provider) if concern.has("domains") else None,
        companies=_companies(provider, concern.companies),
    )


def _users(provider: Provider) -> tuple[KnownUser, ...]:
    rows = BackupUser.objects.filter(provider=provider, company__isnull=False).order_by("source_id")
    return tuple(
        KnownUser(id=user_id, login=login, company_id=company_id)
        for user_id, login, company_id in rows.values_list("source_id", "login", "company__source_id")
    )


def _provider(row: Provider) -> ProviderSettings:
    return ProviderSettings(
        name=row.name,
        currency=row.currency,
        time_zone=row.time_zone,
        counting_rule=CountingRule(row.counting_rule),
        change_of_type=ChangeOfType(row.change_of_type),
        storage_basis=StorageBasis(row.storage_basis),
        missing_price=MissingPrice(row.missing_price),
        collect_hour=row.collect_hour,
        silence_hours=row.silence_hours,
    )


def _connection(provider: Provider) -> HaloConnection | None:
    return HaloConnection.objects.filter(provider=provider).first()


def _supplier_name(row: HaloConnection | None) -> str | None:
    return row.supplier_name if row else None


def _halopsa(row: HaloConnection | None) -> HaloSettings | None:
    if row is None:
        return None
    return HaloSettings(
        address=row.address,
        client_id=row.client_id,
        auth_address=row.auth_address,
        tenant=row.tenant,
        scope=row.scope,
        layout=Layout(row.layout),
        temporary_bills=row.temporary_bills,
        on_conflict=ConflictPolicy(row.on_conflict),
        unit_price_decimals=row.unit_price_decimals,
        keeps_fractions=row.keeps_fractions,
        calls_per_window=row.calls_per_window,
        window_seconds=row.window_seconds,
        settle_seconds=row.settle_seconds,
        batch_size=row.batch_size,
        client_secret=kept_secret(row, "client_secret"),
    )


def _default_asset_types(provider: Provider) -> tuple[DefaultAssetTypeSetting, ...]:
    return tuple(
        DefaultAssetTypeSetting(product=Product.parse(row.product), asset_type=row.asset_type, item_id=row.item_id)
        for row in DefaultAssetType.objects.filter(provider=provider).order_by("product")
    )


def _prices(provider: Provider) -> tuple[PriceSetting, ...]:
    rows = LicensePrice.objects.filter(provider=provider).values_list(
        "license_type", "company_id", "from_month", "last_month", "cost", "price", "company__source_id"
    )
    return tuple(
        PriceSetting(
            license_type=license_type,
            from_month=from_month,
            last_month=last_month,
            cost=cost,
            price=price,
            company_id=company_id or "",
        )
        for license_type, _, from_month, last_month, cost, price, company_id in sorted(
            rows, key=lambda row: (row[0], row[1] or 0, row[2])
        )
    )


def _storage_costs(provider: Provider) -> tuple[StorageCost, ...]:
    rows = StorageRate.objects.filter(provider=provider).select_related("company")
    return tuple(
        StorageCost(
            account_id=row.account_id,
            from_month=row.from_month,
            rates=GbRates(
                backup_cost=row.backup_cost,
                backup_price=row.backup_price,
                restore_cost=row.restore_cost,
                restore_price=row.restore_price,
            ),
            company_id=row.company.source_id if row.company else "",
            user_id=row.user_id,
        )
        for row in sorted(rows, key=lambda row: (row.account_id, row.company_id or 0, row.user_id, row.from_month))
    )


def _storage_limits(provider: Provider) -> tuple[StorageLimitSetting, ...]:
    rows = StorageLimit.objects.filter(provider=provider).order_by("account_id", "company_id", "user_id")
    return tuple(
        StorageLimitSetting(
            account_id=account_id,
            company_id=company_id,
            user_id=user_id,
            limit=Limit(name=name, backup_gb=backup_gb, restore_gb=restore_gb, cost=cost, price=price),
        )
        for account_id, company_id, user_id, name, backup_gb, restore_gb, cost, price in rows.values_list(
            "account_id", "company__source_id", "user_id", "name", "backup_gb", "restore_gb", "cost", "price"
        )
    )


def _mbs(provider: Provider) -> MbsSettings | None:
    row = SourceConnection.objects.filter(provider=provider, kind=MBS).first()
    return MbsSettings(address=row.address, login=row.login, password=kept_secret(row, "password")) if row else None


def _license_types(provider: Provider) -> tuple[LicenseType, ...]:
    return tuple(
        LicenseType(name=row.name, unit=row.unit, billable=row.billable, count_only=row.count_only)
        for row in KnownLicenseType.objects.filter(provider=provider).order_by("name")
    )


def _domains(provider: Provider) -> tuple[DomainSetting, ...]:
    rows = Domain.objects.filter(provider=provider).order_by("name")
    return tuple(
        DomainSetting(name=name, company_id=company_id or "", license_type=license_type)
        for name, company_id, license_type in rows.values_list("name", "company__source_id", "license_type")
    )


_READERS: dict[str, Callable[[Provider], object]] = {
    "prices": _prices,
    "storage_costs": _storage_costs,
    "storage_limits": _storage_limits,
    "provider": _provider,
    "halopsa": lambda provider: _halopsa(_connection(provider)),
    "supplier_name": lambda provider: _supplier_name(_connection(provider)),
    "default_asset_types": _default_asset_types,
    "domains": _domains,
    "mbs": _mbs,
    "license_types": _license_types,
    "notifications": current_notifications,
}
"""The parts that can be loaded alone."""


def _companies(provider: Provider, only: Collection[str] | None = None) -> tuple[CompanySetup, ...]:
    found = Company.objects.filter(provider=provider)
    if only is None:
        companies = company_setups(found)
    else:
        others = found.exclude(source_id__in=only).values_list("source_id", "name")
        named = tuple(CompanySetup(id=source_id, name=name) for source_id, name in others)
        companies = (*company_setups(found.filter(source_id__in=only)), *named)
    return tuple(sorted(companies, key=lambda one: (one.name.casefold(), one.id)))


def _named_elsewhere(provider: Provider, concern: Concern) -> frozenset[Product]:
    """Every product that settings name which are not loaded."""
    types: set[str] = set()
    accounts: set[str] = set()
    products: Iterable[str] = ()
    if concern.companies is not None:
        of_companies = Q(company__provider=provider)
        products = BilledProduct.objects.filter(of_companies).values_list("product", flat=True).distinct()
        for setting in (ExclusionSetting, AdjustmentSetting):
            types.update(setting.objects.filter(of_companies).values_list("license_type", flat=True).distinct())
    for part, rows in (("prices", LicensePrice.objects), ("domains", Domain.objects)):
        if not concern.has(part):
            types.update(rows.filter(provider=provider).values_list("license_type", flat=True).distinct())
    for part, owned in (("storage_costs", StorageRate.objects), ("storage_limits", StorageLimit.objects)):
        if not concern.has(part):
            accounts.update(owned.filter(provider=provider).values_list("account_id", flat=True).distinct())
    return frozenset((
        *map(Product.parse, products), *map(Product.license, types - {""}), *map(Product.storage, accounts)
    ))  # fmt: skip


def company_setups(companies: Iterable[Company]) -> tuple[CompanySetup, ...]:
    """The settings of some companies in force, in their order."""
    rows = list(companies)
    settings = load_settings(rows)
    return tuple(
        CompanySetup(
            id=row.source_id,
            name=row.name,
            customer_id=row.client_id,
            site_id=row.site_id,
            agreement_id=row.agreement_id,
            auto_billing=row.auto_since is not None,
            auto_billing_since=row.auto_since,
            configurations=settings[row.pk].configurations,
            exclusions=settings[row.pk].exclusions,
            adjustments=settings[row.pk].adjustments,
        )
        for row in rows
    )


def _accounts_in_use(document: SetupDocument) -> set[str]:
    """The storage accounts that settings name, collected or not."""
    products = [setting.product for setting in document.default_asset_types or ()]
    for company in document.companies or ():
        products += [product for one in company.configurations or () for product in one.products]
    in_use = {product.code for product in products if product.kind is ProductKind.STORAGE}
    in_use |= {cost.account_id for cost in document.storage_costs or ()}
    return in_use | {limit.account_id for limit in document.storage_limits or ()}
