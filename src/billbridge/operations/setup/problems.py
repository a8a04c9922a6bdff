"""What is wrong with a setup file: every problem with its line and its remedy, raised as one error."""

from __future__ import annotations

from dataclasses import dataclass, field

from billbridge.errors import InvalidInput
from billbridge.operations.setup.lines import Path, SourceText


class SetupError(InvalidInput):
    """A setup file that cannot be applied; `problems` are all its problems, each `file:line: what. Remedy.`

    `texts` are the same without the place in a file, for settings that do not come from one.
    """

    def __init__(self, problems: tuple[str, ...], texts: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
        self.texts = texts


@dataclass(slots=True)
class Problems:
    """Collects what is wrong, so that a person can correct all of it at once."""

    source: SourceText
    _found: dict[tuple[int, str], str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: Path, what: str, remedy: str) -> None:
        """Add a problem with the entry at `path`: a sentence that says what, and one that says what to do."""
        line = self.source.line_of(path)
        text = f"{what} {remedy}".strip()
        self._found[line, f"{self.source.file_name}:{line}: {text}"] = text

    def raise_any(self) -> None:
        """Raise SetupError with every problem, in the order of the file, if there is one."""
        if self._found:
            found = sorted(self._found.items())
            raise SetupError(tuple(placed for (_, placed), _ in found), tuple(text for _, text in found))
