"""Writing domains and companies, each company with its configurations, exclusions and adjustments."""

from __future__ import annotations

from billbridge.billing.configuration import Configuration
from billbridge.billing.products import ProductKind
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.operations.setup.toml_text import TomlText, one_line
from billbridge.operations.setup.write_prices import account_names, company_names, product_text


def write_companies(toml: TomlText, document: SetupDocument) -> None:
    """Domains, then every company."""
    companies = company_names(document)
    for number, domain in enumerate(document.domains or ()):
        toml.header("[[domains]]", "The product that a domain's number counts for." if number == 0 else "")
        toml.set("name", domain.name)
        toml.set("company", domain.company_id or None, companies.get(domain.company_id, ""))
        toml.set("license_type", domain.license_type or None)
    accounts = account_names(document)
    for number, company in enumerate(document.companies or ()):
        toml.header("[[companies]]", "The id decides, the name is only for the reader." if number == 0 else "")
        _company(toml, company, accounts)


def _company(toml: TomlText, company: CompanySetup, accounts: dict[str, str]) -> None:
    toml.set("id", company.id)
    toml.set("name", one_line(company.name))
    if company.customer_id is None:
        toml.comment("customer_id = ...  (not mapped to a HaloPSA customer yet)")
    toml.set("customer_id", company.customer_id)
    toml.set("site_id", company.site_id)
    toml.set("agreement_id", company.agreement_id)
    toml.set("auto_billing", company.auto_billing)
    toml.set("auto_billing_since", company.auto_billing_since)
    for part in ("configurations", "exclusions", "adjustments"):
        if getattr(company, part) == ():
            toml.set(part, ())
    for configuration in company.configurations or ():
        _configuration(toml, configuration, accounts)
    for exclusion in company.exclusions or ():
        toml.header("[[companies.exclusions]]")
        toml.set("endpoint", exclusion.endpoint)
        toml.set("user", exclusion.user or None)
        toml.set("license_type", exclusion.license_type or None)
        toml.set("reason", exclusion.reason)
    for adjustment in company.adjustments or ():
        toml.header("[[companies.adjustments]]")
        toml.set("license_type", adjustment.license_type)
        toml.set("units", adjustment.units)
        toml.set("first_month", str(adjustment.first_month))
        toml.set("last_month", str(adjustment.last_month) if adjustment.last_month else None)
        toml.set("reason", adjustment.reason)


def _configuration(toml: TomlText, configuration: Configuration, accounts: dict[str, str]) -> None:
    toml.header("[[companies.configurations]]")
    toml.set("id", configuration.id or None)
    toml.set("name", configuration.name)
    toml.set("mode", configuration.mode.value)
    storage = [product.code for product in configuration.products if product.kind is ProductKind.STORAGE]
    comment = ", ".join(f"{code} is {accounts[code]}" for code in storage if accounts.get(code, code) != code)
    toml.set("products", [product_text(product) for product in configuration.products], comment)
    if configuration.asset_types:
        toml.set("asset_types", {product_text(p): name for p, name in sorted(configuration.asset_types.items())})
    toml.set("item_id", configuration.item_id)
    toml.set("last_month", str(configuration.last_month) if configuration.last_month else None)
