"""Which workers are heard of."""

from __future__ import annotations

from billbridge.store.clock import database_now
from billbridge.store.models import Worker
from billbridge.store.processes import Process


def living_workers() -> list[Worker]:
    """The workers that were heard of within their lease, but for those whose process on this machine is gone."""
    heard_of = Worker.objects.filter(alive_until__gt=database_now()).order_by("pk")
    return [worker for worker in heard_of if not process_is_gone(worker.name)]


def process_is_gone(worker: str) -> bool:
    """Whether the process of a worker of this name ran on this machine and runs no more."""
    process = Process.parse(worker.partition(" ")[0])
    return process is not None and process.is_dead()
