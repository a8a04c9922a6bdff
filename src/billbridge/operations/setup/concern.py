"""What of the settings in force decides about a change: a large provider's others need not be loaded for it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from billbridge.operations.setup.document import SetupDocument

_LISTS = ("prices", "storage_costs", "storage_limits", "domains")
"""The lists that grow with the number of companies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """A part of the settings; `None` for companies or lists is all of them.

    `companies` are ids in the source, `lists` names of the document's lists, and `configurations` the ids that a
    change gives to configurations: they must not be another company's. `users` are the backup users.
    """

    companies: frozenset[str] | None = None
    lists: frozenset[str] | None = None
    configurations: frozenset[UUID] = frozenset()
    users: bool = True

    def has(self, part: str) -> bool:
        """Whether the list of this name belongs to it."""
        return self.lists is None or part in self.lists


EVERYTHING = Concern()


def concern_of(document: SetupDocument) -> Concern:
    """What decides what a file or form changes.

    Another HaloPSA and the license types concern everything; a company given by its name alone has yet to be found.
    """
    entries = document.companies or ()
    if document.halopsa is not None or document.license_types is not None:
        return EVERYTHING
    lists = frozenset(name for name in _LISTS if getattr(document, name) is not None)
    named = {one.id for entry in entries for one in entry.configurations or () if one.id}
    return Concern(
        companies=frozenset(one.id for one in entries) if all(one.id for one in entries) else None,
        lists=lists,
        configurations=frozenset(UUID(one) for one in named),
        users=bool(document.users or document.storage_costs is not None or document.storage_limits is not None),
    )
