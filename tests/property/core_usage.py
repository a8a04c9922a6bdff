"""Random but believable usage: few names, so that they meet; every date around one month."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from billbridge.billing.activations import Activation, Origin
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.counting import ChangeOfType, CountingRule, DomainSeries
from billbridge.billing.money import Currency
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceBook, PriceSetting
from billbridge.billing.products import KNOWN_LICENSE_TYPES, Product, license_types_by_name
from billbridge.billing.snapshot import Company, License, LicenseSnapshot, User
from billbridge.billing.storage import GB, AccountTerms, GbRates, Limit, StorageBasis, StorageUse
from billbridge.billing.usage import Adjustment, BillingRules, CompanyUsage, Exclusion

MONTH = Month(2026, 10)
MAIL = "Microsoft 365 / Google Workspace"
TYPES = ("Server", "Desktop", "server", MAIL, "Quantum Backup", "Connect")
ACCOUNTS = ("s3", "b2")
ENDPOINTS = ("PC-1", "pc-1", "PC-2", "ann@acme.example", "acme.example")
USERS = ("u1", "u2", "u3")

days_around = st.integers(-20, 45).map(lambda n: MONTH.first + timedelta(days=n))
days_of_month = st.integers(0, MONTH.days - 1).map(lambda n: MONTH.first + timedelta(days=n))
prices = st.decimals(0, 100, places=2)
fine_prices = st.decimals(0, 1, places=6)
byte_counts = st.one_of(st.just(0), st.integers(1, 3 * GB), st.integers(0, 2000).map(lambda gb: gb * GB))


@st.composite
def activations(draw, types=("Server", "Desktop"), company="c1", users=USERS, endpoints=ENDPOINTS):
    """One activation that began around the month; a user's login follows from its id."""
    first = draw(days_around)
    last = draw(st.one_of(st.none(), st.integers(0, 40).map(lambda n: first + timedelta(days=n))))
    user = draw(st.sampled_from(users))
    return Activation(
        company_id=company,
        user_id=user,
        user_login=f"login of {user}",
        endpoint=draw(st.sampled_from(endpoints)),
        license_type=draw(st.sampled_from(types)),
        first_day=first,
        last_day=last,
        given_back=last is not None and draw(st.booleans()),
        last_seen=last or max(first, draw(days_around)),
        origin=draw(st.sampled_from(Origin)),
    )


@st.composite
def domain_series(draw):
    return DomainSeries(
        domain=draw(st.sampled_from(["acme.example", "beta.example"])),
        license_type=MAIL,
        readings=draw(st.dictionaries(days_of_month, st.integers(0, 30), max_size=5)),
        before=draw(st.one_of(st.none(), st.integers(0, 30))),
    )


@st.composite
def storage_uses(draw, account, user):
    return StorageUse(
        account_id=account,
        user_id=user,
        user_login=f"login of {user}",
        readings=draw(st.dictionaries(days_of_month, byte_counts, max_size=4)),
        before=draw(st.one_of(st.none(), byte_counts)),
        monthly_average=draw(st.one_of(st.none(), byte_counts)),
        restored=draw(byte_counts),
    )


gb_rates = st.builds(
    GbRates, backup_cost=fine_prices, backup_price=fine_prices, restore_cost=fine_prices, restore_price=fine_prices
)
limits = st.builds(
    Limit,
    name=st.sampled_from(["small", "large"]),
    backup_gb=st.one_of(st.none(), st.integers(0, 1000).map(Decimal)),
    restore_gb=st.one_of(st.none(), st.integers(0, 1000).map(Decimal)),
    cost=prices,
    price=prices,
)


@st.composite
def account_terms(draw):
    return AccountTerms(
        rates=draw(st.one_of(st.none(), gb_rates)),
        company_rates=draw(st.one_of(st.none(), gb_rates)),
        user_rates=draw(st.dictionaries(st.sampled_from(USERS), gb_rates, max_size=2)),
        company_limit=draw(st.one_of(st.none(), limits)),
        user_limits=draw(st.dictionaries(st.sampled_from(USERS), limits, max_size=2)),
    )


@st.composite
def configurations(draw):
    """Up to three configurations that may stand beside each other: no product in two, none mixed but in total."""
    products = [Product.license(name) for name in ("Server", "Desktop", MAIL)]
    products += [Product.storage(account) for account in ACCOUNTS]
    places = draw(st.lists(st.integers(0, 3), min_size=len(products), max_size=len(products)))
    made = []
    for place in range(1, 4):
        own = tuple(product for product, where in zip(products, places, strict=True) if where == place)
        mixed = len({product.kind for product in own}) > 1
        mode = SendMode.TOTAL if mixed else draw(st.sampled_from(SendMode))
        if own:
            made.append(Configuration(id=str(place), name=f"Bill {place}", mode=mode, products=own))
    return made


@st.composite
def billing_rules(draw):
    return BillingRules(
        currency=Currency(code="EUR", decimals=draw(st.sampled_from([0, 2, 3]))),
        counting=draw(st.sampled_from(CountingRule)),
        change_of_type=draw(st.sampled_from(ChangeOfType)),
        storage=draw(st.sampled_from(StorageBasis)),
        unit_price_decimals=draw(st.integers(2, 6)),
        keeps_fractions=draw(st.booleans()),
        license_types=license_types_by_name(KNOWN_LICENSE_TYPES),
    )


@st.composite
def price_books(draw):
    return PriceBook.of(
        PriceSetting(license_type=name, from_month=month, cost=draw(prices), price=draw(prices), company_id=company)
        for name in ("Server", "Desktop", MAIL)
        for month, company in draw(
            st.sets(st.tuples(st.sampled_from([MONTH.previous, MONTH, MONTH.next]), st.sampled_from(["", "c1"])))
        )
    )


@st.composite
def company_usages(draw):
    """One company's usage of the month, with settings that meet it."""
    pairs = draw(st.sets(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(USERS)), max_size=5))
    return CompanyUsage(
        company_id="c1",
        month=MONTH,
        through=draw(st.one_of(st.just(MONTH.last), days_of_month)),
        configurations=draw(configurations()),
        activations=draw(st.lists(activations(types=TYPES), max_size=10)),
        domains=draw(st.lists(domain_series(), max_size=2, unique_by=lambda series: series.domain)),
        storage=[draw(storage_uses(account, user)) for account, user in sorted(pairs)],
        terms=draw(st.dictionaries(st.sampled_from(ACCOUNTS), account_terms())),
        exclusions=draw(st.lists(exclusions, max_size=3)),
        adjustments=draw(st.lists(adjustments, max_size=3)),
    )


exclusions = st.builds(
    Exclusion,
    endpoint=st.sampled_from(ENDPOINTS),
    reason=st.sampled_from(["spare", "gift"]),
    user=st.sampled_from(["", "login of u1"]),
    license_type=st.sampled_from(["", "Server"]),
)
adjustments = st.builds(
    Adjustment,
    license_type=st.sampled_from(["Server", "desktop"]),
    units=st.one_of(st.integers(-5, 5).map(Decimal), st.decimals(-3, 3, places=4)),
    reason=st.sampled_from(["by contract", "test"]),
    first_month=st.sampled_from([MONTH.previous, MONTH, MONTH.next]),
    last_month=st.sampled_from([None, MONTH.previous, MONTH]),
)


@st.composite
def license_snapshots(draw, day):
    """What a source could show on a day: with users and companies missing, twins, pools, trials and expiries."""
    companies = draw(
        st.lists(
            st.builds(Company, id=st.sampled_from(["c1", "c2", "c3"]), name=st.sampled_from(["Acme", "Beta"])),
            max_size=3,
            unique_by=lambda company: company.id,
        )
    )
    users = [
        User(id=user, login=f"login of {user}", company_name=draw(st.sampled_from(["Acme", "Beta", "Gamma", ""])))
        for user in draw(st.sets(st.sampled_from(USERS)))
    ]
    count = draw(st.integers(0, 8))
    licenses = [
        License(
            id=f"L{number}",
            type=draw(st.sampled_from(TYPES)),
            endpoint=draw(st.sampled_from(("", *ENDPOINTS))),
            user_id=draw(st.sampled_from(("", *USERS))),
            is_trial=draw(st.sampled_from([False, False, False, True])),
            is_taken=draw(st.sampled_from([True, True, True, False])),
            expires=draw(st.one_of(st.none(), st.integers(-40, 40).map(lambda n: day + timedelta(days=n)))),
        )
        for number in range(count)
    ]
    return LicenseSnapshot(day=day, companies=tuple(companies), users=tuple(users), licenses=tuple(licenses))


def day_of_month(number: int) -> date:
    return date(MONTH.year, MONTH.number, number)
