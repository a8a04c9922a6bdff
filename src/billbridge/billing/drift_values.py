"""What the drift check compares: what we rely on in HaloPSA, and what HaloPSA shows of it now.

Values alone: `drift` compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from billbridge.billing.changes import Base, ConflictPolicy, Found
from billbridge.billing.months import Month

Row = TypeVar("Row")


class Life(StrEnum):
    """What the syncs to come do with a slot's subscription."""

    BILLED = "billed"
    """The next bills go into it."""
    ENDING = "ending"
    """Its configuration has ended: the next sync closes it."""
    LATE = "late"
    """It shows a month that was closed when it was sent by name, and stays active until HaloPSA has charged it."""
    OVER = "over"
    """No sync writes it any more: it is closed, or its month is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyName:
    """A company by its id, and what it is called."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCompany:
    """A mapped company: the customer, site and agreement of HaloPSA it relies on.

    The names are those HaloPSA used when our copy of its lists was made; empty where there is none.
    """

    company: CompanyName
    customer_id: int
    customer_name: str = ""
    site_id: int | None = None
    site_name: str = ""
    agreement_id: int | None = None
    is_billed: bool = True
    """Whether any billing configuration of it holds last month or later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAssetType:
    """An asset type that products have. `id` is HaloPSA's, if our copy tells; `companies` are billed with it."""

    name: str
    id: int | None = None
    companies: tuple[CompanyName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedItem:
    """An item that subscriptions get. `name` as our copy knows it; `companies` are billed with it."""

    id: int
    name: str = ""
    companies: tuple[CompanyName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSupplier:
    """The supplier of the additional settings; `sent` are the ids we sent of it, with their names in our copy."""

    name: str
    sent: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedSubscription:
    """A slot's subscription as we left it, and where the settings want it to stand."""

    key: str
    company: CompanyName
    name: str
    slot: str
    life: Life
    base: Base
    customer_id: int | None = None
    site_id: int = 0
    sends_prices: bool = True
    """False in `quantity` mode, where cost and price are HaloPSA's own."""
    is_moving: bool = False
    """A sync changed its slot while HaloPSA was read, so that the two cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Everything of HaloPSA's that the next bills rely on; `month` is the running one."""

    month: Month
    currency: str
    policy: ConflictPolicy
    companies: tuple[ExpectedCompany, ...] = ()
    asset_types: tuple[ExpectedAssetType, ...] = ()
    items: tuple[ExpectedItem, ...] = ()
    supplier: ExpectedSupplier | None = None
    subscriptions: tuple[ExpectedSubscription, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[Row]):
    """A list of HaloPSA's as it was read, by id.

    `gap` says why it is not whole, and is empty when it is; `hint` what to do about that, if it is known.
    """

    rows: Mapping[int, Row] = field(default_factory=dict)
    gap: str = ""
    hint: str = ""

    def unknown(self, number: int) -> str:
        """Why it cannot be told whether HaloPSA has this one; empty if it can."""
        return "" if number in self.rows else self.gap


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCustomer:
    """A customer as HaloPSA shows it. `currency` is the ISO code; where it is empty `currency_gap` says why."""

    name: str
    inactive: bool = False
    currency: str = ""
    currency_gap: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSite:
    """A site as HaloPSA shows it."""

    name: str
    customer_id: int | None
    inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAgreement:
    """An agreement as HaloPSA shows it, and whether it is active on any day of the running month."""

    name: str
    customer_id: int | None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSupplier:
    """A supplier as HaloPSA shows it."""

    name: str
    inactive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundInHaloPSA:
    """What HaloPSA shows now. Asset types and items are names by id.

    `trouble` says why HaloPSA could be read no further at all, and `hint` what to do; every list that was not read
    has it as its gap.
    """

    customers: Listed[FoundCustomer] = field(default_factory=Listed)
    sites: Listed[FoundSite] = field(default_factory=Listed)
    agreements: Listed[FoundAgreement] = field(default_factory=Listed)
    asset_types: Listed[str] = field(default_factory=Listed)
    items: Listed[str] = field(default_factory=Listed)
    suppliers: Listed[FoundSupplier] = field(default_factory=Listed)
    subscriptions: Listed[Found] = field(default_factory=Listed)
    trouble: str = ""
    hint: str = ""
