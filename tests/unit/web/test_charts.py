"""Charts say where things go: in proportion, within the picture, and with the same figures as a table."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from billbridge.web.charts import Chart, Series, columns, rows, short


def series(name: str, *values: int, tone: int = 1) -> Series:
    return Series(name=name, tone=tone, values=values, shown=[f"{value:,}" for value in values])


def heights(chart: Chart, tone: int = 1) -> list[float]:
    return [bar.height for bar in chart.bars if bar.tone == tone]


def test_columns_are_as_high_as_their_values() -> None:
    chart = columns("Money", ["Oct", "Nov"], [series("Price", 100, 50)])
    whole, half = heights(chart)
    assert half == pytest.approx(whole / 2, abs=0.1)
    assert [bar.title for bar in chart.bars] == ["Oct, Price: 100", "Nov, Price: 50"]


def test_columns_stand_on_one_line_and_beside_each_other() -> None:
    chart = columns("Money", ["Oct", "Nov"], [series("Price", 100, 50), series("Cost", 40, 30, tone=2)])
    assert len({round(bar.y + bar.height) for bar in chart.bars}) == 1
    by_place = sorted(chart.bars, key=lambda bar: bar.x)
    assert all(one.x + one.width <= other.x + 0.1 for one, other in pairwise(by_place))


def test_stacked_columns_stand_on_one_another() -> None:
    chart = columns("Storage", ["Oct"], [series("A", 30), series("B", 20, tone=2)], stacked=True)
    below, above = chart.bars
    assert above.y + above.height == pytest.approx(below.y, abs=0.1)
    assert above.x == below.x


def test_a_loss_hangs_below_the_line_and_stays_in_the_picture() -> None:
    loss = series("Margin", -20, tone=3)
    chart = columns("Money", ["Oct"], [series("Price", 80), series("Cost", 100, tone=2)], line=loss)
    (dot,) = chart.lines[0].dots
    assert dot.y > chart.bars[0].y + chart.bars[0].height
    assert dot.y < chart.height
    assert chart.scale[0].text == "-50"


def test_a_scale_has_round_numbers_up_to_the_highest_value() -> None:
    chart = columns("Money", ["Oct"], [series("Price", 8502)])
    assert [mark.text for mark in chart.scale] == ["0", "5k", "10k"]


def test_the_table_holds_the_same_figures() -> None:
    chart = columns("Money", ["Oct"], [series("Price", 100)], line=series("Margin", 60), names=["October 2026"])
    assert (chart.header, chart.rows) == (("Month", "Price", "Margin"), (("October 2026", "100", "60"),))


def test_nothing_to_show_is_empty_and_still_a_chart() -> None:
    assert columns("Money", ["Oct"], [series("Price", 0)]).is_empty
    assert columns("Storage", ["Oct"], [], stacked=True).is_empty
    assert rows("Licenses", [], series("Licenses"), place_heading="Product").is_empty


def test_lying_bars_are_as_long_as_their_values_and_within_the_picture() -> None:
    chart = rows("Licenses", ["Server", "Desktop"], series("Licenses", 200, 50), place_heading="Product")
    long, short_ = chart.bars
    assert short_.width == pytest.approx(long.width / 4, abs=0.1)
    assert long.x + long.width < chart.width
    assert chart.rows == (("Server", "200"), ("Desktop", "50"))


def test_a_long_name_is_cut_in_the_picture_and_whole_in_the_table() -> None:
    name = "A very long name of a license product"
    chart = rows("Licenses", [name], series("Licenses", 1), place_heading="Product")
    assert chart.labels[0].text.endswith("…")
    assert chart.rows == ((name, "1"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (950, "950"), (1500, "1.5k"), (-2000, "-2k"), (3_000_000, "3M"), (Decimal("0.5"), "0.5")],
)
def test_a_number_on_a_scale_is_short(value: Decimal | int, text: str) -> None:
    assert short(value) == text


def test_where_nothing_is_known_nothing_is_drawn_and_the_line_is_broken() -> None:
    price = Series(name="Price", tone=1, values=[10, None, 0, 5], shown=["10", "–", "0", "5"])
    chart = columns("Money", ["Sep", "Oct", "Nov", "Dec"], [price], line=price)
    assert [bar.title for bar in chart.bars] == ["Sep, Price: 10", "Nov, Price: 0", "Dec, Price: 5"]
    assert [len(line.dots) for line in chart.lines] == [1, 2]
    assert chart.rows[1] == ("Oct", "–", "–")
