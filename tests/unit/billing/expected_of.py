"""What tests of the drift check begin with: a HaloPSA in which everything stands as it is expected."""

from dataclasses import replace
from decimal import Decimal

from billbridge.billing.changes import Base, ConflictPolicy, Found
from billbridge.billing.drift_values import (
    CompanyName,
    Expected,
    ExpectedAssetType,
    ExpectedCompany,
    ExpectedItem,
    ExpectedSubscription,
    ExpectedSupplier,
    FoundAgreement,
    FoundCustomer,
    FoundInHaloPSA,
    FoundSite,
    FoundSupplier,
    Life,
    Listed,
)
from billbridge.billing.months import Month

ACME, BOLT = CompanyName(id="a", name="Acme"), CompanyName(id="b", name="Bolt")
CUSTOMER, SITE, AGREEMENT, ITEM, SUPPLIER, SUBSCRIPTION = 12, 40, 301, 61, 21, 1001
KEY = "billbridge-last-1"

SHOWN = {
    "type": 1,
    "name": "Backup",
    "count": Decimal(5),
    "purchase_price": Decimal("4.00"),
    "price": Decimal("9.60"),
    "client_id": CUSTOMER,
    "site_id": SITE,
    "item_id": ITEM,
    "supplier_id": SUPPLIER,
    "is_active": True,
    "billing_cycle": "Monthly",
    "product_sku": KEY,
}
BASE = Base(
    subscription_id=SUBSCRIPTION,
    owned={name: SHOWN[name] for name in ("count", "purchase_price", "price")},
    sent={
        name: SHOWN[name]
        for name in ("name", "client_id", "site_id", "item_id", "supplier_id", "billing_cycle", "product_sku")
    },
    watched={name: SHOWN[name] for name in ("is_active", "client_id", "site_id")},
)


def slot(**changes):
    """A slot of Acme's as it was last read back."""
    one = ExpectedSubscription(
        key=KEY,
        company=ACME,
        name="Backup",
        slot="last",
        life=Life.BILLED,
        base=BASE,
        customer_id=CUSTOMER,
        site_id=SITE,
    )
    return replace(one, **changes)


def expected(**changes):
    """What the bills of Acme and Bolt rely on."""
    everything = Expected(
        month=Month(2026, 11),
        currency="EUR",
        policy=ConflictPolicy.HOLD,
        companies=(
            ExpectedCompany(
                company=ACME,
                customer_id=CUSTOMER,
                customer_name="Acme Dental",
                site_id=SITE,
                site_name="Main",
                agreement_id=AGREEMENT,
            ),
            ExpectedCompany(company=BOLT, customer_id=13, customer_name="Bolt Ltd"),
        ),
        asset_types=(ExpectedAssetType(name="Server", id=101, companies=(ACME, BOLT)),),
        items=(ExpectedItem(id=ITEM, name="Managed Backup", companies=(ACME,)),),
        supplier=ExpectedSupplier(name="Northwind", sent={SUPPLIER: "Northwind"}),
        subscriptions=(slot(),),
    )
    return replace(everything, **changes)


def shown(number=SUBSCRIPTION, *, deleted=False, **changes):
    """A subscription as HaloPSA shows it: as it was left, but for some fields."""
    fields = SHOWN | changes
    return Found(id=number, key=fields["product_sku"], name=fields["name"], deleted=deleted, fields=fields)


def halopsa(**changes):
    """What HaloPSA shows; each of `changes` is a list, or its rows by id."""
    lists = {
        "customers": {
            CUSTOMER: FoundCustomer(name="Acme Dental", currency="EUR"),
            13: FoundCustomer(name="Bolt Ltd", currency="EUR"),
        },
        "sites": {SITE: FoundSite(name="Main", customer_id=CUSTOMER)},
        "agreements": {AGREEMENT: FoundAgreement(name="Managed IT", customer_id=CUSTOMER)},
        "asset_types": {101: "Server", 102: "Workstation"},
        "items": {ITEM: "Managed Backup"},
        "suppliers": {SUPPLIER: FoundSupplier(name="Northwind")},
        "subscriptions": {SUBSCRIPTION: shown()},
    } | changes
    return FoundInHaloPSA(
        **{name: rows if isinstance(rows, Listed) else Listed(rows=rows) for name, rows in lists.items()}
    )
