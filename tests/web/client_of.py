"""What the fixture `client_of` gives: the browser of an administrator who is signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from billbridge.store.models import Administrator

ClientOf = Callable[[Administrator], Client]
