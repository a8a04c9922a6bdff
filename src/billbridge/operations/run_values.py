"""The values of a run: what was prepared, what became of it, and which companies it covers."""

from __future__ import annotations

from dataclasses import dataclass, field

from billbridge.billing.plan import Found, Plan
from billbridge.halopsa.apply import Outcome
from billbridge.halopsa.tenant import Sizes
from billbridge.operations.bill import BillRequest
from billbridge.store.models import HaloConnection, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyCoverage:
    """What a run does, or did, for one company: every company asked for is in exactly one of these states."""

    company: str
    state: str
    """`billed`, `partly billed`, `held`, `nothing to bill` or `not configured`."""
    reasons: tuple[str, ...] = ()
    bills: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan ready to be shown and applied, with everything it was made from."""

    provider: Provider
    connection: HaloConnection
    request: BillRequest
    plan: Plan
    bills: tuple[int, ...]
    coverage: tuple[CompanyCoverage, ...]
    companies: dict[str, str] = field(default_factory=dict)
    """Company names by their id in the source, for showing the plan."""
    found: tuple[Found, ...] = ()
    sizes: Sizes = field(default_factory=Sizes)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a run did, as read back."""

    run_id: int
    state: str
    outcome: Outcome
    coverage: tuple[CompanyCoverage, ...]
    calls: dict[str, int]
