"""Exporting and applying the settings of an installation."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from billbridge.operations.provider import the_provider
from billbridge.operations.setup.channels import store_notifications
from billbridge.operations.setup.compare import SettingChange, differences, forgotten
from billbridge.operations.setup.concern import concern_of
from billbridge.operations.setup.current import current_setup
from billbridge.operations.setup.document import SetupDocument
from billbridge.operations.setup.instance import Instance
from billbridge.operations.setup.settle import settle
from billbridge.operations.setup.store_companies import store_companies, store_domains, store_known
from billbridge.operations.setup.store_connections import store_halopsa, store_mbs, store_provider
from billbridge.operations.setup.store_prices import store_lists
from billbridge.operations.setup.write import write_setup
from billbridge.store.models import Company, Provider


def export_setup(provider: Provider) -> str:
    """All settings of a provider as a setup file; applying it to the same installation changes nothing."""
    return write_setup(current_setup(provider).document)


def apply_setup(
    document: SetupDocument, *, day: date, provider: Provider | None = None, instance: Instance | None = None
) -> tuple[SettingChange, ...]:
    """Make the settings what a file says, all of it or nothing, and return what changed.

    `day` is the business day: auto-billing that is switched on without a day begins on it, and a configuration that
    is left out although bills hang on it ends with its month. Without `provider` the installation's only one is
    meant; on an empty installation it is created. `instance` says whether a HaloPSA with another address or tenant
    is another one; the subscriptions of the one before are then forgotten, but for the history of runs. Raises
    SetupError with every name that is not known.
    """
    with transaction.atomic():
        if provider is None and Provider.objects.exists():
            provider = the_provider()
        installed = current_setup(provider, concern=concern_of(document))
        wanted = settle(document, installed, day=day, instance=instance)
        changes = (*differences(installed.document, wanted), *forgotten(installed, wanted, instance))
        if changes:
            _store(wanted, installed.document, provider, instance)
    return changes


def _store(wanted: SetupDocument, current: SetupDocument, row: Provider | None, instance: Instance | None) -> None:
    """Write every part that differs. `wanted` has been settled."""
    provider = store_provider(row, wanted.provider)
    store_halopsa(provider, wanted, current.halopsa, instance)
    store_mbs(provider, wanted.mbs, current.mbs)
    store_notifications(provider, wanted.notifications, current.notifications or ())
    store_known(provider, wanted)
    named = {one.company_id for part in (wanted.prices, wanted.storage_costs, wanted.storage_limits, wanted.domains)
             for one in part or ()}  # fmt: skip
    named |= {entry.id for entry in wanted.companies or ()}
    rows = Company.objects.filter(provider=provider, source_id__in=named)
    companies = {company.source_id: company for company in rows}
    store_lists(provider, wanted, current, companies)
    store_domains(provider, wanted, current, companies)
    store_companies(wanted, current, companies)
