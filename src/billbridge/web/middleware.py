"""What every request gets: the person it acts for, and errors as pages that say what to do."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from billbridge.errors import BillbridgeError
from billbridge.operations.access import Actor
from billbridge.store.models import Administrator
from billbridge.web.errors import error_page

GetResponse = Callable[[HttpRequest], HttpResponse]


class ConsoleRequest(HttpRequest):
    """A request of somebody who is signed in: `actor` is in whose name everything is done."""

    actor: Actor
    htmx: HtmxDetails


class ActorMiddleware:
    """Gives each request of a signed-in administrator its `actor`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, Administrator):
            request.actor = Actor.of(user)  # type: ignore[attr-defined]
        return self.get_response(request)


class ErrorMiddleware:
    """Turns the console's own errors into a page with the message and the remedy."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A Billbridge error as a page; anything else is a defect and goes on."""
        if isinstance(exception, BillbridgeError):
            return error_page(request, exception)
        return None
