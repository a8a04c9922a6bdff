"""A company's licenses and storage of a month."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.operations.company_storage import storage_of_company
from billbridge.store.queries import company as queries
from billbridge.web.companies.views.tabs import company_in, context_of
from billbridge.web.licenses.ledger import ledger_csv, ledger_page, month_asked, months_offered
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import wants_csv


@require_safe
def licenses(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The company's part of the ledger, and the domains that count for it."""
    company = company_in(request, pk)
    page = ledger_page(request, company)
    if wants_csv(request):
        return ledger_csv(request, page, f"licenses-of-company-{company.pk}")
    context = context_of(
        company,
        "licenses",
        table=page.table,
        month=page.month,
        domains=queries.domains_of(company),
        one_company=True,
    )
    return render(request, "companies/licenses.html", context)


@require_safe
def storage(request: ConsoleRequest, pk: int) -> HttpResponse:
    """What the company's users keep and restored, charged as a bill would charge it."""
    company = company_in(request, pk)
    month = month_asked(request)
    accounts = storage_of_company(request.actor.provider, company, month)
    context = context_of(
        company, "storage", accounts=accounts, month=month, months=months_offered(request.actor.provider)
    )
    return render(request, "companies/storage.html", context)
