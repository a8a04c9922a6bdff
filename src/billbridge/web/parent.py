"""Ending with the process that started this one, so that a console that was killed does not go on half alive."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.process import BaseProcess


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended; nothing without one.

    A server whose first process was killed would go on answering on its port, without the background work, and
    beside the server that is started in its place.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), name="parent watch", daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
