"""What a person can do about each reason for which something is not billed."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from billbridge.billing.activations import NotBilledReason
from billbridge.store.queries.not_billed import NotBilledRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What to do, and where; without an address it is done elsewhere, or nothing is to do."""

    text: str
    action: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One thing on no line, with what can be done about it."""

    row: NotBilledRow
    remedy: Remedy


_IN_THE_SOURCE = {
    NotBilledReason.TRIAL: "Nothing to do: it is billed from the day it is paid.",
    NotBilledReason.EXPIRED: "Renew it in the source, or release it.",
    NotBilledReason.IN_POOL: "Nothing to do: it is billed once an endpoint holds it.",
    NotBilledReason.NO_USER: "Give it a user in the source.",
    NotBilledReason.UNKNOWN_USER: "Look in the source: its user was deleted, or belongs to another provider.",
    NotBilledReason.NO_COMPANY: "Give its user a company in the source.",
    NotBilledReason.UNKNOWN_COMPANY: "Look in the source: its user's company was deleted.",
    NotBilledReason.AMBIGUOUS_COMPANY: "Rename one of the two companies in the source, then collect again.",
    NotBilledReason.PROVIDER_TYPE: "Nothing to do: you pay for it yourself.",
    NotBilledReason.CHANGED_TYPE: "Nothing to do: the endpoint's later product is billed.",
    NotBilledReason.IN_USAGE_HISTORY: "Nothing to do: it is counted by its mailboxes.",
}
_ANYTHING = Remedy(text="Look in the source.")


def remedy_for(row: NotBilledRow) -> Remedy:
    """What to do about one thing on no line."""
    try:
        reason = NotBilledReason(row.reason)
    except ValueError:
        return _ANYTHING
    match reason:
        case NotBilledReason.NOT_CONFIGURED if row.company_pk is not None:
            return Remedy(
                text="Add the product to one of the company's billing configurations.",
                action="Edit billing",
                address=reverse("configure:company", args=[row.company_pk]),
            )
        case NotBilledReason.EXCLUDED if row.company_pk is not None:
            return Remedy(
                text="Nothing to do, unless it shall be billed again: then remove the exclusion.",
                action="Exclusions",
                address=reverse("companies:exceptions", args=[row.company_pk]),
            )
        case NotBilledReason.UNKNOWN_TYPE:
            return Remedy(
                text="Add the license type to those you know.",
                action="Provider",
                address=reverse("provider:provider"),
            )
        case NotBilledReason.UNMAPPED_DOMAIN:
            return Remedy(
                text="Say which company and license type the domain counts for.",
                action="Domains",
                address=reverse("sources:domains"),
            )
    return Remedy(text=_IN_THE_SOURCE.get(reason, _ANYTHING.text))


def shown(row: NotBilledRow) -> Shown:
    """A row with its remedy."""
    return Shown(row=row, remedy=remedy_for(row))
