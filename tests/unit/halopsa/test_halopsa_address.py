from __future__ import annotations

import pytest

from billbridge.halopsa.address import Address
from billbridge.halopsa.errors import AddressError


@pytest.mark.parametrize(
    "typed",
    [
        "acme.halopsa.com",
        " https://acme.halopsa.com/ ",
        "https://acme.halopsa.com/api",
        "https://acme.halopsa.com/api/",
        "https://acme.halopsa.com/auth",
        "https://acme.halopsa.com/API?x=1#top",
    ],
)
def test_whatever_halopsa_shows_on_its_screen_leads_to_the_same_address(typed: str) -> None:
    address = Address.parse(typed)
    assert address.resource_server == "https://acme.halopsa.com/api"
    assert address.authorisation_server == "https://acme.halopsa.com/auth"


def test_a_port_and_a_folder_of_an_installation_on_premises_are_kept() -> None:
    assert Address.parse("halo.example.org:8443/psa/api").resource_server == "https://halo.example.org:8443/psa/api"


@pytest.mark.parametrize("typed", ["http://127.0.0.1:9000", "http://localhost:9000/api", "http://[::1]:9000"])
def test_this_machine_may_be_reached_without_encryption(typed: str) -> None:
    assert Address.parse(typed).scheme == "http"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("http://acme.halopsa.com", "not encrypted"),
        ("https://me:word@acme.halopsa.com", "must not hold a user name"),
        ("ftp://acme.halopsa.com", "instead of https"),
        ("", "not a web address"),
        ("https://", "not a web address"),
        ("acme halopsa com", "not a web address"),
        ("https://acme.halopsa.com:99999", "not a web address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        Address.parse(typed)


def test_a_password_in_the_address_is_not_repeated_in_the_message() -> None:
    with pytest.raises(AddressError) as refused:
        Address.parse("https://me:word@acme.halopsa.com")
    assert "word@" not in str(refused.value)
