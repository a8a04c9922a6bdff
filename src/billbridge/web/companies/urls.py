"""Addresses of the companies: each tab of a company has its own."""

from __future__ import annotations

from django.urls import path

from billbridge.web.companies.views import exceptions, listing, page, prices, usage

app_name = "companies"
urlpatterns = [
    path("", listing.companies, name="companies"),
    path("options/", listing.options, name="options"),
    path("options/users/", listing.user_options, name="user-options"),
    path("<id:pk>/", page.overview, name="company"),
    path("<id:pk>/licenses/", usage.licenses, name="licenses"),
    path("<id:pk>/storage/", usage.storage, name="storage"),
    path("<id:pk>/prices/", prices.prices, name="prices"),
    path("<id:pk>/prices/set/", prices.set_price, name="set-price"),
    path("<id:pk>/prices/end/", prices.end_price, name="end-price"),
    path("<id:pk>/prices/remove/", prices.remove_price, name="remove-price"),
    path("<id:pk>/configurations/", page.configurations, name="configurations"),
    path("<id:pk>/exceptions/", exceptions.exceptions, name="exceptions"),
    path("<id:pk>/exceptions/exclude/", exceptions.exclude, name="exclude"),
    path("<id:pk>/exceptions/adjust/", exceptions.adjust, name="adjust"),
    path("<id:pk>/exceptions/remove/", exceptions.remove, name="remove-exception"),
    path("<id:pk>/bills/", page.bills, name="bills"),
    path("<id:pk>/mapping/", page.mapping, name="mapping"),
    path("<id:pk>/history/", page.history, name="history"),
]
