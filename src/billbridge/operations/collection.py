"""The values of a collection: what became of a section, and that a person has to look before it is believed."""

from __future__ import annotations

from dataclasses import dataclass

from billbridge.billing.activations import NotBilled


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionResult:
    """What became of one section of a collection. Held and failed sections changed nothing."""

    section: str
    state: str
    reason: str = ""
    figures: dict[str, int]
    warnings: tuple[str, ...] = ()
    not_billed: tuple[NotBilled, ...] = ()
    transient: bool = False
    """Whether what failed may succeed when it is tried again."""


class Held(Exception):
    """The source's figures are not believed without a person; the message says which and what to do."""


SHOWN = 5
"""Companies that a reason names; of more it gives the number."""


def implausible(what: str, losses: list[str]) -> Held:
    """That the source shows far less than before: `what`, and a text for each company that lost it."""
    more = f" and {len(losses) - SHOWN} more" if len(losses) > SHOWN else ""
    return Held(
        f"the source suddenly shows {what} ({', '.join(losses[:SHOWN])}{more}): look there, and if it is true "
        "collect again and accept the losses (on the command line with --accept-losses)"
    )
