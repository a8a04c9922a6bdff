"""The table of companies a plan or a run covers: each with its state and the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.http import HttpRequest

from billbridge.store.queries.runs import CoveredCompany
from billbridge.web.tables import Column, Filter, Table, read_table

_COLUMNS = (
    Column(name="company", label="Company", order=("company",)),
    Column(name="state", label="State", order=("state", "company")),
    Column(name="reason", label="Why"),
)


def coverage_table(request: HttpRequest, covered: Sequence[CoveredCompany]) -> Table:
    """One page of the companies."""
    states = Counter(one.state for one in covered)
    by_state = Filter(
        name="state",
        label="State",
        choices=tuple((state, f"{state} ({number})") for state, number in states.most_common()),
        narrow=lambda rows, state: [row for row in rows if row.state == state],
    )
    return read_table(
        request, covered, _COLUMNS, search_in=("company", "reason"), filters=(by_state,), order="company"
    )
