"""What most tests of the store begin with."""

from __future__ import annotations

import pytest

from billbridge.store.models import Company, HaloConnection, Provider


@pytest.fixture
def provider(db: None) -> Provider:
    return Provider.objects.create(name="Northwind IT")


@pytest.fixture
def company(provider: Provider) -> Company:
    return Company.objects.create(provider=provider, source_id="acme", name="Acme")


@pytest.fixture
def halopsa(provider: Provider) -> HaloConnection:
    return HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="billbridge")
