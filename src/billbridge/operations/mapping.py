"""Suggesting which HaloPSA customer each company is, and mapping those that leave no doubt."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from django.db import transaction
from rapidfuzz import fuzz, process

from billbridge.halopsa import resources
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.values import Client, Site
from billbridge.operations.names import folded
from billbridge.store.models import Company, Provider

THRESHOLD = 85
"""Similarity, 0 to 100, below which a suggestion is only a guess."""

_WORTH_SHOWING = 60
_CLOSE_SECOND = 5
"""With another customer so little less similar than the best one, the best one is only a guess."""

_MOST_SIMILAR = 99
"""The score of names that differ in nothing but the legal form or the order of words: 100 is for the same name."""

_LEGAL_FORMS = frozenset({
    "ab", "ag", "aps", "as", "bv", "co", "company", "corp", "corporation", "eg", "eurl", "gbr", "gesmbh",
    "gmbh", "inc", "incorporated", "kft", "kg", "lda", "limited", "llc", "llp", "lp", "ltd", "ltda", "nv", "ohg",
    "oo", "ou", "oy", "oyj", "plc", "pte", "pty", "sa", "sarl", "sas", "sasu", "se", "sl", "sp", "spa", "srl",
    "sro", "ug", "z",
})  # fmt: skip
"""Words at the end of a name that say what kind of company it is, without their dots: `GmbH & Co. KG` is three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyToMap:
    """A company as mapping sees it: its id in the source, its name, and the customer it is mapped to, if any."""

    id: str
    name: str
    customer_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A HaloPSA customer for a company that has none, or why there is none.

    `company` is the company's id in the source, `score` the similarity of the names from 0 to 100. `exact` says
    that the names differ in nothing but case and spaces. What is `ambiguous` is never applied by itself.
    """

    company: str
    company_name: str
    customer_id: int | None = None
    customer_name: str = ""
    site_id: int | None = None
    score: int = 0
    exact: bool = False
    ambiguous: bool = False
    reason: str = ""


def suggest(
    companies: Iterable[CompanyToMap],
    customers: Iterable[Client],
    sites: Iterable[Site] = (),
    *,
    similar_for: Collection[str] | None = None,
) -> tuple[Suggestion, ...]:
    """One suggestion for each company without a customer, by name; inactive customers are never suggested.

    Ambiguous is a customer that shares its name or score with another, that is not similar enough, or that another
    company has or could have as well. Comparing thousands of names with thousands takes seconds: `similar_for` are
    the companies, by id, that similar names are looked for; of the others only those that have a customer's very
    name get a suggestion.
    """
    listed = tuple(companies)
    active = {customer.id: customer for customer in customers if not customer.inactive and customer.name.strip()}
    by_name: dict[str, list[int]] = defaultdict(list)
    for customer_id in sorted(active):
        by_name[folded(active[customer_id].name)].append(customer_id)
    stems = {customer_id: _stem(active[customer_id].name) for customer_id in sorted(active)}
    places = default_sites(active.values(), sites)
    suggestions = [
        _suggestion(company, by_name, stems, active, places)
        for company in sorted(listed, key=lambda company: (folded(company.name), company.id))
        if company.customer_id is None
        and (similar_for is None or company.id in similar_for or folded(company.name) in by_name)
    ]
    return _without_double_claims(suggestions, listed)


def suggestions_for(provider: Provider, halo: HaloPSA) -> tuple[Suggestion, ...]:
    """Suggestions for the provider's companies, from all of HaloPSA's customers and sites as they are now.

    Raises PageError when the lists cannot be read whole: a customer that is missing could be the better one.
    """
    companies = [
        CompanyToMap(id=source_id, name=name, customer_id=client_id)
        for source_id, name, client_id in Company.objects.filter(provider=provider).values_list(
            "source_id", "name", "client_id"
        )
    ]
    customers = resources.clients(halo).require_complete()
    found = suggest(companies, customers, resources.sites(halo).require_complete())
    return tuple(_with_main_site(suggestion, halo) for suggestion in found)


def apply_suggestions(provider: Provider, suggestions: Iterable[Suggestion], *, only_exact: bool = True) -> int:
    """Map the companies whose suggestion leaves no doubt, and return how many were mapped.

    Neither an ambiguous suggestion is applied, nor one for a company that was mapped in the meantime; similar names
    only without `only_exact`.
    """
    mapped = 0
    with transaction.atomic():
        for suggestion in suggestions:
            if suggestion.customer_id is None or suggestion.ambiguous or (only_exact and not suggestion.exact):
                continue
            unmapped = Company.objects.filter(
                provider=provider, source_id=suggestion.company, client_id__isnull=True
            )
            mapped += unmapped.update(client_id=suggestion.customer_id, site_id=suggestion.site_id)
    return mapped


def _with_main_site(suggestion: Suggestion, halo: HaloPSA) -> Suggestion:
    """The suggestion with the customer's main site, which HaloPSA's list leaves out, where there are several."""
    if suggestion.customer_id is None or suggestion.ambiguous or suggestion.site_id is not None:
        return suggestion
    customer = resources.client(halo, suggestion.customer_id)
    return replace(suggestion, site_id=customer.main_site_id) if customer is not None else suggestion


def _suggestion(
    company: CompanyToMap,
    by_name: Mapping[str, list[int]],
    stems: Mapping[int, str],
    customers: Mapping[int, Client],
    places: Mapping[int, int | None],
) -> Suggestion:
    """The customer of the same name, else the most similar one."""
    nothing = Suggestion(company=company.id, company_name=company.name)
    same = by_name.get(folded(company.name), [])
    if len(same) > 1:
        ids = ", ".join(str(customer_id) for customer_id in same)
        reason = f"{len(same)} customers have this name: {ids}"
        return replace(nothing, score=100, ambiguous=True, reason=reason)
    if same:
        return replace(
            nothing,
            customer_id=same[0],
            customer_name=customers[same[0]].name,
            site_id=places[same[0]],
            score=100,
            exact=True,
            reason="the same name",
        )
    found = process.extract(_stem(company.name), stems, scorer=fuzz.ratio, limit=2, score_cutoff=_WORTH_SHOWING)
    if not found:
        return replace(nothing, reason="no customer has a similar name")
    (_, best, customer_id), *others = found
    rivals = [other for _, score, other in others if best - score <= _CLOSE_SECOND]
    reason = "a similar name"
    if rivals:
        reason = f"as similar as {customers[rivals[0]].name!r}"
    elif best < THRESHOLD:
        reason = "a guess: the names are not similar enough"
    return replace(
        nothing,
        customer_id=customer_id,
        customer_name=customers[customer_id].name,
        site_id=places[customer_id],
        score=min(int(best), _MOST_SIMILAR),
        ambiguous=bool(rivals) or best < THRESHOLD,
        reason=reason,
    )


def _without_double_claims(
    suggestions: Iterable[Suggestion], companies: Iterable[CompanyToMap]
) -> tuple[Suggestion, ...]:
    """Make ambiguous what would map a customer that another company has, or that is another's by its very name."""
    owners = {company.customer_id: company.name for company in companies if company.customer_id is not None}
    suggestions = tuple(suggestions)
    exact = Counter(suggestion.customer_id for suggestion in suggestions if suggestion.exact)
    claims = Counter(suggestion.customer_id for suggestion in suggestions)

    def checked(suggestion: Suggestion) -> Suggestion:
        customer_id = suggestion.customer_id
        if customer_id is None:
            return suggestion
        if customer_id in owners:
            return replace(suggestion, ambiguous=True, reason=f"the customer of {owners[customer_id]!r} already")
        if exact[customer_id] > 1:
            return replace(suggestion, ambiguous=True, reason="several companies have this name")
        if claims[customer_id] > 1 and not suggestion.exact:
            return replace(suggestion, ambiguous=True, reason="another company could be this customer, too")
        return suggestion

    return tuple(checked(suggestion) for suggestion in suggestions)


def default_sites(customers: Iterable[Client], sites: Iterable[Site]) -> dict[int, int | None]:
    """Each customer's main site, or its only active one; `None` where a person has to choose."""
    active: dict[int | None, list[int]] = defaultdict(list)
    for site in sites:
        if not site.inactive:
            active[site.client_id].append(site.id)
    only = {client_id: ids[0] for client_id, ids in active.items() if len(ids) == 1}
    return {customer.id: customer.main_site_id or only.get(customer.id) for customer in customers}


@lru_cache(maxsize=20_000)
def _stem(name: str) -> str:
    """A name's words in alphabetical order, without legal form, punctuation and case.

    `Dental Acme, GmbH & Co. KG` is `acme dental`. Sorted once, thousands of names are compared quickly.
    """
    words = re.sub(r"[^\w\s]", " ", re.sub(r"[.'/]", "", folded(name))).split()
    kept = len(words)
    while kept > 1 and words[kept - 1] in _LEGAL_FORMS:
        kept -= 1
    return " ".join(sorted(words[:kept]))
