"""Addresses of background work."""

from __future__ import annotations

from django.urls import path

from billbridge.web.tasks import views

app_name = "tasks"
urlpatterns = [
    path("", views.tasks, name="tasks"),
    path("<id:pk>/", views.task, name="task"),
    path("<id:pk>/stop/", views.stop_task, name="stop"),
    path("<id:pk>/retry/", views.retry_task, name="retry"),
]
