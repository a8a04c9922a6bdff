"""Addresses of syncing with HaloPSA."""

from __future__ import annotations

from django.urls import path

from billbridge.web.sync import views

app_name = "sync"
urlpatterns = [
    path("", views.sync, name="sync"),
    path("plan/", views.plan, name="plan"),
    path("<id:pk>/", views.task, name="task"),
    path("<id:pk>/companies/", views.companies, name="companies"),
    path("<id:pk>/send/", views.send, name="send"),
]
