"""A simulated HaloPSA that is stopped and started again, and one that many write to at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from halopsa_tenant import ACME, FIREWALL, INVOICE, Tenant

from billbridge.simulators.halopsa import HaloPSASimulator
from billbridge.simulators.world import World


def test_a_restarted_simulator_has_its_books_still(tmp_path: Path) -> None:
    file = tmp_path / "halopsa.json"
    with Tenant(state_file=file) as tenant:
        number = tenant.create(product_sku="k1", count=3)
        tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 8}])
        tenant.post("RecurringInvoice/process", [INVOICE])
        listed = tenant.get("SoftwareLicence").json()
        books = tenant.http.get("/_sim/books").json()
    with Tenant(state_file=file) as tenant:
        assert tenant.get("SoftwareLicence").json() == listed
        assert tenant.http.get("/_sim/books").json() == books
        assert [row["new_value"] for row in tenant.rows("LicenceChange", "changes")] == ["8"]
        assert tenant.create(product_sku="k1") == number + 1
        line = tenant.post("RecurringInvoice", [{"id": INVOICE, "add_lines": [{"qty_order": 1}]}]).json()["lines"][
            -1
        ]
        assert line["id"] > 904
        assert tenant.http.get("/_sim/books").json()["created_by_product_sku"] == {"k1": 2}


def test_a_write_is_kept_before_it_is_answered(tmp_path: Path) -> None:
    file = tmp_path / "halopsa.json"
    with Tenant(state_file=file) as tenant:
        tenant.fault(kind="cut_after", route="POST /SoftwareLicence")
        tenant.turn(batch_faulty="stop")
        assert not file.exists()
        tenant.post("Supplier", [{"name": "kept"}, {"name": ""}])
        assert '"kept"' in file.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["halopsa.json"]


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    with Tenant() as tenant:

        def work(worker: int) -> list[int]:
            return [tenant.create(product_sku=f"{worker}-{turn}") for turn in range(20)]

        with ThreadPoolExecutor(8) as pool:
            made = [number for numbers in pool.map(work, range(8)) for number in numbers]
        assert len(set(made)) == 160
        books = tenant.http.get("/_sim/books").json()
        assert set(books["created_by_product_sku"].values()) == {1}
        assert [write["no"] for write in books["writes"]] == list(range(1, 161))


def test_it_can_be_filled_from_the_common_world() -> None:
    world = World.generate(companies=6, licenses=30)
    simulator = HaloPSASimulator(world.halopsa)
    assert len(simulator.tables["Client"].rows) == len(world.halopsa.customers)
    assert set(simulator.tables["RecurringInvoice"].rows) == {each.id for each in world.halopsa.recurring_invoices}
    assert all(number < 0 for number in simulator.tables["RecurringInvoice"].rows)
    simulator.close()


def test_listing_many_subscriptions_takes_milliseconds_a_page() -> None:
    with Tenant() as tenant:
        for batch in range(18):
            tenant.post(
                "SoftwareLicence", [{"client_id": ACME, "type": 1, "name": f"{batch}-{n}"} for n in range(100)]
            )
        pages = [
            tenant.get("SoftwareLicence", pageinate="true", page_size=100, page_no=number, order="id")
            for number in range(1, 20)
        ]
        assert sum(len(page.json()["licences"]) for page in pages) == 1802
        fastest = sorted(page.elapsed.total_seconds() for page in pages)
        assert fastest[len(fastest) // 2] < 0.05
