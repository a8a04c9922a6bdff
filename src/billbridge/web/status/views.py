"""What watches the console: whether it lives and can work, which anybody may ask, and its metrics."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billbridge.operations.health import readiness
from billbridge.operations.metrics import read_metrics
from billbridge.store.start import installation
from billbridge.web.errors import not_found
from billbridge.web.status.families import exposition
from billbridge.web.status.scrapers import Access, access


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; the database is not asked."""
    return JsonResponse({"healthy": True})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when everything works, else 503, with what does and what does not."""
    found = readiness()
    checks = {"ready": found.is_ready, "database": found.database, "schema": found.schema, "worker": found.worker}
    return JsonResponse(checks, status=200 if found.is_ready else 503)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics for Prometheus: 200 also when the database is away, which is a metric itself."""
    found = access(request, installation().metrics_token)
    if found is Access.HIDDEN:
        return not_found(request)
    if found is Access.NEEDS_TOKEN:
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    try:
        measured = read_metrics()
    except Error:
        measured = None
    text, content_type = exposition(measured, request.headers.get("Accept", ""))
    return HttpResponse(text, content_type=content_type)
