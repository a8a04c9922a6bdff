"""One log line per request, and an id by which everything else that was logged of it is found."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from billbridge import logs

HEADER = "X-Request-ID"

_GIVEN = re.compile(r"[\w.-]{8,64}", re.ASCII)
"""An id that a web server in front may give a request."""

_WATCHING = "status"
"""The area that is asked every few seconds, by what watches the console."""

_log = logs.logger(__name__)


class RequestLogMiddleware:
    """Logs each request with who asked for what and what came of it; never its query string, form or cookies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _id_of(request)
        began = time.perf_counter()
        with logs.bound(request=request_id):
            response = self.get_response(request)
            actor = getattr(request, "actor", None)
            is_watching = request.resolver_match is not None and request.resolver_match.namespace == _WATCHING
            (_log.debug if is_watching else _log.info)(
                "request",
                method=request.method,
                path=escape_uri_path(request.path),
                status=response.status_code,
                duration_ms=round((time.perf_counter() - began) * 1000, 1),
                actor=actor.administrator.pk if actor and actor.administrator else None,
            )
        response[HEADER] = request_id
        return response


def _id_of(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    return given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
