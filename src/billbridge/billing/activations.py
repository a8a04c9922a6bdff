"""Activations: one license held by one endpoint from a day to a day, and what is not billed and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Origin(StrEnum):
    """Where the dates of an activation come from."""

    OBSERVED = "observed"
    """From collections: the first and the last day on which the source showed the license."""
    USAGE_HISTORY = "usage history"
    """From an imported Usage History: the exact dates, which win over observed ones."""


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """Who holds a license: the identity by which activations are counted.

    Swapping one license for another on the same computer keeps the holder, so it counts once. Endpoint
    names are compared without regard to case, as computer names are.
    """

    company_id: str
    user_id: str
    endpoint_key: str
    license_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One license held by one endpoint from `first_day` to `last_day`, both inclusive; `None` is still.

    `given_back` says that `last_day` is the exact day on which the license was given back: it still is a
    day of use, but the license counts no more in a peak on that day or at its end. An activation that
    merely stopped being seen ends with the last day on which it was seen, in full. `last_seen` is the
    latest day on which a source vouched for it.
    """

    company_id: str
    user_id: str
    endpoint: str
    license_type: str
    first_day: date
    last_day: date | None = None
    given_back: bool = False
    last_seen: date
    origin: Origin = Origin.OBSERVED
    user_login: str = ""

    @property
    def holder(self) -> Holder:
        return Holder(self.company_id, self.user_id, endpoint_key(self.endpoint), self.license_type)

    @property
    def is_open(self) -> bool:
        return self.last_day is None

    def touches(self, first: date, last: date) -> bool:
        """Whether it was active on any day from `first` to `last`, both inclusive."""
        return self.first_day <= last and (self.last_day is None or self.last_day >= first)


def endpoint_key(name: str) -> str:
    """How two spellings of one endpoint name are recognised as the same."""
    return name.strip().casefold()


class NotBilledReason(StrEnum):
    """Why something that was collected is on no line of a bill. Nothing collected vanishes without one."""

    TRIAL = "it is a trial"
    EXPIRED = "the license has expired"
    IN_POOL = "it lies in a pool and no endpoint holds it"
    NO_USER = "the source names no user for it"
    UNKNOWN_USER = "its user is not among the source's users"
    NO_COMPANY = "its user belongs to no company"
    UNKNOWN_COMPANY = "its user's company is not among the source's companies"
    AMBIGUOUS_COMPANY = "two companies have this name and the source cannot tell them apart"
    UNKNOWN_TYPE = "the license type is unknown: add it to the license types"
    PROVIDER_TYPE = "licenses of this type are the provider's own and no company is billed for them"
    EXCLUDED = "it is excluded"
    CHANGED_TYPE = "the endpoint changed to another product and only the last one is billed"
    NOT_CONFIGURED = "its product is in no billing configuration of the company"
    UNMAPPED_DOMAIN = "the domain is mapped to no company and product"
    IN_USAGE_HISTORY = "an imported Usage History lists its mailboxes one by one"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBilled:
    """One thing that was collected and is on no line.

    `subject` names it (an endpoint, a domain, a license, a storage account); `count` is how many units
    stand behind it; `detail` says what the reason leaves open, for example the reason of an exclusion.
    """

    reason: NotBilledReason
    subject: str
    license_type: str = ""
    company_id: str = ""
    user: str = ""
    count: int = 1
    detail: str = ""
