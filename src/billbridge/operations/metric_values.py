"""The figures that a monitor is told, as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

Labels = tuple[str, ...]
"""What a figure is about: the provider's id first, then words such as a state, as they are shown on pages."""

NEVER = math.inf
"""The age of what never happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What is to be done in the background and not done yet."""

    tasks: Mapping[Labels, int]
    """How many by provider, kind, and `queued`, `waiting` (for another try) or `running`."""
    oldest: float
    """Seconds for which the longest waiting task of those that could run has waited; 0 when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The calls to HaloPSA: since ever, and how they stand with the limit now."""

    made: Mapping[Labels, int]
    """How many were let through, by provider and kind."""
    limited: Mapping[Labels, int]
    """How many were answered with 429, by provider."""
    in_window: Mapping[Labels, int]
    """How many count against the limit now, by provider."""
    allowed: Mapping[Labels, int]
    """How many may, by provider."""
    blocked: Mapping[Labels, float]
    """Seconds for which HaloPSA asked to be left alone from now on, by provider; 0 when it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Everything that is told; figures without a label are of the whole installation."""

    runs_ended: Mapping[Labels, int]
    """By provider, trigger and state."""
    runs_running: Mapping[Labels, int]
    """By provider and trigger."""
    last_sync_age: Mapping[Labels, float]
    """Seconds since the last run that was done as a whole, by provider with a HaloPSA connection."""
    changes_settled: Mapping[Labels, int]
    """By provider, kind and state, which is final."""
    changes_unsettled: Mapping[Labels, int]
    """By provider, kind and state."""
    calls: Calls
    queue: Queue
    attempts: Mapping[Labels, int]
    """Attempts of tasks that were handed out, by provider and kind."""
    workers: int
    collections: Mapping[Labels, int]
    """By provider, source, section and state."""
    last_collection_age: Mapping[Labels, float]
    """Seconds since the last collection that came in whole began, by provider, source and section."""
    bills: Mapping[Labels, int]
    """By provider, `last` or `running` month, and state."""
    deliveries: Mapping[Labels, int]
    """By provider and state."""
    drift: Mapping[Labels, int]
    """What was changed in HaloPSA and not put right yet, by provider."""
