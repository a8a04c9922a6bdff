"""Changing some entries of a list of settings in a person's name; the others stay whatever they are by then.

A list is replaced as a whole when it is stored. Two people who change prices of two companies still do not disturb
each other here: a form is compared with its own entries only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TypeVar, cast

from django.db import transaction

from billbridge.billing.prices import PriceSetting
from billbridge.operations.access import Actor
from billbridge.operations.change_settings import ChangedMeanwhile, change_settings
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.current import current_part
from billbridge.operations.setup.document import (
    NotificationSetting,
    SetupDocument,
    StorageCost,
    StorageLimitSetting,
)
from billbridge.store.models import Provider
from billbridge.store.roles import Role

_Entry = TypeVar("_Entry", PriceSetting, StorageCost, StorageLimitSetting, NotificationSetting)
Mine = Callable[[_Entry], bool]
"""Whether an entry is one of those a form shows."""


class EntryList(StrEnum):
    """The lists whose entries are changed by themselves, by their name in the setup document."""

    PRICES = "prices"
    STORAGE_COSTS = "storage_costs"
    STORAGE_LIMITS = "storage_limits"
    NOTIFICATIONS = "notifications"


def entries_of(provider: Provider, part: EntryList, mine: Mine[_Entry]) -> tuple[_Entry, ...]:
    """The entries of a list that `mine` picks, as they are now."""
    return tuple(entry for entry in cast("Sequence[_Entry]", current_part(provider, part)) if mine(entry))


def version_of(entries: Iterable[PriceSetting | StorageCost | StorageLimitSetting | NotificationSetting]) -> str:
    """A digest of entries: a form carries it, so that saving notices another's change of the same entries."""
    return hashlib.sha256(repr(tuple(entries)).encode()).hexdigest()


def change_entries(
    actor: Actor,
    part: EntryList,
    mine: Mine[_Entry],
    change: Callable[[tuple[_Entry, ...]], Iterable[_Entry]],
    *,
    version: str = "",
) -> tuple[SettingChange, ...]:
    """Put what `change` makes of the entries that `mine` picks in their place, and give what changed.

    `version` is that of these entries when the form was opened. Raises `NotAllowed`, `ChangedMeanwhile`, or
    `SettingsRefused` with every problem.
    """
    actor.require(Role.BILLING)
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=actor.provider.pk)
        every = cast("Sequence[_Entry]", current_part(actor.provider, part))
        before: tuple[_Entry, ...] = tuple(entry for entry in every if mine(entry))
        if version and version != version_of(before):
            raise ChangedMeanwhile(
                "Somebody changed these entries since you opened the page; nothing was saved.",
                hint="Load the page again to see them, then make your change.",
            )
        others: tuple[_Entry, ...] = tuple(entry for entry in every if not mine(entry))
        return change_settings(actor, _document(part, (*others, *change(before))))


def _document(part: EntryList, entries: tuple[object, ...]) -> SetupDocument:
    match part:
        case EntryList.PRICES:
            return SetupDocument(prices=cast("tuple[PriceSetting, ...]", entries))
        case EntryList.STORAGE_COSTS:
            return SetupDocument(storage_costs=cast("tuple[StorageCost, ...]", entries))
        case EntryList.STORAGE_LIMITS:
            return SetupDocument(storage_limits=cast("tuple[StorageLimitSetting, ...]", entries))
        case EntryList.NOTIFICATIONS:
            return SetupDocument(notifications=cast("tuple[NotificationSetting, ...]", entries))
