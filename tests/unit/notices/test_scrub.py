"""Keeping secrets out of what is said."""

from __future__ import annotations

import pytest

from billbridge.notices.scrub import secret_parts, without_secrets

ADDRESS = "https://hooks.slack.com/services/T0000/B0000/XXXX?sig=abc%2Fdef123"


def test_every_secret_is_blotted_out_wherever_it_stands() -> None:
    assert without_secrets("x hunter2x hunter2", ["hunter2"]) == "x [hidden]x [hidden]"


def test_a_secret_that_holds_another_goes_first() -> None:
    assert without_secrets("hunter2-long and hunter2", ["hunter2", "hunter2-long"]) == "[hidden] and [hidden]"


def test_no_secret_changes_nothing() -> None:
    assert without_secrets("nothing to hide", ["", "x9"]) == "nothing to hide"


@pytest.mark.parametrize(
    "said",
    [
        ADDRESS,
        "/services/T0000/B0000/XXXX?sig=abc%2Fdef123",
        "/services/T0000/B0000/XXXX",
        "sig=abc%2Fdef123",
        "/services/T0000/B0000/XXXX?sig=abc/def123",
    ],
)
def test_the_part_of_an_address_that_is_its_key_is_a_secret_too(said: str) -> None:
    shown = without_secrets(f"got {said}.", secret_parts(ADDRESS))
    assert "XXXX" not in shown
    assert "def123" not in shown


def test_the_root_of_an_address_hides_nothing_else() -> None:
    assert without_secrets("a / b", secret_parts("https://hooks.example.com/")) == "a / b"
