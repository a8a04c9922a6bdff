"""Addresses of the area `dashboard`."""

from __future__ import annotations

from django.urls import path

from billbridge.web.dashboard import views

app_name = "dashboard"
urlpatterns = [path("", views.dashboard, name="dashboard")]
