"""How values are shown: money in its currency, days and times in the provider's zone, states as badges."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern, format_currency, format_decimal, get_currency_precision, parse_pattern
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billbridge.billing.months import Month
from billbridge.store.roles import Role

register = template.Library()

LOCALE = "en"
_TONES = {
    "sent": "success", "done": "success", "verified": "success", "active": "success", "billed": "success",
    "ready": "info", "approved": "info", "sending": "info", "running": "info", "queued": "info", "waiting": "info",
    "temporary": "secondary", "manual": "primary", "automatic": "primary", "draft": "secondary",
    "held": "warning", "partly sent": "warning", "partly done": "warning", "partly billed": "warning",
    "conflict": "warning", "interrupted": "warning", "stopped": "warning", "not mapped": "warning",
    "never set": "warning",
    "failed": "danger", "refused": "danger",
    "equal": "success", "ours higher": "warning", "HaloPSA higher": "warning", "missing there": "danger",
    "missing here": "danger", "unknown": "warning",
    "create": "success", "adopt": "info", "update": "primary", "close": "secondary", "keep": "light",
    "harmful": "warning", "note": "secondary",
}  # fmt: skip


@register.filter
def money(value: Any, currency: str = "") -> str:
    """An amount with as many decimals as it has, at least its currency's: `$1,234.50`, `$0.0085`."""
    if value is None or value == "":
        return "–"
    amount = Decimal(str(value))
    decimals = max(
        get_currency_precision(currency) if currency else 2, -int(amount.normalize().as_tuple().exponent)
    )
    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    if not currency:
        return format_decimal(amount, format=pattern, locale=LOCALE)
    return format_currency(
        amount, currency, format=_pattern(f"¤{pattern};-¤{pattern}"), locale=LOCALE, currency_digits=False
    )


@lru_cache
def _pattern(text: str) -> NumberPattern:
    """A pattern read once: a page shows hundreds of amounts."""
    return parse_pattern(text)


@register.filter
def quantity(value: Any) -> str:
    """A quantity without needless zeros."""
    if value is None or value == "":
        return "–"
    return format_decimal(Decimal(str(value)), format="#,##0.######", locale=LOCALE)


@register.filter
def month_name(value: Any) -> str:
    """A month in words: `October 2026`."""
    if not value:
        return "–"
    month = value if isinstance(value, Month) else Month.parse(str(value))
    return format_date(month.first, format="MMMM yyyy", locale=LOCALE)


@register.filter
def day(value: Any) -> str:
    """A day: `12 Nov 2026`."""
    if not value:
        return "–"
    return format_date(value if isinstance(value, date) else date.fromisoformat(str(value)), "d MMM yyyy", LOCALE)


@register.simple_tag(takes_context=True)
def when(context: template.Context, value: datetime | None) -> SafeString | str:
    """A moment in the provider's time zone, with the exact one for machines."""
    if value is None:
        return "–"
    zone = ZoneInfo(context["provider"].time_zone)
    local = value.astimezone(zone)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.astimezone(UTC).isoformat(timespec="seconds"),
        zone.key,
        format_datetime(local, "d MMM yyyy, HH:mm", locale=LOCALE),
    )


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago, in one unit: `5 minutes ago`."""
    if value is None:
        return "never"
    seconds = max(0, int((datetime.now(UTC) - value).total_seconds()))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'s' if number != 1 else ''} ago"
    return "just now"


@register.filter
def badge(value: Any) -> SafeString | str:
    """A state or kind as a badge whose colour says how good it is, and whose word says it too."""
    text = str(value or "")
    if not text:
        return ""
    return format_html('<span class="badge state-{}">{}</span>', _TONES.get(text, "secondary"), text)


@register.filter
def margin(price: Any, cost: Any) -> Decimal:
    """Price less cost."""
    return Decimal(str(price or 0)) - Decimal(str(cost or 0))


@register.filter
def gigabytes(value: Any) -> str:
    """Bytes as GB (2^30 bytes) with at most two decimals."""
    if value is None:
        return "–"
    return format_decimal(Decimal(value) / (1 << 30), format="#,##0.##", locale=LOCALE) + " GB"


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """The value of a mapping by a key that a variable holds."""
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def may(context: template.Context, role: str) -> bool:
    """Whether the actor's role includes `role`: for showing a button; the operation checks for itself."""

    return bool(context["actor"].may(Role(role)))
