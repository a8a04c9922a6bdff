"""Finding what a setup file names: companies, storage accounts and users by id or name, license types by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from billbridge.billing.products import KNOWN_LICENSE_TYPES, LicenseType, type_key
from billbridge.operations.names import did_you_mean, folded
from billbridge.operations.setup.lines import Path
from billbridge.operations.setup.problems import Problems


@dataclass(slots=True)
class Directory:
    """Names by id of one kind of thing; `listed` says how the file itself can make a new one known."""

    kind: str
    names: Mapping[str, str]
    listed: str
    problems: Problems
    _ids: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._ids = defaultdict(list)
        for known, name in self.names.items():
            if name:
                self._ids[folded(name)].append(known)

    def named(self, name: str) -> tuple[str, ...]:
        """The ids of everything with that name."""
        return tuple(self._ids.get(folded(name), ()))

    def find(self, written: str, path: Path) -> str:
        """The id of what is written as an id or as a name only one has; else a problem, and what was written."""
        if written in self.names:
            return written
        ids = self.named(written)
        if len(ids) == 1:
            return ids[0]
        if ids:
            remedy = f"Write the id instead: {' or '.join(sorted(ids))}."
            self.problems.add(path, f"{len(ids)} of the kind {self.kind} are called {written!r}.", remedy)
        else:
            offer = did_you_mean(written, {*self.names, *self.names.values()} - {""})
            remedy = f"{offer} If it is new, {self.listed}.".strip()
            self.problems.add(path, f"No {self.kind} {written!r} is known.", remedy)
        return written


@dataclass(slots=True)
class LicenseTypes:
    """The license types that may be named: known ones, added ones, and those that settings name already."""

    added: Iterable[LicenseType]
    in_use: Iterable[str]
    problems: Problems
    _names: dict[str, str] = field(init=False)
    _not_billable: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        known = {type_key(one.name): one for one in (*KNOWN_LICENSE_TYPES, *self.added)}
        self._names = {type_key(name): name for name in self.in_use}
        self._names |= {key: one.name for key, one in known.items()}
        self._not_billable = frozenset(key for key, one in known.items() if not one.billable)

    def find(self, written: str, path: Path) -> str:
        """The type's name as it is known; else a problem, and what was written."""
        name = self._names.get(type_key(written))
        if name is None:
            remedy = f"{did_you_mean(written, self._names.values())} If it is new, add it under [[license_types]]."
            self.problems.add(path, f"No license type {written!r} is known.", remedy.strip())
        return name or written

    def is_billable(self, name: str) -> bool:
        """Whether a company can be billed for it."""
        return type_key(name) not in self._not_billable
