"""Storage cost settings and storage limits of one storage account: setting and removing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billbridge.billing.months import Month
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.change_entries import EntryList, Mine, change_entries, entries_of
from billbridge.operations.setup.compare import SettingChange
from billbridge.operations.setup.document import StorageCost, StorageLimitSetting
from billbridge.store.models import Provider, StorageAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class CostKey:
    """What tells one cost setting of a storage account from its others; ids are those of the source."""

    from_month: Month
    company_id: str = ""
    user_id: str = ""

    @classmethod
    def of(cls, cost: StorageCost) -> CostKey:
        return cls(from_month=cost.from_month, company_id=cost.company_id, user_id=cost.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitKey:
    """Whose limit on a storage account it is; ids are those of the source."""

    company_id: str
    user_id: str = ""

    @classmethod
    def of(cls, limit: StorageLimitSetting) -> LimitKey:
        return cls(company_id=limit.company_id, user_id=limit.user_id)


def account_of(provider: Provider, account_id: int) -> StorageAccount:
    """A provider's storage account by its row; raises `NotThere` for any other."""
    account = StorageAccount.objects.filter(provider=provider, pk=account_id).first()
    if account is None:
        raise NotThere("There is no such storage account.", hint="Look for it in the list of storage accounts.")
    return account


def costs_of(provider: Provider, account: StorageAccount) -> tuple[StorageCost, ...]:
    """Every cost setting of the account: for everyone, custom ones by company, custom ones by user."""
    return entries_of(provider, EntryList.STORAGE_COSTS, _costs_on(account))


def set_cost(actor: Actor, cost: StorageCost, *, replaces: CostKey | None = None, version: str = "") -> None:
    """Add a cost setting, or put it in the place of another. Raises as `change_entries` does."""
    account_id = cost.account_id

    def change(costs: tuple[StorageCost, ...]) -> Iterable[StorageCost]:
        return (*(one for one in costs if CostKey.of(one) != replaces), cost)

    change_entries(
        actor, EntryList.STORAGE_COSTS, lambda one: one.account_id == account_id, change, version=version
    )


def remove_cost(
    actor: Actor, account: StorageAccount, key: CostKey, *, version: str = ""
) -> tuple[SettingChange, ...]:
    """Remove a cost setting; bills already closed keep their figures."""

    def change(costs: tuple[StorageCost, ...]) -> Iterable[StorageCost]:
        return tuple(one for one in costs if CostKey.of(one) != key)

    return change_entries(actor, EntryList.STORAGE_COSTS, _costs_on(account), change, version=version)


def limits_of(provider: Provider, account: StorageAccount) -> tuple[StorageLimitSetting, ...]:
    """Every storage limit on the account, of companies and of single users."""
    return entries_of(provider, EntryList.STORAGE_LIMITS, _limits_on(account))


def set_limit(
    actor: Actor, limit: StorageLimitSetting, *, replaces: LimitKey | None = None, version: str = ""
) -> None:
    """Add a storage limit, or put it in the place of another. Raises as `change_entries` does."""
    account_id = limit.account_id

    def change(limits: tuple[StorageLimitSetting, ...]) -> Iterable[StorageLimitSetting]:
        return (*(one for one in limits if LimitKey.of(one) != replaces), limit)

    change_entries(
        actor, EntryList.STORAGE_LIMITS, lambda one: one.account_id == account_id, change, version=version
    )


def remove_limit(
    actor: Actor, account: StorageAccount, key: LimitKey, *, version: str = ""
) -> tuple[SettingChange, ...]:
    """Remove a storage limit: from then on all of its owner's usage is charged per GB."""

    def change(limits: tuple[StorageLimitSetting, ...]) -> Iterable[StorageLimitSetting]:
        return tuple(one for one in limits if LimitKey.of(one) != key)

    return change_entries(actor, EntryList.STORAGE_LIMITS, _limits_on(account), change, version=version)


def _costs_on(account: StorageAccount) -> Mine[StorageCost]:
    return lambda cost: cost.account_id == account.source_id


def _limits_on(account: StorageAccount) -> Mine[StorageLimitSetting]:
    return lambda limit: limit.account_id == account.source_id
