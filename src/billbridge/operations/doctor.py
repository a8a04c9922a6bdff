"""Looking over an installation: everything a person should know before they trust the next bill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from billbridge.billing.bills import BillState
from billbridge.billing.months import Month
from billbridge.billing.products import Product, ProductKind
from billbridge.errors import BillbridgeError
from billbridge.operations.provider import the_provider, today
from billbridge.operations.usage import price_book
from billbridge.sources.port import Finding
from billbridge.store.models import (
    Bill,
    BilledProduct,
    Collection,
    Company,
    HaloConnection,
    PlannedChange,
    Provider,
    SourceConnection,
)
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
        *_prices(provider),
        *_bills(provider),
        *_interrupted(provider),
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
    yield _found("mapping", f"{unmapped} companies without a HaloPSA customer", remedy)
    alike = Company.objects.filter(provider=provider, is_ambiguous=True)
    if alike:
        names = ", ".join(sorted({company.name for company in alike}))
        yield _found("company names", f"several companies are called {names}", "Rename all but one of each.")


def _prices(provider: Provider) -> Iterator[Finding]:
    prices = price_book(provider)
    month = Month.of(today(provider))
    used = BilledProduct.objects.filter(company__provider=provider).values_list("product", flat=True).distinct()
    products = [Product.parse(text) for text in used]
    never = sorted(
        product.code
        for product in products
        if product.kind is ProductKind.LICENSE and prices.in_force(product.code, "", month).never_set
    )
    remedy = "Set them, even to 0, in [[prices]]." if never else ""
    yield _found("prices", f"never set: {', '.join(never)}" if never else "all set", remedy)


def _bills(provider: Provider) -> Iterator[Finding]:
    running = Month.of(today(provider))
    unsent = Bill.objects.filter(provider=provider).exclude(state=BillState.SENT.value)
    closed = [bill for bill in unsent.select_related("company") if bill.month < running.previous]
    held = unsent.filter(state=BillState.HELD.value).count()
    yield _found("held bills", str(held), "See `billbridge plan`." if held else "")
    if closed:
        months = ", ".join(sorted({str(bill.month) for bill in closed}))
        yield _found(
            "closed months", f"{len(closed)} bills of {months} never wholly sent", "Send them with `--month`."
        )


def _interrupted(provider: Provider) -> Iterator[Finding]:
    states = (PlannedChange.State.INTENDED, PlannedChange.State.SENDING)
    open_ = PlannedChange.objects.filter(run__provider=provider, state__in=states).count()
    remedy = "Run `billbridge sync` again: it resumes." if open_ else ""
    yield _found("interrupted runs", f"{open_} changes of unknown outcome" if open_ else "none", remedy)
