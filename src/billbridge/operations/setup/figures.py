"""How numbers of the settings are written: in full, without an exponent, with the fewest decimals."""

from __future__ import annotations

from decimal import Decimal

from billbridge.billing.money import from_millionths, to_millionths


def money(value: Decimal) -> str:
    """A cost or price, with at least two decimals: `12.50`."""
    return format(from_millionths(to_millionths(value)), "f")


def number(value: Decimal | float | None) -> str:
    """A number without needless decimals: `50`, `0.5`; an empty text for none."""
    if value is None:
        return ""
    text = format(Decimal(str(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def yes_or_no(value: bool) -> str:  # noqa: FBT001 - it is what the words are for
    """A flag as TOML writes it."""
    return "true" if value else "false"


def signed(value: Decimal) -> str:
    """A number with its sign: `+2`, `-0.5`."""
    return f"+{number(value)}" if value >= 0 else number(value)
