"""Editing how a company is billed, step by step: what the person has so far stands in a draft until it is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef

from billbridge.billing.configuration import Configuration
from billbridge.billing.products import Product
from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.billing_draft import CompanyBilling, as_content, from_content
from billbridge.operations.change_settings import Part, change_settings, version_of
from billbridge.operations.drafts import KeptDraft, begin_anew_from, keep_draft, kept_draft, throw_away
from billbridge.operations.provider import today
from billbridge.operations.setup.compare import SettingChange, differences
from billbridge.operations.setup.current import company_setups
from billbridge.operations.setup.document import CompanySetup, KnownAccount, SetupDocument
from billbridge.store.models import BillingConfiguration, BillLine, Company, Slot
from billbridge.store.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """A company whose billing is edited: what is saved, what the person has so far, and from when it is."""

    company: Company
    saved: CompanySetup
    version: str
    """That of the settings now."""
    billing: CompanyBilling
    draft: KeptDraft | None
    billed: frozenset[str]
    """The ids of the configurations on which bills or subscriptions hang: they can end, but not vanish."""

    @property
    def is_outdated(self) -> bool:
        """Whether the settings were changed since the draft began."""
        return self.draft is not None and self.draft.version != self.version

    @property
    def seen(self) -> str:
        """The revision of the draft, empty without one."""
        return self.draft.revision if self.draft is not None else ""


def edit_billing(actor: Actor, company_id: int) -> Editing:
    """The company's billing as the actor left it, else as it is saved; raises `NotThere` for another's company."""
    company = Company.objects.filter(provider=actor.provider, pk=company_id).first()
    if company is None:
        raise NotThere("There is no such company.")
    company.provider = actor.provider  # loaded already
    (saved,) = company_setups([company])
    draft = kept_draft(actor, _form(company))
    billing = from_content(draft.content) if draft is not None else None
    return Editing(
        company=company,
        saved=saved,
        version=version_of((_part(company), saved)),
        billing=billing or _billing_of(saved),
        draft=draft if billing is not None else None,
        billed=_billed(company),
    )


def keep_billing(
    actor: Actor,
    editing: Editing,
    billing: CompanyBilling,
    *,
    version: str = "",
    seen: str = "",
    window: str = "",
    is_leaving: bool = True,
) -> KeptDraft:
    """Keep what the person has so far; nothing is saved by it.

    `version` is that of the settings when the first form was opened; see `keep_draft` for the rest.
    """
    actor.require(Role.BILLING)
    if editing.draft is None:
        throw_away(actor, _form(editing.company))  # one that cannot be read any more
    return keep_draft(
        actor,
        _form(editing.company),
        as_content(billing),
        version=version or editing.version,
        seen=seen,
        window=window,
        is_leaving=is_leaving,
    )


def throw_billing_away(actor: Actor, company_id: int) -> None:
    """Forget what the person has entered since the settings were saved."""
    actor.require(Role.BILLING)
    throw_away(actor, _form(edit_billing(actor, company_id).company))


def go_on_with_mine(actor: Actor, company_id: int) -> None:
    """Let the draft replace settings that were changed since it began: the person knows of them."""
    actor.require(Role.BILLING)
    editing = edit_billing(actor, company_id)
    begin_anew_from(actor, _form(editing.company), editing.version)


def changes_of(actor: Actor, editing: Editing, names: Mapping[Product, str]) -> tuple[SettingChange, ...]:
    """What saving would change of the settings as they are now, in words; `names` are the storage accounts'."""
    accounts = tuple(KnownAccount(id=product.code, name=name) for product, name in names.items())
    wanted = _setup_of(editing)
    if wanted.auto_billing:
        wanted = replace(wanted, auto_billing_since=editing.saved.auto_billing_since or today(actor.provider))
    return differences(
        SetupDocument(companies=(editing.saved,), storage_accounts=accounts),
        SetupDocument(companies=(wanted,), storage_accounts=accounts),
    )


def save_billing(actor: Actor, editing: Editing) -> tuple[SettingChange, ...]:
    """Make the draft the company's settings and throw it away; gives what changed.

    Raises `ChangedMeanwhile` when the settings are no longer those the draft began from, and `SettingsRefused` with
    every problem; the draft stays then.
    """
    actor.require(Role.BILLING)
    if editing.billing.unfinished:
        names = ", ".join(repr(_name_of(editing.billing, one)) for one in editing.billing.unfinished)
        raise InvalidInput(
            f"Not finished yet: {names}. Nothing was saved.",
            hint="Finish each of them, or discard what you entered.",
        )
    missing = _vanished(editing)
    if missing:
        names = ", ".join(repr(one.name) for one in missing)
        raise InvalidInput(
            f"{names} has bills and cannot vanish. Nothing was saved.",
            hint="Give it the last month it is billed for.",
        )
    changes = change_settings(
        actor,
        SetupDocument(companies=(_setup_of(editing),)),
        version=editing.draft.version if editing.draft is not None else editing.version,
        parts=(_part(editing.company),),
    )
    throw_away(actor, _form(editing.company))
    return changes


def _vanished(editing: Editing) -> Sequence[Configuration]:
    kept = {one.id for one in editing.billing.configurations}
    saved = editing.saved.configurations or ()
    return [one for one in saved if one.id in editing.billed and one.id not in kept]


def _setup_of(editing: Editing) -> CompanySetup:
    mapped = editing.saved.customer_id is not None
    return CompanySetup(
        id=editing.saved.id,
        name=editing.saved.name,
        customer_id=editing.saved.customer_id,
        site_id=editing.billing.site_id if mapped else None,
        agreement_id=editing.billing.agreement_id if mapped else None,
        auto_billing=editing.billing.auto_billing,
        configurations=editing.billing.configurations,
    )


def _billing_of(saved: CompanySetup) -> CompanyBilling:
    return CompanyBilling(
        site_id=saved.site_id,
        agreement_id=saved.agreement_id,
        auto_billing=saved.auto_billing,
        configurations=saved.configurations or (),
    )


def _billed(company: Company) -> frozenset[str]:
    has_bills = Exists(BillLine.objects.filter(configuration=OuterRef("pk")))
    has_subscriptions = Exists(Slot.objects.filter(configuration=OuterRef("pk")))
    billed = BillingConfiguration.objects.filter(has_bills | has_subscriptions, company=company)
    return frozenset(str(uid) for uid in billed.values_list("uid", flat=True))


def _form(company: Company) -> str:
    return f"company billing {company.pk}"


def _part(company: Company) -> Part:
    return Part(name="companies", company_id=company.source_id)


def _name_of(billing: CompanyBilling, configuration_id: str) -> str:
    known = billing.configuration(configuration_id)
    entered = str(billing.unfinished.get(configuration_id, {}).get("name", ""))
    return entered or (known.name if known is not None else "") or "a new configuration"
