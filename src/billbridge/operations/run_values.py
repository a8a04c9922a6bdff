"""The values of a run: what was prepared, what became of it, and which companies it covers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from billbridge.billing.changes import Found, Plan
from billbridge.halopsa.apply import Outcome
from billbridge.halopsa.tenant import Sizes
from billbridge.operations.bill import BillRequest
from billbridge.store.models import HaloConnection, Provider


class CoverageState(StrEnum):
    """What a run does, or did, for a company. Before a run it is what its plan would do."""

    BILLED = "billed"
    PARTLY_BILLED = "partly billed"
    CONFLICT = "conflict"
    """Something stands in HaloPSA that a person must decide about first; a run sends what is not concerned."""
    FAILED = "failed"
    """HaloPSA took nothing of it."""
    HELD = "held"
    NOTHING_TO_BILL = "nothing to bill"
    NOT_CONFIGURED = "not configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyCoverage:
    """What a run does, or did, for one company: every company asked for is in exactly one state.

    `company_id` is the company's id in the source; `bills` are the rows of the bills that are sent.
    """

    company_id: str
    company: str
    state: CoverageState
    reasons: tuple[str, ...] = ()
    bills: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan ready to be shown and applied, with everything it was made from.

    `covers` says of each company what its bills alone lead to; `coverage` also heeds the plan's conflicts.
    """

    provider: Provider
    connection: HaloConnection
    request: BillRequest
    plan: Plan
    bills: tuple[int, ...]
    covers: tuple[CompanyCoverage, ...]
    companies: dict[str, str] = field(default_factory=dict)
    """Company names by their id in the source, for showing the plan."""
    found: tuple[Found, ...] = ()
    sizes: Sizes = field(default_factory=Sizes)
    warnings: tuple[str, ...] = ()
    """What could not be checked, and why."""

    @property
    def coverage(self) -> tuple[CompanyCoverage, ...]:
        """What the run would do for each company."""
        return tuple(_with_conflicts(entry, self.plan) for entry in self.covers)


def _with_conflicts(entry: CompanyCoverage, made: Plan) -> CompanyCoverage:
    reasons = tuple(
        f"{c.wanted.name}: {c.reason}" for c in made.conflicts if c.wanted.company_id == entry.company_id
    )
    if not reasons:
        return entry
    state = entry.state if entry.state is CoverageState.HELD else CoverageState.CONFLICT
    return replace(entry, state=state, reasons=(*entry.reasons, *reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a run did, as read back."""

    run_id: int
    state: str
    stopped: str = ""
    """Why it sent only a part, in a sentence; empty when it was not stopped."""
    outcome: Outcome
    coverage: tuple[CompanyCoverage, ...]
    calls: dict[str, int]
