"""Writing what products are and cost: license types, asset types, storage accounts, prices and storage terms."""

from __future__ import annotations

from billbridge.billing.products import Product, ProductKind
from billbridge.operations.setup.document import SetupDocument
from billbridge.operations.setup.toml_text import TomlText, one_line


def product_text(product: Product) -> str:
    """A product as the file names it: `Server`, or `storage:<account id>`."""
    kind, separator, _ = product.code.partition(":")
    looks_like_kind = separator and kind.strip() in {str(known) for known in ProductKind}
    if product.kind is ProductKind.LICENSE and not looks_like_kind:
        return product.code
    return str(product)


def write_products(toml: TomlText, document: SetupDocument) -> None:
    """License types, storage accounts, and asset types."""
    for number, type_ in enumerate(document.license_types or ()):
        toml.header("[[license_types]]", "License types beside those the console knows." if number == 0 else "")
        toml.set("name", type_.name)
        toml.set("unit", type_.unit)
        toml.set("billable", type_.billable)
        toml.set("count_only", type_.count_only)
    for number, account in enumerate(document.storage_accounts):
        toml.header(
            "[[storage_accounts]]", "Collected ones; only their names are said here." if number == 0 else ""
        )
        toml.set("id", account.id)
        toml.set("name", one_line(account.name))
    accounts = account_names(document)
    for number, default in enumerate(document.default_asset_types or ()):
        toml.header("[[default_asset_types]]", "Unless a configuration says otherwise." if number == 0 else "")
        toml.set("product", product_text(default.product), accounts.get(default.product.code, ""))
        toml.set("asset_type", default.asset_type)
        toml.set("item_id", default.item_id)


def write_prices(toml: TomlText, document: SetupDocument) -> None:
    """License prices."""
    companies = company_names(document)
    for number, price in enumerate(document.prices or ()):
        toml.header(
            "[[prices]]", "Cost and price of a license; with a company, for it alone." if number == 0 else ""
        )
        toml.set("license_type", price.license_type)
        toml.set("company", price.company_id or None, companies.get(price.company_id, ""))
        toml.set("from_month", str(price.from_month))
        toml.set("last_month", str(price.last_month) if price.last_month else None)
        toml.money(cost=price.cost, price=price.price)


def write_storage(toml: TomlText, document: SetupDocument) -> None:
    """Storage costs and limits, and the users that these name."""
    companies = company_names(document)
    accounts = account_names(document)
    logins = {user.id: user.login for user in document.users}
    named = {cost.user_id for cost in document.storage_costs or ()}
    named |= {limit.user_id for limit in document.storage_limits or ()}
    for user in document.users:
        if user.id in named:
            toml.header("[[users]]")
            toml.set("id", user.id)
            toml.set("login", one_line(user.login))
            toml.set("company", user.company_id, companies.get(user.company_id, ""))
    for number, cost in enumerate(document.storage_costs or ()):
        toml.header(
            "[[storage_costs]]",
            "Per GB; with a company, or with its user, for that one alone." if number == 0 else "",
        )
        toml.set("account", cost.account_id, accounts.get(cost.account_id, ""))
        toml.set("company", cost.company_id or None, companies.get(cost.company_id, ""))
        toml.set("user", cost.user_id or None, logins.get(cost.user_id, ""))
        toml.set("from_month", str(cost.from_month))
        toml.money(
            backup_cost=cost.rates.backup_cost,
            backup_price=cost.rates.backup_price,
            restore_cost=cost.rates.restore_cost,
            restore_price=cost.rates.restore_price,
        )
    for number, limit in enumerate(document.storage_limits or ()):
        toml.header("[[storage_limits]]", "So many GB for a fixed cost and price a month." if number == 0 else "")
        toml.set("account", limit.account_id, accounts.get(limit.account_id, ""))
        toml.set("company", limit.company_id, companies.get(limit.company_id, ""))
        toml.set("user", limit.user_id or None, logins.get(limit.user_id, ""))
        toml.set("name", limit.limit.name)
        toml.set("backup_gb", limit.limit.backup_gb)
        toml.set("restore_gb", limit.limit.restore_gb)
        toml.money(cost=limit.limit.cost, price=limit.limit.price)


def account_names(document: SetupDocument) -> dict[str, str]:
    """The storage accounts' names by id."""
    return {account.id: account.name for account in document.storage_accounts}


def company_names(document: SetupDocument) -> dict[str, str]:
    """The companies' names by id."""
    return {company.id: company.name for company in document.companies or ()}
