"""Whatever the settings are, the file they are written to says exactly them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.counting import CountingRule
from billbridge.billing.months import Month
from billbridge.billing.prices import PriceSetting
from billbridge.billing.products import LicenseType, Product
from billbridge.billing.slots import Layout
from billbridge.billing.storage import GbRates, Limit
from billbridge.billing.usage import Adjustment, Exclusion
from billbridge.notices.events import CHOOSABLE
from billbridge.notices.mail import Security
from billbridge.operations.names import folded
from billbridge.operations.setup.compare import compare, differences
from billbridge.operations.setup.document import (
    ChannelKind,
    CompanySetup,
    DefaultAssetTypeSetting,
    DomainSetting,
    HaloSettings,
    KnownAccount,
    KnownUser,
    MbsSettings,
    NotificationSetting,
    ProviderSettings,
    Secret,
    SetupDocument,
    StorageCost,
    StorageLimitSetting,
)
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.instance import Instance
from billbridge.operations.setup.read import read_setup
from billbridge.operations.setup.settle import settle
from billbridge.operations.setup.write import write_setup

tried = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)

DAY = date(2026, 10, 5)
COMPANIES = ("1", "2", "acme")
ACCOUNTS = ("acc-1", "storage:2", '#3 "x"')
USERS = ("u1", "u2")
TYPES = ("Server", "Desktop", "MS SQL Server + MS Exchange", "license:odd", "Mac # 1")
UIDS = tuple(str(UUID(int=number)) for number in range(6))

names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12).map(str.strip).filter(bool)
money = st.decimals(0, 10**9, places=6)
months = st.builds(Month, st.integers(2020, 2030), st.integers(1, 12))
numbers = st.none() | st.integers(1, 10**6)
products = st.sampled_from([*map(Product.license, TYPES), *map(Product.storage, ACCOUNTS)])


def unique(one: st.SearchStrategy[Any], key: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=3, unique_by=key).map(tuple)


@st.composite
def companies(draw: st.DrawFn, company_id: str, uids: tuple[str, ...]) -> CompanySetup:
    split = draw(st.lists(products, max_size=6, unique_by=lambda product: product.key))
    halves = [tuple(split[:3]), tuple(split[3:])]
    configurations = tuple(
        Configuration(
            id=uid,
            name=f"{draw(names)} {uid[-1]}",
            mode=SendMode.TOTAL,
            products=half,
            asset_types=draw(st.dictionaries(st.sampled_from(half), names)) if half else {},
            item_id=draw(numbers),
            last_month=draw(st.none() | months if half else months),
        )
        for uid, half in zip(uids, halves, strict=False)
    )
    since = draw(st.none() | st.dates(max_value=DAY))
    customer_id = draw(numbers)
    return CompanySetup(
        id=company_id,
        name=draw(st.text(max_size=12)),
        customer_id=customer_id,
        site_id=draw(numbers) if customer_id else None,
        agreement_id=draw(numbers) if customer_id else None,
        auto_billing=since is not None,
        auto_billing_since=since,
        configurations=configurations,
        exclusions=draw(
            st.lists(
                st.builds(
                    Exclusion,
                    endpoint=names,
                    reason=names,
                    user=st.just("") | names,
                    license_type=st.sampled_from(["", *TYPES]),
                ),
                max_size=2,
            ).map(tuple)
        ),
        adjustments=draw(
            st.lists(
                st.builds(
                    Adjustment,
                    license_type=st.sampled_from(TYPES),
                    units=st.decimals(-1000, 1000, places=4),
                    reason=names,
                    first_month=months,
                ),
                max_size=2,
            ).map(tuple)
        ),
    )


def channels(secrets: st.SearchStrategy[Secret | None]) -> st.SearchStrategy[tuple[NotificationSetting, ...]]:
    events = st.sets(st.sampled_from(CHOOSABLE)).map(lambda some: tuple(one for one in CHOOSABLE if one in some))
    mail = st.builds(
        NotificationSetting,
        name=names,
        kind=st.just(ChannelKind.EMAIL),
        is_on=st.booleans(),
        events=events,
        host=st.sampled_from(["smtp.example.com", "127.0.0.1", "::1"]),
        port=st.integers(1, 65_535),
        security=st.sampled_from([Security.STARTTLS, Security.TLS]),
        username=st.just("") | names,
        sender=st.just("billing@example.com"),
        recipients=st.sampled_from([("a@example.com",), ("a@example.com", "b'c@example.org")]),
        secret=secrets,
    )
    hook = st.builds(
        NotificationSetting,
        name=names,
        kind=st.sampled_from([ChannelKind.WEBHOOK, ChannelKind.SLACK, ChannelKind.TEAMS]),
        is_on=st.booleans(),
        events=events,
        address=st.just("https://hooks.example.com"),
        secret=secrets,
    )
    return unique(mail | hook, lambda one: folded(one.name))


@st.composite
def documents(draw: st.DrawFn) -> SetupDocument:
    secrets = st.none() | st.builds(Secret, text=names)
    users = tuple(KnownUser(id=one, login=draw(st.text(max_size=9)), company_id=COMPANIES[0]) for one in USERS)
    owners = st.sampled_from([("", ""), ("2", ""), *((COMPANIES[0], user) for user in ("", *USERS))])
    rates = st.builds(GbRates, backup_cost=money, backup_price=money, restore_cost=money, restore_price=money)
    gigabytes = st.none() | st.decimals(0, 10**6, places=3)
    limits = st.builds(Limit, name=names, backup_gb=gigabytes, restore_gb=gigabytes, cost=money, price=money)
    return SetupDocument(
        provider=draw(
            st.builds(
                ProviderSettings,
                name=names,
                currency=st.sampled_from(["EUR", "JPY"]),
                time_zone=st.sampled_from(["UTC", "Asia/Tokyo"]),
                counting_rule=st.sampled_from(CountingRule),
                collect_hour=st.integers(0, 23),
                silence_hours=st.integers(1, 720),
            )
        ),
        notifications=draw(channels(secrets)),
        halopsa=draw(
            st.none()
            | st.builds(
                HaloSettings,
                address=st.just("https://a.halopsa.com"),
                client_id=names,
                tenant=names,
                layout=st.sampled_from(Layout),
                temporary_bills=st.booleans(),
                on_conflict=st.sampled_from(ConflictPolicy),
                window_seconds=st.floats(1, 3600).map(lambda seconds: round(seconds, 3)),
                client_secret=secrets,
            )
        ),
        supplier_name="",
        mbs=draw(
            st.none() | st.builds(MbsSettings, address=st.just("http://127.0.0.1:1"), login=names, password=secrets)
        ),
        license_types=tuple(LicenseType(name=name, count_only=draw(st.booleans())) for name in TYPES[3:]),
        default_asset_types=draw(
            unique(
                st.builds(DefaultAssetTypeSetting, product=products, asset_type=names, item_id=numbers),
                lambda one: one.product.key,
            )
        ),
        storage_accounts=tuple(KnownAccount(id=one, name=draw(st.text(max_size=9))) for one in ACCOUNTS),
        users=users,
        prices=draw(
            unique(
                st.builds(
                    lambda price, later: replace(
                        price,
                        last_month=price.from_month.plus(later) if price.company_id and later is not None else None,
                    ),
                    st.builds(
                        PriceSetting,
                        license_type=st.sampled_from(TYPES),
                        from_month=months,
                        cost=money,
                        price=money,
                        company_id=st.sampled_from(["", *COMPANIES]),
                    ),
                    st.none() | st.integers(0, 30),
                ),
                lambda one: (one.license_type, one.company_id, one.from_month),
            )
        ),
        storage_costs=draw(
            unique(
                st.builds(
                    lambda account, month, rates, owner: StorageCost(
                        account_id=account, from_month=month, rates=rates, company_id=owner[0], user_id=owner[1]
                    ),
                    st.sampled_from(ACCOUNTS),
                    months,
                    rates,
                    owners,
                ),
                lambda one: (one.account_id, one.company_id, one.user_id, one.from_month),
            )
        ),
        storage_limits=draw(
            unique(
                st.builds(
                    lambda account, limit, owner: StorageLimitSetting(
                        account_id=account, limit=limit, company_id=owner[0] or "2", user_id=owner[1]
                    ),
                    st.sampled_from(ACCOUNTS),
                    limits,
                    owners,
                ),
                lambda one: (one.account_id, one.company_id, one.user_id),
            )
        ),
        domains=draw(
            unique(
                st.builds(
                    DomainSetting,
                    name=names,
                    company_id=st.sampled_from(["", *COMPANIES]),
                    license_type=st.sampled_from(["", *TYPES]),
                ),
                lambda one: one.name.casefold(),
            )
        ),
        companies=tuple(
            draw(companies(one, UIDS[2 * number : 2 * number + 2])) for number, one in enumerate(COMPANIES)
        ),
    )


def installed_with(document: SetupDocument) -> Installed:
    billed = frozenset(one.id for company in document.companies or () for one in company.configurations or ())
    return Installed(
        document=document, accounts={one.id: one.name for one in document.storage_accounts}, billed=billed
    )


@tried
@given(documents())
def test_an_export_applied_where_it_was_made_changes_nothing(document: SetupDocument) -> None:
    installed = installed_with(document)
    exported = read_setup(write_setup(document), "export.toml", environment={})
    assert compare(installed, exported, day=DAY) == ()
    again = write_setup(settle(exported, installed, day=DAY))
    assert compare(installed, read_setup(again, "again.toml", environment={}), day=DAY) == ()


@tried
@given(documents(), documents())
def test_an_export_brings_back_what_was_exported_whatever_was_changed_since(
    document: SetupDocument, changed: SetupDocument
) -> None:
    exported = read_setup(write_setup(document), "export.toml", environment={})
    unbilled = Installed(document=changed, accounts={one.id: one.name for one in changed.storage_accounts})
    after = settle(exported, unbilled, day=DAY, instance=Instance.SAME)
    assert differences(document, after) == ()


@tried
@given(documents())
def test_an_export_never_holds_a_secret(document: SetupDocument) -> None:
    lines = [line for line in write_setup(document).splitlines() if not line.startswith("#")]
    assert not any(line.startswith(("client_secret", "password", "address_", "signing_key")) for line in lines)


def test_numbers_are_written_as_people_write_them() -> None:
    price = PriceSetting(license_type="Server", from_month=Month(2026, 9), cost=Decimal("5E-6"), price=Decimal(12))
    text = write_setup(SetupDocument(prices=(price,)))
    assert "cost = 0.000005\nprice = 12.00\n" in text
