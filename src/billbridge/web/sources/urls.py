"""Addresses of the sources: the backup service, domains, and the import of a Usage History."""

from __future__ import annotations

from django.urls import path

from billbridge.web.sources import collecting, domains, usage_history, views

app_name = "sources"
urlpatterns = [
    path("", views.sources, name="sources"),
    path("test/", views.test, name="test"),
    path("collect/", collecting.collect, name="collect"),
    path("collections/<id:pk>/", collecting.collection, name="collection"),
    path("domains/", domains.domains, name="domains"),
    path("domains/companies/", domains.companies, name="domain-companies"),
    path("domains/<id:pk>/", domains.domain, name="domain"),
    path("usage-history/", usage_history.usage_history, name="usage-history"),
    path("usage-history/preview/", usage_history.preview, name="usage-history-preview"),
    path("usage-history/import/", usage_history.import_file, name="usage-history-import"),
    path("usage-history/discard/", usage_history.discard, name="usage-history-discard"),
]
