"""Addresses of the drift check."""

from __future__ import annotations

from django.urls import path

from billbridge.web.drift import views

app_name = "drift"
urlpatterns = [
    path("", views.drift, name="drift"),
    path("start/", views.start, name="start"),
]
