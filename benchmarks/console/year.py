"""A year of a large provider, on top of companies and activations: what every page has to cope with.

The many rows that differ in their day alone are made by the database itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billbridge.billing.activations import NotBilledReason
from billbridge.billing.months import Month

MONTHS = 12
ACCOUNTS = 5
RUNS = 12
PLANS = 5

_FIRST = ("Alder", "Birch", "Cedar", "Delta", "Ember", "Fjord", "Glen", "Harbour", "Iris", "Juniper", "Kestrel",
          "Linden", "Meadow", "Nordic", "Orchard", "Pioneer", "Quarry", "River", "Summit", "Thistle")  # fmt: skip
_SECOND = ("Dental", "Logistics", "Legal", "Foods", "Motors", "Clinic", "Textiles", "Media", "Energy", "Timber",
           "Advisors", "Travel", "Robotics", "Optics", "Bakery", "Printing", "Estates", "Security", "Chemicals",
           "Insurance")  # fmt: skip
_PLACE = ("Aachen", "Bristol", "Cork", "Dresden", "Essen", "Fulda", "Ghent", "Hull", "Izmir", "Jena", "Kiel",
          "Leeds", "Malmo")  # fmt: skip
_FORM = ("GmbH", "Ltd", "AG", "Inc.")


def name_of(number: int) -> str:
    """A company's name; no two numbers below 5,200 have the same."""
    first, second = _FIRST[number % 20], _SECOND[number // 20 % 20]
    return f"{first} {second} {_PLACE[number // 400 % 13]} {_FORM[number // 5200 + number % 4]}"


def fill_year(month: Month, billing_day: date) -> None:
    """Add to an installation with companies and activations everything a year leaves."""
    from django.db import transaction  # noqa: PLC0415

    from billbridge.operations.bill import BillRequest, make_bills  # noqa: PLC0415
    from billbridge.operations.provider import move_day, the_provider  # noqa: PLC0415
    from billbridge.store import models  # noqa: PLC0415

    provider = the_provider()
    move_day(provider, billing_day)
    first = month.plus(1 - MONTHS).first
    with transaction.atomic():
        companies = list(models.Company.objects.order_by("pk"))
        _connect(models, provider, companies)
        _settings(models, provider, companies, month)
        _usage(models, provider, companies, (first, billing_day))
    make_bills(provider, BillRequest(day=billing_day))
    with transaction.atomic():
        _older_bills(models, month)
        _runs(models, provider, companies, billing_day)
        _plans(models, provider, companies, billing_day)
        _audit(models, provider, companies)


def _connect(models: Any, provider: Any, companies: Sequence[Any]) -> None:
    """People, connections and HaloPSA's lists; 250 companies are not mapped, half of them by name alone."""
    now = datetime.now(UTC)
    models.Administrator.objects.create(provider=provider, name="Pat Miller", email="pat@example.com", role="owner")
    models.HaloConnection.objects.create(provider=provider, address="https://halopsa.example/api", client_id="x")
    models.SourceConnection.objects.create(provider=provider, address="https://mbs.example", login="x")
    for number, company in enumerate(companies):
        company.name = name_of(number)
        company.client_id = company.site_id = number + 1 if number % 20 else None
        company.agreement_id = number + 1 if number % 10 == 1 else None
        company.auto_since = date(2026, 3, 1) if number % 3 else None
    models.Company.objects.bulk_update(
        companies, ["name", "client_id", "site_id", "agreement_id", "auto_since"], batch_size=1000
    )
    customers = [
        {"id": n + 1, "name": company.name if n % 40 else company.name.rpartition(" ")[0] + " Holding"}
        for n, company in enumerate(companies)
    ]
    lists = {
        "customers": customers,
        "sites": [{"id": one["id"], "name": "Main", "client_id": one["id"]} for one in customers],
        "agreements": [{"id": one["id"], "ref": f"A-{one['id']}", "client_id": one["id"]} for one in customers],
        "asset types": [{"id": n, "name": f"Managed Backup {n}"} for n in range(1, 60)],
        "items": [{"id": n, "name": f"Item {n:04}"} for n in range(1, 2000)],
        "suppliers": [{"id": n, "name": f"Supplier {n}"} for n in range(1, 100)],
        "currencies": [{"id": 1, "code": "USD"}],
    }
    for kind, rows in lists.items():
        models.HaloList.objects.create(provider=provider, kind=kind, rows=rows, read_at=now)


def _settings(models: Any, provider: Any, companies: Sequence[Any], month: Month) -> None:
    """Several configurations, company prices, storage costs and limits, exclusions, adjustments, domains."""
    products = models.BilledProduct.objects
    second = models.BillingConfiguration.objects.bulk_create(
        models.BillingConfiguration(company=company, name="Storage", mode="total")
        for number, company in enumerate(companies)
        if number % 5 < 3
    )
    third = models.BillingConfiguration.objects.bulk_create(
        models.BillingConfiguration(company=company, name="Mailboxes", mode="average")
        for number, company in enumerate(companies)
        if number % 10 == 0
    )
    products.bulk_create(
        models.BilledProduct(configuration=row, company_id=row.company_id, product=f"storage:{_account(row)}")
        for row in second
    )
    products.bulk_create(
        models.BilledProduct(
            configuration=row, company_id=row.company_id, product="license:Microsoft 365 / Google Workspace"
        )
        for row in third
    )
    prices = {"provider": provider, "from_month": month.plus(-8), "cost": Decimal("2.10"), "price": Decimal("5.90")}
    models.LicensePrice.objects.bulk_create(
        models.LicensePrice(company=company, license_type=kind, **prices)
        for company in companies[::5]
        for kind in ("Server", "Desktop")
    )
    accounts = [f"account-{number}" for number in range(ACCOUNTS)]
    models.StorageAccount.objects.bulk_create(
        models.StorageAccount(provider=provider, source_id=one, name=one.title(), type="Wasabi") for one in accounts
    )
    rates = {name: Decimal("0.02") for name in ("backup_cost", "backup_price", "restore_cost", "restore_price")}
    models.StorageRate.objects.bulk_create(
        models.StorageRate(provider=provider, account_id=one, from_month=month.plus(-8), company=company, **rates)
        for one in accounts
        for company in (None, *companies[::50])
    )
    models.StorageLimit.objects.bulk_create(
        models.StorageLimit(
            provider=provider, account_id=_account(row), company_id=row.company_id, name="1 TB",
            backup_gb=Decimal(1000), cost=Decimal(5), price=Decimal(12),
        )
        for row in second[::3]
    )  # fmt: skip
    models.ExclusionSetting.objects.bulk_create(
        models.ExclusionSetting(company=company, endpoint=f"PC-{number * 5:06}", reason="test machine")
        for number, company in enumerate(companies[::5])
    )
    models.AdjustmentSetting.objects.bulk_create(
        models.AdjustmentSetting(
            company=company, license_type="Server", units=-1, reason="agreed", first_month=month.plus(-3)
        )
        for company in companies[::20]
    )
    models.Domain.objects.bulk_create(
        models.Domain(
            provider=provider,
            name=f"d{n}.example",
            company=company,
            license_type="Microsoft 365 / Google Workspace",
        )
        for n, company in enumerate(companies[::3])
    )
    models.BackupUser.objects.bulk_create(
        models.BackupUser(provider=provider, source_id=f"u-{n}", login=f"backup-{n}", company=company)
        for n, company in enumerate(companies)
    )
    models.StoragePackage.objects.bulk_create(
        models.StoragePackage(provider=provider, source_id=f"p-{n}", name=f"{n} TB", price=Decimal(n))
        for n in range(20)
    )


def _account(row: Any) -> str:
    return f"account-{row.company_id % ACCOUNTS}"


def _usage(models: Any, provider: Any, companies: Sequence[Any], days: tuple[date, date]) -> None:
    """Daily collections, storage and domain readings of every day, and the source's own monthly averages."""
    left_out = [
        {
            "reason": NotBilledReason.IN_POOL.value, "license_type": "Server", "subject": f"L-{n}",
            "company_id": "", "user": "", "detail": "",
        }
        if n % 2
        else {
            "reason": NotBilledReason.UNKNOWN_TYPE.value, "license_type": "Immutable Plus", "subject": f"pc-{n:06}",
            "company_id": companies[n % len(companies)].source_id, "user": f"backup-{n}", "detail": "",
        }
        for n in range(400)
    ]  # fmt: skip
    first, last = days
    every_day = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    began = datetime.now(UTC)
    models.Collection.objects.bulk_create(
        models.Collection(
            provider=provider, source="mbs", section=section, began=began, day=day, state="done",
            figures={"activations": 150_000}, not_billed=left_out if section == "licenses" else [],
        )
        for day in every_day
        for section in ("licenses", "storage")
    )  # fmt: skip
    days_sql = (
        "WITH RECURSIVE days(day, n) AS "
        "(SELECT %s, 0 UNION ALL SELECT date(day, '+1 day'), n + 1 FROM days WHERE day < %s) "
    )
    between = [str(first), str(last)]
    readings = """
        INSERT INTO store_storagereading
            (provider_id, company_id, account_id, user_id, user_login, day, backup_bytes, restore_bytes)
        {days} SELECT u.provider_id, u.company_id, 'account-' || (u.company_id %% {accounts}), u.source_id, u.login,
            days.day, (u.id * 7919 %% 900000 + days.n * 300) * 1048576, 0
        FROM days CROSS JOIN store_backupuser u WHERE u.id %% 5 < 3 ORDER BY days.day
    """  # the `id % 5` is that of the companies with a configuration of storage
    _run_sql(readings.format(days=days_sql, accounts=ACCOUNTS), between)
    _run_sql(
        f"""
        INSERT INTO store_domainreading (provider_id, domain, day, licenses)
        {days_sql} SELECT d.provider_id, d.name, days.day, 5 + (d.id + days.n / 30) %% 40
        FROM days CROSS JOIN store_domain d ORDER BY days.day
        """,
        between,
    )
    _run_sql(
        """
        INSERT INTO store_monthlystorage
            (provider_id, company_id, account_id, user_id, user_login, month, backup_bytes, restore_bytes)
        SELECT provider_id, company_id, account_id, user_id, user_login, substr(day, 1, 7), backup_bytes, 0
        FROM store_storagereading WHERE substr(day, 9) = '15' AND day < %s
        """,
        [str(last.replace(day=1))],
    )


def _older_bills(models: Any, month: Month) -> None:
    """Last month's bills are sent but for a few; the months before have the same, with their lines."""
    models.Bill.objects.filter(month=month).exclude(company_id__in=range(0, 10_000, 50)).update(
        state="sent", kind="automatic"
    )
    models.Bill.objects.filter(month=month, state="ready").update(state="held", reasons=["a price is missing"])
    fields = (
        "company_id, provider_id, counting_rule, currency, cost, price, made_on, before_month_end, late, not_billed"
    )
    lines = (
        "configuration_id, name, mode, quantity, cost, price, sent_quantity, sent_cost, sent_price, "
        "cost_remainder, price_remainder, marks, products"
    )
    for back in range(1, MONTHS):
        older = str(month.plus(-back))
        _run_sql(
            f"INSERT INTO store_bill (month, kind, state, reasons, {fields}) "
            f"SELECT %s, 'automatic', 'sent', '[]', {fields} FROM store_bill WHERE month = %s",
            [older, str(month)],
        )
        of_lines = ", ".join(f"l.{field}" for field in lines.split(", "))
        _run_sql(
            f"INSERT INTO store_billline (bill_id, is_sent, reason, {lines}) SELECT n.id, 1, '', {of_lines} "
            "FROM store_billline l JOIN store_bill b ON b.id = l.bill_id "
            "JOIN store_bill n ON n.company_id = b.company_id AND n.month = %s WHERE b.month = %s",
            [older, str(month)],
        )
    never_made = models.Bill.objects.filter(month=month.plus(-5), company_id__in=range(20, 25))
    models.BillLine.objects.filter(bill__in=never_made).delete()
    never_made.delete()


def _runs(models: Any, provider: Any, companies: Sequence[Any], day: date) -> None:
    """Monthly runs that wrote something for every company, and the subscriptions they left in HaloPSA."""
    now = datetime.now(UTC)
    configurations = list(models.BillingConfiguration.objects.select_related("company"))
    models.Slot.objects.bulk_create(
        models.Slot(
            configuration=one, slot=slot, key=f"billbridge-{one.pk}-{slot}", subscription_id=one.pk * 2 + number,
            owned={"count": "1", "purchase_price": "2.5000", "price": "6.3500"},
        )
        for one in configurations
        for number, slot in enumerate(("last", "current"))
    )  # fmt: skip
    states = ("billed",) * 18 + ("conflict", "held")
    coverage = {
        company.name: {"state": states[n % 20], "reasons": ["somebody changed it"] if n % 20 > 17 else []}
        for n, company in enumerate(companies)
    }
    for back in range(RUNS, 0, -1):
        run = models.Run.objects.create(
            provider=provider, trigger="manual sync", started_by="Pat Miller", day=day - timedelta(days=30 * back),
            began=now - timedelta(days=30 * back), ended=now - timedelta(days=30 * back), state="done",
            calls={"reads": 90, "writes": 100}, coverage=coverage,
        )  # fmt: skip
        models.PlannedChange.objects.bulk_create(
            models.PlannedChange(
                run=run, position=n, key=f"billbridge-{one.pk}-last", kind="update", client_id=one.company_id,
                company=one.company, name=one.name, month=str(Month.of(day).plus(-back)), state="verified",
                subscription_id=one.pk * 2, fields=_changed_fields(), read_back={"count": "2"},
            )
            for n, one in enumerate(configurations)
        )  # fmt: skip


def _plans(models: Any, provider: Any, companies: Sequence[Any], day: date) -> None:
    """The plans that are kept, each of everything."""
    from billbridge.operations.plans import ORDER  # noqa: PLC0415

    kinds = ("update",) * 14 + ("keep", "keep", "create", "conflict", "adopt", "close")
    ranks = {kind.value: rank for rank, kind in enumerate(ORDER)}
    configurations = list(models.BillingConfiguration.objects.select_related("company").order_by("company__name"))
    now = datetime.now(UTC)
    counted = [kinds[n % 20] for n in range(2 * len(configurations))]
    plan = {
        "day": str(day),
        "counts": {kind: counted.count(kind) for kind in set(kinds)},
        "money": {"price_before": "100000.00", "price_after": "120000.00"},
        "warnings": [],
        "coverage": [
            {"company": company.name, "state": "billed" if n % 9 else "held", "reasons": ["a price is missing"]}
            for n, company in enumerate(companies)
        ],
    }
    for _ in range(PLANS):
        task = models.Task.objects.create(
            provider=provider, kind="plan", state="done", asked_by="Pat Miller", asked=now, began=now, ended=now,
            result={"plan": plan, "digest": "0" * 64},
        )  # fmt: skip
        models.PlannedEntry.objects.bulk_create(
            (
                models.PlannedEntry(
                    task=task, rank=ranks[kind], position=n, kind=kind, company_id=one.company_id,
                    company_name=one.company.name, name=one.name, month=str(Month.of(day).previous),
                    subscription_id=one.pk, reason="price was changed" if kind == "conflict" else "",
                    fields=[{"field": name, **values} for name, values in _changed_fields().items()],
                )
                for n, kind in enumerate(counted)
                for one in (configurations[n // 2],)
            ),
            batch_size=2000,
        )  # fmt: skip


def _changed_fields() -> dict[str, dict[str, str]]:
    return {
        name: {"before": "1", "after": "2", "base": "1"} for name in ("count", "purchase_price", "price", "notes")
    }


def _audit(models: Any, provider: Any, companies: Sequence[Any]) -> None:
    now = datetime.now(UTC)
    models.AuditEntry.objects.bulk_create(
        models.AuditEntry(
            provider=provider, at=now - timedelta(minutes=n), who="Pat Miller", action="setting",
            subject=f"companies[{company.name} ({company.source_id})].auto_billing", before="off", after="on",
        )
        for n, company in enumerate([*companies] * 4)
    )  # fmt: skip


def _run_sql(sql: str, values: Sequence[str] = ()) -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(sql, list(values) or None)
