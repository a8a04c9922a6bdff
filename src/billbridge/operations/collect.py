"""Collecting: a source's licenses and storage into the ledger, each section whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeVar

from django.db import transaction

from billbridge.errors import BillbridgeError, InvalidInput, TransientError
from billbridge.operations.collect_licenses import keep_licenses
from billbridge.operations.collect_storage import closed_month_to_ask, keep_storage, storage_users
from billbridge.operations.collection import Held, SectionResult
from billbridge.operations.usage import as_json
from billbridge.sources.port import Source
from billbridge.store.models import Collection, Provider


def collect(
    provider: Provider,
    source: Source,
    day: date,
    *,
    source_name: str = "mbs",
    accept_losses: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[SectionResult, ...]:
    """Collect licenses, then storage of the companies that bill it.

    Raises `InvalidInput` when `day` lies before the last collection: a clock that jumps back would close
    activations.
    Trouble of the source is a failed section, kept with its reason.
    """
    last = (
        Collection.objects.filter(provider=provider, source=source_name, state=Collection.State.DONE)
        .order_by("-day")
        .first()
    )
    if last is not None and day < last.day:
        raise InvalidInput(
            f"The business day {day} lies before the last collection of {last.day}; nothing was changed.",
            hint="Check the clock, or the day that was given.",
        )
    say("licenses")
    licenses = _section(
        provider,
        source_name,
        Collection.Section.LICENSES,
        day,
        lambda: source.licenses(day),
        lambda snapshot: keep_licenses(provider, snapshot, accept_losses=accept_losses),
    )
    say("storage")
    users = storage_users(provider)
    closed = closed_month_to_ask(provider, day, users)
    storage = _section(
        provider,
        source_name,
        Collection.Section.STORAGE,
        day,
        lambda: source.storage(day, list(users), closed),
        lambda snapshot: keep_storage(provider, snapshot, users, accept_losses=accept_losses),
    )
    return licenses, storage


_Snapshot = TypeVar("_Snapshot")


def _section(
    provider: Provider,
    source_name: str,
    section: Collection.Section,
    day: date,
    ask: Callable[[], _Snapshot],
    keep: Callable[[_Snapshot], SectionResult],
) -> SectionResult:
    """Ask the source outside of any transaction, then keep all of its answer or nothing."""
    began = datetime.now(UTC)
    try:
        snapshot = ask()
        with transaction.atomic():
            # Two collections at once would both add what neither sees of the other: one after the other keeps.
            Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
            result = keep(snapshot)
            _record(provider, source_name, result, began, day)
            return result
    except Held as held:
        result = SectionResult(section=section.value, state="held", reason=str(held), figures={})
    except BillbridgeError as error:
        result = SectionResult(
            section=section.value,
            state="failed",
            reason=str(error),
            figures={},
            transient=isinstance(error, TransientError),
        )
    _record(provider, source_name, result, began, day)
    return result


def _record(provider: Provider, source_name: str, result: SectionResult, began: datetime, day: date) -> None:
    Collection.objects.create(
        provider=provider,
        source=source_name,
        section=result.section,
        began=began,
        day=day,
        state=result.state,
        reason=result.reason,
        figures=result.figures,
        warnings=list(result.warnings),
        not_billed=as_json(result.not_billed),
    )
