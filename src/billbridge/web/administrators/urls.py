"""Addresses of the people who may sign in."""

from __future__ import annotations

from django.urls import path

from billbridge.web.administrators import views

app_name = "administrators"
urlpatterns = [
    path("", views.administrators, name="administrators"),
    path("add/", views.add, name="add"),
    path("<id:pk>/", views.change, name="change"),
]
