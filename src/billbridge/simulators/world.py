"""One deterministic world behind both simulators: a provider, its companies, what they use, and its HaloPSA tenant.

Same arguments, same world, on every machine. The world's day may be moved, which changes what is shown, never what
happened before; tests change the rest with edits.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import date
from typing import Any, Self, get_type_hints

from billbridge.simulators.world_accounts import generate_domains, generate_storage
from billbridge.simulators.world_companies import generate_administrators, generate_companies, generate_users
from billbridge.simulators.world_edits_companies import CompanyEdits
from billbridge.simulators.world_edits_storage import StorageEdits
from billbridge.simulators.world_halopsa_seed import generate_halopsa
from billbridge.simulators.world_licenses import generate_licenses
from billbridge.simulators.world_lookup import EditError
from billbridge.simulators.world_truth import MonthTruth, month_truth
from billbridge.simulators.world_usage_history import DateStyle, usage_history_csv
from billbridge.simulators.world_values import day_written

__all__ = ["EDITS", "EditError", "World"]

EDITS = (
    "add_company",
    "add_domain",
    "add_license",
    "add_pool_license",
    "add_user",
    "change_license_type",
    "duplicate_company_name",
    "expire_license",
    "move_user",
    "release_license",
    "release_licenses",
    "remove_company",
    "remove_domain",
    "remove_user",
    "rename_company",
    "set_domain_licenses",
    "set_package",
    "set_restore",
    "set_storage",
    "swap_license",
)
"""The edits that `World.edit` knows; each is a method of that name."""

DAY_PARAMETERS = ("day", "expires")

LIVES_PER_100_HELD = 145
"""Of so many license lives of a history, about 100 are held on a day: the others are over or still to come."""


class World(CompanyEdits, StorageEdits):
    """The provider's whole world as of a day that can be moved (`today`)."""

    @classmethod
    def generate(
        cls,
        *,
        companies: int = 40,
        licenses: int = 600,
        seed: int = 7,
        start: date = date(2026, 9, 1),
        today: date = date(2026, 11, 12),
        storage_accounts: int = 3,
        extra_customers: int = 20,
        extra_subscriptions: int = 30,
    ) -> Self:
        """A world with so many companies and about so many licenses held on a day, whose history begins on `start`.

        `extra_customers` are customers in HaloPSA that no company is, `extra_subscriptions` those of other vendors.
        ValueError without a company, since the special cases of billing need at least one.
        """
        if companies < 1:
            raise ValueError("A world needs at least one company.")
        administrators = generate_administrators(seed, start)
        company_list = generate_companies(companies, seed, start)
        users = generate_users(company_list, seed, start)
        held = generate_licenses(
            companies=company_list,
            users=users,
            administrators=[administrator.login for administrator in administrators],
            count=licenses * LIVES_PER_100_HELD // 100,
            seed=seed,
            start=start,
        )
        storage = generate_storage(
            companies=company_list,
            users=users,
            lives=held.lives,
            accounts=storage_accounts,
            seed=seed,
            start=start,
        )
        domains, domain_storage = generate_domains(
            companies=company_list, accounts=storage.accounts, seed=seed, start=start
        )
        return cls(
            seed=seed,
            start=start,
            today=today,
            companies=storage.companies,
            users=storage.users,
            licenses=held.licenses,
            lives=held.lives,
            accounts=storage.accounts,
            packages=storage.packages,
            prices=storage.prices,
            storage=storage.series,
            domains=domains,
            domain_storage=domain_storage,
            administrators=administrators,
            halopsa=generate_halopsa(
                companies=company_list,
                seed=seed,
                start=start,
                extra_customers=extra_customers,
                extra_subscriptions=extra_subscriptions,
            ),
        )

    def edit(self, do: str, arguments: Mapping[str, Any]) -> object:
        """Make the edit named `do`; days may be written as YYYY-MM-DD. EditError says what is wrong."""
        if do not in EDITS:
            raise EditError(f"There is no edit {do!r}; there are {', '.join(EDITS)}.")
        method = getattr(self, do)
        signature = inspect.signature(method)
        try:
            values = {name: _argument(name, value) for name, value in arguments.items()}
            signature.bind(**values)
        except (TypeError, ValueError) as problem:
            raise EditError(f"{do}{signature}: {problem}") from problem
        for name, hint in get_type_hints(method).items():
            # A value of a wrong type would sit in the world unseen and fail in some later answer.
            if name in values and not isinstance(values[name], hint):
                raise EditError(f"{do}{signature}: {name} cannot be {values[name]!r}.")
        return method(**values)

    def truth(self, month: str) -> MonthTruth:
        """What was really used in a month (YYYY-MM) until today, computed without any billing code."""
        return month_truth(self, month)

    def usage_history_csv(
        self, month: str, *, delimiter: str = ",", dates: DateStyle = "iso", byte_order_mark: bool = False
    ) -> str:
        """The Usage History of a month (YYYY-MM) until today, as the console exports it."""
        return usage_history_csv(self, month, delimiter=delimiter, dates=dates, byte_order_mark=byte_order_mark)


def _argument(name: str, value: object) -> object:
    return day_written(value) if name in DAY_PARAMETERS and isinstance(value, str) else value
