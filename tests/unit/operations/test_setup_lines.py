"""The line an entry of a setup file stands in, whatever way TOML offers to write it."""

from __future__ import annotations

import pytest

from billbridge.operations.setup.lines import Path, SourceText

TEXT = '''\
# comment
[provider]
name = "Northwind"   # 3

[[prices]]           # 5
license_type = """
Server
"""
cost = 1             # 9
[halopsa]
[halopsa.additional_settings]   # 11
supplier_name = "x"
[[prices]]           # 13
cost = 2
[[companies]]        # 15
id = "1"
[[companies.configurations]]
products = [         # 18
  "Server", # not [[a header]]
  "Desktop",
]
[companies.configurations.asset_types]   # 22
"MS SQL" = "x"       # 23
[[companies]]
[[companies.configurations]]
[[companies.configurations]]
name = "third"       # 27
exclusions = [{ endpoint = "a" }]
dotted.key = 1       # 29
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("provider",), 2),
        (("provider", "name"), 3),
        (("prices", 0), 5),
        (("prices", 0, "license_type"), 6),
        (("prices", 0, "cost"), 9),
        (("halopsa", "additional_settings"), 11),
        (("prices", 1, "cost"), 14),
        (("companies", 0, "configurations", 0, "products"), 18),
        (("companies", 0, "configurations", 0, "asset_types", "MS SQL"), 23),
        (("companies", 1, "configurations", 1), 26),
        (("companies", 1, "configurations", 1, "name"), 27),
        (("companies", 1, "configurations", 1, "exclusions", 0, "endpoint"), 28),
        (("companies", 1, "configurations", 1, "dotted", "key"), 29),
    ],
)
def test_an_entry_has_the_line_it_is_written_in(path: Path, line: int) -> None:
    assert SourceText(text=TEXT).line_of(path) == line


def test_an_entry_that_is_missing_has_the_line_of_what_it_would_lie_in() -> None:
    source = SourceText(text=TEXT)
    assert source.line_of(("prices", 1, "price")) == 13
    assert source.line_of(("companies", 0, "configurations", 0, "products", 7)) == 18
    assert source.line_of(("sources", "mbs")) == 1


def test_a_list_has_the_line_of_its_first_entry() -> None:
    assert SourceText(text=TEXT).line_of(("prices",)) == 5


def test_line_breaks_of_windows_count_once() -> None:
    assert SourceText(text=TEXT.replace("\n", "\r\n")).line_of(("prices", 1, "cost")) == 14


def test_the_text_does_not_show_in_messages_because_it_may_hold_secrets() -> None:
    assert "topsecret" not in repr(SourceText(text='client_secret = "topsecret"'))
