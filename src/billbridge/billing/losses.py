"""Losses a person should look at before they are believed: a source that errs shows too little, never an error."""

from __future__ import annotations

from collections.abc import Mapping

from billbridge.billing.storage import GB

MANY_LICENSES_LOST = 5
"""A company that loses at least this many licenses, and more than half, is looked at by a person first."""

MUCH_STORAGE_LOST = 100 * GB
"""A company that shows no storage at all after it had at least so many bytes is looked at by a person first."""


def implausible_losses(
    before: Mapping[str, int], after: Mapping[str, int], *, untouched: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The ids of companies whose loss a person should look at before it is believed.

    `before` and `after` count open activations per company. When a source that knew licenses suddenly knows
    none at all, every company that had some is returned; otherwise those that lost more than half and at
    least five.
    """
    had = {company: count for company, count in before.items() if count and company not in untouched}
    if had and not any(after.values()):
        return tuple(sorted(had))
    return tuple(
        sorted(
            company
            for company, count in had.items()
            if count - after.get(company, 0) >= MANY_LICENSES_LOST and 2 * after.get(company, 0) < count
        )
    )


def implausible_storage_losses(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[str, ...]:
    """The ids of companies that show no storage where they had some, if that is not to be believed unseen.

    `before` and `after` are bytes per company. When a source that knew storage suddenly shows none at all, every
    company that had some is returned; otherwise those that had at least `MUCH_STORAGE_LOST`. Storage that merely
    shrinks is believed: old versions are purged every day.
    """
    had = {company: size for company, size in before.items() if size}
    if had and not any(after.values()):
        return tuple(sorted(had))
    return tuple(
        sorted(company for company, size in had.items() if size >= MUCH_STORAGE_LOST and not after.get(company))
    )
