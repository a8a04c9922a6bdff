"""Reading how far an installation is set up: the steps from nothing to the first plan, done or not done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q

from billbridge.store.models import (
    ActivationRow,
    BillingConfiguration,
    Collection,
    Company,
    HaloConnection,
    HaloList,
    LicensePrice,
    Provider,
    Run,
    SourceConnection,
    StorageAccount,
    StorageRate,
    Task,
)


class StepName(StrEnum):
    """The steps, in the order in which they are done."""

    SOURCE = "source"
    COLLECT = "collect"
    HALOPSA = "halopsa"
    LISTS = "lists"
    MAP = "map"
    PRICE = "price"
    CONFIGURE = "configure"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: whether it is done, and how far, in words."""

    name: StepName
    is_done: bool
    progress: str
    """How far it is; may say what is left although the step is done. Empty when there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRun:
    """All steps, and the one to do next."""

    steps: tuple[Step, ...]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.steps)

    @property
    def next_step(self) -> Step | None:
        """The first step that is not done; none when all are."""
        return next((step for step in self.steps if not step.is_done), None)


def first_run(provider: Provider) -> FirstRun:
    """How far the provider's installation is set up, computed from what is stored."""
    return FirstRun(
        steps=(
            _source(provider),
            _collect(provider),
            _halopsa(provider),
            _lists(provider),
            *_companies_and_prices(provider),
            _plan(provider),
        )
    )


def is_set_up(provider: Provider) -> bool:
    """Whether every step is done."""
    return first_run(provider).is_complete


def _source(provider: Provider) -> Step:
    source = SourceConnection.objects.filter(provider=provider).first()
    return Step(name=StepName.SOURCE, is_done=source is not None, progress=source.address if source else "")


def _collect(provider: Provider) -> Step:
    latest = Collection.objects.filter(provider=provider).order_by("-pk")
    done = latest.filter(state=Collection.State.DONE, section=Collection.Section.LICENSES).only("day").first()
    if done is not None:
        return Step(name=StepName.COLLECT, is_done=True, progress=f"last on {done.day}")
    trouble = latest.only("state", "reason").first()
    said = f"the last try is {trouble.state}: {trouble.reason}" if trouble else ""
    return Step(name=StepName.COLLECT, is_done=False, progress=said)


def _halopsa(provider: Provider) -> Step:
    connection = HaloConnection.objects.filter(provider=provider).only("address").first()
    return Step(
        name=StepName.HALOPSA,
        is_done=connection is not None,
        progress=connection.address if connection else "",
    )


def _lists(provider: Provider) -> Step:
    kinds = HaloList.objects.filter(provider=provider, kind=HaloList.Kind.CUSTOMERS.value)
    return Step(name=StepName.LISTS, is_done=kinds.exists(), progress="")


def _companies_and_prices(provider: Provider) -> tuple[Step, Step, Step]:
    configured = Exists(BillingConfiguration.objects.filter(company=OuterRef("pk")))
    counted = (
        Company.objects.filter(provider=provider, in_source=True)
        .annotate(configured=configured)
        .aggregate(
            all=Count("pk"),
            mapped=Count("pk", filter=Q(client_id__isnull=False)),
            billed=Count("pk", filter=Q(configured=True)),
        )
    )
    mapped, billed, companies = counted["mapped"], counted["billed"], counted["all"]
    return (
        Step(
            name=StepName.MAP,
            is_done=mapped > 0,
            progress=f"{mapped} of {companies} companies are mapped" if companies else "",
        ),
        _price(provider),
        Step(
            name=StepName.CONFIGURE,
            is_done=billed > 0,
            progress=f"{billed} of {companies} companies are configured" if companies else "",
        ),
    )


def _price(provider: Provider) -> Step:
    priced = set(LicensePrice.objects.filter(provider=provider).values_list("license_type", flat=True).distinct())
    rated = set(StorageRate.objects.filter(provider=provider).values_list("account_id", flat=True).distinct())
    used = ActivationRow.objects.filter(provider=provider, last_day=None).values_list("license_type", flat=True)
    accounts = dict(StorageAccount.objects.filter(provider=provider).values_list("source_id", "name"))
    lacking = sorted({*used.distinct()} - priced) + sorted(accounts[one] for one in {*accounts} - rated)
    is_done = bool(priced or rated)
    if not lacking:
        return Step(name=StepName.PRICE, is_done=is_done, progress="every product has its price" if is_done else "")
    shown = ", ".join(lacking[:_SHOWN]) + (f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else "")
    return Step(name=StepName.PRICE, is_done=is_done, progress=f"without a price: {shown}")


_SHOWN = 4


def _plan(provider: Provider) -> Step:
    is_synced = Run.objects.filter(provider=provider).exists()
    is_planned = is_synced or Task.objects.filter(provider=provider, kind="plan", state=Task.State.DONE).exists()
    progress = "synced already" if is_synced else "planned, not synced yet" if is_planned else ""
    return Step(name=StepName.PLAN, is_done=is_planned, progress=progress)
