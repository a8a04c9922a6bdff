"""The tab *Default asset types*: the asset type of every product, and the item of every asset type."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from billbridge.errors import InvalidInput
from billbridge.halopsa.values import Item
from billbridge.operations import asset_types as operation
from billbridge.operations import halopsa_lists
from billbridge.operations.change_settings import ChangedMeanwhile, SettingsRefused, settings_version
from billbridge.operations.names import folded
from billbridge.store.models import Provider
from billbridge.web.halopsa.views.lists import lists_copy
from billbridge.web.middleware import ConsoleRequest

_ITEMS_OFFERED = 200
"""Items that a choice offers; of more, those that a search finds."""
_LONGEST = 200


@require_http_methods(["GET", "HEAD", "POST"])
def asset_types(request: ConsoleRequest) -> HttpResponse:
    """Products with their asset types, and asset types with their items."""
    if request.method != "POST":
        return _page(request)
    chosen = _given(request, "asset_type:")
    try:
        wanted = {operation.product_named(name): value for name, value in chosen.items()}
        changes = operation.choose_asset_types(
            request.actor, wanted, version=request.POST.get("version", "")[:_LONGEST]
        )
    except (SettingsRefused, ChangedMeanwhile, InvalidInput) as error:
        return _page(request, error=error, given=chosen)
    messages.success(request, "The asset types were saved." if changes else "Nothing was changed.")
    return redirect("halopsa:asset-types")


@require_POST
def items(request: ConsoleRequest) -> HttpResponse:
    """Save the items of asset types."""
    try:
        wanted = {name: _item_id(value) for name, value in _given(request, "item:").items()}
        changes = operation.choose_items(request.actor, wanted, version=request.POST.get("version", "")[:_LONGEST])
    except (SettingsRefused, ChangedMeanwhile, InvalidInput) as error:
        return _page(request, error=error)
    messages.success(request, "The items were saved." if changes else "Nothing was changed.")
    return redirect("halopsa:asset-types")


def _given(request: ConsoleRequest, prefix: str) -> dict[str, str]:
    """The fields whose names begin with a prefix, by the rest of their names."""
    names = [name for name in request.POST if name.startswith(prefix)]
    return {name.removeprefix(prefix): request.POST.get(name, "").strip()[:_LONGEST] for name in names}


def _item_id(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput(f"{text[:40]!r} is not the id of an item.", hint="Choose one from the list.")
    return int(text)


def _page(
    request: ConsoleRequest, *, error: InvalidInput | None = None, given: dict[str, str] | None = None
) -> HttpResponse:
    provider = request.actor.provider
    names = [one.name for one in halopsa_lists.asset_types(provider)]
    search = request.GET.get("items", "").replace("\0", "")[:_LONGEST]
    offered, total = _offered(provider, search)
    products = []
    for one in operation.product_asset_types(provider):
        chosen = (given or {}).get(str(one.product), one.asset_type)
        is_listed = not chosen or folded(chosen) in {folded(name) for name in names}
        products.append({"item": one, "chosen": chosen, "is_listed": is_listed})
    problems = error.problems if isinstance(error, SettingsRefused) else (str(error),) if error else ()
    context = {
        "products": products,
        "items": operation.asset_type_items(provider),
        "asset_types": names,
        "offered": offered,
        "offered_ids": {one.id for one in offered},
        "total_items": total,
        "search": search,
        "problems": problems,
        "version": request.POST.get("version", "")[:_LONGEST] or settings_version(provider, operation.ASSET_TYPES),
        "lists": lists_copy(provider),
    }
    status = 200 if error is None else 409 if isinstance(error, ChangedMeanwhile) else 400
    return render(request, "halopsa/asset_types.html", context, status=status)


def _offered(provider: Provider, search: str) -> tuple[list[Item], int]:
    """The items to choose from, and how many there are that fit the search."""
    wanted = folded(search)
    found = [one for one in halopsa_lists.items(provider) if wanted in folded(one.name) or wanted == str(one.id)]
    return found[:_ITEMS_OFFERED], len(found)
