"""What tests of the console's pages begin with: a provider with its people, another one, and their browsers."""

from __future__ import annotations

import pytest
from client_of import ClientOf
from django.conf import settings as django_settings
from django.test import Client

from billbridge.store.models import Administrator, Provider
from billbridge.store.roles import Role

_BACKEND = "billbridge.web.accounts.backend.AdministratorBackend"


@pytest.fixture(autouse=True)
def _signing_key() -> None:
    django_settings.SECRET_KEY = "a key that only tests sign with"


@pytest.fixture
def provider(db: None) -> Provider:
    return Provider.objects.create(name="Northwind IT", currency="EUR", time_zone="Europe/Berlin")


@pytest.fixture
def other_provider(db: None) -> Provider:
    return Provider.objects.create(name="Contoso Managed Services", currency="EUR")


def _person(provider: Provider, role: Role) -> Administrator:
    address = f"{role.value}@{provider.name.split()[0].lower()}.test"
    return Administrator.objects.create(provider=provider, name=role.value.title(), email=address, role=role.value)


@pytest.fixture
def owner(provider: Provider) -> Administrator:
    return _person(provider, Role.OWNER)


@pytest.fixture
def billing_person(provider: Provider) -> Administrator:
    return _person(provider, Role.BILLING)


@pytest.fixture
def viewer(provider: Provider) -> Administrator:
    return _person(provider, Role.VIEWER)


@pytest.fixture
def client_of() -> ClientOf:
    """Signs an administrator in and gives their browser."""

    def signed_in(administrator: Administrator) -> Client:
        client = Client()
        client.force_login(administrator, backend=_BACKEND)
        return client

    return signed_in
