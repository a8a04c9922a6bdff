"""Addresses of the first-run assistant."""

from __future__ import annotations

from django.urls import path

from billbridge.web.first_run import views

app_name = "first_run"
urlpatterns = [
    path("", views.first_run, name="first-run"),
    path("begin/", views.begin, name="begin"),
]
