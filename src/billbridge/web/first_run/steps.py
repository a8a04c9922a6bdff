"""The words of the first-run assistant: what each step is for, and the page on which it is done."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from billbridge.operations.tasks import TaskKind
from billbridge.store.queries.first_run import FirstRun, Step, StepName
from billbridge.store.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A step in words. `page` is where it is done; `task` can be asked for right here instead."""

    title: str
    why: str
    page: str
    action: str
    role: Role = Role.BILLING
    task: TaskKind | None = None


_WORDS = {
    StepName.SOURCE: Words(
        title="Connect the source",
        why="The backup service tells the console which company uses what. Give it an API user of MBS.",
        page="sources:sources",
        action="Connect the source",
        role=Role.OWNER,
    ),
    StepName.COLLECT: Words(
        title="Collect usage",
        why="The first collection brings in the companies with their licenses and storage.",
        page="sources:sources",
        action="Collect now",
        task=TaskKind.COLLECT,
    ),
    StepName.HALOPSA: Words(
        title="Connect HaloPSA",
        why="The bills go there as subscriptions. It needs an API application there.",
        page="halopsa:connection",
        action="Connect HaloPSA",
        role=Role.OWNER,
    ),
    StepName.LISTS: Words(
        title="Read HaloPSA's lists",
        why="Customers, sites, asset types and items are copied, so that you can choose from them at once.",
        page="halopsa:mapping",
        action="Read the lists",
        task=TaskKind.REFRESH,
    ),
    StepName.MAP: Words(
        title="Map the companies",
        why="Say which HaloPSA customer each company is. Names that are the same are suggested.",
        page="halopsa:mapping",
        action="Map the companies",
    ),
    StepName.PRICE: Words(
        title="Set cost and price",
        why="Per license product and per GB of storage. A product without settings is billed at 0 and marked.",
        page="halopsa:cost-price",
        action="Set cost and price",
    ),
    StepName.CONFIGURE: Words(
        title="Configure the billing",
        why="Say for each company which products are one line of its bill, and what of it is sent.",
        page="halopsa:billing",
        action="Configure the billing",
    ),
    StepName.PLAN: Words(
        title="Look at the first plan",
        why="It makes the bills and shows every value before and after. Nothing is sent before you say so.",
        page="sync:sync",
        action="Make the first plan",
        task=TaskKind.PLAN,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """A step on the page. `can_begin` says that all it builds on is done."""

    number: int
    step: Step
    words: Words
    address: str
    is_next: bool
    can_begin: bool


def shown_steps(state: FirstRun) -> list[ShownStep]:
    """The steps with their words and pages."""
    upcoming = state.next_step
    return [
        ShownStep(
            number=number,
            step=step,
            words=_WORDS[step.name],
            address=reverse(_WORDS[step.name].page),
            is_next=step is upcoming,
            can_begin=all(state_of.is_done for state_of in state.steps if state_of.name in _NEEDS[step.name]),
        )
        for number, step in enumerate(state.steps, start=1)
    ]


_NEEDS: dict[StepName, frozenset[StepName]] = {
    StepName.SOURCE: frozenset(),
    StepName.COLLECT: frozenset({StepName.SOURCE}),
    StepName.HALOPSA: frozenset(),
    StepName.LISTS: frozenset({StepName.HALOPSA}),
    StepName.MAP: frozenset({StepName.COLLECT, StepName.LISTS}),
    StepName.PRICE: frozenset({StepName.COLLECT}),
    StepName.CONFIGURE: frozenset({StepName.COLLECT}),
    StepName.PLAN: frozenset({StepName.HALOPSA, StepName.CONFIGURE}),
}

TASKS = {words.task.value: words.task for words in _WORDS.values() if words.task}
"""What can be asked for on the page, by the value its button sends."""
