"""Reading what products are and cost: license types, asset types, storage accounts, prices and storage terms."""

from __future__ import annotations

from decimal import Decimal

from billbridge.billing.months import Month
from billbridge.billing.prices import PriceSetting
from billbridge.billing.products import LicenseType, Product, ProductKind
from billbridge.billing.storage import GbRates, Limit
from billbridge.operations.setup.cells import Cells
from billbridge.operations.setup.document import (
    DefaultAssetTypeSetting,
    KnownAccount,
    StorageCost,
    StorageLimitSetting,
)

LONGEST_ID = 100
LONGEST_LOGIN = 300
_GB_BELOW = 10**12
_GB_DECIMALS = 3


def product_of(text: str) -> Product:
    """A product as the file writes it: `Server`, or `storage:<account>` by the account's id or name."""
    kind, separator, code = text.partition(":")
    if separator and code.strip() and kind.strip() in {str(known) for known in ProductKind}:
        return Product(ProductKind(kind.strip()), code.strip())
    return Product.license(text)


def read_license_type(cells: Cells) -> LicenseType:
    """One of [[license_types]], which the provider added to those the console knows."""
    read = LicenseType(
        name=cells.text("name", required=True),
        unit=cells.text("unit", "endpoint", longest=40),
        billable=cells.flag("billable", default=True),
        count_only=cells.flag("count_only", default=False),
    )
    cells.finish()
    return read


def read_default_asset_type(cells: Cells) -> DefaultAssetTypeSetting:
    """One of [[default_asset_types]]."""
    read = DefaultAssetTypeSetting(
        product=product_of(cells.text("product", required=True)),
        asset_type=cells.text("asset_type", required=True),
        item_id=cells.whole("item_id"),
    )
    cells.finish()
    return read


def read_account(cells: Cells) -> KnownAccount:
    """One of [[storage_accounts]]."""
    read = KnownAccount(
        id=cells.text("id", required=True, longest=LONGEST_ID), name=cells.text("name", longest=300)
    )
    cells.finish()
    return read


def read_price(cells: Cells) -> PriceSetting:
    """One of [[prices]]; with a company it holds for that one alone."""
    read = PriceSetting(
        license_type=cells.text("license_type", required=True),
        from_month=_from_month(cells),
        last_month=cells.month("last_month"),
        cost=cells.money("cost"),
        price=cells.money("price"),
        company_id=cells.text("company", longest=300),
    )
    cells.finish()
    return read


def read_storage_cost(cells: Cells) -> StorageCost:
    """One of [[storage_costs]]; with a company, or a company's user, it is a custom price."""
    read = StorageCost(
        account_id=cells.text("account", required=True, longest=300),
        from_month=_from_month(cells),
        rates=GbRates(
            backup_cost=cells.money("backup_cost"),
            backup_price=cells.money("backup_price"),
            restore_cost=cells.money("restore_cost"),
            restore_price=cells.money("restore_price"),
        ),
        company_id=cells.text("company", longest=300),
        user_id=cells.text("user", longest=LONGEST_LOGIN),
    )
    if read.user_id and not read.company_id:
        cells.problem("user", f"user {read.user_id!r} has no company.", "Add company = ... beside it.")
    cells.finish()
    return read


def read_storage_limit(cells: Cells) -> StorageLimitSetting:
    """One of [[storage_limits]] of a company, or of one of its users."""
    read = StorageLimitSetting(
        account_id=cells.text("account", required=True, longest=300),
        company_id=cells.text("company", required=True, longest=300),
        user_id=cells.text("user", longest=LONGEST_LOGIN),
        limit=Limit(
            name=cells.text("name", required=True),
            backup_gb=_gb(cells, "backup_gb"),
            restore_gb=_gb(cells, "restore_gb"),
            cost=cells.money("cost"),
            price=cells.money("price"),
        ),
    )
    cells.finish()
    return read


def _gb(cells: Cells, key: str) -> Decimal | None:
    return cells.number(key, decimals=_GB_DECIMALS, below=_GB_BELOW)


def _from_month(cells: Cells) -> Month:
    month = cells.month("from_month", required=True)
    assert month is not None  # a required month always has a value
    return month
