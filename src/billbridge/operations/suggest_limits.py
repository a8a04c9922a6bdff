"""Offering the source's packages as storage limits: what a person may take over, never applied by itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from billbridge.billing.money import ZERO
from billbridge.operations.setup.toml_text import TomlText, one_line
from billbridge.store.models import BackupUser, Provider, StorageAccount, StorageLimit, StoragePackage


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedLimit:
    """A package the source keeps for a user on a storage account, who has no limit of their own set here."""

    user: BackupUser
    account: StorageAccount
    package: StoragePackage


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSuggestions:
    """The limits that may be taken over, and in words what a person has to decide."""

    limits: tuple[SuggestedLimit, ...]
    undecided: tuple[str, ...]


def suggest_limits(provider: Provider) -> LimitSuggestions:
    """The packages of users of a company, as last collected, for which no limit is set here yet."""
    packages = {package.source_id: package for package in StoragePackage.objects.filter(provider=provider)}
    accounts = {account.source_id: account for account in StorageAccount.objects.filter(provider=provider)}
    limited = set(
        StorageLimit.objects.filter(provider=provider).exclude(user_id="").values_list("account_id", "user_id")
    )
    users = BackupUser.objects.filter(provider=provider).exclude(company=None).select_related("company")
    limits: list[SuggestedLimit] = []
    undecided: list[str] = []
    for user in users.order_by("company__name", "login", "pk"):
        by_account: dict[str, list[StoragePackage]] = defaultdict(list)
        for account_id, package_id in user.packages:
            if account_id in accounts and package_id in packages and (account_id, user.source_id) not in limited:
                by_account[account_id].append(packages[package_id])
        for account_id, given in by_account.items():
            if len(given) == 1:
                limits.append(SuggestedLimit(user=user, account=accounts[account_id], package=given[0]))
            else:
                names = ", ".join(sorted(package.name for package in given))
                undecided.append(f"{user.login} has several packages on {accounts[account_id].name}: {names}")
    return LimitSuggestions(limits=tuple(limits), undecided=tuple(undecided))


def suggestions_as_toml(found: LimitSuggestions) -> str:
    """The suggestions as entries of a setup file."""
    toml = TomlText()
    toml.comment(
        f"{len(found.limits)} packages of the backup service, as storage limits. Check them, add them to the\n"
        "setup file that `billbridge setup export` prints, where a line `storage_limits = []` goes, and apply it.\n"
        "price is what the backup service calls cost. What you pay it does not say: set cost."
    )
    for undecided in found.undecided:
        toml.comment(f"Left out: {undecided}")
    for limit in found.limits:
        toml.header("[[storage_limits]]")
        toml.set("account", limit.account.source_id, limit.account.name)
        toml.set("company", limit.user.company.source_id if limit.user.company else None, _company(limit))
        toml.set("user", limit.user.source_id, limit.user.login)
        toml.set("name", one_line(limit.package.name).strip() or limit.package.source_id)
        toml.set("backup_gb", limit.package.backup_gb)
        toml.set("restore_gb", limit.package.restore_gb)
        toml.money(cost=ZERO, price=limit.package.price)
    return str(toml)


def _company(limit: SuggestedLimit) -> str:
    return limit.user.company.name if limit.user.company else ""
