"""*Storage cost settings* of a storage account: for everyone, custom prices by company and by user."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billbridge.billing.months import Month
from billbridge.errors import InvalidInput
from billbridge.operations import storage_settings as operation
from billbridge.operations.change_entries import version_of
from billbridge.operations.change_settings import ChangedMeanwhile
from billbridge.operations.provider import today
from billbridge.operations.setup.document import StorageCost
from billbridge.operations.storage_settings import CostKey
from billbridge.store.models import StorageAccount
from billbridge.store.roles import Role
from billbridge.web.companies.forms import month_or_none
from billbridge.web.middleware import ConsoleRequest
from billbridge.web.removed import removed
from billbridge.web.storage.forms import StorageCostForm
from billbridge.web.storage.views.owned import LONGEST, names_of, owned, written_owner
from billbridge.web.storage.views.tabs import account_in, context_of
from billbridge.web.tables import Column, Filter, read_table

_COLUMNS = (
    Column(name="owner", label="Holds for", order=("company", "user", "setting.from_month")),
    Column(name="from", label="From", order=("setting.from_month", "company")),
    Column(name="backup", label="Backup, cost / price", is_figure=True),
    Column(name="restore", label="Restore, cost / price", is_figure=True),
    Column(name="state", label="State", order=("state", "company")),
    Column(name="actions", label=""),
)
_WHOSE = (("everyone", "Everyone"), ("company", "By company"), ("user", "By user"))


@require_safe
def costs(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Every cost setting of a storage account."""
    account = account_in(request, pk)
    provider = request.actor.provider
    settings = operation.costs_of(provider, account)
    names = names_of(provider, settings)
    month = Month.of(today(provider))
    states = _states(settings, month)
    table = read_table(
        request,
        [owned(one, names, states[CostKey.of(one)]) for one in settings],
        _COLUMNS,
        search_in=("company", "user"),
        filters=(
            Filter(
                name="whose",
                label="Holds for",
                choices=_WHOSE,
                narrow=lambda rows, value: [row for row in rows if _whose(row.setting) == value],
            ),
        ),
        order="owner",
    )
    in_force = any(not one.company_id and states[CostKey.of(one)] == "holds" for one in settings)
    context = context_of(
        account, "costs", table=table, version=version_of(settings), month=month, never_set=not in_force
    )
    return render(request, "storage/costs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def set_cost(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A new cost setting, or another one in the place of the one the address names."""
    account = account_in(request, pk)
    request.actor.require(Role.BILLING)
    settings = operation.costs_of(request.actor.provider, account)
    replaces = _named(request, settings)
    key = CostKey.of(replaces) if replaces else None
    company, user = written_owner(request.actor.provider, replaces)
    form = StorageCostForm(
        request.POST or None,
        initial=_initial(request, settings, replaces, company, user),
        account=account,
        others=frozenset(CostKey.of(one) for one in settings) - {key},
        known_user=(user, replaces.user_id if replaces else ""),
    )
    if request.method != "POST" or not form.is_valid():
        return _form(request, account, form, replaces, 400 if form.is_bound else 200)
    try:
        operation.set_cost(request.actor, form.setting, replaces=key, version=form.cleaned_data["version"])
    except InvalidInput as error:
        form.add_error(None, str(error))
        status = 409 if isinstance(error, ChangedMeanwhile) else 400
        return _form(request, account, form, replaces, status)
    messages.success(request, f"Saved: it holds from {form.setting.from_month.title} on.")
    return redirect("storage:costs", pk=account.pk)


@require_POST
def remove_cost(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Take a cost setting away."""
    account = account_in(request, pk)
    month = month_or_none(request.POST.get("from_month", ""))
    if month is None:
        raise InvalidInput("The setting to remove is not named.", hint="Load the page again.")
    key = CostKey(
        from_month=month,
        company_id=request.POST.get("company_id", "")[:LONGEST],
        user_id=request.POST.get("user_id", "")[:LONGEST],
    )
    changes = operation.remove_cost(request.actor, account, key, version=request.POST.get("version", "")[:LONGEST])
    messages.success(request, removed(f"The cost setting from {month.title} on", changes))
    return redirect("storage:costs", pk=account.pk)


def _form(
    request: ConsoleRequest,
    account: StorageAccount,
    form: StorageCostForm,
    replaces: StorageCost | None,
    status: int,
) -> HttpResponse:
    return render(
        request,
        "storage/cost_form.html",
        context_of(account, "costs", form=form, replaces=replaces),
        status=status,
    )


def _named(request: ConsoleRequest, settings: Sequence[StorageCost]) -> StorageCost | None:
    """The setting the address names, if there is one."""
    month = month_or_none(request.GET.get("from", ""))
    if month is None:
        return None
    key = CostKey(
        from_month=month,
        company_id=request.GET.get("company_id", "")[:LONGEST],
        user_id=request.GET.get("user_id", "")[:LONGEST],
    )
    return next((one for one in settings if CostKey.of(one) == key), None)


def _initial(
    request: ConsoleRequest, settings: Sequence[StorageCost], replaces: StorageCost | None, company: str, user: str
) -> dict[str, object]:
    version = version_of(settings)
    if replaces is None:
        return {
            "version": version,
            "company": request.GET.get("company", "").replace("\0", "")[:LONGEST],
            "from_month": str(Month.of(today(request.actor.provider))),
        }
    return {
        "version": version,
        "company": company,
        "user": user,
        "from_month": str(replaces.from_month),
        "backup_cost": replaces.rates.backup_cost,
        "backup_price": replaces.rates.backup_price,
        "restore_cost": replaces.rates.restore_cost,
        "restore_price": replaces.rates.restore_price,
    }


def _states(settings: Sequence[StorageCost], month: Month) -> dict[CostKey, str]:
    """Whether each setting holds in a month, is to come, or was replaced by a later one of the same owner."""
    newest: dict[tuple[str, str], Month] = {}
    for one in settings:
        owner = one.company_id, one.user_id
        if one.from_month <= month:
            newest[owner] = max(newest.get(owner, one.from_month), one.from_month)
    return {
        CostKey.of(one): "to come"
        if one.from_month > month
        else "holds"
        if newest[one.company_id, one.user_id] == one.from_month
        else "replaced"
        for one in settings
    }


def _whose(setting: StorageCost) -> str:
    return "user" if setting.user_id else "company" if setting.company_id else "everyone"
