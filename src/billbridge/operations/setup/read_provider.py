"""Reading the provider: its currency, time zone and billing rules."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global

from billbridge.billing.counting import ChangeOfType, CountingRule
from billbridge.billing.prices import MissingPrice
from billbridge.billing.storage import StorageBasis
from billbridge.operations.names import did_you_mean
from billbridge.operations.setup.cells import Cells, or_default
from billbridge.operations.setup.document import ProviderSettings

LAST_HOUR = 23
LONGEST_SILENCE = 720
"""Hours: a month without a collection is no silence any more that anybody would want to hear of only then."""

_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Names that the zone files hold although they mean no zone, or another one on every machine."""


def read_provider(cells: Cells) -> ProviderSettings:
    """The table [provider]. Currency and time zone are never guessed."""
    settings = ProviderSettings(
        name=cells.text("name", required=True),
        currency=_currency(cells),
        time_zone=_time_zone(cells),
        counting_rule=cells.choice("counting_rule", CountingRule, CountingRule.ACTIVE_IN_MONTH),
        change_of_type=cells.choice("change_of_type", ChangeOfType, ChangeOfType.BOTH),
        storage_basis=cells.choice("storage_basis", StorageBasis, StorageBasis.MEAN),
        missing_price=cells.choice("missing_price", MissingPrice, MissingPrice.BILL_AT_ZERO),
        collect_hour=or_default(cells.whole("collect_hour", least=0, most=LAST_HOUR), 4),
        silence_hours=or_default(cells.whole("silence_hours", most=LONGEST_SILENCE), 36),
    )
    cells.finish()
    return settings


@cache
def currencies() -> frozenset[str]:
    """The ISO 4217 codes of the currencies that are legal tender somewhere today."""
    territories = get_global("territory_currencies")
    return frozenset(
        code
        for used in territories.values()
        for code, _begun, ended, is_tender in used
        if ended is None and is_tender
    )


@cache
def time_zones() -> frozenset[str]:
    """The IANA names of all time zones; finding them reads many files."""
    return frozenset(available_timezones() - _NO_ZONES)


def _currency(cells: Cells) -> str:
    written = cells.text("currency", required=True)
    if written and written not in currencies():
        remedy = did_you_mean(written, currencies()) or "Write the three letters of ISO 4217, for example EUR."
        cells.problem("currency", f"currency {written!r} is no currency of ISO 4217 in use.", remedy)
    return written


def _time_zone(cells: Cells) -> str:
    written = cells.text("time_zone", required=True)
    if written and written not in time_zones():
        remedy = did_you_mean(written, time_zones()) or "Write a name of the IANA list, for example Europe/Vienna."
        cells.problem("time_zone", f"time_zone {written!r} is no time zone.", remedy)
    return written
