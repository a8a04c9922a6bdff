"""The store as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The one app with models; its tables begin with `store_`."""

    name = "billbridge.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
