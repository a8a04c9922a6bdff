"""Terms on a storage account with the names of those they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billbridge.operations.companies import companies_called
from billbridge.operations.setup.document import StorageCost, StorageLimitSetting
from billbridge.store.models import Provider
from billbridge.store.queries.storage import Owners, owners

LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """One cost setting or limit, and whose it is; without a company it is everyone's."""

    setting: StorageCost | StorageLimitSetting
    company_pk: int | None
    company: str
    user: str
    state: str = ""

    @property
    def owner(self) -> str:
        """Whose it is, in words."""
        if not self.company:
            return "everyone"
        return f"{self.user} of {self.company}" if self.user else self.company


def names_of(provider: Provider, settings: Iterable[StorageCost | StorageLimitSetting]) -> Owners:
    """The names of everyone some settings belong to."""
    listed = tuple(settings)
    return owners(provider, {one.company_id for one in listed} - {""}, {one.user_id for one in listed} - {""})


def written_owner(provider: Provider, setting: StorageCost | StorageLimitSetting | None) -> tuple[str, str]:
    """The owner of a setting as a form writes it: the company's name, or its id if others share it; the login."""
    if setting is None or not setting.company_id:
        return "", ""
    one = owned(setting, names_of(provider, [setting]))
    is_plain = len(companies_called(provider, one.company)) == 1
    return one.company if is_plain else setting.company_id, one.user


def owned(setting: StorageCost | StorageLimitSetting, names: Owners, state: str = "") -> Owned:
    """A setting with its owner's names; an id stands for a name that is not known."""
    pk, company = names.companies.get(setting.company_id, (None, setting.company_id))
    return Owned(
        setting=setting,
        company_pk=pk,
        company=company,
        user=names.logins.get(setting.user_id, setting.user_id),
        state=state,
    )
