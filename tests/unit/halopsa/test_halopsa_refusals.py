from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fake_halopsa import FakeHaloPSA, reply, text

from billbridge.halopsa.errors import BadRequest, ModuleRefused, NotFound

POST = "POST /api/SoftwareLicence"


def refused_with(answer: httpx2.Response) -> BadRequest:
    halo = FakeHaloPSA()
    halo.on(POST, answer)
    with halo.client() as client, pytest.raises(BadRequest) as refused:
        client.post("SoftwareLicence", [{"name": "x"}])
    assert len(halo.arrived(POST)) == 1
    return refused.value


EXCEPTION = {"ClassName": "System.Exception", "Message": "A database error occurred (515)", "Data": None}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("A Site must be selected", "A Site must be selected"),
        (EXCEPTION, "A database error occurred (515)"),
        ({"resultCode": 3, "errorMessage": "Too many"}, "Too many"),
        ({"Message": "Record not found"}, "Record not found"),
        ({"error": "not today"}, "not today"),
    ],
)
def test_each_shape_of_a_refusal_becomes_its_message(body: Any, message: str) -> None:
    refused = refused_with(reply(body, 400))
    assert refused.message == f"HaloPSA refused SoftwareLicence (400): {message}"
    assert refused.field_messages == {}


def test_messages_by_field_name_the_field_and_the_element() -> None:
    refused = refused_with(
        reply({"[0].count": ["Input string '95.0' is not a valid integer"], "[3].price": ["No", "Never"]}, 400)
    )
    assert refused.message.endswith("[0].count: Input string '95.0' is not a valid integer; [3].price: No Never")
    assert refused.field_messages["[3].price"] == ("No", "Never")
    assert refused.elements == {0, 3}


def test_messages_by_field_are_found_within_a_problem_object_too() -> None:
    refused = refused_with(reply({"title": "One or more errors", "status": 400, "errors": {"id": ["bad"]}}, 400))
    assert refused.field_messages == {"id": ("bad",)}


def test_a_refusal_without_a_body_says_so() -> None:
    assert refused_with(text("", 400)).message.endswith("it gave no reason")


def test_a_refusal_in_plain_text_is_quoted_and_cut_short() -> None:
    refused = refused_with(text("Payload too large " * 100, 413))
    assert refused.status == 413
    assert len(refused.message) < 600


def test_a_post_to_a_route_that_is_not_there_is_not_found() -> None:
    with FakeHaloPSA().client() as client, pytest.raises(NotFound):
        client.post("SoftwareLicense", [{"name": "x"}])


def test_a_closed_module_that_is_not_known_is_named_as_halopsa_names_it() -> None:
    halo = FakeHaloPSA()
    halo.on("GET /api/Ticket/3", text("", 403))
    with halo.client() as client, pytest.raises(ModuleRefused, match="refuses Ticket") as refused:
        client.get("Ticket/3")
    assert (refused.value.module, refused.value.scope) == ("Ticket", "")


def test_a_closed_module_that_is_written_to_names_both_scopes() -> None:
    halo = FakeHaloPSA()
    halo.on(POST, text("", 403))
    with halo.client() as client, pytest.raises(ModuleRefused) as refused:
        client.post("SoftwareLicence", [{"name": "x"}])
    assert "tick read:softwarelicensing and edit:softwarelicensing" in refused.value.hint
