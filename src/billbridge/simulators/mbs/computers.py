"""Computers with a backup agent, and the last run of their plans: a cross-check of the licenses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from billbridge.simulators.mbs.answers import Context, company_shown, written
from billbridge.simulators.world_state import LicenseOnDay
from billbridge.simulators.world_values import User

BUILD_TYPE = 536_870_940
BACKUP_PLAN = 3
LAST_RUN = time(1, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """An endpoint that holds a license today; with several licenses it is one computer."""

    name: str
    user: User
    license: LicenseOnDay

    @property
    def hid(self) -> str:
        """The computer's own id, which no license shows."""
        return str(uuid5(NAMESPACE_DNS, f"{self.user.id}/{self.name}"))


def computers_now(context: Context) -> Iterator[Computer]:
    """The computers, each once, in the order of their first license."""
    seen = set()
    for held in context.world.licenses_now():
        life = held.life
        if life is None or life.user_id is None or life.endpoint is None or (life.user_id, life.endpoint) in seen:
            continue
        seen.add((life.user_id, life.endpoint))
        yield Computer(name=life.endpoint, user=context.world.users[life.user_id], license=held)


def computers(context: Context, offset: int, count: int) -> dict[str, Any]:
    """A page of the computers in their envelope."""
    everything = list(computers_now(context))
    page = everything[offset : offset + count]
    return {
        "Count": len(everything) if context.switches.computers_count == "total" else len(page),
        "Message": "Success",
        "StatusCode": 200,
        "Computers": [_computer(context, each) for each in page],
    }


def _computer(context: Context, each: Computer) -> dict[str, Any]:
    system = (each.license.life and each.license.life.operating_system) or "Windows"
    expires = written(each.license.expires, each.hid, context.switches)
    seen = datetime.combine(context.world.today, LAST_RUN)
    return {
        "ComputerHID": each.hid,
        "OSTypeString": "windows" if system.startswith("Windows") else "macOS" if "mac" in system else "linux",
        "BuildTypeString": BUILD_TYPE,
        "RemoteManagementAvailable": True,
        "ComputerName": each.name,
        "ComputerDisplayName": "",
        "CompanyName": _company(context, each.user),
        "UserEmail": each.user.login,
        "ProfileName": each.user.login,
        "UserID": each.user.id,
        "BackupBuildVersion": {"_Major": 8, "_Minor": 4, "_Build": 2, "_Revision": 35},
        "License": {
            "Granted": not each.license.license.expired_on(context.world.today),
            "IsTrial": each.license.license.trial,
            "DisplayExpiresDate": expires,
        },
        "BackupStats": {
            "PlansCount": 1,
            "TotalOverdueCount": 0,
            "TotalFailedCount": 0,
            "TotalSuccessCount": 1,
            "TotalWarningCount": 0,
            "TotalNotRunCount": 0,
            "TotalRunningCount": 0,
            "TotalInterruptedCount": 0,
        },
        "LastActivity": written(seen, each.hid, context.switches),
        "InstanceType": 3,
        "HasBackupApp": True,
        "LostAuth": False,
        "LostAuthChangeDate": None,
        "Apps": [
            {
                "ApplicationId": "backup",
                "Version": "8.4.2.35",
                "VersionStatus": "Latest",
                "BuildTypeLong": BUILD_TYPE,
                "ApplicationState": "Enabled",
                "Online": True,
                "ErrorCode": 0,
                "ErrorMessage": None,
            }
        ],
    }


def monitoring(context: Context, *, user_id: str | None = None) -> list[dict[str, Any]]:
    """The last run of each computer's plan, of all users or of one."""
    return [_run(context, each) for each in computers_now(context) if user_id in (None, each.user.id)]


def _run(context: Context, each: Computer) -> dict[str, Any]:
    last = datetime.combine(context.world.today, LAST_RUN)
    return {
        "PlanName": f"Backup of {each.name}",
        "CompanyName": _company(context, each.user),
        "UserName": each.user.login,
        "UserID": each.user.id,
        "ComputerName": each.name,
        "ComputerHid": each.hid,
        "BuildVersion": "8.4.2.35",
        "StorageType": "AmazonS3",
        "LastStart": written(last, each.hid, context.switches),
        "NextStart": None,
        "Status": 0,
        "ErrorMessage": "",
        "FilesCopied": 12,
        "FilesFailed": 0,
        "DataCopied": 1_048_576,
        "Duration": "15 second(s)",
        "DataToBackup": 1_048_576,
        "TotalData": 1_048_576,
        "FilesScanned": 400,
        "FilesToBackup": 12,
        "PlanId": str(uuid5(NAMESPACE_DNS, f"plan/{each.hid}")),
        "PlanType": BACKUP_PLAN,
        "DetailedReportLink": "",
    }


def _company(context: Context, user: User) -> str | None:
    name = context.world.company_name_of(user)
    return company_shown(name, where_documented=None, switches=context.switches)
