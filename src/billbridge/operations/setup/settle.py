"""What a setup file makes of an installation: every name replaced by its id, everything left open decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from billbridge.billing.products import type_key
from billbridge.operations.setup.check import check_document
from billbridge.operations.setup.document import CompanySetup, SetupDocument
from billbridge.operations.setup.installed import Installed
from billbridge.operations.setup.instance import Instance, settle_instance
from billbridge.operations.setup.problems import Problems
from billbridge.operations.setup.resolve import Resolver, company_directory, each, types_in_use
from billbridge.operations.setup.settle_companies import settle_company


def settle(
    document: SetupDocument, installed: Installed, *, day: date, instance: Instance | None = None
) -> SetupDocument:
    """The settings that applying a file on the business day `day` leads to; parts the file lacks stay `None`.

    Names become ids, license types get their known spelling, auto-billing that is switched on gets its day, and
    configurations that the file leaves out although bills hang on them end with the month of `day`. `instance` is
    what a person says of a HaloPSA whose address changes. Raises SetupError with every name that is not known, and
    every contradiction that only the ids show.
    """
    problems = Problems(document.source)
    _check_foundations(document, installed, problems)
    document = _with_company_ids(document, installed, problems)
    resolver = Resolver(document, installed, problems)
    settled = replace(
        document,
        users=resolver.users,
        default_asset_types=each(document.default_asset_types, ("default_asset_types",), resolver.asset_type),
        prices=each(document.prices, ("prices",), resolver.price),
        storage_costs=each(document.storage_costs, ("storage_costs",), resolver.storage_cost),
        storage_limits=each(document.storage_limits, ("storage_limits",), resolver.storage_limit),
        domains=each(document.domains, ("domains",), resolver.domain),
    )
    settled = _with_companies(settled, installed, resolver, problems, day)
    _check_removed_types(settled, installed, problems)
    settled = settle_instance(settled, installed, problems, instance)
    if not problems:  # a name that was not found would only seem to contradict others
        check_document(settled, problems, same=str, account_names=resolver.accounts.names)
    problems.raise_any()
    return settled


def _check_foundations(document: SetupDocument, installed: Installed, problems: Problems) -> None:
    now = installed.document
    if document.provider is None and now.provider is None:
        problems.add((), "There is no provider yet.", "Add [provider] with name, currency and time_zone.")
    if document.supplier_name is not None and document.halopsa is None and now.halopsa is None:
        problems.add(
            ("halopsa", "additional_settings"),
            "There is no HaloPSA connection yet that additional settings could belong to.",
            "Add address and client_id under [halopsa].",
        )


def _with_company_ids(document: SetupDocument, installed: Installed, problems: Problems) -> SetupDocument:
    """Give every company of the file its id: the one it has, or that of the one company of its name."""
    directory = company_directory(document, installed, problems)
    known = installed.companies
    entries: list[CompanySetup] = []
    for position, entry in enumerate(document.companies or ()):
        path = ("companies", position)
        if not entry.id:
            entries.append(replace(entry, id=directory.find(entry.name, (*path, "name"))))
            continue
        entries.append(entry)
        if entry.id in known:
            continue
        same_name = [one for one in directory.named(entry.name) if one in known]
        if not entry.name:
            problems.add(path, f"Company {entry.id!r} is not known yet.", "Add its name, or correct its id.")
        elif same_name:
            problems.add(
                (*path, "id"),
                f"Company {entry.name!r} is known with another id.",
                f'Write id = "{same_name[0]}", or another name if it is another company.',
            )
    return document if document.companies is None else replace(document, companies=tuple(entries))


def _with_companies(
    document: SetupDocument, installed: Installed, resolver: Resolver, problems: Problems, day: date
) -> SetupDocument:
    if document.companies is None:
        return document
    now = {company.id: company for company in installed.document.companies or ()}
    owners = dict.fromkeys(installed.taken, "") | {
        configuration.id: company.id for company in now.values() for configuration in company.configurations or ()
    }
    companies: list[CompanySetup] = []
    ending: set[str] = set()
    for position, entry in enumerate(document.companies):
        nothing = CompanySetup(id=entry.id, configurations=(), exclusions=(), adjustments=())
        before = now.get(entry.id, nothing)
        path = ("companies", position)
        company, ends = settle_company(
            resolver.company(entry, path, before),
            before,
            path,
            owners=owners,
            billed=installed.billed,
            day=day,
            problems=problems,
        )
        companies.append(company)
        ending |= ends
    return replace(document, companies=tuple(companies), ending=frozenset(ending))


def _check_removed_types(settled: SetupDocument, installed: Installed, problems: Problems) -> None:
    """Refuse to remove a license type that settings still name which the file leaves as they are."""
    now = installed.document
    if settled.license_types is None:
        return
    kept = {type_key(one.name) for one in settled.license_types}
    in_use = {type_key(name) for name in types_in_use(_left_alone(settled, now))}
    for removed in now.license_types or ():
        if type_key(removed.name) not in kept and type_key(removed.name) in in_use:
            problems.add(
                ("license_types",),
                f"The license type {removed.name!r} is not listed, but settings that stay as they are name it.",
                "List it, or change those settings in the same file.",
            )


def _left_alone(settled: SetupDocument, now: SetupDocument) -> SetupDocument:
    """The settings in force that applying would not touch, with the configurations that only end."""
    entries = {company.id: company for company in settled.companies or ()}
    companies: list[CompanySetup] = []
    for company in now.companies or ():
        entry = entries.get(company.id, CompanySetup(id=company.id))
        ending = tuple(one for one in entry.configurations or () if one.id in settled.ending)
        companies.append(
            replace(
                company,
                configurations=company.configurations if entry.configurations is None else ending,
                exclusions=company.exclusions if entry.exclusions is None else None,
                adjustments=company.adjustments if entry.adjustments is None else None,
            )
        )
    return SetupDocument(
        default_asset_types=now.default_asset_types if settled.default_asset_types is None else None,
        prices=now.prices if settled.prices is None else None,
        domains=now.domains if settled.domains is None else None,
        companies=tuple(companies),
    )
