"""*Storage limits* on a storage account: packages of companies and of single users."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billbridge.errors import InvalidInput
from billbridge.operations import storage_settings as operation
from billbridge.operations.change_entries import version_of
from billbridge.operations.change_settings import ChangedMeanwhile
from billbridge.operations.setup.document import StorageLimitSetting
from billbridge.operations.storage_settings import LimitKey
from billbridge.store.models import StorageAccount
from billbridge.store.queries.storage import package_of, packages
from billbridge.store.roles import Role
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.removed import removed
from billbridge.web.storage.forms import StorageLimitForm
from billbridge.web.storage.views.owned import LONGEST, names_of, owned, written_owner
from billbridge.web.storage.views.tabs import account_in, context_of
from billbridge.web.tables import Column, read_table

_COLUMNS = (
    Column(name="owner", label="Belongs to", order=("company", "user")),
    Column(name="name", label="Name", order=("setting.limit.name", "company")),
    Column(name="backup", label="Backup GB", order=("setting.limit.backup_gb",), is_figure=True),
    Column(name="restore", label="Restore GB", order=("setting.limit.restore_gb",), is_figure=True),
    Column(name="cost", label="Cost", order=("setting.limit.cost",), is_figure=True),
    Column(name="price", label="Price", order=("setting.limit.price",), is_figure=True),
    Column(name="actions", label=""),
)


@require_safe
def limits(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Every storage limit on a storage account."""
    account = account_in(request, pk)
    settings = operation.limits_of(request.actor.provider, account)
    names = names_of(request.actor.provider, settings)
    table = read_table(
        request,
        [owned(one, names) for one in settings],
        _COLUMNS,
        search_in=("company", "user", "setting.limit.name"),
        order="owner",
    )
    context = context_of(account, "limits", table=table, version=version_of(settings))
    return render(request, "storage/limits.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def set_limit(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A new storage limit, or another one in the place of the one the address names."""
    account = account_in(request, pk)
    request.actor.require(Role.BILLING)
    settings = operation.limits_of(request.actor.provider, account)
    replaces = _named(request, settings)
    key = LimitKey.of(replaces) if replaces else None
    company, user = written_owner(request.actor.provider, replaces)
    form = StorageLimitForm(
        request.POST or None,
        initial=_initial(request, settings, replaces, company, user),
        account=account,
        others=frozenset(LimitKey.of(one) for one in settings) - {key},
        known_user=(user, replaces.user_id if replaces else ""),
    )
    if request.method != "POST" or not form.is_valid():
        return _form(request, account, form, replaces, 400 if form.is_bound else 200)
    try:
        operation.set_limit(request.actor, form.setting, replaces=key, version=form.cleaned_data["version"])
    except InvalidInput as error:
        form.add_error(None, str(error))
        status = 409 if isinstance(error, ChangedMeanwhile) else 400
        return _form(request, account, form, replaces, status)
    messages.success(request, f"The storage limit {form.setting.limit.name} was saved.")
    return redirect("storage:limits", pk=account.pk)


@require_POST
def remove_limit(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Take a storage limit away."""
    account = account_in(request, pk)
    key = LimitKey(
        company_id=request.POST.get("company_id", "")[:LONGEST], user_id=request.POST.get("user_id", "")[:LONGEST]
    )
    changes = operation.remove_limit(request.actor, account, key, version=request.POST.get("version", "")[:LONGEST])
    messages.success(request, removed("The storage limit", changes) + " From now on usage is charged per GB.")
    return redirect("storage:limits", pk=account.pk)


def _form(
    request: ConsoleRequest,
    account: StorageAccount,
    form: StorageLimitForm,
    replaces: StorageLimitSetting | None,
    status: int,
) -> HttpResponse:
    offered = [] if replaces else packages(request.actor.provider)
    return render(
        request,
        "storage/limit_form.html",
        context_of(account, "limits", form=form, replaces=replaces, packages=offered),
        status=status,
    )


def _named(request: ConsoleRequest, settings: Sequence[StorageLimitSetting]) -> StorageLimitSetting | None:
    """The limit the address names, if there is one."""
    key = LimitKey(
        company_id=request.GET.get("company_id", "")[:LONGEST], user_id=request.GET.get("user_id", "")[:LONGEST]
    )
    return next((one for one in settings if LimitKey.of(one) == key), None)


def _initial(
    request: ConsoleRequest,
    settings: Sequence[StorageLimitSetting],
    replaces: StorageLimitSetting | None,
    company: str,
    user: str,
) -> dict[str, object]:
    version = version_of(settings)
    if replaces is not None:
        limit = replaces.limit
        return {
            "version": version,
            "company": company,
            "user": user,
            "name": limit.name,
            "backup_gb": limit.backup_gb,
            "restore_gb": limit.restore_gb,
            "cost": limit.cost,
            "price": limit.price,
        }
    written = {name: request.GET.get(name, "").replace("\0", "")[:LONGEST] for name in ("company", "user")}
    number = request.GET.get("package", "")[:18]
    package = package_of(request.actor.provider, int(number)) if number.isascii() and number.isdigit() else None
    if package is None:
        return {"version": version, **written}
    return {
        "version": version,
        **written,
        "name": package.name,
        "backup_gb": package.backup_gb,
        "restore_gb": package.restore_gb,
        "price": package.price,
    }
