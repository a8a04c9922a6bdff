"""Everything about HaloPSA that its documents leave open, or that differs between tenants and years.

Each switch has the value a careful integration should expect by default; a test turns one to see what then happens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Module = Literal[
    "customers", "assets", "suppliers", "items", "softwarelicensing", "invoices", "contracts"
]  # fmt: skip
Access = Literal["none", "read", "modify"]

MODULES: tuple[Module, ...] = get_args(Module)
EMPTY_DATES = ("0001-01-01T00:00:00", "1899-12-30T00:00:00", "1901-01-01T00:00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """How this HaloPSA behaves; made anew by `changed`, never altered."""

    # Authentication and rights

    tenant_check: Literal["check", "required", "ignored"] = "check"
    """`check`: a tenant that is given must be the right one; `required`: it must be given too; `ignored`: any will
    do, as on-premises. A wrong one is answered with 500."""

    short_token_path: bool = False
    """Whether tokens are also given at /token, as on authorisation servers with a host of their own."""

    expires_in: int = 3600
    """Seconds for which a token holds; later it is answered with an empty 401."""

    application_scopes: tuple[str, ...] = ("all",)
    """Scopes ticked on the application. Asking for another is `invalid_scope`."""

    all_covers_every_scope: bool = True
    """Whether a ticked `all` (or `all:standard`) lets an integration ask for single scopes. Vendors disagree."""

    scope_omitted: Literal["empty", "refuse"] = "empty"
    """A token request without a scope gets a token that may do nothing, or `invalid_request`."""

    agent_access: Mapping[str, Access] = field(default_factory=dict)
    """Access level of the application's agent per module (customers, assets, suppliers, items,
    softwarelicensing, invoices, contracts); a module not named has `modify`."""

    no_access_status: Mapping[str, int] = field(default_factory=dict)
    """401 or 403, per module, when the agent has no access to the module at all; 401 for those not named."""

    missing_scope_status: Mapping[str, int] = field(default_factory=dict)
    """401 or 403, per module, when the token's scopes do not allow the call, or when the agent may only read;
    403 for those not named."""

    authinfo_has_tenant: bool = True
    """Whether /api/authinfo names the tenant; its full list of fields is not documented."""

    # Rate limit

    rate_limit: int | None = 700
    """Calls allowed within the rolling window; None for no limit. 300, 450 and 700 have been seen."""

    rate_window_seconds: float = 300.0
    """Length of the rolling window."""

    retry_after: bool = False
    """Whether a 429 carries the header Retry-After; nobody has recorded one."""

    refused_calls_count: bool = False
    """Whether a call answered with 429 fills the window as well."""

    token_calls_count: bool = False
    """Whether token requests fill the window."""

    # Lists

    page_cap: int | None = 100
    """Rows a page never exceeds, whatever `page_size` says; None for no cap."""

    count_capped: bool = True
    """Whether the cap also holds for `count` without paging."""

    unordered: Literal["last_modified", "id", "scrambled"] = "last_modified"
    """Order of a list without `order`: latest change first, by id, or different on every call."""

    empty_date: Literal["omit", "0001-01-01T00:00:00", "1899-12-30T00:00:00", "1901-01-01T00:00:00"] = (
        "0001-01-01T00:00:00"
    )
    """How a date that was never set shows: left out or as one of the three known stand-ins."""

    site_client_id: Literal["mixed", "int", "double"] = "mixed"
    """Type of a site's `client_id`: it is declared as a double and has been seen as both."""

    # Writing

    post_status: Literal[200, 201] = 201
    """Status of a POST that worked; the documents name both."""

    batch_reply: Literal["array", "always_array", "last_object"] = "array"
    """Answer to a POST of several elements: `array` (an object for one element), an array even for one, or the
    object of the last element."""

    batch_faulty: Literal["atomic", "stop", "skip"] = "atomic"
    """What a POST with an element against a business rule leaves behind: nothing, the elements before it, or all
    others. A value of a wrong type is found before anything is done and always leaves nothing."""

    post_limit: int | None = None
    """Most elements of one POST; more are refused with 400. No limit is documented."""

    record_not_found: Literal["string", "exception"] = "string"
    """Shape of the 400 for an update of an id that does not exist."""

    check_references: bool = True
    """Whether customers, sites, suppliers and items that do not exist are refused on writing."""

    # Subscriptions

    subscription_type: int = 1
    """The `type` whose rows stand on the *Subscriptions* tab; the others stand on *Software licences*."""

    count_type: Literal["int", "double"] = "double"
    """`count` as in 2025 (int: a fraction or 7.0 is refused) or as in 2026 (double)."""

    count_fractions: Literal["keep", "round", "truncate"] = "round"
    """What becomes of the fraction of a double `count`; the database column was an int."""

    price_decimals: int | None = None
    """Decimals to which prices and costs of subscriptions are rounded half up when stored; None keeps them."""

    deleted_in_lists: Literal["never", "with_inactive", "always"] = "with_inactive"
    """When lists show a deleted subscription (with `deleted` true): never, with `includeinactive`, or always."""

    deleted_found: bool = False
    """Whether GET by id still finds a deleted subscription; otherwise 404, and an update of it is refused."""

    change_field_base: int = 1
    """`field_id` of the first tracked field in the change history; the true numbers are unknown."""

    create_recurring_invoice_line: bool = False
    """Whether `_create_recurring_invoice_line` adds a line to the customer's first recurring invoice."""

    allow_licence_update_honoured: bool = False
    """Whether an element with `allow_licence_update` false leaves an existing subscription as it is."""

    # Recurring invoices

    subscription_quantity_kind: int = 3
    """`kind` of a line quantity that follows a subscription; the true number is unknown."""

    calculated_quantity_type: int = 1
    """`recurring_invoice_quantity_type` of a calculated line; the true number is unknown."""

    inactive_subscription_inactive_line: bool = False
    """Whether a line whose subscriptions are all inactive goes inactive and is left out of invoices."""

    process_reply: Literal["invoices", "empty"] = "invoices"
    """Answer of /RecurringInvoice/process: the invoices made, or nothing."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if not _fits(value, hints[each.name]):
                raise ValueError(f"The switch {each.name} cannot be {value!r}; it takes {each.type}.")
        for name in ("rate_limit", "page_cap", "post_limit"):
            if (limit := getattr(self, name)) is not None and limit < 1:
                raise ValueError(f"The switch {name} must be at least 1, or null for no limit.")
        named = {*self.agent_access, *self.no_access_status, *self.missing_scope_status}
        if unknown := sorted(named - set(MODULES)):
            raise ValueError(f"There is no module {', '.join(unknown)}; there are {', '.join(MODULES)}.")

    def changed(self, changes: Mapping[str, Any]) -> Switches:
        """These switches with some turned; ValueError names an unknown one or a value it cannot have."""
        known = [each.name for each in dataclasses.fields(self)]
        if unknown := sorted(set(changes) - set(known)):
            raise ValueError(f"There is no switch {', '.join(unknown)}; there are {', '.join(known)}.")
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}
        now: dict[str, Any] = {name: getattr(self, name) for name in known}
        return Switches(**{**now, **values})


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in arguments)
    if origin is Literal:
        return any(value == each and type(value) is type(each) for each in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(each, arguments[0]) for each in value)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(_fits(each, arguments[1]) for each in value.values())
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is hint
