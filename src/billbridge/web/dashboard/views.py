"""The dashboard: what needs a person today, this month and last month, and a year in charts."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billbridge.billing.months import Month
from billbridge.operations.never_priced import never_priced
from billbridge.operations.provider import today
from billbridge.store.queries import dashboard as queries
from billbridge.store.queries.runs import figures_of, runs_of
from billbridge.store.queries.without_bill import months_without_bill
from billbridge.web.dashboard import attention, pictures
from billbridge.web.middleware import ConsoleRequest

_LAST_RUNS = 5


@require_safe
def dashboard(request: ConsoleRequest) -> HttpResponse:
    """The first page; an installation with nothing set up is led to the first-run assistant instead."""
    provider = request.actor.provider
    set_up = queries.set_up(provider)
    if set_up.is_empty:
        return render(request, "dashboard/welcome.html", {"set_up": set_up})
    day = today(provider)
    running = Month.of(day)
    months = pictures.year_until(running)
    figures = queries.months_with_bills(provider, months[0])
    runs = list(runs_of(provider)[:_LAST_RUNS])
    written = figures_of(runs)
    context = {
        "set_up": set_up,
        "entries": attention.entries(
            queries.attention(provider, day),
            figures,
            unpriced=[one.product for one in never_priced(provider, running)],
            day=day,
            has_source=set_up.source,
            without_bill=months_without_bill(provider, months[0], running),
        ),
        "months": [
            ("Last month", figures.get(running.previous, queries.MonthFigures(month=running.previous))),
            ("This month so far", figures.get(running, queries.MonthFigures(month=running))),
        ],
        "money_chart": pictures.money_chart(months, figures, provider.currency),
        "licenses_chart": pictures.licenses_chart(queries.licenses_held(provider)),
        "storage_chart": pictures.storage_chart(queries.storage_kept(provider, months)),
        "runs": [(run, written[run.pk]) for run in runs],
    }
    return render(request, "dashboard/dashboard.html", context)
