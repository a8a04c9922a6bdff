"""Products: what can be billed. A license product is a license type, a storage product a storage account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class ProductKind(StrEnum):
    """The two things that are counted so differently that they never mix in one quantity."""

    LICENSE = "license"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True, order=True)
class Product:
    """A product, told apart by its kind and `code`: the license type's name, or the storage account's id."""

    kind: ProductKind
    code: str

    @classmethod
    def license(cls, license_type: str) -> Product:
        return cls(ProductKind.LICENSE, license_type)

    @classmethod
    def storage(cls, account_id: str) -> Product:
        return cls(ProductKind.STORAGE, account_id)

    @classmethod
    def parse(cls, text: str) -> Product:
        """Read `license:Server` or `storage:<account id>`, as written by `str()`."""
        kind, separator, code = text.partition(":")
        if not separator or kind not in {str(kind) for kind in ProductKind} or not code:
            raise ValueError(f"{text!r} is not a product: write license:<license type> or storage:<account id>")
        return cls(ProductKind(kind), code)

    @property
    def key(self) -> tuple[ProductKind, str]:
        """How two spellings of one product are recognised as the same: license types by name, accounts by id."""
        return self.kind, type_key(self.code) if self.kind is ProductKind.LICENSE else self.code

    def __str__(self) -> str:
        return f"{self.kind}:{self.code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseType:
    """A license type the console knows: how the source writes it, and whether a company can be billed for it.

    `count_only` types come as a number per domain, without endpoints.
    """

    name: str
    unit: str = "endpoint"
    billable: bool = True
    count_only: bool = False


SERVER_AND_DESKTOP_TYPES = (
    LicenseType(name="Server"),
    LicenseType(name="Ultimate"),
    LicenseType(name="File Backup"),
    LicenseType(name="Desktop"),
    LicenseType(name="MS SQL Server"),
    LicenseType(name="MS Exchange"),
    LicenseType(name="MS SQL Server + MS Exchange"),
    LicenseType(name="VM Server", unit="host"),
    LicenseType(name="VM Server Socket", unit="socket"),
)
DOMAIN_TYPES = (
    LicenseType(name="Microsoft 365 / Google Workspace", unit="domain user", count_only=True),
    LicenseType(name="SharePoint / Teams / Shared Drives", unit="domain", count_only=True),
)
PROVIDER_TYPES = (
    LicenseType(name="RMM + Connect", unit="administrator", billable=False),
    LicenseType(name="Connect", unit="administrator", billable=False),
    LicenseType(name="Advanced Rebranding & Custom SSL", unit="branding", billable=False),
    LicenseType(name="Onboarding", unit="provider", billable=False),
    LicenseType(name="Premium Support", unit="provider", billable=False),
)
KNOWN_LICENSE_TYPES = SERVER_AND_DESKTOP_TYPES + DOMAIN_TYPES + PROVIDER_TYPES
"""The license types of the vendor's own list (help pages of MSP360, 2026); a provider may add others."""


def license_types_by_name(types: Iterable[LicenseType]) -> dict[str, LicenseType]:
    """The types by their name as compared: without regard to case and outer spaces."""
    return {type_key(known.name): known for known in types}


def type_key(name: str) -> str:
    """How two spellings of one license type are recognised as the same."""
    return " ".join(name.split()).casefold()
