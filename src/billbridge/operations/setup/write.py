"""Writing settings as a setup file: what `read` reads back, with comments for the person who edits it."""

from __future__ import annotations

from dataclasses import fields

from billbridge.operations.setup.document import HaloSettings, MbsSettings, ProviderSettings, SetupDocument
from billbridge.operations.setup.toml_text import TomlText
from billbridge.operations.setup.write_companies import write_companies
from billbridge.operations.setup.write_notifications import secret_comment, write_notifications
from billbridge.operations.setup.write_prices import write_prices, write_products, write_storage

_FOREWORD = """\
The settings of a Billbridge installation.

`billbridge setup apply FILE` makes them so. A table, or a list of [[tables]], that stands here replaces that part
of the settings wholly; one that is absent is left alone. Each of the [[companies]] is such a part of its own, and
so are its configurations, exclusions and adjustments: a company that is not listed keeps everything it has.
Companies, users and storage accounts may be written by id or, where only one has it, by name.
Months are written "2026-10", days 2026-10-31, costs and prices 12.50 (per unit and month)."""

_LISTS = (
    "notifications",
    "license_types",
    "default_asset_types",
    "prices",
    "storage_costs",
    "storage_limits",
    "domains",
    "companies",
)


def write_setup(document: SetupDocument) -> str:
    """A whole document, as loaded from an installation, as TOML. Secrets are never written.

    An empty list is written as such, so that applying the file brings back exactly what was exported.
    """
    toml = TomlText()
    toml.comment(_FOREWORD)
    empty = [part for part in _LISTS if getattr(document, part) == ()]
    if empty:
        toml.blank()
        toml.comment("Nothing is set here yet. To begin one of these lists, replace its line by [[entries]].")
    for part in empty:
        toml.set(part, ())
    if document.provider is not None:
        _provider(toml, document.provider)
    if document.halopsa is not None:
        _halopsa(toml, document.halopsa, document.supplier_name or "")
    if document.mbs is not None:
        _mbs(toml, document.mbs)
    write_notifications(toml, document)
    write_products(toml, document)
    write_prices(toml, document)
    write_storage(toml, document)
    write_companies(toml, document)
    return str(toml)


def _provider(toml: TomlText, settings: ProviderSettings) -> None:
    toml.header("[provider]")
    toml.set("name", settings.name)
    toml.set("currency", settings.currency, "ISO 4217; one for everything")
    toml.set("time_zone", settings.time_zone, "decides where days and months begin")
    toml.set("counting_rule", settings.counting_rule.value, "active_in_month, active_at_end, peak or days")
    toml.set("change_of_type", settings.change_of_type.value, "both or last only")
    toml.set("storage_basis", settings.storage_basis.value, "mean, peak, p95 or last day")
    toml.set("missing_price", settings.missing_price.value, "bill at 0 or hold the bill")
    toml.set("collect_hour", settings.collect_hour, "0 to 23: when usage is collected each day")
    toml.set("silence_hours", settings.silence_hours, "without a good collection for so long, it is announced")


_HALOPSA_COMMENTS = {
    "address": "HaloPSA's resource server",
    "auth_address": "empty: HaloPSA says it itself",
    "scope": "what the application in HaloPSA allows",
    "layout": "rolling or monthly",
    "temporary_bills": "whether the running month is shown, too",
    "on_conflict": "hold or overwrite what a person changed in HaloPSA",
    "unit_price_decimals": "2 to 6",
    "keeps_fractions": "whether HaloPSA keeps fractions of a quantity",
    "calls_per_window": "calls to HaloPSA at most",
    "settle_seconds": "before a create of unknown outcome is repeated",
    "batch_size": "subscriptions written at once",
}


def _halopsa(toml: TomlText, settings: HaloSettings, supplier_name: str) -> None:
    toml.header("[halopsa]")
    for one in fields(settings):
        if one.name == "client_secret":
            continue
        value = getattr(settings, one.name)
        toml.set(one.name, value, _HALOPSA_COMMENTS.get(one.name, ""))
        if one.name == "client_id":
            secret_comment(toml, "client_secret", settings.client_secret)
    toml.header("[halopsa.additional_settings]")
    toml.set("supplier_name", supplier_name, "the supplier of every subscription; empty for none")


def _mbs(toml: TomlText, settings: MbsSettings) -> None:
    toml.header("[sources.mbs]")
    toml.set("address", settings.address)
    toml.set("login", settings.login)
    secret_comment(toml, "password", settings.password)
