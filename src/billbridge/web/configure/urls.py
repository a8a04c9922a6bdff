"""Addresses of the wizard that edits how a company is billed; they lie under its row in Settings > HaloPSA."""

from __future__ import annotations

from django.urls import path

from billbridge.web.configure import views

app_name = "configure"
urlpatterns = [
    path("<id:pk>/", views.company, name="company"),
    path("<id:pk>/configurations/", views.configurations, name="configurations"),
    path("<id:pk>/configurations/add/", views.add, name="add"),
    path("<id:pk>/configurations/<uuid:uid>/", views.configuration, name="configuration"),
    path("<id:pk>/configurations/<uuid:uid>/remove/", views.remove, name="remove"),
    path("<id:pk>/configurations/<uuid:uid>/discard/", views.discard, name="discard"),
    path("<id:pk>/check/", views.check, name="check"),
    path("<id:pk>/throw-away/", views.throw_away, name="throw-away"),
    path("<id:pk>/go-on/", views.go_on, name="go-on"),
]
