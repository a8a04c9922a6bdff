"""Addresses of the notifications: channels, and what was announced."""

from __future__ import annotations

from django.urls import path

from billbridge.operations.setup.document import ChannelKind
from billbridge.web.notifications.views import channels, notices

app_name = "notifications"
urlpatterns = [
    path("", notices.notifications, name="notifications"),
    path("notices/<id:pk>/", notices.notice, name="notice"),
    *(path(f"add/{kind.value}/", channels.add, {"kind": kind}, name=f"add-{kind.value}") for kind in ChannelKind),
    path("channels/<id:pk>/", channels.change, name="change"),
    path("channels/<id:pk>/remove/", channels.remove, name="remove"),
    path("channels/<id:pk>/test/", channels.test, name="test"),
]
