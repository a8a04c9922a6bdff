"""What every page's template knows beside its own figures."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from billbridge.operations.provider import today
from billbridge.web.menu import menu_for


def console(request: HttpRequest) -> dict[str, Any]:
    """The actor, the provider, the business day and the menu; nothing before sign-in."""
    actor = getattr(request, "actor", None)
    if actor is None:
        return {}
    return {
        "actor": actor,
        "provider": actor.provider,
        "business_day": today(actor.provider),
        "menu": menu_for(request),
    }
