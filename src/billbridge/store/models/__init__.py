"""Everything the console keeps, one module per area."""

from billbridge.store.models.bills import Bill, BillLine
from billbridge.store.models.companies import BackupUser, Company, Domain
from billbridge.store.models.connections import DefaultAssetType, HaloConnection, SourceConnection
from billbridge.store.models.provider import KnownLicenseType, Provider
from billbridge.store.models.runs import ApiCall, Lock, PlannedChange, Run, Slot
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
    StorageReading,
    UsageHistoryImport,
)

__all__ = [
    "ActivationRow",
    "AdjustmentSetting",
    "ApiCall",
    "BackupUser",
    "Bill",
    "BillLine",
    "BilledProduct",
    "BillingConfiguration",
    "Collection",
    "Company",
    "DefaultAssetType",
    "Domain",
    "DomainReading",
    "ExclusionSetting",
    "HaloConnection",
    "KnownLicenseType",
    "LicensePrice",
    "Lock",
    "MonthlyStorage",
    "PlannedChange",
    "Provider",
    "Run",
    "Slot",
    "SourceConnection",
    "StorageAccount",
    "StorageLimit",
    "StorageRate",
    "StorageReading",
    "UsageHistoryImport",
]
