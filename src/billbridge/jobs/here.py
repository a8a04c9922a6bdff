"""A sync from the command line: a living worker does it, and where none lives the command is the worker itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from billbridge.errors import BillbridgeError, PermanentError, TransientError
from billbridge.jobs.ending import end_and_tell, heard_of
from billbridge.operations import attempts
from billbridge.operations.access import Actor
from billbridge.operations.tasks import TaskKind, ask_for, waits_for_another_try
from billbridge.store.models import Task

_LOOK_SECONDS = 0.3


class Steps(Protocol):
    """Shows how far a long piece of work is."""

    def say(self, what: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...


def do_here(
    actor: Actor, kind: TaskKind, inputs: Mapping[str, Any], do: Callable[[Task], dict[str, Any]]
) -> dict[str, Any]:
    """Do a task in this process; gives its result. Killed on the way, it is taken over by the next worker.

    What a killed process left of the same kind is this task's to finish. Raises `TransientError` when another task
    works on HaloPSA, and what `do` raises.
    """
    _end_what_died(actor, kind)
    task = attempts.begin_here(actor, kind, inputs, attempts.new_worker_name())
    if task is None:
        raise TransientError("Another task works on HaloPSA.", hint="Wait until it has ended, or stop it.")
    with heard_of(task):
        try:
            result = do(task)
        except BillbridgeError as error:
            end_and_tell(task, Task.State.FAILED, reason=str(error))
            raise
        except KeyboardInterrupt:
            end_and_tell(
                task, Task.State.STOPPED, reason="Stopped at the terminal. The next sync goes on from there."
            )
            raise
        end_and_tell(task, Task.State.DONE, result=result)
    return result


def do_there(actor: Actor, kind: TaskKind, inputs: Mapping[str, Any], steps: Steps) -> dict[str, Any]:
    """Let a living worker do a task, and wait for its result; interrupted, it goes on without being waited for.

    Raises `TransientError` when it met trouble that the worker waits out, `PermanentError` when it failed.
    """
    task = ask_for(actor, kind, inputs)
    while True:
        task.refresh_from_db()
        match task.state:
            case Task.State.DONE if task.result.get("changed"):
                raise PermanentError(
                    "The plan is another one by now; nothing was sent.", hint="Look at the new one: sync again."
                )
            case Task.State.DONE:
                result: dict[str, Any] = task.result
                return result
            case Task.State.FAILED | Task.State.STOPPED:
                raise PermanentError(task.reason or f"The {kind.noun} was stopped.")
            case Task.State.RUNNING:
                steps.say(task.step or "beginning")
                if task.total:
                    steps.advance(task.finished, task.total)
            case _ if waits_for_another_try(task):
                raise TransientError(task.reason, hint="The worker tries again by itself; see Background work.")
        time.sleep(_LOOK_SECONDS)


def _end_what_died(actor: Actor, kind: TaskKind) -> None:
    for pk, attempt in attempts.take_over_abandoned():
        left = Task.objects.filter(pk=pk, attempt=attempt + 1, provider=actor.provider, kind=kind.value)
        left.filter(state=Task.State.QUEUED).update(
            state=Task.State.STOPPED, reason=f"Its process died; the {kind.noun} of {actor.who} went on from there."
        )
