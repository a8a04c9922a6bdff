"""The settings in force, with everything known that a setup file may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from billbridge.operations.setup.document import SetupDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """The settings of a provider as they are now.

    `document` has every part and everything collected, with ids throughout; where there is no provider yet, its
    lists are empty. `accounts` are the storage accounts' names by id, with an empty name for an id that only a
    setting knows. `billed` are the ids of the configurations on which bills or subscriptions hang, `taken` those of
    other providers. `subscriptions` is how many of HaloPSA's subscriptions are known by their ids.
    """

    document: SetupDocument
    accounts: Mapping[str, str] = field(default_factory=dict)
    billed: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    subscriptions: int = 0
    license_types: frozenset[str] = frozenset()
    """License types that settings name which `document` does not hold, because only some companies were loaded."""

    @property
    def companies(self) -> dict[str, str]:
        """The companies' names by id."""
        return {company.id: company.name for company in self.document.companies or ()}
