"""Signing in and out, and one's own password."""

from __future__ import annotations

from django.urls import path

from billbridge.web.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("first-administrator/", views.first_administrator, name="first-administrator"),
    path("password/", views.change_password, name="password"),
]
