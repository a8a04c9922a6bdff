"""What a setup file says, as values. A part that is `None` is absent from the file and is left as it is.

Companies, storage accounts and users are named as the file names them, by id or by name, until `settle` has
replaced every name by its id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.configuration import Configuration
from billbridge.billing.counting import ChangeOfType, CountingRule
from billbridge.billing.months import Month
from billbridge.billing.prices import MissingPrice, PriceSetting
from billbridge.billing.products import LicenseType, Product
from billbridge.billing.slots import Layout
from billbridge.billing.storage import GbRates, Limit, StorageBasis
from billbridge.billing.usage import Adjustment, Exclusion
from billbridge.notices.events import Event
from billbridge.notices.mail import Security
from billbridge.operations.setup.lines import SourceText


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret that is never shown; `text` is `None` when there is one that could not be, or was not, opened."""

    text: str | None = field(default=None, repr=False)

    def differs_from(self, kept: Secret | None) -> bool:
        """Whether it is not the one kept; one that cannot be opened counts as another."""
        return kept is None or kept.text is None or kept.text != self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """The provider: `currency` is an ISO 4217 code, `time_zone` an IANA name."""

    name: str
    currency: str
    time_zone: str
    counting_rule: CountingRule = CountingRule.ACTIVE_IN_MONTH
    change_of_type: ChangeOfType = ChangeOfType.BOTH
    storage_basis: StorageBasis = StorageBasis.MEAN
    missing_price: MissingPrice = MissingPrice.BILL_AT_ZERO
    collect_hour: int = 4
    """The hour of the day, 0 to 23, of the daily collection."""
    silence_hours: int = 36
    """Hours without a successful collection after which that is announced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloSettings:
    """The connection to HaloPSA; `client_secret` is `None` when the one kept stays, or when there is none."""

    address: str
    client_id: str
    auth_address: str = ""
    tenant: str = ""
    scope: str = "all"
    layout: Layout = Layout.ROLLING
    temporary_bills: bool = True
    on_conflict: ConflictPolicy = ConflictPolicy.HOLD
    unit_price_decimals: int = 4
    keeps_fractions: bool = False
    calls_per_window: int = 250
    window_seconds: float = 300.0
    settle_seconds: float = 60.0
    batch_size: int = 50
    client_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MbsSettings:
    """The connection to MBS; `password` is `None` when the one kept stays, or when there is none."""

    address: str
    login: str
    password: Secret | None = None


class ChannelKind(StrEnum):
    """How a notification channel tells people."""

    EMAIL = "email"
    WEBHOOK = "webhook"
    SLACK = "slack"
    TEAMS = "teams"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSetting:
    """A notification channel: a mail server with its recipients, or the address of a webhook.

    `events` are what it is told of; empty is everything. `secret` is the password of `username`, or the whole
    address of a webhook, of which `address` is what may be shown: scheme and host. Both secrets are `None` when the
    one kept stays, or when there is none; an empty `signing_key` takes the one kept away.
    """

    name: str
    kind: ChannelKind
    is_on: bool = True
    events: tuple[Event, ...] = ()
    host: str = ""
    port: int = 587
    security: Security = Security.STARTTLS
    username: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    address: str = ""
    secret: Secret | None = None
    signing_key: Secret | None = None

    @property
    def is_email(self) -> bool:
        """Whether it is a mail server; else it is a webhook."""
        return self.kind is ChannelKind.EMAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultAssetTypeSetting:
    """The HaloPSA asset type, and item, of a product's subscriptions unless a configuration says otherwise."""

    product: Product
    asset_type: str
    item_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """A storage account that may be named in the file before it was collected."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUser:
    """A backup user that may be named in the file before it was collected."""

    id: str
    login: str
    company_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageCost:
    """Cost and price per GB of a storage account from a month on: for all, a company, or one of its users."""

    account_id: str
    from_month: Month
    rates: GbRates
    company_id: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageLimitSetting:
    """A storage limit of a company, or of one of its users, on one storage account."""

    account_id: str
    company_id: str
    limit: Limit
    user_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSetting:
    """The company and license type that a domain's number of licenses counts for; empty where not set."""

    name: str
    company_id: str = ""
    license_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanySetup:
    """One company's mapping, auto-billing and billing configurations.

    `auto_billing_since` is the business day auto-billing was switched on; without one, a company that is switched
    on keeps its day or begins on the day the file is applied. A configuration without an id is found by its name.
    """

    id: str
    name: str = ""
    customer_id: int | None = None
    site_id: int | None = None
    agreement_id: int | None = None
    auto_billing: bool = False
    auto_billing_since: date | None = None
    configurations: tuple[Configuration, ...] | None = None
    exclusions: tuple[Exclusion, ...] | None = None
    adjustments: tuple[Adjustment, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupDocument:
    """A whole setup file.

    `storage_accounts` and `users` only give names to ids, they replace nothing. `ending` are the ids of the
    configurations that the file leaves out and that end instead, because bills hang on them; a file itself never
    fills it. `source` is where an entry stands in the file; it takes no part in comparing.
    """

    provider: ProviderSettings | None = None
    halopsa: HaloSettings | None = None
    supplier_name: str | None = None
    mbs: MbsSettings | None = None
    notifications: tuple[NotificationSetting, ...] | None = None
    license_types: tuple[LicenseType, ...] | None = None
    default_asset_types: tuple[DefaultAssetTypeSetting, ...] | None = None
    storage_accounts: tuple[KnownAccount, ...] = ()
    users: tuple[KnownUser, ...] = ()
    prices: tuple[PriceSetting, ...] | None = None
    storage_costs: tuple[StorageCost, ...] | None = None
    storage_limits: tuple[StorageLimitSetting, ...] | None = None
    domains: tuple[DomainSetting, ...] | None = None
    companies: tuple[CompanySetup, ...] | None = None
    ending: frozenset[str] = field(default=frozenset(), compare=False)
    source: SourceText = field(default=SourceText(), compare=False, repr=False)
