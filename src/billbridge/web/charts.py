"""Charts as coordinates: pure functions say where bars, lines and labels go; `charts/chart.html` draws them as SVG.

Every chart goes with a table of its figures, so that nothing is told by a drawing alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from math import floor, log10

WIDTH = 480
"""The width of a chart in its own units; the page stretches it."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 6, 12, 26
_COLUMNS_HEIGHT = 220
_GAP = 0.28
"""The part of a place in the row that stays free between groups of columns."""
_ROW = 26
_LABELS = 195
_FIGURES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One set of values, one per place, with its name in the legend and its colour's number, 1 to 6.

    `shown` are the values in words, for the tooltip and the table. `None` is not 0: nothing is drawn there.
    """

    name: str
    tone: int
    values: Sequence[Decimal | int | None]
    shown: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle; `title` says what it stands for."""

    x: float
    y: float
    width: float
    height: float
    tone: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point of a line; `title` says what it stands for."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through its dots."""

    tone: int
    dots: tuple[Dot, ...]

    @property
    def points(self) -> str:
        """The points as SVG's polyline takes them."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A label at a place; on a scale also where its grid line lies."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything that is drawn, and the same as a table: a heading and rows of words."""

    title: str
    height: float
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...] = ()
    scale: tuple[Mark, ...] = ()
    labels: tuple[Mark, ...] = ()
    figures: tuple[Mark, ...] = ()
    """Values written at the bars themselves."""
    legend: tuple[tuple[int, str], ...] = ()
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    width: float = WIDTH
    left: float = _LEFT
    right: float = WIDTH - _RIGHT

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return not any(bar.height and bar.width for bar in self.bars)


def columns(
    title: str,
    places: Sequence[str],
    bars: Sequence[Series],
    *,
    line: Series | None = None,
    names: Sequence[str] = (),
    place_heading: str = "Month",
    stacked: bool = False,
) -> Chart:
    """Columns side by side, or stacked, over places such as months; a line may cross them.

    `names` are the places in full, for tooltips and the table; without them the short ones are used.
    """
    names = names or places
    series = [*bars, line] if line else list(bars)
    sums = [sum((each.values[i] or 0 for each in bars), Decimal(0)) for i in range(len(places))]
    single = [value for each in series for value in each.values if value is not None]
    highest = max([*(sums if stacked else ()), *single, Decimal(0)])
    lowest = min([*single, Decimal(0)])
    ticks = _ticks(lowest, highest)
    y_of = _Scale(ticks[0], ticks[-1])
    step = (WIDTH - _LEFT - _RIGHT) / max(len(places), 1)
    drawn: list[Bar] = []
    for i, name in enumerate(names):
        base = Decimal(0)
        for position, each in enumerate(bars):
            found = each.values[i]
            if found is None:
                continue
            value = Decimal(found)
            start, end = (base, base + value) if stacked else (Decimal(0), value)
            wide = step * (1 - _GAP) / (1 if stacked else len(bars))
            drawn.append(
                Bar(
                    x=_round(_LEFT + step * (i + _GAP / 2) + (0 if stacked else wide * position)),
                    y=_round(min(y_of(start), y_of(end))),
                    width=_round(wide),
                    height=_round(abs(y_of(start) - y_of(end))),
                    tone=each.tone,
                    title=f"{name}, {each.name}: {each.shown[i]}",
                )
            )
            base = end
    return Chart(
        title=title,
        height=_COLUMNS_HEIGHT,
        bars=tuple(drawn),
        lines=tuple(_lines(line, names, step, y_of)) if line else (),
        scale=tuple(Mark(x=_LEFT - 6, y=_round(y_of(tick)), text=short(tick)) for tick in ticks),
        labels=tuple(
            Mark(x=_round(_LEFT + step * (i + 0.5)), y=_COLUMNS_HEIGHT - 8, text=place)
            for i, place in enumerate(places)
        ),
        legend=tuple((each.tone, each.name) for each in series),
        header=(place_heading, *(each.name for each in series)),
        rows=tuple((name, *(each.shown[i] for each in series)) for i, name in enumerate(names)),
    )


def rows(title: str, places: Sequence[str], series: Series, *, place_heading: str) -> Chart:
    """Lying bars, one per place, each with its label before and its value behind."""
    widest = max([*(value or 0 for value in series.values), 1])
    room = WIDTH - _LABELS - _FIGURES
    bars: list[Bar] = []
    for i, (place, value, shown) in enumerate(zip(places, series.values, series.shown, strict=True)):
        wide = _round(float(Decimal(value or 0) / Decimal(widest)) * room)
        bars.append(
            Bar(
                x=_LABELS, y=i * _ROW + 5, width=wide, height=_ROW - 10, tone=series.tone, title=f"{place}: {shown}"
            )
        )
    return Chart(
        title=title,
        height=max(len(places) * _ROW, _ROW),
        bars=tuple(bars),
        labels=tuple(Mark(x=_LABELS - 8, y=i * _ROW + 17, text=_cut(place)) for i, place in enumerate(places)),
        figures=tuple(
            Mark(x=_round(bar.x + bar.width + 6), y=bar.y + 12, text=shown)
            for bar, shown in zip(bars, series.shown, strict=True)
        ),
        header=(place_heading, series.name),
        rows=tuple(zip(places, series.shown, strict=True)),
    )


def short(value: Decimal | int) -> str:
    """A number on a scale, short enough for its margin: `1.5k`, `-20`, `3M`."""
    number = Decimal(value)
    for size, sign in ((Decimal(10**9), "G"), (Decimal(10**6), "M"), (Decimal(1000), "k")):
        if abs(number) >= size:
            return f"{(number / size).normalize():f}{sign}"
    return f"{number.normalize():f}"


def _lines(series: Series, names: Sequence[str], step: float, y_of: _Scale) -> Iterator[Line]:
    """The line in as many pieces as it takes to leave out the places of which nothing is known."""
    for is_known, piece in groupby(range(len(names)), key=lambda i: series.values[i] is not None):
        if is_known:
            yield Line(
                tone=series.tone,
                dots=tuple(
                    Dot(
                        x=_round(_LEFT + step * (i + 0.5)),
                        y=_round(y_of(Decimal(series.values[i] or 0))),
                        title=f"{names[i]}, {series.name}: {series.shown[i]}",
                    )
                    for i in piece
                ),
            )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a value lies between the lowest and the highest tick."""

    lowest: Decimal
    highest: Decimal

    def __call__(self, value: Decimal) -> float:
        room = _COLUMNS_HEIGHT - _TOP - _BOTTOM
        return _TOP + room * float((self.highest - value) / (self.highest - self.lowest))


def _ticks(lowest: Decimal | int, highest: Decimal | int) -> list[Decimal]:
    """Round numbers, about four of them, from at most the lowest value to at least the highest."""
    span = Decimal(highest) - Decimal(lowest)
    if not span:
        return [Decimal(0), Decimal(1)]
    size = Decimal(10) ** floor(log10(span / 4))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor * 4 >= span)
    first = (Decimal(lowest) / step).to_integral_value(rounding="ROUND_FLOOR")
    last = (Decimal(highest) / step).to_integral_value(rounding="ROUND_CEILING")
    return [step * number for number in range(int(first), int(last) + 1)]


def _round(value: float) -> float:
    return round(value, 1)


def _cut(text: str) -> str:
    return text if len(text) <= 26 else f"{text[:25]}…"
