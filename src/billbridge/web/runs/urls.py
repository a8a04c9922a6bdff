"""Addresses of the history of runs."""

from __future__ import annotations

from django.urls import path

from billbridge.web.runs import views

app_name = "runs"
urlpatterns = [
    path("", views.runs, name="runs"),
    path("<id:pk>/", views.run, name="run"),
    path("<id:pk>/companies/", views.companies, name="companies"),
]
