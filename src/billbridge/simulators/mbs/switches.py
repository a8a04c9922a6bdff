"""Everything about the MBS API that its documents leave open, or that differs between its years.

Each switch has the value a careful integration should expect by default; a test turns one to see what then happens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from billbridge.simulators.world_usage_history import DateStyle


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How this MBS behaves; made anew by `changed`, never altered."""

    # Login

    login_refused: Literal["no", "ip_restricted", "api_disabled"] = "no"
    """Whether every login is answered with 403: the caller's address is not allowed, or the account has no API."""

    token_life_seconds: int = 1_209_600
    """Seconds for which a token holds; `expires_in` is one less, as in the real answers."""

    one_token_per_login: bool = False
    """Whether a new login ends the tokens given before."""

    calls_per_minute: int = 0
    """Calls allowed within a rolling minute, 429 above; 0 for no limit. No limit is documented."""

    # Reading in general

    unknown_id: Literal["null", "404"] = "null"
    """Answer to a GET by an id that does not exist: 200 with null, or 404."""

    skip_take: Literal["ignored", "honoured"] = "ignored"
    """Whether `skip` and `take` page the lists. Some clients send them; no document names them."""

    computers_count: Literal["page", "total"] = "page"
    """Whether `Count` of Computers is the number of rows in the answer or of all computers."""

    date_digits: Literal["varied", "0", "3", "7"] = "varied"
    """Fractional digits of dates in answers; `varied` differs from row to row, but not from call to call."""

    no_company: Literal["documented", "null", "empty"] = "documented"
    """How a user without a company shows: "" in Users and null elsewhere, or the same everywhere."""

    # Companies and users

    space_used_unit: Literal["kilobytes", "bytes"] = "kilobytes"
    """Unit of a user's `SpaceUsed`; the documents say kilobytes, all other figures are bytes."""

    current_volume: Literal["zero", "bytes"] = "zero"
    """`CurrentVolume` of a user's destination: 0 as in all known samples, or the bytes kept there."""

    # Licenses

    license_type_names: Mapping[str, str] = field(default_factory=dict)
    """Other strings for license types in `LicenseType`, by the console's name of the type. Only `Ultimate` and
    `File Backup` were ever seen."""

    administrator_licenses: bool = True
    """Whether licenses of administrators (such as RMM + Connect) stand in the list; they have no `UserID`."""

    domain_licenses: bool = False
    """Whether every licensed mailbox stands in the list of licenses too, with its address as `ComputerName`."""

    # Microsoft 365 and Google domains

    sharepoint_in_domain_count: bool = False
    """Whether `ActivatedLicenses` of a domain counts its SharePoint license as one more."""

    domain_storage_unit: Literal["bytes", "kilobytes", "gigabytes"] = "bytes"
    """Unit of `StorageUsage.Total` of a domain; a gigabyte is 2^30 bytes, and fractions are cut off."""

    # Billing

    licenses_used_in_billing: bool = False
    """Whether rows of Billing have `LicensesUsed`, as they did in 2018 but not later."""

    billing_zero_rows: bool = True
    """Whether Billing has a row for a user without any usage or cost."""

    billing_keeps_deleted_users: bool = False
    """Whether the months in which a deleted user still kept data go on showing it, under the last company name."""

    billing_totals: Literal["scoped", "provider"] = "scoped"
    """Whether the totals of a Billing filtered by company are the company's or the whole provider's."""

    current_space_of_closed_month: Literal["last_day", "today"] = "last_day"
    """`CurrentSpaceUsed` of a month that is over: the figure of its last day, or today's."""

    details_running_month: Literal["average_to_date", "current"] = "average_to_date"
    """`SizeBackup` in Details of the running month: the average to date, or the figure of today."""

    package_and_per_gb: Literal["package_only", "overage", "both"] = "package_only"
    """What a storage limit leaves to be charged per GB: nothing, the usage beyond it, or all of the usage."""

    company_package_cost: Literal["first_user", "every_user", "none"] = "first_user"
    """In which rows of Billing the limit of a whole company is charged, for users without a limit of their own."""

    money_rounding: Literal["half_up", "half_even"] = "half_up"
    """How charges per GB are rounded."""

    money_decimals: int = 2
    """Decimals to which charges per GB are rounded, 0 to 10."""

    # Export of the Usage History

    csv_delimiter: Literal[",", ";", "\t"] = ","
    """What separates the columns."""

    csv_dates: DateStyle = "iso"
    """How days are written: 2026-09-30 (`iso`), 09/30/2026 (`us`) or 2026-09-30T00:00:00 (`iso_time`)."""

    csv_byte_order_mark: bool = False
    """Whether the file begins with a byte order mark, as programs on Windows often write it."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if not _fits(value, hints[each.name]):
                raise ValueError(f"The switch {each.name} cannot be {value!r}; it takes {each.type}.")
        if self.token_life_seconds < 1:
            raise ValueError("The switch token_life_seconds needs at least 1 second.")
        if self.calls_per_minute < 0:
            raise ValueError("The switch calls_per_minute cannot be negative; 0 means no limit.")
        if not 0 <= self.money_decimals <= 10:
            raise ValueError("The switch money_decimals takes 0 to 10.")

    def changed(self, changes: Mapping[str, Any]) -> Switches:
        """These switches with some turned; ValueError names an unknown one or a value it cannot have."""
        known = [each.name for each in dataclasses.fields(self)]
        if unknown := sorted(set(changes) - set(known)):
            raise ValueError(f"There is no switch {', '.join(unknown)}; there are {', '.join(known)}.")
        return dataclasses.replace(self, **changes)


def _fits(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint) and isinstance(value, str)
    if get_origin(hint) is Mapping:
        return isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair)
    return type(value) is hint
