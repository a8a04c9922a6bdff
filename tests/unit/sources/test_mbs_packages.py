"""Which storage limits MBS keeps for its users: in the places each of them backs up to."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from billbridge.sources.mbs.collect import MbsSource

FRONT = "22222222-0000-4000-8000-000000000001"
CORPORATE, OTHER = "33333333-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000002"


def place(package: object, account: str = CORPORATE) -> dict[str, object]:
    return {"ID": "a1", "CurrentVolume": 0, "PackageID": package, "AccountID": account, "Destination": "bucket"}


def packages_of(mbs: Any, *places: object) -> tuple[tuple[str, str], ...]:
    mbs.table["GET /api/Users"][0][0]["DestinationList"] = list(places)
    snapshot = MbsSource(mbs.client()).licenses(date(2026, 3, 2))
    (front,) = [user for user in snapshot.users if user.id == FRONT]
    return front.packages


def test_a_package_comes_with_the_storage_account_it_is_on(mbs: Any) -> None:
    assert packages_of(mbs, place(27755), place(27756, OTHER)) == ((CORPORATE, "27755"), (OTHER, "27756"))


def test_two_buckets_of_one_account_under_one_package_are_one(mbs: Any) -> None:
    assert packages_of(mbs, place(27755), place(27755)) == ((CORPORATE, "27755"),)


@pytest.mark.parametrize("none", [0, None, ""])
def test_a_place_without_a_package_has_none(mbs: Any, none: object) -> None:
    assert packages_of(mbs, place(none)) == ()


def test_a_user_whose_list_of_places_is_null_has_no_package(mbs: Any) -> None:
    mbs.table["GET /api/Users"][0][0]["DestinationList"] = None
    assert MbsSource(mbs.client()).licenses(date(2026, 3, 2)).users[0].packages == ()
