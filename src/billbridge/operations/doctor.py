"""Looking over an installation: everything a person should know before they trust the next bill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from billbridge.billing.bills import BillState
from billbridge.billing.drift_findings import coverage_text
from billbridge.billing.months import Month
from billbridge.billing.products import Product, ProductKind
from billbridge.errors import BillbridgeError
from billbridge.operations.gone import gone_companies
from billbridge.operations.never_priced import never_priced
from billbridge.operations.provider import the_provider, today
from billbridge.sources.port import Finding
from billbridge.store.models import (
    Bill,
    Collection,
    Company,
    HaloConnection,
    NotificationChannel,
    PlannedChange,
    Provider,
    SourceConnection,
    StorageAccount,
)
from billbridge.store.queries.drift import last_check, open_findings
from billbridge.store.secrets import read_secret

STALE = timedelta(days=2)
"""A source that was not collected for longer is worth a look."""


def examine() -> list[Finding]:
    """Every check, each a finding; nothing is changed and nothing outside is asked."""
    try:
        provider = the_provider()
    except BillbridgeError as error:
        return [Finding(step="provider", ok=False, message=error.message, remedy=error.hint)]
    return [
        _found("provider", provider.name),
        *_secrets(provider),
        *_collections(provider),
        *_mappings(provider),
        *_gone(provider),
        *_prices(provider),
        *_bills(provider),
        *_interrupted(provider),
        *_drift(provider),
    ]


def _found(step: str, message: str, remedy: str = "") -> Finding:
    return Finding(step=step, ok=not remedy, message=message, remedy=remedy)


def _secrets(provider: Provider) -> Iterator[Finding]:
    rows = [
        ("HaloPSA", HaloConnection.objects.filter(provider=provider).first(), "client_secret"),
        ("backup service", SourceConnection.objects.filter(provider=provider).first(), "password"),
    ]
    for step, row, field in rows:
        if row is None:
            yield _found(step, "not set up", "Add its section and run `billbridge setup apply FILE`.")
            continue
        try:
            read_secret(row, field)
        except BillbridgeError as error:
            yield _found(step, error.message, error.hint)
        else:
            yield _found(step, f"{row}, its secret opens")
    for channel in NotificationChannel.objects.filter(provider=provider).order_by("pk"):
        is_mail = channel.kind == NotificationChannel.Kind.EMAIL
        needed = ["secret"] if channel.username or not is_mail else []
        yield _channel(channel, [*needed, *(["signing_key"] if channel.signing_key else [])])


def _channel(channel: NotificationChannel, secrets: Sequence[str]) -> Finding:
    step, what = f"channel {channel.name}", "password" if channel.username else "address"
    if "secret" in secrets and not channel.secret:
        return _found(step, f"has no {what}", f"Enter the {what}, in the console or in the set-up file.")
    try:
        for field in secrets:
            read_secret(channel, field)
    except BillbridgeError as error:
        return _found(step, error.message, error.hint)
    return _found(step, f"{channel.kind}, {'on' if channel.is_on else 'off'}")


def _collections(provider: Provider) -> Iterator[Finding]:
    for section in Collection.Section.values:
        latest = Collection.objects.filter(provider=provider, section=section).order_by("-pk").first()
        done = (
            Collection.objects.filter(provider=provider, section=section, state=Collection.State.DONE)
            .order_by("-pk")
            .first()
        )
        if latest is None or done is None:
            yield _found(f"collection of {section}", "never collected", "Run `billbridge collect`.")
        elif latest.state != Collection.State.DONE:
            yield _found(
                f"collection of {section}",
                f"the last one {latest.state}: {latest.reason}",
                "Run `billbridge collect`.",
            )
        elif today(provider) - done.day > STALE:
            yield _found(
                f"collection of {section}",
                f"last on {done.day}",
                "Run `billbridge collect` every day: days without one are guessed.",
            )
        else:
            yield _found(f"collection of {section}", f"last on {done.day}")


def _mappings(provider: Provider) -> Iterator[Finding]:
    unmapped = Company.objects.filter(provider=provider, in_source=True, client_id=None).count()
    remedy = "Run `billbridge map suggest`." if unmapped else ""
    companies = "1 company" if unmapped == 1 else f"{unmapped} companies"
    yield _found("mapping", f"{companies} without a HaloPSA customer", remedy)
    alike = Company.objects.filter(provider=provider, is_ambiguous=True)
    if alike:
        names = ", ".join(sorted({company.name for company in alike}))
        yield _found("company names", f"several companies are called {names}", "Rename all but one of each.")


def _gone(provider: Provider) -> Iterator[Finding]:
    for company in gone_companies(provider, Month.of(today(provider))):
        if company.asks:
            yield _found("gone company", company.question, company.remedy)
        else:
            yield _found("gone company", f"{company.name} since {company.since}; billed up to {company.last_month}")


def _prices(provider: Provider) -> Iterator[Finding]:
    never = never_priced(provider, Month.of(today(provider)))
    if not never:
        yield _found("prices", "all set")
        return
    accounts = dict(StorageAccount.objects.filter(provider=provider).values_list("source_id", "name"))
    kinds = {one.product.kind for one in never}
    lists = [name for kind, name in _PRICE_LISTS.items() if kind in kinds]
    listed = "; ".join(f"{_product_name(one.product, accounts)} ({_some(one.companies)})" for one in never)
    yield _found("prices", f"never set: {listed}", f"Set them, even to 0, in {' and '.join(lists)}.")


_PRICE_LISTS = {ProductKind.LICENSE: "[[prices]]", ProductKind.STORAGE: "[[storage_costs]]"}


def _product_name(product: Product, accounts: dict[str, str]) -> str:
    is_storage = product.kind is ProductKind.STORAGE
    return f"storage {accounts.get(product.code, product.code)}" if is_storage else product.code


def _some(names: Sequence[str], most: int = 3) -> str:
    """Some names, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _bills(provider: Provider) -> Iterator[Finding]:
    running = Month.of(today(provider))
    unsent = Bill.objects.filter(provider=provider).exclude(state=BillState.SENT.value)
    closed = [bill for bill in unsent.select_related("company") if bill.month < running.previous]
    held = unsent.filter(state=BillState.HELD.value).count()
    yield _found("held bills", str(held), "See `billbridge plan`." if held else "")
    if closed:
        months = ", ".join(sorted({str(bill.month) for bill in closed}))
        yield _found(
            "closed months", f"{len(closed)} bills of {months} not wholly sent", "Send them with `--month`."
        )


def _interrupted(provider: Provider) -> Iterator[Finding]:
    states = (PlannedChange.State.INTENDED, PlannedChange.State.SENDING)
    open_ = PlannedChange.objects.filter(run__provider=provider, state__in=states).count()
    remedy = "Run `billbridge sync` again: it resumes." if open_ else ""
    yield _found("interrupted runs", f"{open_} changes of unknown outcome" if open_ else "none", remedy)


def _drift(provider: Provider) -> Iterator[Finding]:
    """What the last drift check left open; without a HaloPSA there is nothing to check."""
    if not HaloConnection.objects.filter(provider=provider).exists():
        return
    checked = last_check(provider)
    if checked is None:
        yield _found("drift", "HaloPSA was never checked", "Run `billbridge drift` every day.")
        return
    concerning = open_findings(provider).filter(harms=True).count()
    if concerning:
        findings = "1 open finding concerns" if concerning == 1 else f"{concerning} open findings concern"
        yield _found("drift", f"{findings} the next bill", "See `billbridge drift`.")
    elif checked.unknown:
        said = coverage_text(checked.things, checked.unknown)
        yield _found("drift", f"on {checked.day} {said}", "Run `billbridge drift` again.")
    elif today(provider) - checked.day > STALE:
        yield _found("drift", f"last checked on {checked.day}", "Run `billbridge drift` every day.")
    else:
        yield _found("drift", f"nothing that concerns the next bill; last checked on {checked.day}")
