"""Drift of where companies' bills go: their customers, sites, agreements and currencies."""

from __future__ import annotations

from collections.abc import Iterator

from billbridge.billing.drift_findings import HELD, Drift, Thing, is_renamed, key_of, renamed, subject_of
from billbridge.billing.drift_values import (
    Expected,
    ExpectedCompany,
    FoundAgreement,
    FoundCustomer,
    FoundInHaloPSA,
    FoundSite,
)


def company_subject(thing: Thing, one: ExpectedCompany) -> str:
    """The subject of findings about a company's customer, site, agreement or currency."""
    number = {Thing.SITE: one.site_id, Thing.AGREEMENT: one.agreement_id}.get(thing, one.customer_id)
    return subject_of(thing, number, one.company.id)


def of_company(one: ExpectedCompany, expected: Expected, found: FoundInHaloPSA) -> Iterator[Drift]:
    """What became of a company's place; as by a sync, only the customer is looked at if it is gone or inactive."""
    customer = found.customers.rows.get(one.customer_id)
    if customer is None:
        if not found.customers.gap:
            yield _held(one, Thing.CUSTOMER, "gone", "It no longer exists.", "Map the company to another customer.")
        return
    if customer.inactive:
        remedy = "Activate it in HaloPSA, or map the company to another customer."
        yield _held(one, Thing.CUSTOMER, "inactive", "It was made inactive.", remedy)
        return
    if is_renamed(one.customer_name, customer.name):
        yield renamed(
            subject=company_subject(Thing.CUSTOMER, one),
            thing=Thing.CUSTOMER,
            before=one.customer_name,
            after=customer.name,
            company_id=one.company.id,
            effect="None: companies are known by their customer's id.",
        )
    yield from _of_currency(one, customer, expected.currency)
    if one.site_id:
        yield from _of_site(one, found.sites.rows.get(one.site_id), is_whole=not found.sites.gap)
    if one.agreement_id is not None:
        agreement = found.agreements.rows.get(one.agreement_id)
        yield from _of_agreement(one, agreement, expected, is_whole=not found.agreements.gap)


def _of_currency(one: ExpectedCompany, customer: FoundCustomer, currency: str) -> Iterator[Drift]:
    if not customer.currency or customer.currency.upper() == currency.upper():
        return
    finding = f"It is billed in {customer.currency}, the provider in {currency}."
    remedy = f"Give the customer the currency {currency} in HaloPSA: amounts are never converted."
    yield _held(one, Thing.CURRENCY, "other", finding, remedy, name=customer.name)


def _of_site(one: ExpectedCompany, site: FoundSite | None, *, is_whole: bool) -> Iterator[Drift]:
    remedy = "Choose another site for the company."
    if site is None:
        if is_whole:
            yield _held(one, Thing.SITE, "gone", "HaloPSA does not show it at its customer any more.", remedy)
    elif site.inactive:
        remedy = "Activate it in HaloPSA, or choose another site for the company."
        yield _held(one, Thing.SITE, "inactive", "It was made inactive.", remedy)
    elif site.customer_id != one.customer_id:
        yield _held(one, Thing.SITE, "moved", f"It belongs to customer {site.customer_id} now.", remedy)
    elif is_renamed(one.site_name, site.name):
        yield renamed(
            subject=company_subject(Thing.SITE, one),
            thing=Thing.SITE,
            before=one.site_name,
            after=site.name,
            company_id=one.company.id,
        )


def _of_agreement(
    one: ExpectedCompany, agreement: FoundAgreement | None, expected: Expected, *, is_whole: bool
) -> Iterator[Drift]:
    remedy = "Name another agreement for the company, or none."
    if agreement is None:
        if is_whole:
            yield _held(one, Thing.AGREEMENT, "gone", "It no longer exists.", remedy)
    elif agreement.customer_id not in (None, one.customer_id):
        finding = f"It belongs to customer {agreement.customer_id} now."
        yield _held(one, Thing.AGREEMENT, "moved", finding, remedy, name=agreement.name)
    elif not agreement.is_active:
        yield Drift(
            key=key_of(company_subject(Thing.AGREEMENT, one), "inactive"),
            harms=one.is_billed,
            thing=Thing.AGREEMENT,
            name=agreement.name,
            company_id=one.company.id,
            finding=f"It is not active in {expected.month.title}.",
            effect=_INACTIVE.format(expected.month.title) if one.is_billed else _NOT_BILLED,
            remedy=f"Renew it in HaloPSA. Or: {remedy}",
        )


_INACTIVE = "The bill of {} is held, and so is that of every other month in which the agreement is not active."
_NOT_BILLED = "None now: no billing configuration of the company is billed."


def _held(one: ExpectedCompany, thing: Thing, became: str, finding: str, remedy: str, *, name: str = "") -> Drift:
    """A finding that keeps all bills of the company from going out."""
    names = {
        Thing.SITE: one.site_name or f"site {one.site_id}",
        Thing.AGREEMENT: f"agreement {one.agreement_id}",
    }
    return Drift(
        key=key_of(company_subject(thing, one), became),
        harms=one.is_billed,
        thing=thing,
        name=name or names.get(thing) or one.customer_name or f"customer {one.customer_id}",
        company_id=one.company.id,
        finding=finding,
        effect=HELD.format(one.company.name) if one.is_billed else _NOT_BILLED,
        remedy=remedy,
    )
