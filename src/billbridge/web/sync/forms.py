"""Forms of syncing: what is to be planned, and whether what stands in HaloPSA already is taken over."""

from __future__ import annotations

from typing import Any

from django import forms

from billbridge.billing.changes import ConflictPolicy
from billbridge.web.forms import ConsoleForm, MonthField

_DIGITS = 18
"""Digits of an id that any database can hold."""


def is_id(text: str) -> bool:
    """Whether a text that was sent can be the id of a row."""
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


class PlanForm(ConsoleForm):
    """What is to be planned: the companies that were ticked, or all when none was."""

    which = forms.CharField(required=False, max_length=10)
    """`chosen` where a plan of all is asked for by another button: ticking nothing is an oversight there."""
    month = MonthField(
        required=False,
        label="One month by name",
        help_text="Also a closed one that was never sent. Empty: last month and the running one.",
    )
    accept_partial = forms.BooleanField(
        required=False,
        label="Also bill months that were collected only in part",
        help_text="Without it such a bill is held until you agree.",
    )
    on_conflict = forms.ChoiceField(
        required=False,
        choices=(
            ("", "As set in the connection"),
            (ConflictPolicy.HOLD.value, "Hold them for a person"),
            (ConflictPolicy.OVERWRITE.value, "Overwrite with ours"),
        ),
        label="Figures that somebody changed in HaloPSA",
    )

    def __init__(self, *args: Any, chosen: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chosen = chosen or []

    def clean(self) -> dict[str, Any]:
        """The form's values with `companies`, the row ids that were ticked; empty is all."""
        values: dict[str, Any] = super().clean() or {}
        ids = {int(text) for text in self._chosen if is_id(text)}
        if values.get("which") == "chosen" and not self._chosen:
            self.add_error(None, "No company was ticked: tick some, or make a plan of all.")
        if len(ids) != len(set(self._chosen)):
            self.add_error(None, "A company that was ticked is not known.")
        values["companies"] = ids
        chosen = values.get("on_conflict")
        values["on_conflict"] = ConflictPolicy(chosen) if chosen else None
        return values


class SendForm(ConsoleForm):
    """Whether subscriptions that stand in HaloPSA already are taken over."""

    adopt = forms.BooleanField(required=False)
