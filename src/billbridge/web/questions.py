"""Choices of which each is explained in a sentence, shown as radio buttons by `question.html`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms

Explanations = Mapping[str, tuple[str, str]]
"""Title and sentence of each value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A choice with the sentence that says what it means."""

    value: str
    title: str
    sentence: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A field to choose, with its choices and what is wrong with the one made."""

    name: str
    label: str
    choices: tuple[Explained, ...]
    errors: tuple[str, ...]


def question(form: forms.Form, name: str, label: str, choices: Explanations) -> Question:
    """A form's field as a question; `choices` give title and sentence for each value."""
    field = form[name]
    return Question(
        name=name,
        label=label,
        errors=tuple(str(error) for error in field.errors),
        choices=tuple(
            Explained(value=str(value), title=title, sentence=sentence, is_chosen=field.value() == str(value))
            for value, (title, sentence) in choices.items()
        ),
    )
