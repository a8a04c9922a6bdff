"""Everything the console keeps, one module per area."""

from billbridge.store.models.administrators import Administrator
from billbridge.store.models.bills import Bill, BillLine
from billbridge.store.models.companies import BackupUser, Company, Domain
from billbridge.store.models.connections import DefaultAssetType, HaloConnection, SourceConnection
from billbridge.store.models.drift import DriftCheck, DriftFinding
from billbridge.store.models.notices import Delivery, Notice, NotificationChannel
from billbridge.store.models.provider import KnownLicenseType, Provider
from billbridge.store.models.records import AuditEntry, Draft, HaloList, PlannedEntry, Task, Worker
from billbridge.store.models.runs import ApiCall, CallCount, Lock, PlannedChange, Run, Slot
from billbridge.store.models.settings import (
    AdjustmentSetting,
    BilledProduct,
    BillingConfiguration,
    ExclusionSetting,
    LicensePrice,
    StorageLimit,
    StorageRate,
)
from billbridge.store.models.usage import (
    ActivationRow,
    Collection,
    DomainReading,
    MonthlyStorage,
    StorageAccount,
    StoragePackage,
    StorageReading,
    UsageHistoryImport,
)

__all__ = [
    "ActivationRow",
    "AdjustmentSetting",
    "Administrator",
    "ApiCall",
    "AuditEntry",
    "BackupUser",
    "Bill",
    "BillLine",
    "BilledProduct",
    "BillingConfiguration",
    "CallCount",
    "Collection",
    "Company",
    "DefaultAssetType",
    "Delivery",
    "Domain",
    "DomainReading",
    "Draft",
    "DriftCheck",
    "DriftFinding",
    "ExclusionSetting",
    "HaloConnection",
    "HaloList",
    "KnownLicenseType",
    "LicensePrice",
    "Lock",
    "MonthlyStorage",
    "Notice",
    "NotificationChannel",
    "PlannedChange",
    "PlannedEntry",
    "Provider",
    "Run",
    "Slot",
    "SourceConnection",
    "StorageAccount",
    "StorageLimit",
    "StoragePackage",
    "StorageRate",
    "StorageReading",
    "Task",
    "UsageHistoryImport",
    "Worker",
]
