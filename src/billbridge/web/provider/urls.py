"""Addresses of the provider's own settings."""

from __future__ import annotations

from django.urls import path

from billbridge.web.provider import views

app_name = "provider"
urlpatterns = [
    path("", views.provider, name="provider"),
    path("license-types/add/", views.add_license_type, name="add-license-type"),
    path("license-types/remove/", views.remove_license_type, name="remove-license-type"),
]
