"""HaloPSA's modules as Billbridge uses them: the scope each needs and the access level its Agent needs.

What a client may do is what the application **and** its Agent are both allowed to do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module of HaloPSA's API.

    `scope` reads it and `write_scope` changes it (empty if Billbridge never does); an empty `scope` means that none
    is documented. `access_level` is the Agent's setting. `loss` says what is missing without an optional module,
    and is empty for one Billbridge cannot do without.
    """

    path: str
    title: str
    scope: str
    access_level: str
    write_scope: str = ""
    loss: str = ""


MODULES = (
    Module(path="Client", title="customers", scope="read:customers", access_level="Customers: Read Only"),
    Module(path="Site", title="sites", scope="read:customers", access_level="Customers: Read Only"),
    Module(
        path="AssetType",
        title="asset types",
        scope="read:assets",
        access_level="Assets: Read Only, with Allow use of all Asset Types: Yes",
    ),
    Module(
        path="Supplier",
        title="suppliers",
        scope="read:suppliers",
        write_scope="edit:suppliers",
        access_level="Suppliers: Read and Modify",
    ),
    Module(path="Item", title="items", scope="read:items", access_level="Products: Read Only"),
    Module(
        path="SoftwareLicence",
        title="subscriptions",
        scope="read:softwarelicensing",
        write_scope="edit:softwarelicensing",
        access_level="Software Licensing: Read and Modify",
    ),
    Module(
        path="ClientContract",
        title="agreements",
        scope="read:contracts",
        access_level="Contracts: Read Only",
        loss="billing in accordance with an agreement cannot be used",
    ),
    Module(
        path="RecurringInvoice",
        title="recurring invoices",
        scope="read:invoices",
        access_level="Invoices: Read Only",
        loss="Billbridge cannot tell which subscriptions are not on a recurring invoice yet",
    ),
    Module(
        path="LicenceChange",
        title="change history of subscriptions",
        scope="read:softwarelicensing",
        access_level="Software Licensing: Read Only",
        loss="Billbridge cannot show who changed a subscription in HaloPSA",
    ),
    Module(
        path="Currency",
        title="currencies",
        scope="",
        access_level="",
        loss="the currency of a customer cannot be named, only whether it is the base currency",
    ),
)

LEAST_SCOPES = tuple(dict.fromkeys(s for m in MODULES for s in (m.scope, m.write_scope) if s))
"""The permissions to tick on HaloPSA's application for everything Billbridge does, and no more."""

_BY_PATH = {module.path.lower(): module for module in MODULES}


def module_of(path: str) -> Module | None:
    """The module that an API path such as `SoftwareLicence/512` belongs to, if Billbridge knows it."""
    return _BY_PATH.get(module_name(path).lower())


def module_name(path: str) -> str:
    """The first part of an API path: HaloPSA's own name of the module."""
    return path.strip("/").partition("/")[0]
