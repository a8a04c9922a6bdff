"""Companies gone from the source: they are billed up to their last month, and a person says when billing ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max
from django.db.models.functions import Coalesce

from billbridge.billing.bills import BillState
from billbridge.billing.months import Month
from billbridge.billing.slots import CURRENT, is_closed_month
from billbridge.store.models import ActivationRow, Bill, Company, Provider, Slot, StorageReading


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneCompany:
    """A company the source shows no more, with a configuration that nobody has ended.

    `since` is the day of the first collection without it, `last_month` the last one in which it used anything.
    `asks` says that this month is over and its bill, if there is one, was sent, so that its billing can end;
    `has_bill` that there is one.
    """

    name: str
    since: date
    last_month: Month
    asks: bool
    has_bill: bool = True

    @property
    def question(self) -> str:
        """What a person is asked."""
        return (
            f"{self.name} is gone from the source since {self.since}: end its billing? Its last month, "
            f"{self.last_month}, {'is done' if self.has_bill else 'has no bill, and can still be billed by name'}."
        )

    @property
    def remedy(self) -> str:
        """How billing ends; nothing ends by itself."""
        return (
            f"Let each of its billing configurations end with {self.last_month} (in the set-up file with "
            f'last_month = "{self.last_month}").'
        )


def gone_companies(provider: Provider, running: Month) -> list[GoneCompany]:
    """The companies that are gone and still billed, by name; `running` is the month of the business day."""
    companies = list(
        Company.objects.filter(
            provider=provider,
            in_source=False,
            gone_since__isnull=False,
            configurations__isnull=False,
            configurations__last_month=None,
        )
        .distinct()
        .order_by("name", "pk")
    )
    last_days = _last_days(company.pk for company in companies)
    found: list[GoneCompany] = []
    for company in companies:
        assert company.gone_since is not None
        last_month = Month.of(last_days.get(company.pk, company.gone_since))
        found.append(
            GoneCompany(
                name=company.name,
                since=company.gone_since,
                last_month=last_month,
                asks=last_month < running and _is_done(company, last_month, running),
                has_bill=Bill.objects.filter(company=company, month=last_month).exists(),
            )
        )
    return found


def _is_done(company: Company, month: Month, running: Month) -> bool:
    """Whether a month's bill was sent, or the month is closed without one.

    A manual bill is made anew by every sync; that HaloPSA shows the month says that it was sent before.
    """
    bills = Bill.objects.filter(company=company, month=month)
    if not bills.exists():
        return is_closed_month(month, running)
    shown = Slot.objects.filter(configuration__company=company, shows=month).exclude(slot=CURRENT)
    return shown.exists() or not bills.exclude(state=BillState.SENT.value).exists()


def _last_days(company_ids: Iterable[int]) -> dict[int, date]:
    """The last day on which each company used anything."""
    ids = list(company_ids)
    used = ActivationRow.objects.filter(company_id__in=ids).values_list("company_id")
    stored = StorageReading.objects.filter(company_id__in=ids, backup_bytes__gt=0).values_list("company_id")
    days: dict[int, date] = dict(used.annotate(last=Max(Coalesce("last_day", "last_seen"))))
    for pk, day in stored.annotate(last=Max("day")):
        days[pk] = max(day, days.get(pk, day))
    return days
