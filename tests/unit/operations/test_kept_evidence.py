"""What is kept of a line as evidence reads back as it was."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

from billbridge.billing.counting import CountedDomain, CountedEndpoint
from billbridge.billing.months import Month
from billbridge.billing.storage import FixedCharge, GbRates, StorageCharge, UserCharge
from billbridge.billing.usage import Adjustment
from billbridge.operations import evidence
from billbridge.operations.usage import as_json


def kept(value: object) -> dict[str, object]:
    """A core value as it comes back from the database."""
    loaded: dict[str, object] = json.loads(json.dumps(as_json(value)))
    return loaded


def charge(
    *prices: str, restored: int = 0, restore_price: str = "0", limits: tuple[FixedCharge, ...] = ()
) -> StorageCharge:
    users = tuple(
        UserCharge(
            user=f"user {n}",
            backup_bytes=Fraction(10**12, 3),
            figure="mean of 31 daily figures",
            repeated_days=2,
            restored=restored,
            charged_backup_gb=Fraction(1, 3),
            charged_restore_gb=Fraction(restored),
            rates="storage account",
            limit="",
            cost=Fraction(1, 7),
            price=Fraction(2, 7),
            per_gb=GbRates(backup_price=Decimal(price), restore_price=Decimal(restore_price)),
        )
        for n, price in enumerate(prices)
    )
    return StorageCharge(
        account_id="wasabi",
        gb=Fraction(1, 3),
        cost=Fraction(1, 7),
        price=Fraction(2, 7),
        users=users,
        limits=limits,
        never_set=False,
    )


LIMIT = FixedCharge(limit="1 TB", paid_by="the company", cost=Decimal(9), price=Decimal("50.00"))


def test_endpoints_domains_and_adjustments() -> None:
    endpoint = CountedEndpoint(
        user="ann", endpoint="PC-1", first_day=date(2026, 10, 2), last_day=date(2026, 10, 31), days=30, counted=True
    )
    domain = CountedDomain(domain="acme.test", quantity=Decimal("15.5"), repeated_days=3)
    adjustment = Adjustment(
        license_type="Server",
        units=Decimal(-2),
        reason="agreed",
        first_month=Month(2026, 9),
        last_month=Month(2026, 12),
    )
    assert evidence.endpoint(kept(endpoint)) == endpoint
    assert evidence.domain(kept(domain)) == domain
    assert evidence.adjustment(kept(adjustment)) == adjustment


def test_storage_with_limits_is_exact() -> None:
    made = charge("0.03", limits=(LIMIT,))
    assert evidence.storage(kept(made)) == made


def test_a_bill_from_before_prices_per_gb_were_kept_still_reads() -> None:
    old = kept(charge("0.03"))
    del old["users"][0]["per_gb"]  # type: ignore[index]
    read = evidence.storage(old)
    assert read is not None
    assert read.users[0].per_gb is None
    assert evidence.unit({}, "unit_price", read) is None


def test_storage_has_a_unit_price_only_if_all_of_it_has_the_same() -> None:
    assert evidence.unit({}, "unit_price", charge("0.03", "0.03")) == Decimal("0.03")
    assert evidence.unit({}, "unit_price", charge("0.03", "0.04")) is None
    assert evidence.unit({}, "unit_price", charge("0.03", limits=(LIMIT,))) is None
    assert evidence.unit({}, "unit_price", charge("0.03", restored=5, restore_price="0.10")) is None
    assert evidence.unit({}, "unit_price", charge("0.03", restored=5)) == Decimal("0.03")
