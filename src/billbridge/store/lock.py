"""The lock that lets one run at a time work on a connection, over all processes, by the database's time.

A lock lapses when its holder renews it no more. One whose holder died on this very machine need not be waited for.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from billbridge.errors import TransientError
from billbridge.store.clock import database_now
from billbridge.store.lease import FENCE, LEASE, RENEWAL
from billbridge.store.models import Lock
from billbridge.store.processes import Process

_LONGEST_NAME = 50
"""Characters of a holder's name that are kept, so that the mark of its process fits behind it."""


class RunInProgress(TransientError):
    """Another run holds the connection; `retry_after` is when its lock lapses unless it is renewed."""


class LockLost(TransientError):
    """The lock lapsed, and may be held by another run: this one must write nothing more."""


class RunLock:
    """One run's claim to a connection; `holder` says who, for the message another run gets.

    Make it in the process that runs: by that process it is seen whether the run still lives.
    """

    def __init__(
        self, connection_id: int, *, holder: str = "", seconds: float = LEASE, fence: float = FENCE
    ) -> None:
        self._connection_id = connection_id
        name = holder or f"process {os.getpid()} on {socket.gethostname()}"
        self._holder = f"{name[:_LONGEST_NAME]} ({Process.this() or '-'} {secrets.token_hex(4)})"
        self._seconds = seconds
        self._fence = fence

    @property
    def holder(self) -> str:
        """The name this claim is known by, unlike that of every other claim."""
        return self._holder

    def acquire(self) -> None:
        """Take the lock, or take it over from a run that let it lapse or whose process died on this machine.

        Raises `RunInProgress` when another run holds it.
        """
        now = database_now()
        lapsed = Lock.objects.filter(connection_id=self._connection_id, until__lte=now)
        if lapsed.update(holder=self._holder, until=now + self._seconds):
            return
        try:
            with transaction.atomic(durable=True):  # within a caller's transaction nobody would see it
                Lock.objects.create(
                    connection_id=self._connection_id, holder=self._holder, until=now + self._seconds
                )
        except IntegrityError:
            if not self._take_from_the_dead(now):
                raise self._in_progress(now) from None

    def renew(self) -> None:
        """Hold the lock for another lease; raises `LockLost` when it lapsed, even if nobody took it yet."""
        self._extend(self._seconds)

    def check(self) -> None:
        """Raise `LockLost` unless the lock is held now: to be asked before every write to HaloPSA.

        It is then held for as long as the write can take, even if it is renewed no more.
        """
        self._extend(self._fence)

    def release(self) -> None:
        """Give the lock back; does nothing when another run has taken it over."""
        self._mine().delete()

    @contextmanager
    def held(self, *, renewal: float = RENEWAL) -> Iterator[RunLock]:
        """Hold the lock while the block runs, renewed in the background, so that a long wait does not lose it.

        Raises `RunInProgress` when another run holds it. Losing it shows at the next `check`.
        """
        self.acquire()
        over = threading.Event()
        renewing = threading.Thread(target=self._keep_renewing, args=(over, renewal), daemon=True, name="run lock")
        renewing.start()
        try:
            yield self
        finally:
            over.set()
            renewing.join()
            self.release()

    def _keep_renewing(self, over: threading.Event, renewal: float) -> None:
        try:
            while not over.wait(renewal):
                try:
                    self.renew()
                except LockLost:
                    return
                except DatabaseError:
                    continue  # the lease outlasts several renewals: the next one may succeed
        finally:
            connections.close_all()  # this thread's own; the run's belong to its thread

    def _extend(self, seconds: float) -> None:
        now = database_now()
        if not self._mine().filter(until__gt=now).update(until=Greatest(F("until"), now + seconds)):
            raise self._lost()

    def _take_from_the_dead(self, now: float) -> bool:
        """Take the lock over from a process of this machine that is gone; of several takers one succeeds."""
        other = Lock.objects.filter(connection_id=self._connection_id).first()
        if other is None or not _died(other.holder):
            return False
        same = Lock.objects.filter(connection_id=self._connection_id, holder=other.holder)
        return bool(same.update(holder=self._holder, until=now + self._seconds))

    def _mine(self) -> QuerySet[Lock]:
        return Lock.objects.filter(connection_id=self._connection_id, holder=self._holder)

    def _in_progress(self, now: float) -> RunInProgress:
        other = Lock.objects.filter(connection_id=self._connection_id).first()
        left = max(0.0, other.until - now) if other else 0.0
        who = _name(other.holder) if other else "it has just ended"
        return RunInProgress(
            f"Another run works on this HaloPSA connection: {who}.",
            hint=f"Wait until it ends; if its machine died, it is taken over in {left:.0f} seconds.",
            retry_after=left,
        )

    def _lost(self) -> LockLost:
        return LockLost(
            f"The run of {_name(self._holder)} lost its hold on the HaloPSA connection.",
            hint="Start it again: it goes on from what was recorded.",
        )


def _name(holder: str) -> str:
    """The name a person knows the holder by."""
    return holder.rpartition(" (")[0] or holder


def _died(holder: str) -> bool:
    """Whether the holder's process ran on this machine and is gone."""
    mark = holder.rpartition("(")[2].partition(" ")[0]
    process = Process.parse(mark)
    return process is not None and process.is_dead()
