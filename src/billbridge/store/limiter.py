"""The limiter all processes of an installation share: a sliding log of calls in the database, by its time.

A call's slot is freed one window after the call was **completed**: HaloPSA counts it at some moment between its
start and its completion, so no window of HaloPSA's own ever sees more than the limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F

from billbridge.store.clock import database_now
from billbridge.store.models import ApiCall, CallCount, HaloConnection

LONGEST_PENALTY = 600.0
"""Seconds of the longest penalty: whoever is asked to wait longer gives up instead."""

LONGEST_CALL = 120.0
"""Seconds after which a call counts as completed although nobody said so, because its process died."""

_CROWDED_WAIT = 0.05
"""Seconds between looks while every slot is held by a call under way, whose end nobody can foretell."""


class DatabaseLimiter:
    """The limiter of one connection; safe to share between threads, and equal in every process.

    At most `limit` calls within any `window` seconds. It must not be used within a transaction, which would hold
    the database while it waits; Django refuses that. `sleep` waits for a number of seconds.
    """

    def __init__(
        self,
        connection_id: int,
        limit: int,
        window: float,
        *,
        longest_call: float = LONGEST_CALL,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if limit < 1 or window <= 0:
            raise ValueError(f"a limit of {limit} calls in {window} seconds lets no call through")
        self._connection_id = connection_id
        self._limit = limit
        self._window = window
        self._longest_call = longest_call
        self._sleep = sleep

    @contextmanager
    def call(self, kind: str = "reads") -> Iterator[None]:
        """Wait for a slot and hold it while the block runs; a call that fails has used its slot all the same."""
        while not isinstance(slot := self._take_slot(kind), ApiCall):
            self._sleep(slot)
        try:
            yield
        finally:
            self._complete(slot)

    def penalty(self, seconds: float) -> None:
        """Let no call of any process start for `seconds` from now; the longest penalty wins."""
        until = database_now() + min(seconds, LONGEST_PENALTY)
        HaloConnection.objects.filter(pk=self._connection_id, blocked_until__lt=until).update(blocked_until=until)
        self._count("limited")

    def _count(self, kind: str) -> None:
        """One more of a kind; the counts stay, other than the log, and are the same for every process."""
        counts = CallCount.objects.filter(connection=self._connection_id, kind=kind)
        if not counts.update(number=F("number") + 1):
            CallCount.objects.get_or_create(connection_id=self._connection_id, kind=kind)
            counts.update(number=F("number") + 1)

    def _take_slot(self, kind: str) -> ApiCall | float:
        """Take a slot, or return the seconds to wait before asking again."""
        with transaction.atomic(durable=True):
            # Lets one process at a time count and take; SQLite does so by the write lock of every transaction.
            connection = HaloConnection.objects.select_for_update(no_key=True).get(pk=self._connection_id)
            now = database_now()
            if connection.blocked_until > now + LONGEST_PENALTY:  # only after the database's clock was set back
                HaloConnection.objects.filter(pk=connection.pk).update(blocked_until=0)
            elif now < connection.blocked_until:
                return connection.blocked_until - now
            log = ApiCall.objects.filter(connection=connection)
            log.filter(at__lte=now - self._window).delete()
            if log.count() < self._limit:
                self._count(kind)
                # While it is under way a call stands at the latest moment it can end.
                return ApiCall.objects.create(connection=connection, at=now + self._longest_call)
            # Later than its latest end a call stands only after the clock was set back.
            log.filter(at__gt=now + self._longest_call).update(at=now)
            oldest = log.earliest("at").at
            return oldest + self._window - now if oldest <= now else _CROWDED_WAIT

    def _complete(self, slot: ApiCall) -> None:
        slot.at = database_now()
        slot.save()  # makes the row again if the call took so long that its slot was freed
