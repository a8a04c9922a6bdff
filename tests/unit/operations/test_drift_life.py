"""What the syncs to come do with a slot's subscription, as the drift check tells it."""

from __future__ import annotations

import pytest

from billbridge.billing.drift_values import Life
from billbridge.billing.months import Month
from billbridge.operations.drift_expected import life_of
from billbridge.store.models import BillingConfiguration, Slot

NOVEMBER = Month(2026, 11)


@pytest.mark.parametrize(
    ("slot", "last_month", "life"),
    [
        (Slot(slot="last", shows=Month(2026, 10)), None, Life.BILLED),
        (Slot(slot="last", shows=Month(2026, 7)), None, Life.BILLED),
        (Slot(slot="current", shows=None), None, Life.BILLED),
        (Slot(slot="2026-10", shows=Month(2026, 10)), None, Life.BILLED),
        (Slot(slot="2026-09", shows=Month(2026, 9)), None, Life.OVER),
        (Slot(slot="2026-08", shows=Month(2026, 8), sent={"is_active": True}), None, Life.LATE),
        (Slot(slot="2026-08", shows=Month(2026, 8), sent={"is_active": True}, closed=True), None, Life.OVER),
        (Slot(slot="last", shows=Month(2026, 10)), Month(2026, 10), Life.BILLED),
        (Slot(slot="last", shows=Month(2026, 9)), Month(2026, 9), Life.ENDING),
        (Slot(slot="last", closed=True), Month(2026, 9), Life.OVER),
    ],
)
def test_a_slot_is_written_closed_or_left_alone(slot: Slot, last_month: Month | None, life: Life) -> None:
    slot.configuration = BillingConfiguration(name="Backup", last_month=last_month)
    assert life_of(slot, NOVEMBER) is life
