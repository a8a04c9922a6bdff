"""Replacing the names in a setup file by ids, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from billbridge.billing.configuration import Configuration
from billbridge.billing.prices import PriceSetting
from billbridge.billing.products import Product, ProductKind
from billbridge.operations.names import folded
from billbridge.operations.setup.directory import Directory, LicenseTypes
from billbridge.operations.setup.document import (
    CompanySetup,
    DefaultAssetTypeSetting,
    DomainSetting,
    KnownUser,
    SetupDocument,
    StorageCost,
    StorageLimitSetting,
)
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.lines import Path
from billbridge.operations.setup.problems import Problems

_T = TypeVar("_T")

Resolve = Callable[[_T, Path], _T]


class Resolver:
    """Knows the names and ids of an installation and of the file itself; what it cannot find becomes a problem.

    `document` names its companies by id already.
    """

    def __init__(self, document: SetupDocument, installed: Installed, problems: Problems) -> None:
        self._problems = problems
        self._companies = company_directory(document, installed, problems)
        accounts = {account.id: account.name for account in document.storage_accounts} | dict(installed.accounts)
        self.accounts = Directory("storage account", accounts, "add it under [[storage_accounts]]", problems)
        self._domains = {folded(domain.name): domain.name for domain in installed.document.domains or ()}
        now = installed.document
        self._types = LicenseTypes(
            now.license_types or () if document.license_types is None else document.license_types,
            (types_in_use(now) | installed.license_types) - {one.name for one in now.license_types or ()},
            problems,
        )
        self.users = self._listed_users(document.users)
        collected = {user.id for user in now.users}
        listed = (user for user in self.users if user.id not in collected)
        self._logins = _logins_by_company([*_users_in_use(now), *now.users, *listed])

    def asset_type(self, setting: DefaultAssetTypeSetting, path: Path) -> DefaultAssetTypeSetting:
        return replace(setting, product=self._product(setting.product, (*path, "product")))

    def price(self, setting: PriceSetting, path: Path) -> PriceSetting:
        return replace(
            setting,
            license_type=self._types.find(setting.license_type, (*path, "license_type")),
            company_id=self._company(setting.company_id, path),
        )

    def storage_cost(self, setting: StorageCost, path: Path) -> StorageCost:
        company_id = self._company(setting.company_id, path)
        return replace(
            setting,
            account_id=self.accounts.find(setting.account_id, (*path, "account")),
            company_id=company_id,
            user_id=self._user(setting.user_id, company_id, path),
        )

    def storage_limit(self, setting: StorageLimitSetting, path: Path) -> StorageLimitSetting:
        company_id = self._company(setting.company_id, path)
        return replace(
            setting,
            account_id=self.accounts.find(setting.account_id, (*path, "account")),
            company_id=company_id,
            user_id=self._user(setting.user_id, company_id, path),
        )

    def domain(self, setting: DomainSetting, path: Path) -> DomainSetting:
        """The domain as the installation spells it, if it knows it."""
        return DomainSetting(
            name=self._domains.get(folded(setting.name), setting.name),
            company_id=self._company(setting.company_id, path),
            license_type=self._type(setting.license_type, path),
        )

    def company(self, entry: CompanySetup, path: Path, before: CompanySetup) -> CompanySetup:
        """A company's configurations, exclusions and adjustments; `before` is how they are now."""
        billed = {product for one in before.configurations or () for product in one.products}

        def configuration(one: Configuration, where: Path) -> Configuration:
            return self._configuration(one, where, billed)

        return replace(
            entry,
            configurations=each(entry.configurations, (*path, "configurations"), configuration),
            exclusions=each(
                entry.exclusions,
                (*path, "exclusions"),
                lambda one, where: replace(one, license_type=self._type(one.license_type, where)),
            ),
            adjustments=each(
                entry.adjustments,
                (*path, "adjustments"),
                lambda one, where: replace(one, license_type=self._type(one.license_type, where)),
            ),
        )

    def _configuration(self, configuration: Configuration, path: Path, billed: set[Product]) -> Configuration:
        found = {product: self._product(product, (*path, "products")) for product in configuration.products}
        for product in found.values():
            is_license = product.kind is ProductKind.LICENSE
            if is_license and not self._types.is_billable(product.code) and product not in billed:
                self._problems.add(
                    (*path, "products"),
                    f"{product.code} is charged to the provider and counts for no company.",
                    "Remove it; a type that you do bill to companies goes under [[license_types]].",
                )
        return replace(
            configuration,
            products=tuple(found.values()),
            asset_types={found[product]: name for product, name in configuration.asset_types.items()},
        )

    def _product(self, product: Product, path: Path) -> Product:
        find = self._types.find if product.kind is ProductKind.LICENSE else self.accounts.find
        return Product(product.kind, find(product.code, path))

    def _type(self, license_type: str, path: Path) -> str:
        return self._types.find(license_type, (*path, "license_type")) if license_type else ""

    def _company(self, written: str, path: Path) -> str:
        return self._companies.find(written, (*path, "company")) if written else ""

    def _user(self, written: str, company_id: str, path: Path) -> str:
        if not written:
            return ""
        logins = self._logins.get(company_id, {})
        users = Directory("user of this company", logins, "add it under [[users]]", self._problems)
        return users.find(written, (*path, "user"))

    def _listed_users(self, users: Iterable[KnownUser]) -> tuple[KnownUser, ...]:
        return tuple(
            replace(user, company_id=self._company(user.company_id, ("users", position)))
            for position, user in enumerate(users)
        )


def company_directory(document: SetupDocument, installed: Installed, problems: Problems) -> Directory:
    """The companies of the installation and those that the file gives an id."""
    listed = {entry.id: entry.name for entry in document.companies or () if entry.id}
    return Directory(
        "company", listed | installed.companies, "add it under [[companies]] with id and name", problems
    )


def each(entries: tuple[_T, ...] | None, path: Path, settle: Resolve[_T]) -> tuple[_T, ...] | None:
    """Every entry of a list with its names replaced; `None` for a list the file does not have."""
    if entries is None:
        return None
    return tuple(settle(entry, (*path, position)) for position, entry in enumerate(entries))


def types_in_use(document: SetupDocument) -> set[str]:
    """Every license type that a document's settings name."""
    products = [setting.product for setting in document.default_asset_types or ()]
    named = {price.license_type for price in document.prices or ()}
    named |= {domain.license_type for domain in document.domains or ()}
    for company in document.companies or ():
        products += [product for one in company.configurations or () for product in one.products]
        named |= {exclusion.license_type for exclusion in company.exclusions or ()}
        named |= {adjustment.license_type for adjustment in company.adjustments or ()}
    named |= {product.code for product in products if product.kind is ProductKind.LICENSE}
    return named - {""}


def _users_in_use(document: SetupDocument) -> Iterator[KnownUser]:
    """The users that settings name, collected or not, without their logins."""
    pairs = {(cost.company_id, cost.user_id) for cost in document.storage_costs or ()}
    pairs |= {(limit.company_id, limit.user_id) for limit in document.storage_limits or ()}
    for company_id, user_id in pairs:
        if user_id:
            yield KnownUser(id=user_id, login="", company_id=company_id)


def _logins_by_company(users: Iterable[KnownUser]) -> Mapping[str, dict[str, str]]:
    """The users' logins by company and user id; of two entries for one user the later holds."""
    logins: dict[str, dict[str, str]] = {}
    for user in users:
        logins.setdefault(user.company_id, {})[user.id] = user.login
    return logins
