"""Forms that are filled and sent: what a person saves must be saved within a second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billbridge.billing.months import Month
from console.forms import KEEP, form_with


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """A form that is sent: the page it stands on, and the fields a person changes in a round."""

    name: str
    page: str
    changes: Callable[[int], dict[str, str | None]]

    def prepared(self, client: Any, round_: int) -> tuple[str, dict[str, list[str]]]:
        """Open the page and fill its form; gives the address it is sent to and its fields."""
        changes = self.changes(round_)
        form = form_with(client.get(self.page).content.decode(), next(iter(changes)))
        return form.action or self.page.partition("?")[0], form.filled(changes)


def saves(month: Month) -> list[Save]:
    """What is saved in a round, in this order: one of each kind of setting."""
    from django.urls import reverse  # noqa: PLC0415

    from billbridge.store import models  # noqa: PLC0415

    company = models.Company.objects.order_by("pk")[1]
    unmapped = models.Company.objects.filter(client_id=None).order_by("pk")[2]
    account = models.StorageAccount.objects.order_by("pk")[0]
    mapping = reverse("halopsa:map-company", args=[unmapped.pk])
    own = models.LicensePrice.objects.filter(company=company).count()  # each is set for a month without one
    general = models.StorageRate.objects.filter(account_id=account.source_id, company=None).count()
    excluded = models.ExclusionSetting.objects.count()
    rates = ("backup_cost", "backup_price", "restore_cost", "restore_price")
    return [
        Save(
            name="cost and price",
            page=reverse("halopsa:cost-price"),
            changes=lambda n: {"price:Server": f"{n + 7}.50"},
        ),
        Save(
            name="the mapping of a company",
            page=f"{mapping}?customer={unmapped.pk}",
            changes=lambda n: {"site": None if n % 2 else str(unmapped.pk)},
        ),
        Save(
            name="the wizard's first step",
            page=reverse("configure:company", args=[company.pk]),
            changes=lambda n: {"auto_billing": "on" if n % 2 else None},
        ),
        Save(
            name="the wizard's last step",
            page=reverse("configure:check", args=[company.pk]),
            changes=lambda _: {"seen": KEEP},
        ),
        Save(
            name="a company's price",
            page=reverse("companies:set-price", args=[company.pk]),
            changes=lambda n: {
                "license_type": "Server", "from_month": str(month.plus(own + 3)), "cost": "1", "price": f"{n}",
            },
        ),
        Save(
            name="an exclusion",
            page=reverse("companies:exclude", args=[company.pk]),
            changes=lambda _: {"endpoint": f"PC-{excluded}", "reason": "a test"},
        ),
        Save(
            name="storage costs",
            page=reverse("storage:set-cost", args=[account.pk]),
            changes=lambda n: {"from_month": str(month.plus(general + 3))} | dict.fromkeys(rates, f"0.0{n + 1}"),
        ),
        Save(
            name="asset types",
            page=reverse("halopsa:asset-types"),
            changes=lambda n: {"asset_type:license:Server": f"Managed Backup {n + 1}"},
        ),
        Save(
            name="the provider", page=reverse("provider:provider"), changes=lambda n: {"name": f"Northwind {n}"}
        ),
    ]  # fmt: skip
