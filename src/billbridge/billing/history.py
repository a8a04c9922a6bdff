"""Importing a Usage History: for the days it speaks for, its exact dates replace what was observed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from billbridge.billing.activations import Activation, Origin

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The days a Usage History speaks for: inside them it wins over what was observed."""

    first: date
    last: date


def merge_history(
    existing: Iterable[Activation], history: Iterable[Activation], *, covered: Covered
) -> tuple[Activation, ...]:
    """One holder's activations after importing its rows of a Usage History.

    Whatever was known inside the covered days is replaced by the file's exact dates; what lies outside stays.
    Importing the same rows again changes nothing, and the order of `existing` and `history` never matters.
    """
    outside = [piece for activation in existing for piece in _outside(activation, covered)]
    inside = [clipped for activation in history if (clipped := _inside(activation, covered))]
    return tuple(_joined(outside + inside))


def _outside(activation: Activation, covered: Covered) -> list[Activation]:
    pieces: list[Activation] = []
    if activation.first_day < covered.first:
        ends_before = activation.last_day is not None and activation.last_day < covered.first
        pieces.append(activation if ends_before else _cut_at(activation, covered.first - _A_DAY))
    if (activation.last_day is not None and activation.last_day > covered.last) or (
        activation.is_open and activation.last_seen > covered.last
    ):
        pieces.append(replace(activation, first_day=max(activation.first_day, covered.last + _A_DAY)))
    return pieces


def _cut_at(activation: Activation, last: date) -> Activation:
    return replace(activation, last_day=last, given_back=False, last_seen=min(activation.last_seen, last))


def _inside(activation: Activation, covered: Covered) -> Activation | None:
    if not activation.touches(covered.first, covered.last):
        return None
    clipped = replace(activation, first_day=max(activation.first_day, covered.first))
    if clipped.last_day is None or clipped.last_day <= covered.last:
        return replace(clipped, last_seen=min(clipped.last_day or covered.last, covered.last))
    return _cut_at(clipped, covered.last)


def _joined(pieces: Iterable[Activation]) -> list[Activation]:
    """The same days of use in as few pieces as tell them apart, each beginning and ending later than the last.

    A piece within another says nothing new and goes, or a later import would meet it again in another guise. Pieces
    of one origin that touch become one. An open piece swallows what follows it; one that begins after the open one
    was last seen says how it went on.
    """
    joined: list[Activation] = []
    for piece in sorted(pieces, key=_order):
        before = joined[-1] if joined else None
        if before is None or not (_holds(before, piece) or _continues(before, piece)):
            joined.append(piece)
            continue
        went_on = before.is_open and piece.first_day > before.last_seen
        end = piece if went_on else max(before, piece, key=_end)
        joined[-1] = replace(
            before,
            last_day=end.last_day,
            given_back=end.given_back,
            last_seen=max(before.last_seen, piece.last_seen),
        )
    return joined


def _order(activation: Activation) -> tuple[date, int, bool, bool, str, str]:
    """By first day; of those that begin together the one that reaches furthest, which holds the others."""
    reach = -(activation.last_day or date.max).toordinal()
    observed = activation.origin is Origin.OBSERVED
    return activation.first_day, reach, activation.given_back, observed, activation.endpoint, activation.user_login


def _end(activation: Activation) -> tuple[date, bool]:
    """How far it reaches; on the day of giving back it reaches less far than one that is still held."""
    return activation.last_day or date.max, not activation.given_back


def _holds(before: Activation, piece: Activation) -> bool:
    """Whether a piece that does not begin earlier lies within the one before; in an open one everything does."""
    return before.is_open or _end(piece) <= _end(before)


def _continues(before: Activation, piece: Activation) -> bool:
    touching = before.last_day is not None and piece.first_day <= before.last_day + _A_DAY
    return touching and before.origin == piece.origin and not before.given_back
