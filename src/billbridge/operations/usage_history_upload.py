"""Importing a Usage History in the console: upload, look at it, then import. The file waits for one person only."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import DataError, transaction

from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor
from billbridge.operations.audit import record
from billbridge.operations.drafts import keep_draft, kept_draft, throw_away
from billbridge.operations.import_usage_history import ImportResult, import_usage_history
from billbridge.operations.provider import today
from billbridge.sources.usage_history import ProblemKind, RowProblem, UsageHistoryRow, read_usage_history
from billbridge.store.models import Draft
from billbridge.store.roles import Role

LARGEST_FILE = 10 * 2**20
"""Bytes a file may have."""

ROWS_SHOWN = 200
"""A preview shows so many rows: enough to see whether the columns and dates are read rightly."""

PROBLEMS_SHOWN = 500
_LONGEST_VALUE = 200
_LONGEST_NAME = 300
_HOURS_KEPT = 24
_FORM = "usage history import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was looked at and not imported yet. `uploaded` is in UTC; nothing of it counts as usage."""

    name: str
    dates: str
    month: str
    digest: str
    """SHA-256 of the file and of how it is read: what was looked at is what is imported."""
    rows: tuple[Mapping[str, Any], ...]
    """The first rows, as read."""
    problems: tuple[Mapping[str, Any], ...]
    figures: Mapping[str, int]
    """How many rows would be imported, are left out as trials or doubles, and have errors or warnings."""
    known: str
    """The days that would count as known, in words."""
    uploaded: datetime

    @property
    def is_clean(self) -> bool:
        """Whether no row would be left out for an error."""
        return not self.figures["errors"]


def upload(actor: Actor, name: str, data: bytes, *, dates: str = "iso", month: Month | None = None) -> Upload:
    """Keep a file for the actor and say what importing it would do; it replaces the one that waited.

    Raises `InvalidInput` when the file cannot be used at all.
    """
    actor.require(Role.BILLING)
    if len(data) > LARGEST_FILE:
        raise InvalidInput(
            f"The file has more than {LARGEST_FILE // 2**20} MB.",
            hint="Export a shorter period, or split the file.",
        )
    _forget_old()
    result = _tried(actor, name, data, dates, month)
    history = read_usage_history(data, day=today(actor.provider), dates=dates)  # type: ignore[arg-type]
    errors = [problem for problem in result.problems if problem.kind is ProblemKind.ERROR]
    content = {
        "name": _cut(name, _LONGEST_NAME),
        "dates": dates,
        "month": str(month or ""),
        "digest": _digest(data, dates, month),
        "rows": [_row(row) for row in history.rows[:ROWS_SHOWN]],
        "problems": [_problem(problem) for problem in result.problems[:PROBLEMS_SHOWN]],
        "figures": {
            "rows": result.rows,
            "changed": result.changed,
            "trials": result.skipped_trials,
            "duplicates": history.duplicates,
            "errors": len(errors),
            "warnings": len(result.problems) - len(errors),
        },
        "known": f"{result.known.first} to {result.known.last}" if result.known else "",
        "data": base64.b64encode(zlib.compress(data)).decode("ascii"),
    }
    throw_away(actor, _FORM)
    keep_draft(actor, _FORM, content, version="")
    waiting = waiting_upload(actor)
    assert waiting is not None
    return waiting


def read_again(actor: Actor, *, dates: str, month: Month | None) -> Upload:
    """Look at the waiting file anew, read in another way."""
    content = _content(actor)
    return upload(actor, content["name"], _data(content), dates=dates, month=month)


def waiting_upload(actor: Actor) -> Upload | None:
    """The file that waits for the actor, if there is one."""
    draft = kept_draft(actor, _FORM)
    if draft is None:
        return None
    content = draft.content
    return Upload(
        name=content["name"],
        dates=content["dates"],
        month=content["month"],
        digest=content["digest"],
        rows=tuple(content["rows"]),
        problems=tuple(content["problems"]),
        figures=content["figures"],
        known=content["known"],
        uploaded=draft.saved,
    )


def import_upload(actor: Actor, digest: str, *, good_rows_only: bool = False) -> ImportResult:
    """Import the waiting file, all of its rows or the good ones, and forget the file.

    `digest` is that of the upload the person looked at. Raises `InvalidInput` when another file waits by now, or
    when a row has an error and not only the good ones were asked for.
    """
    actor.require(Role.BILLING)
    content = _content(actor)
    if digest != content["digest"]:
        raise InvalidInput("Another file was uploaded since; nothing was imported.", hint="Look at that one first.")
    month = Month.parse(content["month"]) if content["month"] else None
    name = content["name"]
    try:
        with transaction.atomic():
            result = import_usage_history(
                actor.provider,
                name,
                _data(content),
                today(actor.provider),
                dates=content["dates"],
                month=month,
                all_or_nothing=not good_rows_only,
            )
            if result.imported:
                said = f"{result.rows} rows, {result.changed} licenses changed"
                record(actor, "import", f"Usage History {name}", after=said)
    except DataError as error:
        raise _too_long() from error
    if not result.imported:
        raise InvalidInput(
            "Nothing was imported: rows have errors.", hint="Import the good rows only, or mend the file."
        )
    throw_away(actor, _FORM)
    return result


def discard_upload(actor: Actor) -> None:
    """Forget the waiting file."""
    actor.require(Role.BILLING)
    throw_away(actor, _FORM)


def _tried(actor: Actor, name: str, data: bytes, dates: str, month: Month | None) -> ImportResult:
    """What the import does, done and undone: the preview cannot differ from what comes later."""
    try:
        with transaction.atomic():
            result = import_usage_history(
                actor.provider, name, data, today(actor.provider), dates=dates, month=month, all_or_nothing=False
            )
            transaction.set_rollback(True)
    except DataError as error:
        raise _too_long() from error
    return result


def _too_long() -> InvalidInput:
    return InvalidInput(
        "A value of the file is longer than any name or endpoint may be.", hint="Look for a row that runs over."
    )


def _content(actor: Actor) -> Mapping[str, Any]:
    draft = kept_draft(actor, _FORM)
    if draft is None:
        raise InvalidInput("No file waits to be imported.", hint="Upload it; a file is kept for a day.")
    return draft.content


def _data(content: Mapping[str, Any]) -> bytes:
    return zlib.decompress(base64.b64decode(content["data"]))


def _forget_old() -> None:
    """Customers' names are not kept longer than it takes to look at them, whoever left them."""
    Draft.objects.filter(form=_FORM, saved__lt=datetime.now(UTC) - timedelta(hours=_HOURS_KEPT)).delete()


def _digest(data: bytes, dates: str, month: Month | None) -> str:
    return sha256(f"{dates} {month or ''} ".encode() + data).hexdigest()


def _row(row: UsageHistoryRow) -> dict[str, Any]:
    return {
        "line": row.line,
        "type": _cut(row.type),
        "company": _cut(row.company),
        "user": _cut(row.user),
        "endpoint": _cut(row.endpoint),
        "status": row.status.value,
        "activated": str(row.activated),
        "deactivated": str(row.deactivated or ""),
        "days_active": row.days_active,
    }


def _problem(problem: RowProblem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "column": problem.column,
        "value": _cut(problem.value),
        "reason": problem.reason,
        "is_error": problem.kind is ProblemKind.ERROR,
    }


def _cut(text: str, longest: int = _LONGEST_VALUE) -> str:
    return text.replace("\0", "")[:longest]
