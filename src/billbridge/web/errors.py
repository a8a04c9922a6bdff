"""Pages for what went wrong: always in words, never with a trace."""

from __future__ import annotations

import sys

from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billbridge.config import HOSTS_VARIABLE
from billbridge.errors import BillbridgeError, InvalidInput, TransientError
from billbridge.operations.access import NotAllowed, NotThere


def error_page(request: HttpRequest, error: BillbridgeError) -> HttpResponse:
    """An error as a page, or as a message in the place an htmx request would fill."""
    return _page(request, _status(error), _title(error), error.message, error.hint)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token does not fit: the session ended, or the form is another site's."""
    return _page(
        request, 403, "This form has expired", "Nothing was changed.", "Go back, load the page again and send it."
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An address that leads nowhere, or to something of somebody else."""
    return _page(request, 404, "Not found", "There is nothing at this address.", "Use the menu, or search.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Something that nobody may ask for."""
    return _page(request, 403, "Not allowed", "This may not be done.", "Use the menu, or go back.")


def not_by_this_method(request: HttpRequest, *, allowed: str) -> HttpResponse:
    """An address that is asked for in a way it does not answer: mostly a form's, opened as if it were a page."""
    message = "This address takes what a form sends, and shows nothing by itself."
    response = _page(request, 405, "Nothing to see here", message, "Use the menu, or go back.")
    response["Allow"] = allowed
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that cannot be read, or that asks for this console by a name that is not its own."""
    if isinstance(exception, DisallowedHost):
        message = "The console does not answer to the name in this address."
        hint = f"Add the name to {HOSTS_VARIABLE} on the server, and start it again."
        return _page(request, 400, "Not this name", message, hint)
    return _page(request, 400, "Not understood", "This request cannot be read.", "Go back and try again.")


def defect(request: HttpRequest) -> HttpResponse:
    """A defect of the console itself, or a database that is busy or away; details stand in its log."""
    if isinstance(sys.exception(), OperationalError):
        return _page(request, 503, "Not now", "The database cannot be used now.", "Try again; the log says why.")
    message = "The console made a mistake; nothing half-done was kept."
    return _page(request, 500, "Something is broken", message, "Try again. If it stays, the log says more.")


def _page(request: HttpRequest, status: int, title: str, message: str, hint: str) -> HttpResponse:
    fragment = getattr(request, "htmx", False)
    template = "error_fragment.html" if fragment else "error.html"
    context = {"title": title, "message": message, "hint": hint, "status": status}
    return render(request, template, context, status=status)


def _status(error: BillbridgeError) -> int:
    if isinstance(error, NotAllowed):
        return 403
    if isinstance(error, NotThere):
        return 404
    if isinstance(error, InvalidInput):
        return 400
    return 503 if isinstance(error, TransientError) else 409


def _title(error: BillbridgeError) -> str:
    if isinstance(error, NotAllowed):
        return "Not allowed"
    if isinstance(error, NotThere):
        return "Not found"
    if isinstance(error, TransientError):
        return "Not now"
    return "That cannot be done"
