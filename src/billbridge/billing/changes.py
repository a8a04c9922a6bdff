"""What a plan is made of: what is wanted, what HaloPSA shows, what we last knew, and the changes that follow.

Values alone: `plan` makes the changes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

Value = str | int | Decimal | bool | None
"""A field's value, in HaloPSA's own terms."""

Fields = Mapping[str, Value]

SUBSCRIPTION_TYPE = 1
"""HaloPSA's type number of a subscription; 0 is a software licence."""

PRICES = ("purchase_price", "price")
OWNED = ("count", *PRICES)
"""Fields we own: compared three ways, so that a person's edit is never overwritten unseen."""

WATCHED = ("is_active", "client_id", "site_id")
"""Fields never repaired by themselves: a difference is a conflict."""


class ConflictPolicy(StrEnum):
    """What happens to an owned field that a person changed in HaloPSA."""

    HOLD = "hold"
    OVERWRITE = "overwrite"


class ChangeKind(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    CLOSE = "close"
    KEEP = "keep"
    CONFLICT = "conflict"
    SKIP = "skip"
    """No subscription is created for a first line of quantity 0."""

    @property
    def writes(self) -> bool:
        return self in _WRITING


_WRITING = frozenset({ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.ADOPT, ChangeKind.CLOSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A subscription as HaloPSA shows it now. `fields` hold its values by HaloPSA's names."""

    id: int
    key: str
    name: str
    deleted: bool
    fields: Fields

    @property
    def count(self) -> Decimal:
        return number(self.fields.get("count"))

    @property
    def is_active(self) -> bool:
        return self.fields.get("is_active") is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What we know of a slot's subscription since our last verified write.

    `owned` are the values that were read back and accepted, `asked` what we had asked for then (HaloPSA may round),
    `sent` the values of the month and those set once as we last sent them, `watched` what they were then.
    """

    subscription_id: int
    owned: Fields = field(default_factory=dict)
    asked: Fields = field(default_factory=dict)
    sent: Fields = field(default_factory=dict)
    watched: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one slot should show.

    `owned` may lack the prices (HaloPSA's own stay). `of_month` is written with every bill, `set_once` at creation
    and when it was changed in the console. A slot that `closes` ends inactive: with count 0 in `owned` because its
    configuration has ended, or with nothing there, and its figures as they are, because its month is over.
    """

    key: str
    company_id: str
    configuration_id: str
    slot: str
    shows: str
    """The month, written YYYY-MM; empty when the slot is settled at 0 or closed."""
    showed: str = ""
    """The month the slot showed until now; empty when none."""
    name: str
    client_id: int
    site_id: int
    owned: Fields
    of_month: Fields
    set_once: Fields
    closes: bool = False
    settles: bool = False
    """The slot is emptied because its month moved elsewhere: without a subscription there is nothing to do."""
    total_price: Decimal = Decimal(0)
    total_cost: Decimal = Decimal(0)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field before and after, with what we last knew of it."""

    field: str
    before: Value
    after: Value
    base: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one slot's subscription, and why."""

    kind: ChangeKind
    wanted: Wanted
    subscription_id: int | None = None
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()
    accepts: Fields = field(default_factory=dict)
    """For `keep`: owned values to record as the new base, because HaloPSA already shows what is wanted."""

    @property
    def values(self) -> dict[str, Value]:
        """The fields to write, by HaloPSA's names."""
        return {change.field: change.after for change in self.fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every change of a run, in the order in which they are applied."""

    changes: tuple[Change, ...]

    @property
    def writes(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind.writes)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return self.of(ChangeKind.CONFLICT)

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind is kind)


def same_value(one: Value, other: Value) -> bool:
    """Whether two values are equal as HaloPSA means them: 12 and 12.0 are, and no value is the empty one."""
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return one == other
    return (one or "") == (other or "")


def number(value: Value) -> Decimal:
    """A value as a number; whatever is none is 0."""
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)
