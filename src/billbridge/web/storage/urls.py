"""Addresses of the storage accounts: their list, and of each one usage, cost settings and limits."""

from __future__ import annotations

from django.urls import path

from billbridge.web.storage.views import accounts, costs, limits

app_name = "storage"
urlpatterns = [
    path("", accounts.accounts, name="accounts"),
    path("<id:pk>/", accounts.account, name="account"),
    path("<id:pk>/costs/", costs.costs, name="costs"),
    path("<id:pk>/costs/set/", costs.set_cost, name="set-cost"),
    path("<id:pk>/costs/remove/", costs.remove_cost, name="remove-cost"),
    path("<id:pk>/limits/", limits.limits, name="limits"),
    path("<id:pk>/limits/set/", limits.set_limit, name="set-limit"),
    path("<id:pk>/limits/remove/", limits.remove_limit, name="remove-limit"),
]
