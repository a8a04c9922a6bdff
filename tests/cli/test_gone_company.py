"""A company leaves the backup service: it is billed for its last month, a person is asked, and ends its billing."""

from __future__ import annotations

from datetime import date

import pytest
from installation import OpenConsole, configuration, small_world

GONE, STAYS = "Acme Dental", "Birch"


@pytest.mark.django_db(transaction=True)
def test_a_company_gone_from_the_source_is_billed_to_the_end_and_closed_by_a_person_alone(
    open_console_in_process: OpenConsole,
) -> None:
    world = small_world(GONE, STAYS, today=date(2026, 1, 1))
    for name in (GONE, STAYS):
        world.add_license(user=name.lower(), license_type="Server", endpoint="DC01", day=date(2026, 1, 1))
    console = open_console_in_process(world)
    servers = configuration("Servers", "average", "Server")
    console.settings["companies"] = [console.company(name, servers) for name in (GONE, STAYS)]
    console.apply_setup(day="2026-01-01").must()
    console.collect("2026-01-01")
    world.remove_company(company=GONE, day=date(2026, 1, 20))
    console.collect("2026-01-20")

    # Its last month is billed from the ledger; before that is sent nobody is asked.
    console.collect("2026-02-01")
    done = console.sync("2026-02-01").must().document
    assert done["plan"]["warnings"] == []
    assert [int(row["count"]) for row in console.subscriptions() if row["start_date"][:7] == "2026-01"] == [1, 1]

    # From then on every plan asks, and says how; nothing is closed by itself.
    for day in ("2026-02-02", "2026-03-02"):
        console.collect(day)
        (question,) = console.sync(day).must().document["plan"]["warnings"]
        assert question.startswith(f"{GONE} is gone from the source since 2026-01-20: end its billing?")
        assert 'last_month = "2026-01"' in question
    assert all(row["is_active"] for row in console.subscriptions())

    # A person ends it as asked: its subscriptions close, and nobody is asked any more.
    console.settings["companies"][0]["configurations"][0]["last_month"] = "2026-01"
    console.apply_setup(day="2026-03-03").must()
    done = console.sync("2026-03-03").must().document
    assert done["plan"]["warnings"] == []
    own = [row for row in console.subscriptions() if row["client_id"] == 12]
    assert own
    assert not any(row["is_active"] or row["count"] for row in own)
    assert [row["is_active"] for row in console.subscriptions() if row["client_id"] == 13][:1] == [True]
