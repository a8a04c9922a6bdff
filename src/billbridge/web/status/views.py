"""Whether the console lives and can work. Anybody may ask, so nothing is told but yes or no."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billbridge.operations.health import readiness


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
