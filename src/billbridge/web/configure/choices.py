"""What our copy of HaloPSA's lists offers: sites and agreements of a company's customer, asset types, items."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from billbridge.halopsa.values import ClientContract, Site
from billbridge.operations import halopsa_lists
from billbridge.operations.company_billing import Editing
from billbridge.operations.names import folded
from billbridge.store.models import Provider

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HaloChoices:
    """Choices with their labels. Without a copy of HaloPSA's lists `read_at` is `None` and ids have to be typed."""

    customer_id: int | None = None
    customer: str = ""
    main_site_id: int | None = None
    read_at: datetime | None = None
    sites: Choices = ()
    agreements: Choices = ()
    asset_types: tuple[str, ...] = ()
    items: Choices = ()
    _by_name: dict[str, str] = field(default_factory=dict)

    @property
    def are_copied(self) -> bool:
        """Whether there is a copy to choose from."""
        return self.read_at is not None

    def asset_type(self, written: str) -> str | None:
        """An asset type as HaloPSA spells it; without a copy whatever is written is believed."""
        return self._by_name.get(folded(written)) if self.asset_types else written


def site_choices(provider: Provider, editing: Editing) -> HaloChoices:
    """Sites and agreements of the HaloPSA customer the company is mapped to."""
    customer_id = editing.saved.customer_id
    if customer_id is None:
        return HaloChoices()
    customer = next((one for one in halopsa_lists.customers(provider) if one.id == customer_id), None)
    read_at = halopsa_lists.age_of_lists(provider)
    chosen = editing.billing
    return HaloChoices(
        customer_id=customer_id,
        customer=customer.name if customer else "",
        main_site_id=customer.main_site_id if customer else None,
        read_at=read_at,
        sites=_sites(halopsa_lists.sites(provider, customer_id), chosen.site_id),
        agreements=_agreements(halopsa_lists.agreements(provider, customer_id), chosen.agreement_id),
    )


def product_choices(provider: Provider) -> HaloChoices:
    """Asset types and items of HaloPSA."""
    names = tuple(dict.fromkeys(one.name for one in halopsa_lists.asset_types(provider) if one.name))
    return HaloChoices(
        read_at=halopsa_lists.age_of_lists(provider),
        asset_types=names,
        items=tuple((str(one.id), one.name) for one in halopsa_lists.items(provider)),
        _by_name={folded(name): name for name in names},
    )


def _sites(sites: tuple[Site, ...], chosen: int | None) -> Choices:
    offered = [
        (str(one.id), f"{one.name}{' (inactive)' if one.inactive else ''}")
        for one in sites
        if not one.inactive or one.id == chosen
    ]
    return (("", "None: the customer as a whole"), *_gone(offered, chosen, "Site"), *offered)


def _agreements(agreements: tuple[ClientContract, ...], chosen: int | None) -> Choices:
    offered = [(str(one.id), _described(one)) for one in agreements]
    return (("", "None: every month is billed"), *_gone(offered, chosen, "Agreement"), *offered)


def _gone(offered: list[tuple[str, str]], chosen: int | None, what: str) -> Choices:
    """The one chosen, if HaloPSA no longer shows it: a person should see it, not lose it."""
    if chosen is None or str(chosen) in {key for key, _ in offered}:
        return ()
    return ((str(chosen), f"{what} {chosen}, which HaloPSA does not show"),)


def _described(agreement: ClientContract) -> str:
    name = " ".join(part for part in (agreement.ref, agreement.contracttype_name) if part) or str(agreement.id)
    return f"{name}, {_from(agreement.start_date)} {_until(agreement.end_date)}"


def _from(day: date | None) -> str:
    return f"from {day}" if day else "from the beginning"


def _until(day: date | None) -> str:
    return f"to {day}" if day else "without an end"
