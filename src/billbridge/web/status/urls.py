"""Addresses for what watches the console: a web server in front of it, systemd, a container engine."""

from __future__ import annotations

from django.urls import path

from billbridge.web.status import views

app_name = "status"
urlpatterns = [
    path("health", views.health, name="health"),
    path("ready", views.ready, name="ready"),
    path("metrics", views.metrics, name="metrics"),
]
