"""Companies, users with their destinations, storage accounts, storage limits and administrators."""

from __future__ import annotations

from typing import Any

from billbridge.simulators.mbs.answers import Context, company_shown, written
from billbridge.simulators.world_values import (
    AccountDestination,
    Administrator,
    Company,
    Package,
    StorageAccount,
    User,
)

KIB = 2**10
NO_GLACIER_RETRIEVAL = 3


def companies(context: Context) -> list[dict[str, Any]]:
    """All companies; note `Id`, where users and licenses have `ID`."""
    return [company(context, each) for each in context.world.companies_now()]


def company(context: Context, each: Company) -> dict[str, Any]:
    """One company."""
    return {
        "Id": each.id,
        "Name": each.name_on(context.world.today),
        "StorageLimit": each.storage_limit,
        "LicenseSettings": each.license_settings,
        "Destinations": [
            {"DestinationId": place.destination_id, "PlanId": place.package_id} for place in each.destinations
        ],
        "DefaultLicense": 0,
        "AllowedLicenses": [0],
    }


def users(context: Context) -> list[dict[str, Any]]:
    """All users."""
    return [user(context, each) for each in context.world.users_now()]


def user(context: Context, each: User) -> dict[str, Any]:
    """One user; its company is a name, not an id."""
    world, switches = context.world, context.switches
    kept = sum(series.backup_on(world.today) for series in world.storage_of(each).values())
    name = world.company_name_of(each)
    return {
        "ID": each.id,
        "Email": each.login,
        "FirstName": each.first_name,
        "LastName": each.last_name,
        "NotificationEmails": list(each.notification_emails),
        "Company": company_shown(name, where_documented="", switches=switches),
        "Enabled": each.enabled,
        "LicenseManagmentMode": each.license_mode,
        "DestinationList": destinations(context, each),
        "SpaceUsed": kept if switches.space_used_unit == "bytes" else kept // KIB,
    }


def destinations(context: Context, each: User) -> list[dict[str, Any]]:
    """The places one user backs up to."""
    world = context.world
    found = []
    for place in each.destinations:
        account = world.accounts[place.account_id]
        bucket = next(one for one in account.destinations if one.id == place.destination_id)
        volume = 0
        if context.switches.current_volume == "bytes":
            volume = world.storage[each.id, account.id].backup_on(world.today)
        found.append(
            {
                "ID": place.id,
                "CurrentVolume": volume,
                "PackageID": place.package_id,
                "AccountID": account.id,
                "AccountDisplayName": account.name,
                "Destination": bucket.name,
                "DestinationDisplayName": bucket.display_name,
            }
        )
    return found


def accounts(context: Context) -> list[dict[str, Any]]:
    """All storage accounts; what they cost is not shown."""
    return [
        {"ResellerAccountID": each.reseller_id, **account(context, each)}
        for each in context.world.accounts.values()
    ]


def account(context: Context, each: StorageAccount) -> dict[str, Any]:
    """One storage account; `ResellerAccountID` is in the list only."""
    return {
        "AccountID": each.id,
        "DateCreated": written(each.created, each.id, context.switches),
        "DisplayName": each.name,
        "StorageType": each.type,
        "Destinations": [_bucket(each, bucket) for bucket in each.destinations],
    }


def _bucket(each: StorageAccount, bucket: AccountDestination) -> dict[str, Any]:
    return {
        "DestinationID": bucket.id,
        "AccountID": each.id,
        "Destination": bucket.name,
        "DestinationDisplayName": bucket.display_name,
    }


def packages(context: Context) -> list[dict[str, Any]]:
    """All storage limits."""
    return [package(each) for each in context.world.packages.values()]


def package(each: Package) -> dict[str, Any]:
    """One storage limit; limits are in GB, -1 is none, and `Cost` is what the customer is charged."""
    return {
        "ID": each.id,
        "Cost": float(each.cost),
        "Description": each.description,
        "Enabled": each.enabled,
        "Name": each.name,
        "StorageLimit": float(each.storage_limit_gb),
        "isGlacierRestoreLimit": False,
        "RestoreLimit": -1.0 if each.restore_limit_gb is None else float(each.restore_limit_gb),
        "GlacierRestoreType": NO_GLACIER_RETRIEVAL,
        "UseRestoreLimit": each.restore_limit_gb is not None,
    }


def administrators(context: Context) -> list[dict[str, Any]]:
    """All administrators of the provider."""
    return [administrator(context, each) for each in context.world.administrators]


def administrator(context: Context, each: Administrator) -> dict[str, Any]:
    """One administrator; the misspelt permissions are the vendor's."""
    return {
        "AdminID": each.id,
        "Email": each.login,
        "FirstName": each.first_name,
        "LastName": each.last_name,
        "Enabled": True,
        "PermissionsModels": dict.fromkeys(each.permissions, 1),
        "LastLogin": written(context.world.today, each.id, context.switches),
        "DateCreated": written(each.created, each.login, context.switches),
        "Companies": [],
        "AccessToCompaniesMode": "AllCompanies",
        "AccountType": "InternalAccount",
    }
