"""What the MBS API answers, as far as billing needs it.

Unknown fields are ignored and the case of names does not matter (the API itself writes `Id`, `ID`, `UserId`
and `UserID`). A missing or null field is read as empty, except for ids and for what money or a count hangs
on: those must be there.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NO_GUID = "00000000-0000-0000-0000-000000000000"


def _text(value: Any) -> Any:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else value


def _reference(value: Any) -> Any:
    """An id as text: GUIDs in lower case, as the API's lists need not agree on theirs; nil means none."""
    text = _text(str(value) if type(value) is int else value)
    if isinstance(text, str) and _GUID.fullmatch(text):
        text = text.lower()
    return "" if text == _NO_GUID else text


def _calendar_day(value: Any) -> Any:
    """The day as written: the API's time stamps have no zone. The year 1 is .NET's way to say never set."""
    if value is None or value == "":
        return None
    if not (isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}(T|\s|$)", value)):
        raise ValueError("not a date")
    day = date.fromisoformat(value[:10])
    return None if day.year == 1 else day


def _seconds(value: Any) -> float | None:
    """A positive number of seconds, or None for anything else."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds < float("inf") else None


Text = Annotated[str, BeforeValidator(_text)]
Id = Annotated[str, BeforeValidator(_reference), Field(min_length=1)]
Reference = Annotated[str, BeforeValidator(_reference)]
Day = Annotated[date | None, BeforeValidator(_calendar_day)]
Bytes = Annotated[int, Field(ge=0)]
BytesOrNone = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value), Field(ge=0)]


class Foreign(BaseModel):
    """A JSON object of the API: names are compared without case, underscores stand for nothing."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        alias_generator=lambda name: str(name).replace("_", ""),
    )

    @model_validator(mode="before")
    @classmethod
    def _names_without_case(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name).casefold().replace("_", ""): each for name, each in value.items()}
        return value


class MbsToken(Foreign):
    """The answer to a login."""

    access_token: Annotated[str, Field(min_length=1)]
    expires_in: Annotated[float | None, BeforeValidator(_seconds)] = None


class MbsCompany(Foreign):
    """A company; its name is the join key of every other list."""

    id: Id
    name: Text = ""


class MbsUserDestination(Foreign):
    """A place a user backs up to, with the user's storage limit there; package 0 is none."""

    account_id: Reference = ""
    package_id: Reference = ""


class MbsUser(Foreign):
    """A backup user; `email` is the login and need not be an address, `company` is a name."""

    id: Id
    email: Text = ""
    company: Text = ""
    destination_list: list[MbsUserDestination] | None = None

    @property
    def packages(self) -> tuple[tuple[str, str], ...]:
        """The storage limits of the user, each once: ids of account and package."""
        given = {(each.account_id, each.package_id) for each in self.destination_list or ()}
        return tuple(
            sorted((account, package) for account, package in given if account and package not in ("", "0"))
        )


class MbsLicense(Foreign):
    """A license at this moment; neither company nor dates of activation and release are in it."""

    id: Id
    computer_name: Text = ""
    is_trial: bool
    is_taken: bool
    license_type: Text = ""
    date_expired: Day = None
    user: Text = ""
    user_id: Reference = ""


class MbsAccount(Foreign):
    """A storage account; its cost settings are not in the API."""

    account_id: Id
    display_name: Text = ""
    storage_type: Text = ""


class MbsPackage(Foreign):
    """A storage limit; both limits in GB, negative means none; `cost` is what the user is charged."""

    id: Id
    name: Text = ""
    cost: Decimal
    storage_limit: Decimal | None = None
    restore_limit: Decimal | None = None
    use_restore_limit: bool | None = None


class MbsUserBilling(Foreign):
    """One user's month: bytes and, in the currency of the console, the charges for storage."""

    user_id: Id
    email: Text = ""
    company_name: Text = ""
    average_space: BytesOrNone = 0
    total_volume_restore: BytesOrNone = 0
    plan_cost: Decimal | None = None
    storage_cost: Decimal | None = None
    restore_cost: Decimal | None = None
    total_cost: Decimal | None = None


class MbsBilling(Foreign):
    """A month of all users; bytes, and one row per user."""

    current_space_used: BytesOrNone = 0
    average_space_used: BytesOrNone = 0
    total_restore: BytesOrNone = 0
    statistic_billing: list[MbsUserBilling]


class MbsComputerUsage(Foreign):
    """Bytes of one computer of a user on one storage account."""

    computer: Text = ""
    account_id: Reference = ""
    size_backup: Bytes
    size_restore: Bytes


class MbsDetails(Foreign):
    """One user's month by computer and storage account: the only link from usage to an account."""

    user_id: Reference = ""
    user_detail_list: list[MbsComputerUsage]


class MbsStorageUsage(Foreign):
    """What a domain stores, in bytes."""

    total: BytesOrNone = 0


class MbsDomain(Foreign):
    """A Microsoft 365 or Google domain; the API does not say of which company."""

    domain: Id
    activated_licenses: Annotated[int, Field(ge=0)]
    storage_usage: MbsStorageUsage | None = None


class MbsComputerLicense(Foreign):
    """Whether a computer holds a license; of which type is not said."""

    granted: bool | None = None
    is_trial: bool | None = None


class MbsComputer(Foreign):
    """An endpoint; unlike a license it names its company."""

    computer_hid: Reference = ""
    computer_name: Text = ""
    company_name: Text = ""
    user_email: Text = ""
    user_id: Reference = ""
    license: MbsComputerLicense | None = None

    @property
    def has_license(self) -> bool:
        """Whether it holds any license, trial or paid."""
        return self.license is not None and self.license.granted is True

    @property
    def has_paid_license(self) -> bool:
        """Whether the license it shows is a paid one."""
        return self.has_license and self.license is not None and self.license.is_trial is not True


class MbsComputerPage(Foreign):
    """One page of endpoints; whether `count` is the page's size or the grand total is not documented."""

    count: int | None = None
    message: Text = ""
    status_code: int | None = None
    computers: list[MbsComputer] | None = None
