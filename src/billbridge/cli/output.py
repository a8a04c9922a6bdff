"""Printing: tables for people, JSON for scripts, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

WIDE = 132
"""Columns of a table that is written to a file or a pipe, where no terminal says how wide it is."""

out = Console(highlight=False, soft_wrap=True, markup=False)
if not out.is_terminal:
    out.width = WIDE
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """A table on standard output; the columns named in `right` are figures."""
    printed = Table(
        title=title, title_justify="left", title_style="bold", header_style="bold", box=SIMPLE_HEAD, pad_edge=False
    )
    for column in columns:
        is_figure = column in right
        printed.add_column(column, justify="right" if is_figure else "left", no_wrap=is_figure, overflow="fold")
    for row in rows:
        printed.add_row(*(str(cell) for cell in row))
    out.print(printed)


def ask(question: str) -> bool:
    """Ask a person; no terminal to ask at, or Ctrl-C, is a no."""
    try:
        return typer.confirm(question)
    except typer.Abort:
        return False


class Steps(Protocol):
    """Shows how far a long piece of work is."""

    def say(self, what: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def say(self, what: str) -> None:
        self._progress.update(self._task, description=what, total=None)

    def advance(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)


@contextmanager
def steps(what: str) -> Iterator[Steps]:
    """A progress bar on standard error while the block runs; nothing where it is no terminal."""
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        console=err, transient=True, disable=not err.is_terminal,
    ) as progress:  # fmt: skip
        bar = _Bar(progress)
        bar.say(what)
        yield bar
