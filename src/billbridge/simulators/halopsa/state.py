"""Keeps tables and books in a file, so that a simulator that was stopped goes on where it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

from billbridge.simulators.halopsa.books import Books
from billbridge.simulators.halopsa.tables import Tables


def save(path: Path, tables: Tables, books: Books) -> None:
    """Write everything and put it in the place of the old file at once: a killed simulator leaves no half file."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"tables": tables.dump(), "writes": books.writes}, file, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def load(path: Path, tables: Tables, books: Books) -> bool:
    """Take over what the file holds; false if there is none yet."""
    if not path.exists():
        return False
    kept = json.loads(path.read_text(encoding="utf-8"))
    tables.load(kept["tables"])
    books.writes = kept["writes"]
    return True
