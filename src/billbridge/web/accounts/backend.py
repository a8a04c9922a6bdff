"""Signing in with e-mail address and password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from billbridge.store.models import Administrator


class AdministratorBackend:
    """Checks an administrator's password, and loads them with their provider in one query."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> Administrator | None:
        """The administrator with this address and password, unless they may no longer sign in."""
        if not username or not password:
            return None
        try:
            administrator = Administrator.objects.get_by_natural_key(username)
        except Administrator.DoesNotExist:
            make_password(password)  # an unknown address takes as long as a known one
            return None
        if administrator.is_active and check_password(password, administrator.password):
            return administrator
        return None

    def get_user(self, user_id: int) -> Administrator | None:
        """The administrator of a session, if they may still sign in."""
        return Administrator.objects.select_related("provider").filter(pk=user_id, is_active=True).first()


def tried_address(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail address somebody tries to sign in with, alike for every way to write it, so that tries add up."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(given).replace("\0", "").strip().casefold()[:255]
