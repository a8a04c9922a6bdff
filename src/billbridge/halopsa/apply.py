"""Applying a plan: batched writes, and the read-back that alone counts.

Every write is stored as an intent before it is sent. Updates may be repeated. A create may not: HaloPSA knows no
uniqueness, may commit late, and whether a batch is written whole or in part is not known. So after anything but a
clean answer the customers concerned are read again, after a settle time and twice, before a create is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from billbridge.billing.changes import Change, Found, Value
from billbridge.errors import BillbridgeError
from billbridge.failpoints import reach
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.errors import BadRequest, OutcomeUnknown
from billbridge.halopsa.resources import post_subscriptions
from billbridge.halopsa.subscriptions import differences, payload_of

_TRIES = 3
"""How often a single write is tried before it is given up for this run."""


class Journal(Protocol):
    """Keeps what is about to be written and what became of it, so that a killed run is resumed."""

    def intend(self, changes: Sequence[Change]) -> None:
        """Store the changes, with the values before them, before any of them is sent."""

    def sending(self, changes: Sequence[Change]) -> None:
        """They are sent now; from here on their outcome is unknown until it is read back."""

    def verified(self, change: Change, now: Found, rounded: dict[str, Value]) -> None:
        """HaloPSA shows the change; what it shows is the new base."""

    def failed(self, change: Change, reason: str, now: Found | None) -> None:
        """The change did not arrive, or not as it was sent; `now` is what HaloPSA shows instead, if anything."""


class Reader(Protocol):
    """Reads subscriptions anew: those of some customers, by whichever way costs fewest calls."""

    def __call__(self, client_ids: frozenset[int]) -> Sequence[Found]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How creates are batched, and how long an unknown outcome is waited for.

    `proven` is the size of batch this connection has written whole before; it grows 1, 2, `full`.
    """

    full: int = 50
    proven: int = 1
    settle: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the writes of a plan."""

    verified: tuple[Change, ...] = ()
    failed: tuple[tuple[Change, str], ...] = ()
    unanswered: int = 0
    """How many of those that failed HaloPSA gave no clean answer to: another try may succeed."""
    proven: int = 1


class Applier:
    """Applies the writes of one plan to one HaloPSA.

    `stopped` says why no more shall be sent, or nothing. It is asked before every batch; what was sent until then
    is read back all the same, and what was not is told by its reason.
    """

    def __init__(
        self,
        halo: HaloPSA,
        journal: Journal,
        read: Reader,
        *,
        pace: Pace,
        sleep: Callable[[float], None],
        progress: Callable[[int, int], None] | None = None,
        stopped: Callable[[], str] = lambda: "",
    ) -> None:
        self._halo = halo
        self._journal = journal
        self._read = read
        self._pace = pace
        self._sleep = sleep
        self._progress = progress or (lambda _done, _total: None)
        self._stopped = stopped
        self._size = max(1, min(pace.proven, pace.full))
        self._refused: dict[int, str] = {}
        self._unanswered: set[int] = set()
        self._done = 0
        self._total = 0

    def apply(self, changes: Sequence[Change]) -> Outcome:
        """Write the changes in their order, updates before creates, then read back and compare field by field."""
        if not changes:
            return Outcome(proven=self._size)
        reach("before-intent")
        self._journal.intend(changes)
        reach("after-intent")
        self._total = len(changes)
        for batch in _batches([c for c in changes if c.subscription_id is not None], self._pace.full):
            self._update(batch)
        self._create([c for c in changes if c.subscription_id is None])
        reach("before-read-back")
        return self._verify(changes)

    def _update(self, batch: Sequence[Change]) -> None:
        """Write updates, which may be repeated; a faulty one is found by halving and stands alone."""
        if self._leaves_out(batch):
            return
        error = self._post(batch)
        for _ in range(_TRIES - 1):
            if not isinstance(error, OutcomeUnknown):
                break
            self._sleep(min(self._pace.settle, 1.0))
            error = self._post(batch)
        if isinstance(error, BadRequest) and len(batch) > 1:
            middle = len(batch) // 2
            self._update(batch[:middle])
            self._update(batch[middle:])
            return
        if error is not None:
            self._refuse(batch, error)
        self._advance(len(batch))

    def _create(self, creates: Sequence[Change]) -> None:
        waiting = list(creates)
        while waiting:
            batch, waiting = waiting[: self._size], waiting[self._size :]
            if self._leaves_out(batch):
                continue
            error = self._post(batch)
            if error is not None:
                self._settle(batch, error)
            elif self._size < self._pace.full:
                missing = self._missing(batch)
                if missing:
                    self._size = 1
                    self._settle(missing, None)
                elif len(batch) == self._size:
                    self._size = 2 if self._size == 1 else self._pace.full
            self._advance(len(batch))

    def _settle(self, batch: Sequence[Change], error: BillbridgeError | None) -> None:
        """After an unclean answer: wait, read twice, and create one by one or by halves what is still missing."""
        if self._leaves_out(batch, "it was sent, and HaloPSA did not say that it arrived"):
            return
        missing = self._missing_after_settling(batch)
        if not missing:
            return
        if isinstance(error, BadRequest):
            if len(missing) == 1 and len(batch) == 1:
                self._refuse(missing, error)
                return
            middle = max(1, len(missing) // 2)
            for half in (missing[:middle], missing[middle:]):
                if half:
                    self._create_again(half)
            return
        self._size = 1
        for change in missing:
            self._create_single(change)

    def _create_again(self, batch: Sequence[Change]) -> None:
        if self._leaves_out(batch):
            return
        error = self._post(batch)
        if error is not None:
            self._settle(batch, error)

    def _create_single(self, change: Change) -> None:
        error: BillbridgeError | None = None
        for _ in range(_TRIES):
            if self._leaves_out([change]):
                return
            error = self._post([change])
            if error is None or not self._missing_after_settling([change]):
                return
            if isinstance(error, BadRequest):
                break
        if error is not None:
            self._refuse([change], error)

    def _refuse(self, batch: Sequence[Change], error: BillbridgeError) -> None:
        """Give a batch up for this run."""
        self._refused.update({id(change): str(error) for change in batch})
        if isinstance(error, OutcomeUnknown):
            self._unanswered.update(id(change) for change in batch)

    def _missing_after_settling(self, batch: Sequence[Change]) -> list[Change]:
        self._sleep(self._pace.settle)
        missing = self._missing(batch)
        if missing:
            self._sleep(min(self._pace.settle, 1.0))
            missing = self._missing(missing)
        return missing

    def _missing(self, batch: Sequence[Change]) -> list[Change]:
        keys = {found.key for found in self._read(_clients(batch))}
        return [change for change in batch if change.wanted.key not in keys]

    def _post(self, batch: Sequence[Change]) -> BillbridgeError | None:
        """Send one batch; a refusal or an unknown outcome is returned, since what it means depends on the batch.

        Trouble that certainly kept the batch from HaloPSA ends the run; it is resumed later.
        """
        self._journal.sending(batch)
        reach("before-send")
        try:
            post_subscriptions(self._halo, [payload_of(change) for change in batch], counts="double")
        except BillbridgeError as error:
            if isinstance(error, BadRequest | OutcomeUnknown):
                return error
            raise
        reach("after-send")
        return None

    def _verify(self, changes: Sequence[Change]) -> Outcome:
        """Compare what HaloPSA shows with what was sent. A create that is not to be seen is settled once more."""
        shown = _by_identity(self._read(_clients(changes)))
        creates = [c for c in changes if c.subscription_id is None]
        late = [c for c in creates if _shown(c, shown) is None and id(c) not in self._refused]
        if late:
            self._size = 1
            self._settle(late, None)
            shown = _by_identity(self._read(_clients(changes)))
        verified: list[Change] = []
        failed: list[tuple[Change, str]] = []
        for change in changes:
            now = _shown(change, shown)
            if now is None:
                reason = self._refused.get(id(change), "HaloPSA does not show it")
            else:
                wrong, rounded = differences(change, now)
                reason = self._refused.get(id(change), "") if wrong else ""
                if wrong and not reason:
                    reason = "HaloPSA shows " + ", ".join(
                        f"{name} {there} instead of {change.values[name]}" for name, there in wrong.items()
                    )
                if not wrong:
                    reach("before-verified")
                    self._journal.verified(change, now, dict(rounded))
                    verified.append(change)
                    continue
            self._journal.failed(change, reason, now)
            failed.append((change, reason))
        unanswered = sum(id(change) in self._unanswered for change, _ in failed)
        return Outcome(verified=tuple(verified), failed=tuple(failed), unanswered=unanswered, proven=self._size)

    def _leaves_out(self, batch: Sequence[Change], what: str = "it was not sent") -> bool:
        """Whether the run was stopped: then a batch is left alone, and each of it says why."""
        reason = self._stopped()
        if reason:
            self._refused.update({id(change): f"{what}: {reason}" for change in batch})
            self._advance(len(batch))
        return bool(reason)

    def _advance(self, count: int) -> None:
        self._done += count
        self._progress(min(self._done, self._total), self._total)


def _batches(changes: Sequence[Change], size: int) -> Iterable[Sequence[Change]]:
    return (changes[start : start + size] for start in range(0, len(changes), size))


def _clients(changes: Iterable[Change]) -> frozenset[int]:
    return frozenset(change.wanted.client_id for change in changes)


def _by_identity(found: Iterable[Found]) -> tuple[dict[int, Found], dict[str, Found]]:
    by_id: dict[int, Found] = {}
    by_key: dict[str, Found] = {}
    for subscription in sorted(found, key=lambda s: s.id):
        by_id[subscription.id] = subscription
        if not subscription.deleted:
            by_key.setdefault(subscription.key, subscription)
    return by_id, by_key


def _shown(change: Change, shown: tuple[dict[int, Found], dict[str, Found]]) -> Found | None:
    by_id, by_key = shown
    if change.subscription_id is not None:
        return by_id.get(change.subscription_id)
    return by_key.get(change.wanted.key)
