"""Signing in and out, the first administrator, and one's own password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from billbridge.errors import InvalidInput
from billbridge.operations.administrators import change_own_password, create_first, needs_first
from billbridge.web.accounts.forms import FirstAdministratorForm, PasswordForm, SignInForm
from billbridge.web.middleware import ConsoleRequest

_BACKEND = "billbridge.web.accounts.backend.AdministratorBackend"


class SignIn(LoginView):
    """Signing in; on a new installation it leads to the first administrator instead."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """The form, or the way to the first administrator."""
        if needs_first():
            return redirect("accounts:first-administrator")
        return super().get(request, *args, **kwargs)


class SignOut(LogoutView):
    """Signing out."""


@login_not_required
def first_administrator(request: HttpRequest) -> HttpResponse:
    """The first administrator of a new installation; gone once there is one."""
    if not needs_first():
        return redirect("accounts:sign-in")
    form = FirstAdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            administrator = create_first(**form.cleaned_data)
        except InvalidInput as error:
            form.add_error(None, str(error))
        else:
            login(request, administrator, backend=_BACKEND)
            return redirect("dashboard:dashboard")
    return render(request, "accounts/first_administrator.html", {"form": form}, status=400 if form.errors else 200)


def change_password(request: ConsoleRequest) -> HttpResponse:
    """One's own password."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_own_password(request.actor, old=form.cleaned_data["old"], new=form.cleaned_data["new"])
        except InvalidInput as error:
            form.add_error(None, str(error))
        else:
            assert request.actor.administrator is not None
            update_session_auth_hash(request, request.actor.administrator)
            messages.success(request, "Your password was changed.")
            return redirect("dashboard:dashboard")
    return render(request, "accounts/password.html", {"form": form}, status=400 if form.errors else 200)
