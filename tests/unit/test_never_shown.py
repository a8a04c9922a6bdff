"""What a log must never show is hidden, by its name, by its form, and when it was opened; the rest stays."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest

from billbridge.never_shown import HIDDEN, NeverShown, hidden, never_show, without_secrets


def line(**event: object) -> dict[str, Any]:
    return without_secrets(None, "info", event)


@pytest.mark.parametrize(
    "name",
    ["password", "client_secret", "token", "Authorization", "signing_key", "api_key", "api-key", "accessToken",
     "halopsa_password", "cookie", "secret"],
)  # fmt: skip
def test_what_is_named_like_a_secret_is_hidden_wherever_it_stands(name: str):
    assert line(**{name: "sesame"}) == {name: HIDDEN}
    assert line(inputs=[{name: "sesame"}]) == {"inputs": [{name: HIDDEN}]}


def test_a_number_is_no_secret_whatever_it_is_called():
    assert line(calls={"reads": 9, "tokens": 2}) == {"calls": {"reads": 9, "tokens": 2}}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer eyJhbGciOi.J9-_x==", f"Authorization: Bearer {HIDDEN}"),
        ("postgresql://bill:sesame@db/billing", f"postgresql://bill:{HIDDEN}@db/billing"),
        ("at postgres://bill:se/sa@me:1@db:5432/b is", f"at postgres://bill:{HIDDEN}@db:5432/b is"),
        ("https://hook:sesame@hooks.test/x", f"https://hook:{HIDDEN}@hooks.test/x"),
        ("grant_type=x&client_secret=ses%20ame&scope=all", f"grant_type=x&client_secret={HIDDEN}&scope=all"),
        ("host=db password='se sa me' port=1", f"host=db password={HIDDEN} port=1"),
        ('{"client_secret": "se\\"same", "scope": "all"}', f'{{"client_secret": "{HIDDEN}", "scope": "all"}}'),
        ("{'password': 'sesame', 'n': 1}", f"{{'password': \"{HIDDEN}\", 'n': 1}}"),
    ],
)
def test_what_has_the_form_of_a_secret_is_hidden_in_a_text(text: str, shown: str):
    assert hidden(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8080/bills/?mail=a@b.test",
        "https://acme.halopsa.com/api/Client?page_size=100",
        "No password was entered: enter it.",
        "basic authentication is off; the bearer of it",
        "postgresql://bill@db/billing",
        "2026-11-02T04:00:00 a task of kind sync ended",
    ],
)
def test_other_texts_stay_as_they_are(text: str):
    assert hidden(text) == text


def test_a_secret_that_was_opened_is_hidden_however_it_is_written():
    never_show('o"pén & sésame')

    for written in ('o"pén & sésame', "o%22p%C3%A9n%20%26%20s%C3%A9same", "o%22p%C3%A9n+%26+s%C3%A9same",
                    'o\\"p\\u00e9n & s\\u00e9same', 'o\\"pén & sésame'):  # fmt: skip
        assert hidden(f"before {written} after") == f"before {HIDDEN} after"


def test_the_longer_of_two_secrets_goes_first():
    opened = NeverShown()
    opened.add("sesame")
    opened.add("sesame street")

    assert opened.hidden_in("sesame street and sesame") == f"{HIDDEN} and {HIDDEN}"


def test_a_secret_that_is_part_of_ordinary_words_is_not_looked_for():
    opened = NeverShown()
    opened.add("")
    opened.add("a b")

    assert opened.hidden_in("a banana, a b") == "a banana, a b"


def test_of_too_many_secrets_the_one_not_opened_for_longest_is_forgotten():
    opened = NeverShown(most=2)
    for secret in ("first one", "second one", "first one", "third one"):
        opened.add(secret)

    assert opened.hidden_in("first one, second one, third one") == f"{HIDDEN}, second one, {HIDDEN}"


def test_secrets_may_be_opened_by_many_threads_at_once():
    opened = NeverShown(most=100)
    threads = [
        Thread(target=lambda n=n: [opened.add(f"secret {n}-{k};") for k in range(40)])  # type: ignore[misc]
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    text = "".join(f"secret {n}-{k};" for n in range(4) for k in range(40))
    assert opened.hidden_in(text).count(HIDDEN) == 100


def test_values_of_every_kind_become_what_json_knows():
    class Odd:
        def __repr__(self) -> str:
            return "<Odd password=sesame >"

    made = line(day=date(2026, 11, 2), money=Decimal("1.50"), id=UUID(int=7), file=Path("/x"), odd=Odd(),
                raw=b"token=sesame", age=float("inf"), nothing=None, many={"a"})  # fmt: skip

    assert made == {
        "day": "2026-11-02", "money": "1.50", "id": "00000000-0000-0000-0000-000000000007", "file": "/x",
        "odd": f"<Odd password={HIDDEN} >", "raw": f"b'token={HIDDEN}'", "age": "inf", "nothing": None,
        "many": ["a"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["a-" * 50_000, "a." * 50_000, "://a:" * 20_000, "bearer " * 15_000, "'a" * 50_000]
)
def test_a_long_text_is_looked_through_in_no_time(text: str):
    began = time.process_time()
    hidden(text)
    assert time.process_time() - began < 1
