"""Addresses of the licenses: the ledger, and what is not billed."""

from __future__ import annotations

from django.urls import path

from billbridge.web.licenses import views

app_name = "licenses"
urlpatterns = [
    path("", views.licenses, name="licenses"),
    path("not-billed/", views.left_out, name="not-billed"),
]
