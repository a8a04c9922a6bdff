"""Addresses of reconciling a month with HaloPSA."""

from __future__ import annotations

from django.urls import path

from billbridge.web.reconciliation import views

app_name = "reconciliation"
urlpatterns = [
    path("", views.reconciliation, name="reconciliation"),
    path("<month:month>/", views.month, name="month"),
    path("<month:month>/start/", views.start, name="start"),
]
