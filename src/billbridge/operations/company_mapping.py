"""Mapping companies to HaloPSA customers in a person's name, from our copy of HaloPSA's lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from django.db import transaction
from rapidfuzz import fuzz, process

from billbridge.errors import InvalidInput
from billbridge.halopsa.values import Client, Site
from billbridge.operations import halopsa_lists
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.change_settings import ChangedMeanwhile, change_settings, company_settings
from billbridge.operations.mapping import CompanyToMap, Suggestion, default_sites, suggest
from billbridge.operations.names import folded
from billbridge.operations.setup.current import current_setup
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.store.models import Company, Provider
from billbridge.store.roles import Role

_REFRESH = "Refresh the copy of HaloPSA's lists, then choose again."
_SIMILAR = 55
"""Similarity, 0 to 100, from which a customer is worth showing to somebody who searches for a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a company's subscriptions stand in HaloPSA: a customer and its site, or nowhere yet."""

    customer_id: int | None = None
    site_id: int | None = None


NOWHERE = Place()


def suggestions(
    provider: Provider, company_ids: Collection[str], customers: Collection[Client], sites: Collection[Site]
) -> tuple[Suggestion, ...]:
    """Suggestions for companies without a customer, from our copies of HaloPSA's lists; HaloPSA is not asked.

    `company_ids` are the companies, by their id in the source, that similar names are looked for. Companies that
    have the very name of a customer are always among the suggestions.
    """
    companies = [
        CompanyToMap(id=source_id, name=name, customer_id=customer_id)
        for source_id, name, customer_id in Company.objects.filter(provider=provider).values_list(
            "source_id", "name", "client_id"
        )
    ]
    return suggest(companies, customers, sites, similar_for=company_ids)


def exact_suggestions(provider: Provider) -> tuple[Suggestion, ...]:
    """The suggestions that leave no doubt, from our copies of HaloPSA's lists."""
    customers, sites = halopsa_lists.customers_by_id(provider), halopsa_lists.sites_by_id(provider).values()
    return without_doubt(suggestions(provider, (), customers.values(), sites), sites)


def without_doubt(found: Iterable[Suggestion], sites: Iterable[Site]) -> tuple[Suggestion, ...]:
    """The suggestions with the same name on both sides, there only once, and no site left to choose."""
    lacking = without_site(found := tuple(found), sites)
    return tuple(one for one in found if one.exact and not one.ambiguous and one.company not in lacking)


def without_site(found: Iterable[Suggestion], sites: Iterable[Site]) -> frozenset[str]:
    """The companies, by id, whose suggested customer has several sites, of which a person has to choose one."""
    with_sites = {site.client_id for site in sites if not site.inactive}
    return frozenset(one.company for one in found if one.site_id is None and one.customer_id in with_sites)


def find_customers(among: Iterable[Client], text: str, *, most: int) -> tuple[Client, ...]:
    """Active customers for what a person typed: by id, by a part of the name, by a similar name; the best first."""
    customers = {one.id: one for one in among if not one.inactive}
    wanted = folded(text)
    if not wanted:
        return tuple(customers.values())[:most]
    names = {one.id: folded(one.name) for one in customers.values()}
    found = [key for key, name in names.items() if wanted in name or wanted == str(key)]
    found.sort(key=lambda key: (wanted != str(key), names[key] != wanted, not names[key].startswith(wanted)))
    similar = process.extract(wanted, names, scorer=fuzz.token_sort_ratio, limit=most, score_cutoff=_SIMILAR)
    ids = dict.fromkeys([*found, *(key for _, _, key in similar)])
    return tuple(customers[key] for key in ids)[:most]


def map_company(actor: Actor, company_id: int, place: Place, *, seen: Place | None = None) -> Company:
    """Map a company (its row id) to a customer and site, or to none; an agreement of another customer is given up.

    `seen` is the mapping the person looked at. Raises `NotThere`, `ChangedMeanwhile` when the mapping is another
    one by now, and `InvalidInput` for a customer or site that our copy of HaloPSA's lists does not have.
    """
    actor.require(Role.BILLING)
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=actor.provider.pk)
        company = Company.objects.filter(provider=actor.provider, pk=company_id).first()
        if company is None:
            raise NotThere("There is no such company.")
        if seen is not None and seen != Place(customer_id=company.client_id, site_id=company.site_id):
            raise ChangedMeanwhile(
                f"The mapping of {company.name!r} was changed since you opened this page; nothing was saved.",
                hint="Look at it as it is now, then choose.",
            )
        check_place(actor.provider, place)
        now = company_settings(actor.provider, company.source_id)
        change_settings(actor, SetupDocument(companies=(_placed(now, place),)))
    return company


def map_exact(actor: Actor, wanted: Mapping[str, Place]) -> int:
    """Map the companies (by their id in the source) whose exact suggestion is still the one looked at.

    Gives how many were mapped; what was mapped or became doubtful in the meantime is left alone.
    """
    actor.require(Role.BILLING)
    with transaction.atomic():
        Provider.objects.select_for_update().get(pk=actor.provider.pk)
        places = {
            one.company: Place(customer_id=one.customer_id, site_id=one.site_id)
            for one in exact_suggestions(actor.provider)
        }
        agreed = {company: place for company, place in wanted.items() if places.get(company) == place}
        if not agreed:
            return 0
        everyone = current_setup(actor.provider).document.companies or ()
        entries = tuple(_placed(now, agreed[now.id]) for now in everyone if now.id in agreed)
        change_settings(actor, SetupDocument(companies=entries))
    return len(agreed)


def check_place(provider: Provider, place: Place) -> None:
    """Raise `InvalidInput` unless the customer and site are active ones of our copy and belong together.

    Without a copy any ids are taken: the next plan looks at what HaloPSA has.
    """
    if place.customer_id is None:
        if place.site_id is not None:
            raise InvalidInput("A site needs its HaloPSA customer.", hint="Choose the customer first.")
        return
    if halopsa_lists.age_of_lists(provider) is None:
        return
    customer = halopsa_lists.customers_by_id(provider).get(place.customer_id)
    if customer is None:
        raise InvalidInput(f"Our copy has no HaloPSA customer {place.customer_id}.", hint=_REFRESH)
    if customer.inactive:
        raise InvalidInput(f"The HaloPSA customer {customer.name!r} is inactive.", hint="Choose another one.")
    if place.site_id is None:
        return
    site = halopsa_lists.sites_by_id(provider).get(place.site_id)
    if site is None or site.client_id != customer.id:
        raise InvalidInput(f"{customer.name!r} has no site {place.site_id} in our copy.", hint=_REFRESH)
    if site.inactive:
        raise InvalidInput(f"The site {site.name!r} is inactive.", hint="Choose another one.")


def default_site(customer: Client, sites: Collection[Site]) -> int | None:
    """A customer's main site, or its only active one; `None` where a person has to choose."""
    return default_sites([customer], sites)[customer.id]


def _placed(now: CompanySetup, place: Place) -> CompanySetup:
    """A company's settings with another place and all else as it is; an agreement belongs to its customer."""
    agreement = now.agreement_id if place.customer_id == now.customer_id else None
    return replace(
        now,
        customer_id=place.customer_id,
        site_id=place.site_id,
        agreement_id=agreement,
        configurations=None,
        exclusions=None,
        adjustments=None,
    )
