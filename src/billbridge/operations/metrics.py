"""What a monitor is told of the whole installation: read anew each time, in a fixed number of grouped queries.

Everything comes from the database, so that every process tells the same. Nothing that grows with the companies or
their usage is looked through: rows are counted from indexes, and of bills those of two months alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from django.db.models import Case, Count, Max, Min, Q, Sum, Value, When

from billbridge.billing.bills import BillState, Trigger
from billbridge.billing.changes import ChangeKind
from billbridge.billing.months import Month
from billbridge.operations.metric_values import NEVER, Calls, Labels, Metrics, Queue
from billbridge.operations.provider import today
from billbridge.operations.tasks import TaskKind
from billbridge.store.clock import database_now
from billbridge.store.models import (
    ApiCall,
    Bill,
    CallCount,
    Collection,
    Delivery,
    DriftFinding,
    HaloConnection,
    PlannedChange,
    Provider,
    Run,
    SourceConnection,
    Task,
    Worker,
)

WAITING = "waiting"
"""The state of a queued task that is not to be tried yet."""

CALL_KINDS = ("reads", "writes", "tokens")
_LIMITED = "limited"
_RUN_STATES = tuple(state.value for state in Run.State if state != Run.State.RUNNING)
_UNSETTLED = (PlannedChange.State.INTENDED, PlannedChange.State.SENDING, PlannedChange.State.SENT)
_SETTLED = tuple(state.value for state in PlannedChange.State if state not in _UNSETTLED)
_WRITING = tuple(kind.value for kind in ChangeKind if kind.writes)
_SECTIONS = tuple(section.value for section in Collection.Section)


def read_metrics() -> Metrics:
    """Read all figures; raises Django's `Error` when the database does not answer or is not of this version."""
    now = database_now()
    providers = list(Provider.objects.all())
    ids = [str(provider.pk) for provider in providers]
    connections = list(HaloConnection.objects.order_by("pk"))
    runs, synced = _runs()
    changes = _changes()
    collections, collected = _collections()
    sources = [(str(row.provider_id), row.kind) for row in SourceConnection.objects.all()]
    triggers = [trigger.value for trigger in Trigger]
    return Metrics(
        runs_ended=_with_zeros(_of(runs, _RUN_STATES), product(ids, triggers, _RUN_STATES)),
        runs_running=_with_zeros(
            {labels[:2]: number for labels, number in _of(runs, (Run.State.RUNNING.value,)).items()},
            product(ids, triggers),
        ),
        last_sync_age={key: now - synced.get(key, -NEVER) for key in ((str(c.provider_id),) for c in connections)},
        changes_settled=_with_zeros(_of(changes, _SETTLED), product(ids, _WRITING, _SETTLED)),
        changes_unsettled=_with_zeros(
            _of(changes, [state.value for state in _UNSETTLED]),
            product(ids, _WRITING, [state.value for state in _UNSETTLED]),
        ),
        calls=_calls(connections, now),
        queue=_queue(now, ids),
        attempts=_with_zeros(
            _summed(Task.objects.values_list("provider_id", "kind").annotate(number=Sum("attempt"))),
            product(ids, [kind.value for kind in TaskKind]),
        ),
        workers=Worker.objects.filter(alive_until__gt=now).count(),
        collections=_with_zeros(
            collections,
            ((*source, section, state.value) for source in sources
             for section, state in product(_SECTIONS, Collection.State)),
        ),
        last_collection_age={
            key: now - collected.get(key, -NEVER)
            for key in ((*source, section) for source in sources for section in _SECTIONS)
        },
        bills=_bills(providers),
        deliveries=_with_zeros(
            _summed(
                Delivery.objects.values_list("notice__provider_id", "state").annotate(number=Count("pk"))
            ),
            product(ids, [state.value for state in Delivery.State]),
        ),
        drift=_with_zeros(
            _summed(
                DriftFinding.objects.filter(over_on=None)
                .values_list("provider_id")
                .annotate(number=Count("pk"))
            ),
            product(ids),
        ),
    )  # fmt: skip


def _runs() -> tuple[dict[Labels, int], dict[Labels, float]]:
    """How many runs there are by provider, trigger and state, and when each provider's last was done as a whole."""
    counted: dict[Labels, int] = {}
    synced: dict[Labels, float] = {}
    rows = Run.objects.order_by().values_list("provider_id", "trigger", "state")
    for provider, trigger, state, number, last in rows.annotate(number=Count("pk"), last=Max("ended")):
        counted[str(provider), trigger, state] = number
        if state == Run.State.DONE and last is not None:
            key = (str(provider),)
            synced[key] = max(synced.get(key, -NEVER), last.timestamp())
    return counted, synced


def _changes() -> dict[Labels, int]:
    """How many changes there are by provider, kind and state.

    They are counted run by run, in the order of their index: a join would look up a run for every change.
    """
    of = dict(Run.objects.values_list("pk", "provider_id"))
    rows = PlannedChange.objects.order_by().values_list("run_id", "state", "kind")
    counted: dict[Labels, int] = {}
    for run, state, kind, number in rows.annotate(number=Count("*")):
        if run in of:
            labels = (str(of[run]), kind, state)
            counted[labels] = counted.get(labels, 0) + number
    return counted


def _calls(connections: Sequence[HaloConnection], now: float) -> Calls:
    of: dict[int, Labels] = {connection.pk: (str(connection.provider_id),) for connection in connections}
    rows = CallCount.objects.values_list("connection_id", "kind", "number")
    made = {(*of[pk], kind): number for pk, kind, number in rows if pk in of}
    in_window = dict.fromkeys(of.values(), 0)
    earliest = Q()
    for connection in connections:
        earliest |= Q(connection=connection, at__gt=now - connection.window_seconds)
    log = ApiCall.objects.filter(earliest).order_by().values_list("connection_id")
    for pk, number in log.annotate(number=Count("pk")) if connections else ():
        in_window[of[pk]] = number
    return Calls(
        made={(*key, kind): made.get((*key, kind), 0) for key in of.values() for kind in CALL_KINDS},
        limited={key: made.get((*key, _LIMITED), 0) for key in of.values()},
        in_window=in_window,
        allowed={of[one.pk]: one.calls_per_window for one in connections},
        blocked={of[one.pk]: max(0.0, one.blocked_until - now) for one in connections},
    )


def _queue(now: float, ids: Sequence[str]) -> Queue:
    """The unfinished tasks; one whose lane is at work could not run, however long it waits."""
    waits = Case(When(state=Task.State.QUEUED, not_before__gt=now, then=Value(WAITING)), default="state")
    rows = (
        Task.objects.filter(state__in=(Task.State.QUEUED, Task.State.RUNNING))
        .order_by()
        .values_list("provider_id", "lane", "kind", waits)
        .annotate(
            number=Count("pk"),
            asked_first=Min("asked", filter=Q(not_before__lte=0)),
            due_first=Min("not_before", filter=Q(not_before__gt=0)),
        )
    )
    tasks: dict[Labels, int] = {}
    since: dict[tuple[object, str], float] = {}
    busy: set[tuple[object, str]] = set()
    for provider, lane, kind, state, number, asked, due in rows:
        labels = (str(provider), kind, str(state))
        tasks[labels] = tasks.get(labels, 0) + number
        if state == Task.State.RUNNING:
            busy.add((provider, lane))
        elif state == Task.State.QUEUED:
            began = min(asked.timestamp() if asked else NEVER, due if due is not None else NEVER)
            since[provider, lane] = min(since.get((provider, lane), NEVER), began)
    could_run = [now - began for lane, began in since.items() if lane not in busy]
    states = (Task.State.QUEUED.value, WAITING, Task.State.RUNNING.value)
    expected = product(ids, [kind.value for kind in TaskKind], states)
    return Queue(tasks=_with_zeros(tasks, expected), oldest=max(0.0, *could_run) if could_run else 0.0)


def _collections() -> tuple[dict[Labels, int], dict[Labels, float]]:
    """How many collections there are by provider, source, section and state, and when the last whole one began."""
    counted: dict[Labels, int] = {}
    collected: dict[Labels, float] = {}
    rows = Collection.objects.order_by().values_list("provider_id", "source", "section", "state")
    for provider, source, section, state, number, last in rows.annotate(number=Count("pk"), last=Max("began")):
        counted[str(provider), source, section, state] = number
        if state == Collection.State.DONE:
            collected[str(provider), source, section] = last.timestamp()
    return counted, collected


def _bills(providers: Sequence[Provider]) -> dict[Labels, int]:
    """The bills of each provider's last and running month, which its business day decides."""
    months: dict[tuple[str, Month], str] = {}
    for provider in providers:
        running = Month.of(today(provider))
        months[str(provider.pk), running.previous] = "last"
        months[str(provider.pk), running] = "running"
    rows = (
        Bill.objects.filter(provider__in=providers, month__in={month for _, month in months})
        .order_by()
        .values_list("provider_id", "month", "state")
        .annotate(number=Count("pk"))
    )
    counted: dict[Labels, int] = {
        (str(provider), months[str(provider), month], state): number
        for provider, month, state, number in rows
        if (str(provider), month) in months
    }
    states = [state.value for state in BillState]
    return _with_zeros(counted, product([str(one.pk) for one in providers], ("last", "running"), states))


def _summed(rows: Iterable[Sequence[object]]) -> dict[Labels, int]:
    """Rows of what they are about and a number, by what they are about."""
    return {tuple(str(label) for label in labels): int(str(number)) for *labels, number in rows}


def _of(counted: Mapping[Labels, int], states: Sequence[str]) -> dict[Labels, int]:
    """Those whose last label is one of some states."""
    return {labels: number for labels, number in counted.items() if labels[-1] in states}


def _with_zeros(counted: Mapping[Labels, int], expected: Iterable[Labels]) -> dict[Labels, int]:
    """What was counted, with 0 where nothing was: a first failure must be seen as a change from 0 to 1."""
    return dict.fromkeys(expected, 0) | dict(counted)
