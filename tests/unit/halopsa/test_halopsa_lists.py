from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fake_halopsa import FakeHaloPSA, reply, text

from billbridge.halopsa.errors import AddressError, PageError, UnreadableReply
from billbridge.halopsa.listings import Listing
from billbridge.halopsa.paging import read_list, read_unpaged

ROUTE = "GET /api/Client"


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": number} for number in numbers]


def page(numbers: range | list[int], count: int | None) -> httpx2.Response:
    envelope: dict[str, Any] = {"clients": rows(*numbers)}
    return reply(envelope if count is None else {"record_count": count, **envelope})


def read(halo: FakeHaloPSA) -> Listing[Any]:
    with halo.client() as client:
        return read_list(client, "Client", "clients")


def ids(listing: Listing[Any]) -> list[int]:
    return [row["id"] for row in listing]


def halo_with(*answers: httpx2.Response) -> FakeHaloPSA:
    halo = FakeHaloPSA()
    halo.on(ROUTE, *answers)
    return halo


def test_pages_are_asked_for_by_ascending_id_until_the_record_count_is_reached() -> None:
    halo = halo_with(page(range(1, 101), 230), page(range(101, 201), 230), page(range(201, 231), 230))
    listing = read(halo)
    assert (listing.complete, ids(listing)) == (True, list(range(1, 231)))
    asked = [request.url.query for request in halo.arrived(ROUTE)]
    assert asked == [
        b"pageinate=true&page_size=100&page_no=%d&order=id&orderdesc=false" % number for number in (1, 2, 3)
    ]


def test_a_list_of_exactly_one_page_costs_one_call() -> None:
    halo = halo_with(page(range(1, 101), 100))
    assert (read(halo).complete, len(halo.arrived(ROUTE))) == (True, 1)


def test_an_empty_list_is_complete() -> None:
    assert read(halo_with(page([], 0))) == Listing(name="Client", rows=())
    assert read(halo_with(reply({"record_count": 0}))).complete


def test_a_server_that_caps_its_pages_lower_loses_no_row() -> None:
    halo = halo_with(page([1, 2], 5), page([3, 4], 5), page([5], 5))
    assert (read(halo).complete, len(halo.arrived(ROUTE))) == (True, 3)


def test_a_bare_array_is_read_until_a_page_is_empty() -> None:
    listing = read(halo_with(reply(rows(1, 2)), reply(rows(3)), reply([])))
    assert (listing.complete, ids(listing)) == (True, [1, 2, 3])


def test_a_route_that_ignores_paging_gives_its_array_once() -> None:
    listing = read(halo_with(reply(rows(1, 2, 3))))
    assert (listing.complete, ids(listing)) == (True, [1, 2, 3])


def test_an_envelope_under_another_name_is_accepted() -> None:
    assert ids(read(halo_with(reply({"record_count": 2, "results": rows(1, 2)})))) == [1, 2]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([page([1, 2], 4), page([1, 2], 4)], "2 of its 4 rows came twice"),
        ([page([1, 2], 4), page([2, 3], 4)], "1 of its 4 rows came twice"),
        ([page([1, 2], 4), page([], 4)], "2 rows came of 4"),
        ([page([1, 2], 3), page([3, 4], 4)], "its record count changed from 3 to 4 while it was read"),
        ([page([1, 2], 1)], "2 rows came of 1"),
    ],
)
def test_a_list_that_does_not_add_up_is_read_again_and_then_called_incomplete(
    answers: list[httpx2.Response], reason: str
) -> None:
    halo = halo_with(*answers, *answers)
    listing = read(halo)
    assert (listing.complete, listing.reason) == (False, reason)
    assert len(halo.arrived(ROUTE)) == 2 * len(answers)
    assert len(ids(listing)) == len(set(ids(listing)))


def test_a_list_that_adds_up_the_second_time_is_complete() -> None:
    halo = halo_with(page([1, 2], 4), page([2, 3], 4), page([1, 2], 4), page([3, 4], 4))
    assert read(halo) == Listing(name="Client", rows=tuple(rows(1, 2, 3, 4)))


def test_nothing_may_be_concluded_from_an_incomplete_list() -> None:
    with pytest.raises(PageError, match="Client could not be read whole: 2 rows came of 4"):
        read(halo_with(page([1, 2], 4), page([], 4), page([1, 2], 4), page([], 4))).require_complete()


def test_progress_is_told_after_each_page() -> None:
    told: list[tuple[int, int | None]] = []
    halo = halo_with(page([1, 2], 3), page([3], 3))
    with halo.client() as client:
        read_list(client, "Client", "clients", progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]


def test_a_list_without_pages_is_read_with_one_plain_call() -> None:
    halo = FakeHaloPSA()
    halo.on("GET /api/AssetType", reply(rows(7, 3)))
    with halo.client() as client:
        assert ids(read_unpaged(client, "AssetType", "assettypes")) == [3, 7]
    assert halo.requests[-1].url.query == b""


def test_a_list_that_is_not_there_means_a_wrong_address() -> None:
    with pytest.raises(AddressError, match=r"no list Client at https://acme\.halopsa\.com"):
        read(halo_with(text("", 404)))


@pytest.mark.parametrize(
    "body",
    [
        "ok",
        {"record_count": 3},
        {"record_count": "many", "clients": []},
        [1, 2],
        [{"name": "x"}],
        {"a": [], "b": []},
    ],
)
def test_an_answer_that_is_no_list_is_called_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableReply):
        read(halo_with(reply(body)))
