"""What is due by itself: every minute a worker asks, and each thing that is due is asked for once.

Two workers that ask at the same moment, a worker that asks twice, and one that was off for days: all end in the
same tasks, because what is due has a name and a name is taken once (a constraint of the database).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db import DatabaseError
from django.db.models import Max

from billbridge import logs
from billbridge.billing.bills import Action, Trigger, first_automatic_month
from billbridge.billing.schedule import (
    Due,
    Moment,
    auto_billing_look,
    collection_due,
    drift_check_due,
    is_silent,
    unsent_month,
)
from billbridge.operations.bill import BillRequest, steps_now
from billbridge.operations.tasks import CUT_SHORT, UNFINISHED, TaskKind, ask_when_due
from billbridge.operations.telling import tell_silence, tell_unsent
from billbridge.store.models import (
    AuditEntry,
    Collection,
    Company,
    HaloConnection,
    Provider,
    Slot,
    SourceConnection,
    Task,
)

_SHOWS_HALOPSA_WORKS = (TaskKind.TEST_HALOPSA, TaskKind.REFRESH, TaskKind.PLAN, TaskKind.SYNC)

_log = logs.logger(__name__)


def tick(now: datetime | None = None) -> list[Task]:
    """Ask for what is due at the aware instant `now` for every provider; gives the tasks.

    What keeps one provider from being looked at keeps no other.
    """
    asked: list[Task] = []
    for provider in Provider.objects.order_by("pk"):
        try:
            asked += ask_for_what_is_due(provider, now or datetime.now(UTC))
        except DatabaseError:
            raise
        except Exception:
            _log.exception("what is due cannot be found out", provider=str(provider.pk))
    return asked


def ask_for_what_is_due(provider: Provider, now: datetime) -> list[Task]:
    """Ask for the collection, the look of auto-billing and the drift check that are due, and announce what is
    missing.

    The business day is the provider's, moved by hand or not; the time of day is that of its time zone.
    """
    moment = Moment.of(now, ZoneInfo(provider.time_zone), moved_to=provider.moved_day)
    _announce(provider, moment, now)
    return [task for task in _asked(provider, moment) if task is not None]


def _asked(provider: Provider, moment: Moment) -> Iterator[Task | None]:
    collection = _collection(provider, moment)
    if collection is not None:
        yield ask_when_due(provider, TaskKind.COLLECT, collection.name)
    if not HaloConnection.objects.filter(provider=provider).exists():
        return
    look = _auto_billing(provider, moment)
    if look is not None:
        inputs = {"day": str(moment.day), "end_of_day": look.end_of_day}
        yield ask_when_due(provider, TaskKind.AUTO_BILLING, look.name, inputs)
    check = drift_check_due(moment, hour=provider.collect_hour)
    if check is not None and _is_new(provider, check) and _has_synced(provider):
        yield ask_when_due(provider, TaskKind.DRIFT, check.name)


def _collection(provider: Provider, moment: Moment) -> Due | None:
    if not SourceConnection.objects.filter(provider=provider).exists():
        return None
    due = collection_due(moment, hour=provider.collect_hour, last_day=_last_whole_collection(provider))
    return due if due is not None and _is_new(provider, due) else None


def _last_whole_collection(provider: Provider) -> date | None:
    """The last business day on which every section came in."""
    done = Collection.objects.filter(provider=provider, state=Collection.State.DONE)
    days = dict(done.values("section").annotate(day=Max("day")).values_list("section", "day"))
    return min(days.values()) if set(days) == set(Collection.Section.values) else None


def _auto_billing(provider: Provider, moment: Moment) -> Due | None:
    """The look that is due, if there is anything it would make or send, and nothing speaks against it."""
    if not Company.objects.filter(provider=provider, auto_since__isnull=False).exists():
        return None
    look = auto_billing_look(moment)
    if not _is_new(provider, look) or _is_unfinished(provider) or _is_put_off(provider, moment):
        return None
    request = BillRequest(day=moment.day, trigger=Trigger.AUTO_BILLING, day_is_ending=look.end_of_day)
    does_something = any(
        step.action in (Action.MAKE, Action.SEND_AGAIN) for _, step in steps_now(provider, request)
    )
    return look if does_something else None


def _is_unfinished(provider: Provider) -> bool:
    return Task.objects.filter(provider=provider, kind=TaskKind.AUTO_BILLING.value, state__in=UNFINISHED).exists()


def _is_put_off(provider: Provider, moment: Moment) -> bool:
    """Whether auto-billing failed or was stopped on this day: what needs a person is not tried every hour.

    A failure is over as soon as the settings were changed or HaloPSA was seen to work; a stop is over the next day.
    """
    tasks = Task.objects.filter(provider=provider, kind=TaskKind.AUTO_BILLING.value, inputs__day=str(moment.day))
    last = tasks.filter(state__in=CUT_SHORT).order_by("-pk").first()
    if last is None or tasks.filter(pk__gt=last.pk).exists():
        return False
    if last.state == Task.State.STOPPED:
        return True
    changed = AuditEntry.objects.filter(provider=provider, action="setting", at__gt=last.ended)
    worked = Task.objects.filter(
        provider=provider, kind__in=_SHOWS_HALOPSA_WORKS, state=Task.State.DONE, ended__gt=last.ended
    )
    return not changed.exists() and not worked.exists()


def _is_new(provider: Provider, due: Due) -> bool:
    return not Task.objects.filter(provider=provider, due=due.name).exists()


def _has_synced(provider: Provider) -> bool:
    return Slot.objects.filter(configuration__company__provider=provider).exists()


def _announce(provider: Provider, moment: Moment, now: datetime) -> None:
    """Tell what did not happen: a silent source, and bills that the first three days of the month did not send."""
    done = Collection.objects.filter(provider=provider, state=Collection.State.DONE).order_by("-began").first()
    if done is not None and is_silent(done.began, now, hours=provider.silence_hours):
        tell_silence(provider, done)
    month = unsent_month(moment)
    if month is not None and Company.objects.filter(provider=provider, auto_since__isnull=False).exists():
        request = BillRequest(day=moment.day, trigger=Trigger.AUTO_BILLING)
        tell_unsent(
            provider,
            month,
            lambda: [
                (company, step)
                for company, step in steps_now(provider, request)
                if company.auto_since is not None and first_automatic_month(company.auto_since) <= month
            ],
        )
