"""Clients for the outside, made from the connections the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from billbridge.errors import InvalidInput
from billbridge.halopsa.auth import Credentials as HaloCredentials
from billbridge.halopsa.client import HaloPSA
from billbridge.operations.provider import connection_of
from billbridge.sources.mbs.auth import Credentials as MbsCredentials
from billbridge.sources.mbs.client import MbsClient
from billbridge.sources.mbs.collect import MbsSource
from billbridge.store.limiter import DatabaseLimiter
from billbridge.store.models import Provider, SourceConnection
from billbridge.store.secrets import read_secret


@contextmanager
def halopsa_of(provider: Provider, *, before_post: Callable[[], None] | None = None) -> Iterator[HaloPSA]:
    """A client of the provider's HaloPSA; all its calls pass the limiter shared by every process."""
    connection = connection_of(provider)
    credentials = HaloCredentials(
        client_id=connection.client_id,
        client_secret=read_secret(connection, "client_secret"),
        tenant=connection.tenant,
        scope=connection.scope,
    )
    limiter = DatabaseLimiter(connection.pk, connection.calls_per_window, connection.window_seconds)
    with HaloPSA(
        connection.address,
        credentials,
        limiter=limiter,
        authorisation_server=connection.auth_address,
        before_post=before_post,
    ) as halo:
        yield halo


@contextmanager
def source_of(provider: Provider) -> Iterator[MbsSource]:
    """The provider's backup service."""
    connection = SourceConnection.objects.filter(provider=provider, kind="mbs").first()
    if connection is None:
        raise InvalidInput(
            "No backup service is set up.",
            hint="Set it up (on the command line with a [sources.mbs] section and `billbridge setup apply FILE`).",
        )
    credentials = MbsCredentials(login=connection.login, password=read_secret(connection, "password"))
    with MbsClient(connection.address, credentials) as client:
        yield MbsSource(client)
