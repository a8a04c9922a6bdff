"""Generates the HaloPSA side of the world: the tenant of a provider whose customers mostly are its companies.

Customer names mostly equal company names. Some are written differently, one company has two customers that look
like it, one has none, one customer is inactive and one is billed in another currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from billbridge.simulators.world_halopsa import (
    BASE_CURRENCY,
    LICENCE,
    NO_SITE,
    SUBSCRIPTION,
    HaloAgreement,
    HaloAssetType,
    HaloCurrency,
    HaloCustomer,
    HaloItem,
    HaloRecurringInvoiceLineSeed,
    HaloRecurringInvoiceSeed,
    HaloSite,
    HaloSubscriptionSeed,
    HaloSupplier,
    HaloWorld,
)
from billbridge.simulators.world_names import other_customer_name
from billbridge.simulators.world_values import Company, next_first

EURO = 2
CURRENCIES = (
    HaloCurrency(id=1, code="USD", symbol="$", name="US Dollar", conversion_rate=Decimal(1)),
    HaloCurrency(id=EURO, code="EUR", symbol="€", name="Euro", conversion_rate=Decimal("0.92")),
    HaloCurrency(id=3, code="GBP", symbol="£", name="Pound Sterling", conversion_rate=Decimal("0.79")),
)
ASSET_TYPES = (
    HaloAssetType(id=101, name="Server", assetgroup_id=11, assetgroup_name="Infrastructure"),
    HaloAssetType(id=102, name="Workstation", assetgroup_id=12, assetgroup_name="End user devices"),
    HaloAssetType(id=103, name="Database server", assetgroup_id=11, assetgroup_name="Infrastructure"),
    HaloAssetType(id=104, name="Virtual host", assetgroup_id=11, assetgroup_name="Infrastructure"),
    HaloAssetType(id=105, name="Mailbox", assetgroup_id=13, assetgroup_name="Cloud"),
    HaloAssetType(id=106, name="Cloud storage", assetgroup_id=13, assetgroup_name="Cloud"),
    HaloAssetType(id=107, name="Printer", assetgroup_id=12, assetgroup_name="End user devices"),
    HaloAssetType(id=108, name="Switch", assetgroup_id=14, assetgroup_name="Network"),
)
SUPPLIERS = (
    HaloSupplier(id=21, name="Northwind Distribution"),
    HaloSupplier(id=22, name="Cloudline Wholesale"),
    HaloSupplier(id=23, name="cloudline wholesale"),
    HaloSupplier(id=24, name="Old Harbour Supplies", inactive=True),
)


def _item(
    id_: int, name: str, assettype_id: int | None, *, price: str, cost: str, supplier_id: int | None = None
) -> HaloItem:
    return HaloItem(
        id=id_,
        name=name,
        assettype_id=assettype_id,
        baseprice=Decimal(price),
        costprice=Decimal(cost),
        supplier_id=supplier_id,
    )


ITEMS = (
    _item(61, "Managed Backup: Server", 101, price="12.00", cost="5.00"),
    _item(62, "Managed Backup: Workstation", 102, price="6.00", cost="2.50"),
    # Two items of one asset type: nobody can say by the type which one is meant. Database server has none.
    _item(63, "Managed Backup: Virtual host", 104, price="24.00", cost="11.00"),
    _item(64, "Managed Backup: Virtual host (large)", 104, price="40.00", cost="18.00"),
    _item(65, "Managed Backup: Mailbox", 105, price="3.50", cost="1.50"),
    _item(66, "Managed Backup: Cloud storage per GB", 106, price="0.05", cost="0.023"),
    _item(67, "Microsoft 365 Business Premium", None, price="22.00", cost="18.70", supplier_id=22),
    _item(68, "Endpoint Protection", None, price="4.50", cost="2.10", supplier_id=21),
    _item(69, "Managed Firewall", None, price="85.00", cost="52.00", supplier_id=21),
    _item(70, "Laptop 14 inch", 102, price="1190.00", cost="940.00", supplier_id=21),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Product:
    name: str
    type: int
    vendor: str
    cost: str
    price: str
    cycle: str = "Monthly"
    item_id: int | None = None
    supplier_id: int | None = None


OTHER_PRODUCTS = (
    _Product(
        name="Microsoft 365 Business Premium",
        type=SUBSCRIPTION,
        vendor="Microsoft",
        cost="18.70",
        price="22.00",
        item_id=67,
        supplier_id=22,
    ),
    _Product(name="Exchange Online (Plan 1)", type=SUBSCRIPTION, vendor="Microsoft", cost="3.40", price="4.00"),
    _Product(
        name="Endpoint Protection",
        type=SUBSCRIPTION,
        vendor="Bitfort",
        cost="2.10",
        price="4.50",
        item_id=68,
        supplier_id=21,
    ),
    _Product(name="Acrobat Standard", type=LICENCE, vendor="Adobe", cost="155.88", price="190.00", cycle="Annual"),
    _Product(
        name="Managed Firewall", type=SUBSCRIPTION, vendor="Wallgate", cost="52.00", price="85.00", item_id=69
    ),
    _Product(name="AutoCAD LT", type=LICENCE, vendor="Autodesk", cost="460.00", price="520.00", cycle="Annual"),
    _Product(name="Password Manager Teams", type=SUBSCRIPTION, vendor="Keyhold", cost="2.99", price="3.99"),
)
SPELLINGS = {
    0: "Acme Dental Ltd.",
    1: "Birch & Co",
    4: "Mueller Sanitaer GmbH",
    9: "REDFERN ENGINEERING",
    14: "Valemont  Wealth Advisors",
    24: "Hollis and Daughters Insurance",
}
"""How HaloPSA writes some companies (by number); the others are written alike, every seventh with a legal form."""

LOOKALIKE_OF = 1
LOOKALIKE_NAME = "Birch & Company Ltd"
WITHOUT_CUSTOMER = 15
INACTIVE_CUSTOMER = 33
EURO_CUSTOMER = 26
FIRST_CUSTOMER_ID = 12
FIRST_SITE_ID = 30
FIRST_AGREEMENT_ID = 200
FIRST_SUBSCRIPTION_ID = 301
FIRST_RECURRING_INVOICE_ID = -94
RECURRING_INVOICES = 12
EXTRA_SITES = ("Warehouse", "Branch office", "Workshop")


def generate_halopsa(
    *, companies: list[Company], seed: int, start: date, extra_customers: int, extra_subscriptions: int
) -> HaloWorld:
    """The tenant as it stood before the first sync, on the first day of the history."""
    random = Random(f"{seed}/halopsa")
    customers = _customers(companies, extra_customers, random)
    sites = _sites(customers)
    agreements = _agreements(customers, start)
    subscriptions = _subscriptions(customers, extra_subscriptions, random, start)
    return HaloWorld(
        currencies=CURRENCIES,
        customers=tuple(customers),
        sites=tuple(sites),
        asset_types=ASSET_TYPES,
        items=ITEMS,
        suppliers=SUPPLIERS,
        agreements=tuple(agreements),
        subscriptions=tuple(subscriptions),
        recurring_invoices=tuple(_recurring_invoices(customers, agreements, subscriptions, start)),
    )


def _customers(companies: list[Company], extra: int, random: Random) -> list[HaloCustomer]:
    entries: list[tuple[str, int | None]] = []
    for number, company in enumerate(companies):
        if number == WITHOUT_CUSTOMER:
            continue
        name = company.names[0].value
        entries.append((SPELLINGS.get(number, f"{name} LLC" if number % 7 == 6 else name), number))
        if number == LOOKALIKE_OF:
            entries.append((LOOKALIKE_NAME, None))
    entries += [(other_customer_name(number), None) for number in range(extra)]
    random.shuffle(entries)
    return [
        HaloCustomer(
            id=FIRST_CUSTOMER_ID + position,
            name=name,
            main_site_id=FIRST_SITE_ID + position,
            main_site_name="Main",
            inactive=number == INACTIVE_CUSTOMER,
            default_currency_code=EURO if number == EURO_CUSTOMER else BASE_CURRENCY,
            company_id=None if number is None else companies[number].id,
        )
        for position, (name, number) in enumerate(entries)
    ]


def _sites(customers: list[HaloCustomer]) -> list[HaloSite]:
    sites = [HaloSite(id=one.main_site_id, client_id=one.id, name=one.main_site_name) for one in customers]
    for number, customer in enumerate(customers[::4]):
        name = EXTRA_SITES[number % len(EXTRA_SITES)]
        id_ = FIRST_SITE_ID + len(customers) + number
        sites.append(HaloSite(id=id_, client_id=customer.id, name=name, inactive=number == 2))
    return sites


def _agreements(customers: list[HaloCustomer], start: date) -> list[HaloAgreement]:
    """Most customers have one without an end; some ended, end during the history, or begin in it."""
    agreements: list[HaloAgreement] = []

    def add(customer: HaloCustomer, *, begins: int, ends: int | None = None, active: bool = True) -> None:
        number = len(agreements)
        agreements.append(
            HaloAgreement(
                id=FIRST_AGREEMENT_ID + number,
                client_id=customer.id,
                client_name=customer.name,
                site_id=customer.main_site_id if number % 3 == 0 else None,
                ref=f"MSA-{1001 + number}",
                start=start + timedelta(days=begins),
                end=None if ends is None else start + timedelta(days=ends),
                active=active,
            )
        )

    for number, customer in enumerate(customers):
        match number % 10:
            case 0 | 1 | 2 | 3:
                add(customer, begins=-400 - number)
            case 4:
                add(customer, begins=-800, ends=-70, active=False)
                add(customer, begins=-69)
            case 5:
                # Over since long, but the flag was never taken away.
                add(customer, begins=-800, ends=-31)
            case 6:
                add(customer, begins=-330, ends=34)
            case 7:
                add(customer, begins=61, ends=425)
            case _:
                pass
    return agreements


def _subscriptions(
    customers: list[HaloCustomer], count: int, random: Random, start: date
) -> list[HaloSubscriptionSeed]:
    subscriptions = []
    for number in range(count):
        product = OTHER_PRODUCTS[number % len(OTHER_PRODUCTS)]
        customer = random.choice(customers)
        begins = start - timedelta(days=random.randrange(30, 700))
        annual = product.cycle == "Annual"
        inactive, deleted = number % 10 == 7, number % 15 == 11
        subscriptions.append(
            HaloSubscriptionSeed(
                id=FIRST_SUBSCRIPTION_ID + number,
                type=product.type,
                name=product.name,
                client_id=customer.id,
                site_id=customer.main_site_id if number % 4 else NO_SITE,
                count=random.randrange(1, 40),
                purchase_price=Decimal(product.cost),
                price=Decimal(product.price),
                start_date=begins,
                end_date=begins + timedelta(days=365) if annual else None,
                billing_cycle=product.cycle,
                status="suspended" if inactive else "active",
                is_active=not inactive,
                deleted=deleted,
                supplier_id=product.supplier_id,
                item_id=product.item_id,
                vendor=product.vendor,
                product_sku=f"{product.vendor[:3].upper()}-{1000 + number % len(OTHER_PRODUCTS)}",
            )
        )
    return subscriptions


def _recurring_invoices(
    customers: list[HaloCustomer],
    agreements: list[HaloAgreement],
    subscriptions: list[HaloSubscriptionSeed],
    start: date,
) -> list[HaloRecurringInvoiceSeed]:
    """One for each of the first customers that have a live subscription, with a line per such subscription."""
    by_client: dict[int, list[HaloSubscriptionSeed]] = {}
    for subscription in subscriptions:
        if subscription.is_active and not subscription.deleted:
            by_client.setdefault(subscription.client_id, []).append(subscription)
    chosen = [customer for customer in customers if customer.id in by_client][:RECURRING_INVOICES]
    contracts = {agreement.client_id: agreement.id for agreement in agreements if agreement.active}
    line_ids = iter(range(701, 1_000_000))
    invoices = [
        HaloRecurringInvoiceSeed(
            id=FIRST_RECURRING_INVOICE_ID - number,
            client_id=customer.id,
            client_name=customer.name,
            site_id=customer.main_site_id,
            site_name=customer.main_site_name,
            name=f"{customer.name}: monthly services",
            contract_id=contracts.get(customer.id),
            startdate=start - timedelta(days=365),
            nextcreationdate=next_first(start),
            disabled=number == RECURRING_INVOICES - 1,
            lines=tuple(_line(next(line_ids), subscription) for subscription in by_client[customer.id]),
        )
        for number, customer in enumerate(chosen)
    ]
    return sorted(invoices, key=lambda invoice: invoice.id)


def _line(id_: int, subscription: HaloSubscriptionSeed) -> HaloRecurringInvoiceLineSeed:
    return HaloRecurringInvoiceLineSeed(
        id=id_,
        item_id=subscription.item_id,
        item_shortdescription=subscription.name,
        qty_order=Decimal(subscription.count),
        unit_price=subscription.price,
        unit_cost=subscription.purchase_price,
        licence_id=subscription.id,
        use_linked_subscription_price=True,
        use_linked_subscription_cost=subscription.id % 2 == 0,
    )
