"""Two that collect or bill at the same time: one after the other keeps, and both end well."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from threading import Barrier

import pytest
from at_once import TOGETHER, at_once
from frozen_source import NOV_2, FrozenSource, held_by, states
from usage_of import NOVEMBER, OCTOBER, collected, configure, holds, price

from billbridge.billing.months import Month
from billbridge.billing.snapshot import LicenseSnapshot, StorageSnapshot
from billbridge.operations.bill import BillRequest, make_bills
from billbridge.operations.collect import collect
from billbridge.store.models import BackupUser, Bill, Company, Provider

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class MeetingSource(FrozenSource):
    """A source that answers all who ask at the same moment."""

    meet: Barrier = field(default_factory=lambda: Barrier(TOGETHER, timeout=30))

    def licenses(self, day: date) -> LicenseSnapshot:
        self.meet.wait()
        return super().licenses(day)

    def storage(self, day: date, users: Collection[str], closed: Collection[Month]) -> StorageSnapshot:
        self.meet.wait()
        return super().storage(day, users, closed)


def test_collections_at_the_same_moment_keep_each_license_once(provider: Provider) -> None:
    source = MeetingSource(computers={"acme": [f"DC{n}" for n in range(20)], "birch": ["FS01"]})

    done = at_once(lambda: states(collect(provider, source, NOV_2)))

    assert done == [["done", "done"]] * TOGETHER
    assert len(held_by("acme")) == 20
    assert (Company.objects.count(), BackupUser.objects.count()) == (2, 2)


def test_bills_made_at_the_same_moment_are_made_once(provider: Provider, company: Company) -> None:
    collected(provider, OCTOBER.first, NOVEMBER.first)
    price(provider)
    configure(company, "license:Server")
    holds(company, "DC01")
    meet = Barrier(TOGETHER, timeout=30)

    def make() -> int:
        meet.wait()
        return len(make_bills(provider, BillRequest(day=NOV_2)))

    assert at_once(make) == [2] * TOGETHER
    assert [(bill.month, bill.lines.count()) for bill in Bill.objects.order_by("month")] == [
        (OCTOBER, 1),
        (NOVEMBER, 1),
    ]
