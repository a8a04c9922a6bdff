"""A provider with one of everything, each text of which holds a mark that tells whose it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from billbridge.billing.months import Month
from billbridge.store.models import (
    ActivationRow,
    AdjustmentSetting,
    Administrator,
    AuditEntry,
    BackupUser,
    Bill,
    BilledProduct,
    BillingConfiguration,
    BillLine,
    Collection,
    Company,
    DefaultAssetType,
    Delivery,
    Domain,
    DomainReading,
    Draft,
    DriftCheck,
    DriftFinding,
    ExclusionSetting,
    HaloConnection,
    HaloList,
    LicensePrice,
    Notice,
    NotificationChannel,
    PlannedChange,
    Provider,
    Run,
    Slot,
    SourceConnection,
    StorageAccount,
    StorageLimit,
    StorageRate,
    StorageReading,
    Task,
)
from billbridge.store.secrets import put_secret

NOW = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
SECRET = "a-secret-that-no-page-shows"
OCTOBER = Month.parse("2026-10")


def furnish(provider: Provider, mark: str, *, number: int) -> None:
    """One row of every table for `provider`; `number` keeps ids in the outside systems apart."""
    provider.moved_day = date(2026, 11, 12)
    provider.save()
    company = Company.objects.create(
        provider=provider, source_id=f"{mark}-company", name=f"{mark} Bakery", client_id=number, site_id=number,
        auto_since=date(2026, 9, 20),
    )  # fmt: skip
    Company.objects.create(provider=provider, source_id=f"{mark}-second", name=f"{mark} Garage")
    BackupUser.objects.create(provider=provider, source_id=f"{mark}-user", login=f"{mark}@user", company=company)
    Domain.objects.create(provider=provider, name=f"{mark}.example", company=company)
    DomainReading.objects.create(provider=provider, domain=f"{mark}.example", day=NOW.date(), licenses=4)
    connection = HaloConnection.objects.create(
        provider=provider, address=f"https://{mark.lower()}.halopsa.test/api", client_id=f"{mark}-client"
    )
    SourceConnection.objects.create(
        provider=provider, address=f"https://{mark.lower()}.mbs.test", login=f"{mark}-login"
    )
    DefaultAssetType.objects.create(provider=provider, product="license:Server", asset_type=f"{mark} rack")
    configuration = BillingConfiguration.objects.create(company=company, name=f"{mark} backup", mode="average")
    BilledProduct.objects.create(configuration=configuration, company=company, product="license:Server")
    ActivationRow.objects.create(
        provider=provider, company=company, user_id=f"{mark}-user", user_login=f"{mark}@user",
        endpoint=f"{mark}-SRV-01", endpoint_key=f"{mark}-srv-01", license_type="Server",
        first_day=date(2026, 9, 28), last_seen=NOW.date(), origin="observed",
    )  # fmt: skip
    for section in ("licenses", "storage"):
        Collection.objects.create(
            provider=provider, source="mbs", section=section, began=NOW, day=NOW.date(), state="done",
            not_billed=[{"reason": "the user has no company", "endpoint": f"{mark}-LOST", "user": f"{mark}@lost"}],
        )  # fmt: skip
    StorageAccount.objects.create(provider=provider, source_id=f"{mark}-account", name=f"{mark} cloud")
    StorageReading.objects.create(
        provider=provider, company=company, account_id=f"{mark}-account", user_id=f"{mark}-user",
        user_login=f"{mark}@user", day=NOW.date(), backup_bytes=5 << 30, restore_bytes=0,
    )  # fmt: skip
    StorageRate.objects.create(
        provider=provider, account_id=f"{mark}-account", from_month=OCTOBER, backup_cost=Decimal("0.01"),
        backup_price=Decimal("0.05"), restore_cost=Decimal(0), restore_price=Decimal(0),
    )  # fmt: skip
    StorageLimit.objects.create(
        provider=provider, account_id=f"{mark}-account", company=company, name=f"{mark} 100 GB",
        backup_gb=Decimal(100), cost=Decimal(1), price=Decimal(3),
    )  # fmt: skip
    LicensePrice.objects.create(
        provider=provider, license_type="Server", from_month=OCTOBER, cost=Decimal(5), price=Decimal(12)
    )
    ExclusionSetting.objects.create(company=company, endpoint=f"{mark}-TEST", reason=f"{mark} says so")
    AdjustmentSetting.objects.create(
        company=company, license_type="Server", units=Decimal(1), reason=f"{mark} asked", first_month=OCTOBER
    )
    bill = Bill.objects.create(
        provider=provider, company=company, month=OCTOBER, kind="automatic", state="held", currency="EUR",
        counting_rule="active_in_month", cost=Decimal(5), price=Decimal(12), made_on=NOW.date(),
        reasons=[f"{mark} waits"],
    )  # fmt: skip
    BillLine.objects.create(
        bill=bill, configuration=configuration, name=f"{mark} backup", mode="average", quantity=1,
        cost=Decimal(5), price=Decimal(12), sent_quantity=1, sent_cost=Decimal(5), sent_price=Decimal(12),
        cost_remainder=Decimal(0), price_remainder=Decimal(0), reason=f"{mark} reason",
    )  # fmt: skip
    run = Run.objects.create(
        provider=provider, trigger="manual sync", started_by=f"{mark} person", day=NOW.date(), began=NOW,
        ended=NOW, state="partly done", reason=f"{mark} trouble", calls={"reads": 9, "writes": 1},
    )  # fmt: skip
    key = f"billbridge-{mark}-last"
    PlannedChange.objects.create(
        run=run, position=1, key=key, kind="create", client_id=number, state="failed", error=f"{mark} error",
        fields={"count": {"before": None, "after": "1", "base": None}},
    )  # fmt: skip
    Slot.objects.create(configuration=configuration, slot="last", key=key, subscription_id=number, shows=OCTOBER)
    Task.objects.create(
        provider=provider,
        kind="plan",
        state="failed",
        reason=f"{mark} reason",
        asked_by=f"{mark} person",
        asked=NOW,
    )
    Task.objects.create(
        provider=provider, kind="reconcile", state="done", asked_by=f"{mark} person", asked=NOW, ended=NOW,
        inputs={"month": str(OCTOBER)}, result=reconciled(mark, number),
    )  # fmt: skip
    DriftFinding.objects.create(
        provider=provider, key=f"subscription:{key}|quantity", thing="subscription", name=f"{mark} backup",
        company=company, finding=f"{mark} quantity is 7, and was 1.", effect=f"{mark} line is not sent.",
        remedy=f"{mark} remedy", first_seen=NOW.date(), last_seen=NOW.date(),
    )  # fmt: skip
    DriftCheck.objects.create(
        provider=provider, day=NOW.date(), read_at=NOW, things=4, unknown={f"{mark} items were not read": 1}
    )
    AuditEntry.objects.create(
        provider=provider, at=NOW, who=f"{mark} person", action="setting", subject=f"{mark} price",
        before=f"{mark} 1", after=f"{mark} 2",
    )  # fmt: skip
    HaloList.objects.create(
        provider=provider, kind="customers", rows=[{"id": number, "name": f"{mark} customer"}], read_at=NOW
    )
    mail = NotificationChannel.objects.create(
        provider=provider, name=f"{mark} mail", kind="email", host=f"{mark.lower()}.test",
        username=f"{mark} account", sender=f"{mark}@sender.test", recipients=[f"{mark}@recipient.test"],
        events=["conflict"],
    )  # fmt: skip
    hook = NotificationChannel.objects.create(
        provider=provider, name=f"{mark} hook", kind="webhook", address=f"https://{mark.lower()}.hook.test"
    )
    put_secret(hook, "secret", f"https://{mark.lower()}.hook.test/{SECRET}")
    put_secret(hook, "signing_key", SECRET)
    notice = Notice.objects.create(
        provider=provider, event="conflict", key="1", subject=f"{mark} conflict", lines=[f"{mark} line"],
        facts={"company": f"{mark} Bakery"}, at=NOW,
    )  # fmt: skip
    for channel, state in ((mail, "waiting"), (hook, "failed")):
        Delivery.objects.create(
            notice=notice,
            channel=channel,
            channel_name=channel.name,
            state=state,
            reason=f"{mark} refused",
            ended=NOW,
        )
    administrator = Administrator.objects.create(
        provider=provider, name=f"{mark} colleague", email=f"colleague@{mark.lower()}.test", role="billing"
    )
    Draft.objects.create(administrator=administrator, form=f"company:{company.pk}", content={"name": mark})
    assert connection.pk


def reconciled(mark: str, number: int) -> dict[str, object]:
    """A reconciliation of October as its task keeps it: one line that differs."""
    figures = ["1", "5.00", "12.00"]
    line = [
        f"{mark}-company", f"{mark} Bakery", f"{mark} backup", "HaloPSA higher", [f"{mark} quantity"],
        {f"{mark} Server": "1"}, figures, figures, ["2", "5.00", "12.00"], number, None, "12.00", "24.00", "12.00",
    ]  # fmt: skip
    return {
        "month": str(OCTOBER),
        "day": str(NOW.date()),
        "read_at": NOW.isoformat(),
        "is_clean": False,
        "coverage": {
            "text": "checked 1 of 1, 0 unknown", "lines": 1, "checked": 1, "unknown": 0, "because": {},
            "recorded": 0, "gap": "", "not_configured": 1,
        },
        "states": {"HaloPSA higher": 1},
        "money": {"currency": "EUR", "ours": "12.00", "theirs": "24.00", "difference": "12.00"},
        "left_out": 0,
        "rows": [line],
    }  # fmt: skip
