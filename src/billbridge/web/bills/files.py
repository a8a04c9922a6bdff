"""Bills as files: one bill, or all of a month, as PDF for the customer and as XLSX or CSV for the provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from billbridge.billing.months import Month
from billbridge.documents.bill_document import BillDocument
from billbridge.documents.csv_file import bills_csv
from billbridge.documents.pdf import bills_pdf
from billbridge.documents.workbook import bills_workbook
from billbridge.operations.access import NotThere
from billbridge.operations.bill_documents import bill_document, bill_documents
from billbridge.operations.provider import today
from billbridge.store.models import Bill
from billbridge.store.queries.bills import months_of
from billbridge.web.middleware import ConsoleRequest

STATEMENTS = 250
"""Bills in one PDF of a month; a month with more comes in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A form a file can have."""

    content_type: str
    make: Callable[[Iterable[BillDocument], date], bytes]


_FORMS = {
    "pdf": _Form(content_type="application/pdf", make=lambda bills, day: bills_pdf(list(bills), made_on=day)),
    "xlsx": _Form(
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        make=lambda bills, day: bills_workbook(bills, made_on=day),
    ),
    "csv": _Form(content_type="text/csv; charset=utf-8", make=lambda bills, _: bills_csv(bills)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a month's bills: the file's number, and the first and last company in it."""

    number: int
    first: str
    last: str


@require_safe
def one(request: ConsoleRequest, pk: int, form: str) -> HttpResponse:
    """One bill as a file."""
    bill = bill_document(request.actor.provider, pk)
    return _file(form, f"bill-{bill.month}-{slugify(bill.company)[:60] or bill.id}", [bill], bill.made_on)


@require_safe
def month(request: ConsoleRequest) -> HttpResponse:
    """A month's bills as one file, or the page on which to choose: the form, and the part if there are several."""
    provider = request.actor.provider
    running = Month.of(today(provider))
    chosen = _month(request.GET.get("month", "")) or running.previous
    companies = list(
        Bill.objects.filter(provider=provider, month=chosen)
        .order_by("company__name", "company_id")
        .values_list("pk", "company__name")
    )
    parts = _parts([name for _, name in companies])
    form, number = request.GET.get("form", ""), request.GET.get("part", "")
    part = next((each for each in parts if str(each.number) == number), parts[0] if len(parts) == 1 else None)
    if companies and (form in ("xlsx", "csv") or (form == "pdf" and part)):
        ids, name = [pk for pk, _ in companies], f"bills-{chosen}"
        if form == "pdf" and part:
            ids = ids[(part.number - 1) * STATEMENTS : part.number * STATEMENTS]
            name += f"-part-{part.number}" if len(parts) > 1 else ""
        return _file(form, name, bill_documents(provider, Bill.objects.filter(pk__in=ids)), today(provider))
    context = {"month": chosen, "months": months_of(provider), "number": len(companies), "parts": parts}
    return render(request, "bills/month.html", context)


def _file(form: str, name: str, bills: Iterable[BillDocument], made_on: date) -> HttpResponse:
    known = _FORMS.get(form)
    if known is None:
        raise NotThere("A bill is there as pdf, xlsx and csv.")
    response = HttpResponse(known.make(bills, made_on), content_type=known.content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def _month(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except ValueError:
        return None


def _parts(companies: Sequence[str]) -> list[Part]:
    starts = range(0, len(companies), STATEMENTS)
    return [
        Part(number=n, first=companies[start], last=companies[min(start + STATEMENTS, len(companies)) - 1])
        for n, start in enumerate(starts, start=1)
    ]
