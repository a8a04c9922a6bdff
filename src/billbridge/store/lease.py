"""How long whoever works on something keeps it without a sign of life: one measure for workers, tasks and runs."""

from __future__ import annotations

import os

LEASE = float(os.environ.get("BILLBRIDGE_LEASE") or 25.0)
"""Seconds after the last sign of life at which a worker counts as dead. The variable is for trials, and the same
for all processes of an installation."""

RENEWAL = LEASE / 5
"""Seconds between signs of life: several may be lost."""

FENCE = LEASE * 2.8
"""Seconds for which a run holds its connection at least once a write was allowed: 70, and no call takes more than
60. So nobody else writes while a write is under way of which its process has heard nothing yet."""
