"""Writing the provider and its connections."""

from __future__ import annotations

from dataclasses import fields

from billbridge.operations.setup.channels import store_secret
from billbridge.operations.setup.current import MBS
from billbridge.operations.setup.document import HaloSettings, MbsSettings, ProviderSettings, SetupDocument
from billbridge.operations.setup.instance import Instance, is_moved
from billbridge.store.models import HaloConnection, PlannedChange, Provider, Slot, SourceConnection


def store_provider(row: Provider | None, settings: ProviderSettings | None) -> Provider:
    """Write the provider's settings, creating it where there is none; without settings it stays as it is."""
    provider = row or Provider()
    if settings is not None:
        _set(provider, settings)
        provider.save()
    return provider


def store_halopsa(
    provider: Provider, wanted: SetupDocument, current: HaloSettings | None, instance: Instance | None = None
) -> None:
    """Write the connection to HaloPSA and its additional settings.

    What was learned of one HaloPSA does not hold for another: with a new address or tenant it is forgotten, and so
    are the subscriptions if a person says that it is another HaloPSA. The history of runs stays.
    """
    if wanted.halopsa is None and wanted.supplier_name is None:
        return
    row = HaloConnection.objects.filter(provider=provider).first() or HaloConnection(provider=provider)
    if wanted.halopsa is not None:
        _set(row, wanted.halopsa, without="client_secret")
        if is_moved(current, wanted.halopsa):
            row.proven_batch = 1
            row.blocked_until = 0.0
            row.known_sizes = {}
            if instance is Instance.NEW:
                _forget_subscriptions(provider)
    if wanted.supplier_name is not None:
        row.supplier_name = wanted.supplier_name
    row.save()
    if wanted.halopsa is not None:
        store_secret(row, "client_secret", current.client_secret if current else None, wanted.halopsa.client_secret)


def _forget_subscriptions(provider: Provider) -> None:
    """Forget which subscription shows what, and expect no write of an earlier run to arrive any more."""
    Slot.objects.filter(configuration__company__provider=provider).delete()
    expected = [state for state in PlannedChange.State if state is not PlannedChange.State.VERIFIED]
    changes = PlannedChange.objects.filter(run__provider=provider, state__in=expected)
    changes.update(state=PlannedChange.State.ABANDONED)


def store_mbs(provider: Provider, wanted: MbsSettings | None, current: MbsSettings | None) -> None:
    """Write the connection to MBS."""
    if wanted is None:
        return
    row = SourceConnection.objects.filter(provider=provider, kind=MBS).first()
    row = row or SourceConnection(provider=provider, kind=MBS)
    _set(row, wanted, without="password")
    row.save()
    store_secret(row, "password", current.password if current else None, wanted.password)


def _set(
    row: Provider | HaloConnection | SourceConnection,
    settings: ProviderSettings | HaloSettings | MbsSettings,
    *,
    without: str = "",
) -> None:
    """Copy every setting to the row's field of the same name, enumerations as their text."""
    for one in fields(settings):
        if one.name != without:
            value = getattr(settings, one.name)
            setattr(row, one.name, str(value) if isinstance(value, str) else value)
