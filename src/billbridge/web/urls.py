"""The console's addresses, area by area."""

from __future__ import annotations

from django.urls import include, path, register_converter

from billbridge.web.converters import IdConverter, MonthConverter

register_converter(IdConverter, "id")
register_converter(MonthConverter, "month")

urlpatterns = [
    path("", include("billbridge.web.dashboard.urls")),
    path("account/", include("billbridge.web.accounts.urls")),
    path("companies/", include("billbridge.web.companies.urls")),
    path("licenses/", include("billbridge.web.licenses.urls")),
    path("storage/", include("billbridge.web.storage.urls")),
    path("bills/", include("billbridge.web.bills.urls")),
    path("sync/", include("billbridge.web.sync.urls")),
    path("runs/", include("billbridge.web.runs.urls")),
    path("reconciliation/", include("billbridge.web.reconciliation.urls")),
    path("drift/", include("billbridge.web.drift.urls")),
    path("tasks/", include("billbridge.web.tasks.urls")),
    path("settings/halopsa/", include("billbridge.web.halopsa.urls")),
    path("settings/halopsa/company/", include("billbridge.web.configure.urls")),
    path("settings/sources/", include("billbridge.web.sources.urls")),
    path("settings/provider/", include("billbridge.web.provider.urls")),
    path("settings/notifications/", include("billbridge.web.notifications.urls")),
    path("settings/administrators/", include("billbridge.web.administrators.urls")),
    path("settings/audit-log/", include("billbridge.web.audit.urls")),
    path("start/", include("billbridge.web.first_run.urls")),
    path("", include("billbridge.web.status.urls")),
]

handler400 = "billbridge.web.errors.bad_request"
handler403 = "billbridge.web.errors.forbidden"
handler404 = "billbridge.web.errors.not_found"
handler500 = "billbridge.web.errors.defect"
