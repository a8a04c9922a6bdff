"""What a bill is made from: one company's usage of a month, its settings, and the provider's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billbridge.billing.activations import Activation
from billbridge.billing.configuration import Configuration
from billbridge.billing.counting import ChangeOfType, CountingRule, DomainSeries
from billbridge.billing.money import Currency
from billbridge.billing.months import Month
from billbridge.billing.prices import MissingPrice
from billbridge.billing.products import LicenseType
from billbridge.billing.storage import AccountTerms, StorageBasis, StorageUse


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingRules:
    """The provider's and the connection's settings that decide how usage becomes money."""

    currency: Currency
    counting: CountingRule = CountingRule.ACTIVE_IN_MONTH
    change_of_type: ChangeOfType = ChangeOfType.BOTH
    storage: StorageBasis = StorageBasis.MEAN
    missing_price: MissingPrice = MissingPrice.BILL_AT_ZERO
    unit_price_decimals: int = 4
    """The most decimals a derived unit price may have, 2 to 6."""
    keeps_fractions: bool = False
    """Whether HaloPSA is known to keep fractional quantities; if not, they are sent rounded up."""
    license_types: Mapping[str, LicenseType] = field(default_factory=dict)
    """The known license types, by their name as compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """An endpoint that is not billed, and why. Without a license type all its licenses are meant."""

    endpoint: str
    reason: str
    user: str = ""
    license_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """Units a person adds to or takes from a license product's quantity, and why."""

    license_type: str
    units: Decimal
    reason: str
    first_month: Month
    last_month: Month | None = None

    def holds_in(self, month: Month) -> bool:
        return self.first_month <= month and (self.last_month is None or month <= self.last_month)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyUsage:
    """Everything one company used in a month, and its settings: the input of rating.

    `through` is the last day known: the month's last, or the business day in the running month.
    """

    company_id: str
    month: Month
    through: date
    configurations: Sequence[Configuration]
    activations: Sequence[Activation] = ()
    domains: Sequence[DomainSeries] = ()
    storage: Sequence[StorageUse] = ()
    terms: Mapping[str, AccountTerms] = field(default_factory=dict)
    """The storage terms of this company, by storage account."""
    exclusions: Sequence[Exclusion] = ()
    adjustments: Sequence[Adjustment] = ()
