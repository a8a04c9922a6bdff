"""Reading companies: mapping, auto-billing, billing configurations, exclusions, adjustments, users and domains."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from billbridge.billing.configuration import Configuration, SendMode
from billbridge.billing.months import Month
from billbridge.billing.products import Product
from billbridge.billing.usage import Adjustment, Exclusion
from billbridge.operations.setup.cells import Cells
from billbridge.operations.setup.document import CompanySetup, DomainSetting, KnownUser
from billbridge.operations.setup.read_prices import LONGEST_ID, LONGEST_LOGIN, product_of

LONGEST_COMPANY = 300
LONGEST_REASON = 500


def read_company(cells: Cells) -> CompanySetup:
    """One of [[companies]]: named by its id, or by its name alone."""
    read = CompanySetup(
        id=cells.text("id", longest=LONGEST_ID),
        name=cells.text("name", longest=LONGEST_COMPANY),
        customer_id=cells.whole("customer_id"),
        site_id=cells.whole("site_id"),
        agreement_id=cells.whole("agreement_id"),
        auto_billing=cells.flag("auto_billing", default=False),
        auto_billing_since=cells.day("auto_billing_since"),
        configurations=cells.entries("configurations", _configuration),
        exclusions=cells.entries("exclusions", _exclusion),
        adjustments=cells.entries("adjustments", _adjustment),
    )
    if not read.id and not read.name:
        cells.problem("id", "a company has neither id nor name.", "Add the id the backup service gives it.")
    for key, value in (("site_id", read.site_id), ("agreement_id", read.agreement_id)):
        if value is not None and read.customer_id is None:
            cells.problem(key, f"{key} is given without a customer.", "Add customer_id, or remove it.")
    if read.auto_billing_since is not None and not read.auto_billing:
        remedy = "Write auto_billing = true, or remove auto_billing_since."
        cells.problem("auto_billing_since", "auto_billing_since is given while auto-billing is off.", remedy)
    cells.finish()
    return read


def read_user(cells: Cells) -> KnownUser:
    """One of [[users]]."""
    read = KnownUser(
        id=cells.text("id", required=True, longest=LONGEST_ID),
        login=cells.text("login", longest=LONGEST_LOGIN),
        company_id=cells.text("company", required=True, longest=LONGEST_COMPANY),
    )
    cells.finish()
    return read


def read_domain(cells: Cells) -> DomainSetting:
    """One of [[domains]]."""
    read = DomainSetting(
        name=cells.text("name", required=True, longest=300),
        company_id=cells.text("company", longest=LONGEST_COMPANY),
        license_type=cells.text("license_type"),
    )
    cells.finish()
    return read


def _configuration(cells: Cells) -> Configuration:
    products = tuple(product_of(text) for text in cells.texts("products"))
    read = Configuration(
        id=_uid(cells),
        name=cells.text("name", required=True),
        mode=cells.choice("mode", SendMode),
        products=products,
        asset_types=_asset_types(cells, products),
        item_id=cells.whole("item_id"),
        last_month=cells.month("last_month"),
    )
    cells.finish()
    return read


def _uid(cells: Cells) -> str:
    written = cells.text("id")
    if not written:
        return ""
    try:
        return str(UUID(written))
    except ValueError:
        remedy = "Copy it from an export, or remove it: the name then says which configuration it is."
        cells.problem("id", f"id {written!r} is no id of a configuration.", remedy)
        return ""


def _asset_types(cells: Cells, products: tuple[Product, ...]) -> dict[Product, str]:
    chosen = {product_of(name): asset_type for name, asset_type in cells.mapping("asset_types").items()}
    for product, asset_type in chosen.items():
        if product not in products:
            remedy = "Add it to products, or remove its asset type."
            cells.problem("asset_types", f"{product.code} is no product of this configuration.", remedy)
        if len(asset_type) > 200:
            remedy = "Shorten it to at most 200."
            cells.problem(
                "asset_types", f"the asset type of {product.code} has {len(asset_type)} characters.", remedy
            )
    return chosen


def _exclusion(cells: Cells) -> Exclusion:
    read = Exclusion(
        endpoint=cells.text("endpoint", required=True, longest=300),
        user=cells.text("user", longest=LONGEST_LOGIN),
        license_type=cells.text("license_type"),
        reason=cells.text("reason", required=True, longest=LONGEST_REASON),
    )
    cells.finish()
    return read


def _adjustment(cells: Cells) -> Adjustment:
    first_month = cells.month("first_month", required=True) or Month(1, 1)
    last_month = cells.month("last_month")
    if last_month is not None and last_month < first_month:
        remedy = "Correct one of them."
        cells.problem("last_month", f"last_month {last_month} is before first_month {first_month}.", remedy)
    read = Adjustment(
        license_type=cells.text("license_type", required=True),
        units=cells.number("units", decimals=4, below=10**8, signed=True, required=True) or Decimal(0),
        reason=cells.text("reason", required=True, longest=LONGEST_REASON),
        first_month=first_month,
        last_month=last_month,
    )
    cells.finish()
    return read
