"""Failpoints: places where a test can kill the process, to prove that nothing is doubled or lost.

`BILLBRIDGE_FAILPOINT=after-intent` kills the process (SIGKILL) the first time it reaches that point;
`after-send:3` the third time. Without the variable reaching a point does nothing. With BILLBRIDGE_FAILPOINT_ONCE,
the name of a file, one process dies and leaves the file: of several that reach the point the others go on.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_reached: Counter[str] = Counter()


def reach(point: str) -> None:
    """Die here if the environment says so."""
    wanted = os.environ.get("BILLBRIDGE_FAILPOINT", "")
    if not wanted:
        return
    name, _, nth = wanted.partition(":")
    if name != point:
        return
    _reached[point] += 1
    if _reached[point] >= int(nth or 1) and _is_the_one():
        os.kill(os.getpid(), signal.SIGKILL)


def _is_the_one() -> bool:
    """Whether this process is the one to die."""
    file = os.environ.get("BILLBRIDGE_FAILPOINT_ONCE")
    if not file:
        return True
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
