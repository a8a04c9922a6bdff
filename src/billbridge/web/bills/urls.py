"""Addresses of the area `bills`."""

from __future__ import annotations

from django.urls import path

from billbridge.web.bills import files, views

app_name = "bills"
urlpatterns = [
    path("", views.bills, name="bills"),
    path("month/", files.month, name="month"),
    path("<id:pk>/", views.bill, name="bill"),
    path("<id:pk>/lines/<id:line>/", views.line, name="line"),
    path("<id:pk>/file/<slug:form>/", files.one, name="file"),
]
