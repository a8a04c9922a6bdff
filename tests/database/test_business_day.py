"""The business day a person gives: one that lies in the future is refused, but for a trial."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from billbridge.errors import InvalidInput
from billbridge.operations.provider import move_day, today
from billbridge.store.models import HaloConnection, Provider, SourceConnection

FAR = date(9000, 1, 1)


@pytest.fixture
def real(provider: Provider, halopsa: HaloConnection) -> Provider:
    """A provider whose connections lead out of this machine."""
    SourceConnection.objects.create(provider=provider, address="https://api.mspbackups.com", login="northwind")
    return provider


def test_a_day_in_the_future_is_refused(real: Provider) -> None:
    with pytest.raises(InvalidInput, match="9000-01-01 lies in the future"):
        today(real, FAR)


def test_tomorrow_and_every_day_before_are_taken(real: Provider) -> None:
    calendar = datetime.now(UTC).date()
    for day in (date(2026, 2, 1), calendar, calendar + timedelta(days=1)):
        assert today(real, day) == day


def test_any_day_is_taken_where_the_business_day_was_moved_by_hand(real: Provider) -> None:
    move_day(real, date(2026, 11, 12))
    assert (today(real), today(real, FAR)) == (date(2026, 11, 12), FAR)


@pytest.mark.parametrize("host", ["127.0.0.1:8902", "localhost:8902", "[::1]:8902"])
def test_any_day_is_taken_where_all_connections_lead_to_this_machine(real: Provider, host: str) -> None:
    HaloConnection.objects.update(address=f"http://{host}/api")
    with pytest.raises(InvalidInput, match="lies in the future"):
        today(real, FAR)
    SourceConnection.objects.update(address=f"http://{host}")
    assert today(real, FAR) == FAR
