"""Which process this is, and whether one of the same machine is dead for certain.

A process is known by the machine it runs on, its number and its start: numbers are given out anew. A machine is one
boot of one kernel, and one space of process numbers on it, since a container has numbers of its own. Linux alone
tells all this; elsewhere, and about other machines, nothing is claimed.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_MARK = re.compile(r"^([0-9a-f]{8})\.([0-9a-f]{1,8})\.([0-9a-f]{1,12})$")
_ENDED = frozenset("ZXx")
"""States of a process that runs no more, although its parent has not asked yet how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of some machine; `started` is in clock ticks since that machine was booted."""

    machine: str
    number: int
    started: int

    @classmethod
    def this(cls) -> Self | None:
        """The process that asks; None where this cannot be found out."""
        machine, now = _machine(), _look(os.getpid())
        return cls(machine=machine, number=os.getpid(), started=now[1]) if machine and now else None

    @classmethod
    def parse(cls, mark: str) -> Self | None:
        """The process that `str` wrote as this mark; None if it is no such mark."""
        match = _MARK.match(mark)
        return cls(machine=match[1], number=int(match[2], 16), started=int(match[3], 16)) if match else None

    def __str__(self) -> str:
        return f"{self.machine}.{self.number:x}.{self.started:x}"

    def is_dead(self) -> bool:
        """Whether it ran on this machine and runs no more; False as well when that cannot be known."""
        if self.machine != _machine():
            return False
        try:
            os.kill(self.number, 0)  # signals nothing, and sees processes that /proc may hide from this user
        except ProcessLookupError:
            return True
        except OSError:
            pass
        now = _look(self.number)
        return now is not None and (now[0] in _ENDED or now[1] != self.started)


def _machine() -> str:
    """Eight characters for this boot of this kernel and this space of process numbers; empty if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {numbers}".encode()).hexdigest()[:8]


def _look(number: int) -> tuple[str, int] | None:
    """State and start of the process that has this number now; None if it cannot be seen."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    after_name = text.rpartition(")")[2].split()  # the name before it may hold anything, blanks too
    return after_name[0], int(after_name[19])
