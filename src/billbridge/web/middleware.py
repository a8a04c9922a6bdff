"""What every request gets: the person it acts for, and errors as pages that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from billbridge.errors import BillbridgeError
from billbridge.operations.access import Actor
from billbridge.store.models import Administrator
from billbridge.web.errors import error_page, not_by_this_method

GetResponse = Callable[[HttpRequest], HttpResponse]


class ConsoleRequest(HttpRequest):
    """A request of somebody who is signed in: `actor` is in whose name everything is done."""

    actor: Actor
    htmx: HtmxDetails


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads everybody who is not signed in to the sign-in, and from there back to the page they were on.

    An htmx request is told to lead the whole page there: the form would appear inside a part of it otherwise.
    """

    def handle_no_permission(  # type: ignore[override]  # an answer to htmx is no redirect
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponse:
        """The way to the sign-in."""
        is_part = "HX-Request" in request.headers
        if request.method in ("GET", "HEAD") and not is_part:
            return super().handle_no_permission(request, view_func)
        # What was asked for is no page one can come back to: a form that was sent, or a part of a page.
        page = urlsplit(request.headers.get("HX-Current-URL" if is_part else "Referer", ""))
        back = f"{page.path}?{page.query}" if page.query else page.path
        there = redirect_to_login(back or "/", self.get_login_url(view_func))
        return HttpResponse(headers={"HX-Redirect": there.url}) if is_part else there


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
    """Turns the console's own errors into a page with the message and the remedy, and gives empty refusals one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content and request.method in ("GET", "POST"):
            return not_by_this_method(request, allowed=response.get("Allow", ""))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A Billbridge error as a page; anything else is a defect and goes on."""
        if isinstance(exception, BillbridgeError):
            return error_page(request, exception)
        return None
