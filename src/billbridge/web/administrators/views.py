"""The people who may sign in: the list, adding, changing, switching off, a new password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from billbridge.errors import InvalidInput
from billbridge.operations.access import NotThere
from billbridge.operations.administrators import add_administrator, change_administrator
from billbridge.store.models import Administrator
from billbridge.store.roles import Role
from billbridge.web.administrators.forms import AddForm, ChangeForm
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.tables import Column, Filter, read_table

_COLUMNS = (
    Column(name="name", label="Name", order=("name",)),
    Column(name="email", label="E-mail address", order=("email",)),
    Column(name="role", label="Role", order=("role",)),
    Column(name="is_active", label="May sign in", order=("is_active",)),
    Column(name="last_login", label="Last signed in", order=("last_login",)),
    Column(name="created", label="Since", order=("created",)),
)


def _of_role(rows: QuerySet[Administrator], role: str) -> QuerySet[Administrator]:
    return rows.filter(role=role)


_FILTERS = (
    Filter(name="role", label="Role", choices=tuple((role.value, role.value) for role in Role), narrow=_of_role),
)


@require_safe
def administrators(request: ConsoleRequest) -> HttpResponse:
    """Everybody who may, or might, sign in."""
    rows = Administrator.objects.filter(provider=request.actor.provider).order_by("name", "pk")
    table = read_table(request, rows, _COLUMNS, search_in=("name", "email"), filters=_FILTERS, order="name")
    return render(request, "administrators/administrators.html", {"table": table})


def add(request: ConsoleRequest) -> HttpResponse:
    """Let another person sign in."""
    request.actor.require(Role.OWNER)
    form = AddForm(request.POST if request.method == "POST" else None, initial={"role": Role.BILLING.value})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            added = add_administrator(
                request.actor,
                name=given["name"],
                email=given["email"],
                role=Role(given["role"]),
                password=given["password"],
            )
        except InvalidInput as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{added.name} may sign in as {added.email}.")
            return redirect("administrators:administrators")
    return render(request, "administrators/add.html", {"form": form}, status=400 if form.errors else 200)


def change(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Change somebody's name, role or password, or whether they may sign in."""
    request.actor.require(Role.OWNER)
    person = Administrator.objects.filter(provider=request.actor.provider, pk=pk).first()
    if person is None:
        raise NotThere("There is no such administrator.")
    initial = {"name": person.name, "role": person.role, "is_active": person.is_active}
    form = ChangeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            changed = change_administrator(
                request.actor,
                pk,
                name=given["name"],
                role=Role(given["role"]),
                is_active=given["is_active"],
                password=given["password"],
            )
        except InvalidInput as error:
            form.add_error(None, str(error))
        else:
            if given["password"] and request.user == changed:
                update_session_auth_hash(request, changed)
            messages.success(request, f"{changed.name} was changed.")
            return redirect("administrators:administrators")
    context = {"form": form, "person": person}
    return render(request, "administrators/change.html", context, status=400 if form.errors else 200)
