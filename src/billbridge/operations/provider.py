"""The provider in whose name an operation runs, with its settings as the core's values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from billbridge.billing.counting import ChangeOfType, CountingRule
from billbridge.billing.money import Currency
from billbridge.billing.months import business_day
from billbridge.billing.prices import MissingPrice
from billbridge.billing.products import KNOWN_LICENSE_TYPES, LicenseType, license_types_by_name
from billbridge.billing.storage import StorageBasis
from billbridge.billing.usage import BillingRules
from billbridge.errors import InvalidInput
from billbridge.store.models import HaloConnection, KnownLicenseType, Provider, SourceConnection


def the_provider() -> Provider:
    """The installation's provider; raises `InvalidInput` when there is none yet, or several."""
    providers = list(Provider.objects.all()[:2])
    if not providers:
        raise InvalidInput(
            "This installation has no provider yet.",
            hint="Set it up (on the command line with your settings and `billbridge setup apply FILE`).",
        )
    if len(providers) > 1:
        raise InvalidInput("This installation has several providers.", hint="Name one.")
    return providers[0]


def today(provider: Provider, day: date | None = None) -> date:
    """The business day: the one asked for, else the one moved by hand, else today in the provider's time zone.

    Raises `InvalidInput` for a day after tomorrow, unless the installation's day is moved by hand or all its
    connections lead to this machine, as those of a trial against the simulators do: what was collected or billed on
    a day keeps every earlier day out.
    """
    calendar = business_day(datetime.now(UTC), ZoneInfo(provider.time_zone))
    if day is not None and day > calendar + timedelta(days=1) and not _is_trial(provider):
        raise InvalidInput(
            f"The business day {day} lies in the future: today is {calendar}; nothing was changed.",
            hint="Check the day that was given: it would keep every earlier day out.",
        )
    return day or provider.moved_day or calendar


def moment_of(provider: Provider, at: time | None) -> datetime:
    """The instant of a time of the business day in the provider's time zone; now, if none is given."""
    if at is None:
        return datetime.now(UTC)
    return datetime.combine(today(provider), at.replace(tzinfo=None), tzinfo=ZoneInfo(provider.time_zone))


def _is_trial(provider: Provider) -> bool:
    addresses = [
        *HaloConnection.objects.filter(provider=provider).values_list("address", flat=True),
        *SourceConnection.objects.filter(provider=provider).values_list("address", flat=True),
    ]
    return provider.moved_day is not None or all(map(_is_here, addresses))


def _is_here(address: str) -> bool:
    """Whether an address is this machine's own."""
    return urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")


def move_day(provider: Provider, day: date | None) -> None:
    """Move the business day by hand, for a demo or a trial; `None` goes back to the calendar's."""
    provider.moved_day = day
    provider.save(update_fields=["moved_day"])


def currency_of(provider: Provider) -> Currency:
    """The provider's currency with the decimals ISO 4217 gives it."""
    return Currency(code=provider.currency, decimals=get_currency_precision(provider.currency))


def connection_of(provider: Provider) -> HaloConnection:
    """The provider's HaloPSA connection; raises `InvalidInput` when it is not set up."""
    connection = HaloConnection.objects.filter(provider=provider).first()
    if connection is None:
        raise InvalidInput(
            "No HaloPSA connection is set up.",
            hint="Set it up (on the command line with a [halopsa] section and `billbridge setup apply FILE`).",
        )
    return connection


def billing_rules(provider: Provider) -> BillingRules:
    """Everything of the provider and its connection that decides how usage becomes money."""
    connection = HaloConnection.objects.filter(provider=provider).first()
    added = [
        LicenseType(name=t.name, unit=t.unit, billable=t.billable, count_only=t.count_only)
        for t in KnownLicenseType.objects.filter(provider=provider)
    ]
    return BillingRules(
        currency=currency_of(provider),
        counting=CountingRule(provider.counting_rule),
        change_of_type=ChangeOfType(provider.change_of_type),
        storage=StorageBasis(provider.storage_basis),
        missing_price=MissingPrice(provider.missing_price),
        unit_price_decimals=connection.unit_price_decimals if connection else 4,
        keeps_fractions=connection.keeps_fractions if connection else False,
        license_types=license_types_by_name([*KNOWN_LICENSE_TYPES, *added]),
    )
