"""Suggestions from the customers and sites of a HaloPSA that answers over HTTP."""

from __future__ import annotations

import pytest

from billbridge.halopsa.auth import Credentials
from billbridge.halopsa.client import HaloPSA
from billbridge.halopsa.limits import InMemoryLimiter
from billbridge.operations.mapping import apply_suggestions, suggestions_for
from billbridge.simulators.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, HaloPSASimulator
from billbridge.simulators.world_halopsa import HaloCustomer, HaloSite, HaloWorld
from billbridge.store.models import Company

pytestmark = pytest.mark.django_db

WORLD = HaloWorld(
    currencies=(),
    customers=(
        HaloCustomer(id=12, name="Acme", main_site_id=40, main_site_name="Main"),
        HaloCustomer(id=13, name="Birch", main_site_id=42, main_site_name="Main"),
        HaloCustomer(id=14, name="Closed", main_site_id=43, main_site_name="Main", inactive=True),
    ),
    sites=(
        HaloSite(id=40, client_id=12, name="Main"),
        HaloSite(id=41, client_id=12, name="Depot"),
        HaloSite(id=42, client_id=13, name="Main"),
        HaloSite(id=43, client_id=14, name="Main"),
    ),
    asset_types=(),
    items=(),
    suppliers=(),
    agreements=(),
    subscriptions=(),
    recurring_invoices=(),
)


def test_companies_are_mapped_to_the_customers_of_their_names_and_their_main_sites(company: Company) -> None:
    Company.objects.create(provider=company.provider, source_id="birch", name="birch")
    Company.objects.create(provider=company.provider, source_id="closed", name="Closed")
    credentials = Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, tenant=TENANT)
    with (
        HaloPSASimulator(WORLD).start() as server,
        HaloPSA(server.url, credentials, limiter=InMemoryLimiter(limit=10_000)) as halo,
    ):
        found = suggestions_for(company.provider, halo)

    assert [(one.company, one.customer_name, one.exact) for one in found] == [
        ("acme", "Acme", True),
        ("birch", "Birch", True),
        ("closed", "", False),
    ]
    assert apply_suggestions(company.provider, found) == 2
    assert set(Company.objects.values_list("source_id", "client_id", "site_id")) == {
        ("acme", 12, 40),
        ("birch", 13, 42),
        ("closed", None, None),
    }
