"""The wizard that edits how a company is billed: site, configurations, check, save."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from billbridge.billing.configuration import ConfigurationError, check_configurations
from billbridge.billing.products import Product
from billbridge.errors import InvalidInput
from billbridge.operations.access import NotThere
from billbridge.operations.billing_draft import CompanyBilling
from billbridge.operations.change_settings import ChangedMeanwhile, SettingsRefused
from billbridge.operations.company_billing import (
    Editing,
    changes_of,
    edit_billing,
    go_on_with_mine,
    keep_billing,
    save_billing,
    throw_billing_away,
)
from billbridge.operations.drafts import DraftChangedMeanwhile, KeptDraft, WindowLeft
from billbridge.operations.try_billing import product_names, try_billing
from billbridge.store.queries.configure import Held, last_change, offered_products
from billbridge.store.roles import Role
from billbridge.web.configure.choices import product_choices, site_choices
from billbridge.web.configure.configuration_form import ConfigurationForm
from billbridge.web.configure.shown import shown_billing
from billbridge.web.configure.site_form import SiteForm
from billbridge.web.middleware import ConsoleRequest

_LONGEST_TOKEN = 64


@never_cache
def company(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The first step: HaloPSA site and agreement, and auto-billing."""
    editing = edit_billing(request.actor, pk)
    choices = site_choices(request.actor.provider, editing)
    form = SiteForm(request.POST if request.method == "POST" else None, editing, choices)
    status = 200
    if request.method == "POST":
        request.actor.require(Role.BILLING)
        if not form.is_valid():
            status = 400
        else:
            try:
                kept = _keep(request, editing, replace(editing.billing, **form.entered()))
            except DraftChangedMeanwhile as error:
                if request.htmx and isinstance(error, WindowLeft):
                    return HttpResponse(status=204)
                form.add_error(None, str(error))
                status = 409
            else:
                if request.htmx:
                    return render(request, "configure/kept.html", _tokens(request, editing, kept))
                return redirect("configure:configurations", pk)
        if request.htmx:
            return _not_kept(request, editing, [str(one) for one in form.non_field_errors()], status)
    context = {"form": form, "choices": choices, **_frame(request, editing, "site")}
    return render(request, "configure/site.html", context, status=status)


@never_cache
@require_safe
def configurations(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The second step: the company's configurations, and what none of them bills."""
    editing = edit_billing(request.actor, pk)
    offered = offered_products(request.actor.provider, editing.company)
    billed = {product.key for one in editing.billing.configurations for product in one.products}
    context = {
        "shown": shown_billing(editing, offered),
        "not_billed": [
            one for one in offered if one.held is Held.NOW and not one.refused and one.product.key not in billed
        ],
        "refused": _refusal(editing, {one.product: one.name for one in offered}),
        **_frame(request, editing, "configurations"),
    }
    return render(request, "configure/configurations.html", context)


@require_safe
def add(request: ConsoleRequest, pk: int) -> HttpResponse:
    """A new configuration: it gets its id at once, so that what is entered of it can be kept."""
    return redirect("configure:configuration", edit_billing(request.actor, pk).company.pk, uuid4())


@never_cache
def configuration(request: ConsoleRequest, pk: int, uid: UUID) -> HttpResponse:
    """One configuration, as a step of its own between the list and itself."""
    editing = edit_billing(request.actor, pk)
    known = str(uid)
    provider = request.actor.provider
    choices = product_choices(provider)
    form = ConfigurationForm(
        request.POST if request.method == "POST" else None,
        company=editing.company.name,
        configuration_id=known,
        billing=editing.billing,
        offered=offered_products(provider, editing.company),
        choices=choices,
    )
    status = 200
    if request.method == "POST":
        request.actor.require(Role.BILLING)
        is_done = request.POST.get("go") == "done" and not request.htmx
        if is_done and form.is_valid():
            billing = editing.billing.with_configuration(form.configuration(form.cleaned_data))
        elif form.is_changed:
            billing = editing.billing.with_unfinished(known, form.entered())
        else:
            billing = editing.billing.without_unfinished(known)
        is_refused = is_done and not form.is_valid()
        try:
            kept = _keep(request, editing, billing) if billing != editing.billing else editing.draft
        except DraftChangedMeanwhile as error:
            if request.htmx and isinstance(error, WindowLeft):
                return HttpResponse(status=204)
            if request.htmx:
                return _not_kept(request, editing, [str(error)], 409, form=form)
            form.add_error(None, str(error))
            status = 409
        else:
            if request.htmx:
                context = {"form": form, "is_live": True, **_tokens(request, editing, kept)}
                return render(request, "configure/modes.html", context)
            if not is_refused:
                return redirect("configure:configurations", pk)
            editing = edit_billing(request.actor, pk)
            status = 400
    context = {
        "form": form,
        "known": known,
        "is_new": editing.billing.configuration(known) is None,
        "is_billed": known in editing.billed,
        "choices": choices,
        **_frame(request, editing, "configurations"),
    }
    return render(request, "configure/configuration.html", context, status=status)


@require_POST
def remove(request: ConsoleRequest, pk: int, uid: UUID) -> HttpResponse:
    """Take a configuration that never billed out of the draft."""
    editing = edit_billing(request.actor, pk)
    known = str(uid)
    one = editing.billing.configuration(known)
    if known in editing.billed:
        raise InvalidInput(
            f"{one.name if one else 'This configuration'} has bills and cannot vanish; nothing was changed.",
            hint="Edit it and give it the last month it is billed for.",
        )
    if one is None and known not in editing.billing.unfinished:
        raise NotThere("There is no such configuration.")
    _keep(request, editing, editing.billing.without_configuration(known))
    return redirect("configure:configurations", pk)


@require_POST
def discard(request: ConsoleRequest, pk: int, uid: UUID) -> HttpResponse:
    """Forget what was entered of a configuration and not finished."""
    editing = edit_billing(request.actor, pk)
    _keep(request, editing, editing.billing.without_unfinished(str(uid)))
    return redirect("configure:configurations", pk)


@never_cache
def check(request: ConsoleRequest, pk: int) -> HttpResponse:
    """The last step: the bills it would make, what changes, and saving."""
    editing = edit_billing(request.actor, pk)
    problems: tuple[str, ...] = ()
    status = 200
    if request.method == "POST":
        request.actor.require(Role.BILLING)
        try:
            if editing.seen != request.POST.get("seen", ""):
                raise DraftChangedMeanwhile(
                    "You changed this in another window since it was checked; nothing was saved.",
                    hint="Look at it again, then save.",
                )
            changes = save_billing(request.actor, editing)
        except SettingsRefused as error:
            problems, status = error.problems, 400
        except (ChangedMeanwhile, DraftChangedMeanwhile) as error:
            problems, status = (str(error),), 409
        except InvalidInput as error:
            problems, status = (str(error),), 400
        else:
            said = f"The billing of {editing.company.name} was saved." if changes else "Nothing had changed."
            messages.success(request, said)
            return redirect("halopsa:billing")
    names = product_names(request.actor.provider)
    refused = _refusal(editing, names)
    context = {
        "unfinished": [one for one in shown_billing(editing) if one.is_unfinished],
        "months": () if refused else try_billing(editing, names),
        "refused": refused,
        "names": names | {product.code: name for product, name in names.items()},
        "changes": changes_of(request.actor, editing, names),
        "problems": problems,
        **_frame(request, editing, "check"),
    }
    return render(request, "configure/check.html", context, status=status)


@require_POST
def throw_away(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Forget the draft; what is saved stays."""
    throw_billing_away(request.actor, pk)
    messages.info(request, "What you had entered was thrown away. These are the settings as they are saved.")
    return redirect("configure:company", pk)


@require_POST
def go_on(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Go on with the draft although somebody changed the settings meanwhile."""
    go_on_with_mine(request.actor, pk)
    return redirect("configure:check", pk)


def _keep(request: ConsoleRequest, editing: Editing, billing: CompanyBilling) -> KeptDraft:
    """Keep what the window shows, unless another window kept something since it was opened."""
    given = request.POST
    return keep_billing(
        request.actor,
        editing,
        billing,
        version=given.get("version", "")[:_LONGEST_TOKEN],
        seen=given.get("seen", "")[:_LONGEST_TOKEN],
        window=given.get("window", "")[:_LONGEST_TOKEN],
        is_leaving=not request.htmx,
    )


def _refusal(editing: Editing, names: Mapping[Product, str]) -> str:
    """Why the configurations may not be as they are; mostly empty."""
    try:
        check_configurations(editing.company.name, editing.billing.configurations, names)
    except ConfigurationError as error:
        return str(error)
    return ""


def _frame(request: ConsoleRequest, editing: Editing, step: str) -> dict[str, Any]:
    """What every step shows around its own form."""
    changed = last_change(request.actor.provider, editing.company) if editing.is_outdated else None
    return {
        "editing": editing,
        "company": editing.company,
        "step": step,
        "changed": changed,
        "is_kept": editing.draft is not None,
        **_tokens(request, editing, editing.draft),
    }


def _tokens(request: ConsoleRequest, editing: Editing, kept: KeptDraft | None) -> dict[str, Any]:
    """What the window sends along, so that nothing another window or person saved is replaced unseen."""
    given = request.POST if request.htmx else {}
    return {
        "version": given.get("version") or editing.version,
        "seen": kept.revision if kept is not None else "",
        "window": given.get("window") or secrets.token_urlsafe(9),
        "kept": kept,
    }


def _not_kept(
    request: ConsoleRequest,
    editing: Editing,
    reasons: list[str],
    status: int,
    *,
    form: ConfigurationForm | None = None,
) -> HttpResponse:
    """The answer to a form that keeps itself while it is filled, when it could not be kept."""
    context = {
        **_tokens(request, editing, editing.draft),
        "form": form,
        "is_live": True,
        "reasons": reasons,
        "seen": editing.seen if reasons else request.POST.get("seen", "")[:_LONGEST_TOKEN],
    }
    return render(
        request, "configure/modes.html" if form is not None else "configure/kept.html", context, status=status
    )
