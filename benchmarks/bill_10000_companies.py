"""The claim: the bills of 10,000 companies with 300,000 activations are made in under 30 s and under 500 MB.

The yardstick beside it is the plainest thing a database can do with the same rows: count distinct endpoints per
company and license type. It has no days, prices, rounding, evidence or stored bills; the ratio says what they cost.
Both are measured in this one process, on a temporary installation that another process filled.

    python benchmarks/bill_10000_companies.py [--companies 10000] [--activations 300000]

Ends with code 1 when the claim does not hold, or when the bills do not count what the yardstick counts.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

from billbridge.billing.months import Month
from billbridge.store.start import migrate, start

MOST_SECONDS = 30.0
MOST_MEGABYTES = 500
MONTH = Month(2026, 10)
BILLING_DAY = date(2026, 11, 2)
LICENSE_TYPES = ("Server", "Desktop", "Ultimate")
MODES = ("average", "total", "quantity")

PLAIN_COUNT = """
    SELECT company_id, license_type, COUNT(DISTINCT user_id || '/' || endpoint_key)
    FROM store_activationrow
    WHERE first_day <= %s AND (last_day IS NULL OR last_day >= %s)
    GROUP BY company_id, license_type
"""


def main() -> int:
    asked = _arguments()
    if asked.fill is not None:
        fill(asked.fill, companies=asked.companies, activations=asked.activations)
        return 0
    with tempfile.TemporaryDirectory(prefix="billbridge-benchmark-") as folder:
        sizes = ["--companies", str(asked.companies), "--activations", str(asked.activations)]
        subprocess.run([sys.executable, __file__, "--fill", folder, *sizes], check=True)
        return measure(Path(folder))


def measure(folder: Path) -> int:
    """Time the yardstick before and after making the bills, print both, and judge the claim."""
    start(folder)
    from django.db.models import Count  # noqa: PLC0415 - models can be imported only after `start`

    from billbridge.operations.bill import BillRequest, make_bills  # noqa: PLC0415
    from billbridge.operations.provider import the_provider  # noqa: PLC0415
    from billbridge.store.models import ActivationRow, Bill, BillLine, Company  # noqa: PLC0415

    provider = the_provider()
    companies, activations = Company.objects.count(), ActivationRow.objects.count()
    plain = [_plain_count()[0] for _ in range(3)]
    began, began_cpu = time.perf_counter(), time.process_time()
    make_bills(provider, BillRequest(day=BILLING_DAY, month=MONTH))
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    again, counted = _plain_count()
    plain.append(again)

    billed = sum((line.quantity for line in BillLine.objects.only("quantity").iterator()), Decimal(0))
    states = dict(Bill.objects.values_list("state").annotate(Count("pk")))
    print(f"{companies} companies, {activations} activations, {counted} units; bills: {states}")
    print(f"bills:       {seconds:7.2f} s ({cpu:.2f} s of processor), {companies / seconds:.0f} companies/s")
    print(f"plain count: {median(plain):7.2f} s (median of {len(plain)})")
    print(f"ratio:       {seconds / median(plain):7.1f} (bills / plain count)")
    print(f"peak memory: {megabytes:7.0f} MB")
    holds = seconds < MOST_SECONDS and megabytes < MOST_MEGABYTES
    right = billed == counted and states == {"ready": companies}
    print(f"goal:        under {MOST_SECONDS:.0f} s and {MOST_MEGABYTES} MB: {'held' if holds else 'MISSED'}")
    if not right:
        print(f"WRONG: {billed} units are billed, {counted} were counted")
    return 0 if holds and right else 1


def _plain_count() -> tuple[float, int]:
    """Seconds the yardstick takes, and the units it counts."""
    from django.db import connection  # noqa: PLC0415

    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_COUNT, [MONTH.last, MONTH.first])
        rows = cursor.fetchall()
    return time.perf_counter() - began, sum(count for _, _, count in rows)


def fill(folder: Path, *, companies: int, activations: int) -> None:
    """Make an installation in `folder` with as many companies, one configuration each, and activations."""
    start(folder)
    migrate()
    from django.db import transaction  # noqa: PLC0415

    from billbridge.store import models  # noqa: PLC0415

    with transaction.atomic():
        provider = models.Provider.objects.create(name="Benchmark", currency="USD")
        for license_type in LICENSE_TYPES:
            models.LicensePrice.objects.create(
                provider=provider,
                license_type=license_type,
                from_month=MONTH.plus(-6),
                cost=Decimal("2.50"),
                price=Decimal("6.35"),
            )
        for day in (MONTH.first, BILLING_DAY):
            models.Collection.objects.create(
                provider=provider,
                source="mbs",
                section=models.Collection.Section.LICENSES,
                began=datetime.now(UTC),
                day=day,
                state=models.Collection.State.DONE,
            )
        owners = models.Company.objects.bulk_create(
            models.Company(provider=provider, source_id=f"c-{n}", name=f"Company {n:05}") for n in range(companies)
        )
        configurations = models.BillingConfiguration.objects.bulk_create(
            models.BillingConfiguration(company=owner, name="Managed Backup", mode=MODES[n % len(MODES)])
            for n, owner in enumerate(owners)
        )
        models.BilledProduct.objects.bulk_create(
            models.BilledProduct(configuration=row, company_id=row.company_id, product=f"license:{license_type}")
            for row in configurations
            for license_type in LICENSE_TYPES
        )
        models.ActivationRow.objects.bulk_create(
            (
                models.ActivationRow(
                    provider=provider,
                    company=owners[n % companies],
                    user_id=f"u-{n % companies}",
                    user_login=f"backup-{n % companies}",
                    endpoint=f"PC-{endpoint:06}",
                    endpoint_key=f"pc-{endpoint:06}",
                    license_type=LICENSE_TYPES[endpoint % len(LICENSE_TYPES)],
                    first_day=first,
                    last_day=last,
                    last_seen=last or BILLING_DAY,
                    origin="observed",
                )
                for n, (endpoint, first, last) in enumerate(_lives(activations, companies))
            ),
            batch_size=5000,
        )


def _lives(count: int, companies: int) -> Iterator[tuple[int, date, date | None]]:
    """Activations as endpoint number, first and last day: one in ten is an endpoint's second of the month."""
    for number in range(count):
        round_ = number // companies
        begun = MONTH.first - timedelta(days=number % 200)
        if round_ % 10 == 8:
            yield number, begun, MONTH.first + timedelta(days=number % 12)
        elif round_ % 10 == 9:
            yield number - companies, MONTH.first + timedelta(days=15 + number % 12), None
        else:
            yield number, begun, None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--companies", type=int, default=10_000)
    parser.add_argument("--activations", type=int, default=300_000)
    parser.add_argument("--fill", type=Path, metavar="FOLDER", help="only fill an installation in this folder")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
