"""Half-filled forms: kept for the person who left them, at every step, until they are saved or thrown away.

A draft is kept per person and form. Two windows of one person write the same draft, so each says what it last saw:
what another window wrote meanwhile is never replaced unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor, NotAllowed
from billbridge.store.models import Administrator, Draft

DAYS_KEPT = 90
"""A draft that nobody went on with for so long is thrown away."""


class DraftChangedMeanwhile(InvalidInput):
    """Another window of the same person changed the draft; nothing was kept."""


class WindowLeft(DraftChangedMeanwhile):
    """What comes in was sent by a window before it was left, and was overtaken by what it sent last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDraft:
    """A half-filled form. `version` is that of the settings it began from; `saved` is in UTC."""

    content: Mapping[str, Any]
    version: str
    saved: datetime
    window: str
    """The window that wrote it last."""

    @property
    def revision(self) -> str:
        """What tells this state of the draft from every other one."""
        return _revision(self.version, self.content)


def kept_draft(actor: Actor, form: str) -> KeptDraft | None:
    """The actor's draft of a form, if there is one."""
    if actor.administrator is None:
        return None
    row = Draft.objects.filter(administrator=actor.administrator, form=form).first()
    return _kept(row) if row is not None else None


def keep_draft(
    actor: Actor,
    form: str,
    content: Mapping[str, Any],
    *,
    version: str,
    seen: str = "",
    window: str = "",
    is_leaving: bool = False,
) -> KeptDraft:
    """Keep what a form holds now; a draft that exists keeps the version it began from.

    `seen` is the revision the window showed, empty for none, and `window` a name of its own: what a window wrote
    itself it may replace, until it is left. Raises `DraftChangedMeanwhile` if another one wrote since, `WindowLeft`
    for what a window sent before it was left and came in late, and `NotAllowed` for somebody who does not sign in.
    """
    with transaction.atomic():
        person = _person(actor)
        row = Draft.objects.filter(administrator=person, form=form).first()
        if row is not None:
            before = _kept(row)
            if seen != before.revision and (not window or window != before.window):
                was_left = bool(window) and window == row.content.get("left")
                raise (WindowLeft if was_left else DraftChangedMeanwhile)(
                    "You changed this in another window meanwhile; what you see here was not kept.",
                    hint="Send it again to replace the other, or load the page again to go on with that one.",
                )
            version = before.version
        row = row or Draft(administrator=person, form=form, version=version)
        row.content = {"left" if is_leaving else "window": window, "content": dict(content)}
        row.save()
        _throw_away_old(person)
    return _kept(row)


def begin_anew_from(actor: Actor, form: str, version: str) -> None:
    """Let a draft count as begun from the settings with this version: the person has seen them."""
    with transaction.atomic():
        Draft.objects.filter(administrator=_person(actor), form=form).update(version=version)


def throw_away(actor: Actor, form: str) -> None:
    """Remove the actor's draft of a form, if there is one."""
    if actor.administrator is not None:
        Draft.objects.filter(administrator=actor.administrator, form=form).delete()


def _person(actor: Actor) -> Administrator:
    """The person, locked, so that two windows write one after the other."""
    if actor.administrator is None:
        raise NotAllowed("Only somebody who signs in has drafts.", hint="Use the setup file on the command line.")
    return Administrator.objects.select_for_update().get(pk=actor.administrator.pk)


def _kept(row: Draft) -> KeptDraft:
    return KeptDraft(
        content=row.content.get("content", {}),
        version=row.version,
        saved=row.saved,
        window=row.content.get("window", ""),
    )


def _revision(version: str, content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([version, content], sort_keys=True).encode()).hexdigest()


def _throw_away_old(person: Administrator) -> None:
    Draft.objects.filter(administrator=person, saved__lt=datetime.now(UTC) - timedelta(days=DAYS_KEPT)).delete()
