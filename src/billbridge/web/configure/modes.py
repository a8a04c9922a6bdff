"""The three things that can be sent of a configuration, with the reason where one of them is forbidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billbridge.billing.configuration import Configuration, ConfigurationError, SendMode, check_configurations
from billbridge.billing.products import Product

_TITLES = {
    SendMode.AVERAGE: (
        "Average cost and price",
        "The number of units, with the average cost and price of one unit.",
    ),
    SendMode.TOTAL: ("Total cost and price", "Quantity 1, with the total cost and price of the month."),
    SendMode.QUANTITY: (
        "Quantity only",
        "The number of units alone; the cost and price that stand in HaloPSA stay as they are.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChoice:
    """A send mode in words; `refusal` says why it is forbidden, and is mostly empty."""

    mode: SendMode
    title: str
    sentence: str
    refusal: str
    is_chosen: bool


def mode_choices(
    company: str, products: Sequence[Product], chosen: str, names: Mapping[Product, str]
) -> tuple[ModeChoice, ...]:
    """The modes for some products. A chosen one that is forbidden gives way to the total, which never is."""
    refusals = {mode: _refusal(company, products, mode, names) for mode in SendMode}
    wanted = next((mode for mode in SendMode if mode.value == chosen), None)
    if wanted is not None and refusals[wanted]:
        wanted = SendMode.TOTAL
    return tuple(
        ModeChoice(mode=mode, title=title, sentence=sentence, refusal=refusals[mode], is_chosen=mode is wanted)
        for mode, (title, sentence) in _TITLES.items()
    )


def mode_title(mode: SendMode) -> str:
    """A mode's name on the screen."""
    return _TITLES[mode][0]


def _refusal(company: str, products: Sequence[Product], mode: SendMode, names: Mapping[Product, str]) -> str:
    if not products:
        return ""
    alone = Configuration(id="", name="This one", mode=mode, products=tuple(products))
    try:
        check_configurations(company, [alone], names)
    except ConfigurationError as error:
        return f"Licenses and storage stand together, and their quantities cannot be added. {error.hint}"
    return ""
