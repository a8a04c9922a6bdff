"""Tables of thousands of rows: every page shows the rows of its place, whichever end it is read from."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from billbridge.store.models import Company, Provider
from billbridge.web.tables import Column, read_table

_COLUMNS = (Column(name="name", label="Company", order=("name",)),)


@pytest.fixture
def names(provider: Provider) -> list[str]:
    """The names of 23 companies in order; some have the same one."""
    names = sorted(f"Company {number // 2:02}" for number in range(23))
    Company.objects.bulk_create(
        Company(provider=provider, source_id=f"c-{number}", name=name) for number, name in enumerate(names)
    )
    return names


def _page(provider: Provider, **state: str) -> Any:
    request = RequestFactory().get("/", state)
    rows = Company.objects.filter(provider=provider)
    return read_table(request, rows, _COLUMNS, order="name", per_page=5).page


def test_the_pages_together_hold_every_row_once_and_in_order(provider: Provider, names: list[str]) -> None:
    pages = [_page(provider, page=str(number)) for number in range(1, 6)]
    assert [one.name for page in pages for one in page] == names
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    assert len({one.pk for page in pages for one in page}) == 23


def test_a_page_behind_the_last_one_is_the_last_one(provider: Provider, names: list[str]) -> None:
    page = _page(provider, page="99999")
    assert (page.number, [one.name for one in page]) == (5, names[-3:])
    assert page.end_index() == 23


def test_rows_without_a_value_stand_first_when_read_from_either_end(provider: Provider, names: list[str]) -> None:
    Company.objects.filter(source_id="c-20").update(client_id=7)
    columns = (Column(name="customer", label="Customer", order=("client_id",)),)
    rows = Company.objects.filter(provider=provider)

    def last(sort: str, page: str) -> Any:
        request = RequestFactory().get("/", {"sort": sort, "page": page})
        return list(read_table(request, rows, columns, per_page=5).page)

    assert last("customer", "5")[-1].client_id == 7
    assert last("-customer", "1")[0].client_id == 7


def test_the_last_page_is_not_found_by_passing_over_all_rows_before_it(
    provider: Provider, names: list[str], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2) as asked:
        _page(provider, page="5")
    assert "OFFSET" not in asked.captured_queries[1]["sql"]
