"""The form of one billing configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from billbridge.billing.configuration import Configuration, ConfigurationError, SendMode, check_configurations
from billbridge.billing.products import Product
from billbridge.operations.billing_draft import CompanyBilling
from billbridge.operations.names import did_you_mean, folded
from billbridge.store.queries.configure import Held, OfferedProduct
from billbridge.web.configure.choices import HaloChoices
from billbridge.web.configure.modes import ModeChoice, mode_choices
from billbridge.web.forms import ConsoleForm, MonthField, dress

LONGEST_NAME = 200
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A product as a line of the form: whether it is chosen, and why it cannot be."""

    number: int
    offered: OfferedProduct
    is_chosen: bool
    refusal: str
    asset_type: str
    asset_type_field: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductGroup:
    """Products under one heading; what a company does not hold is folded away."""

    heading: str
    rows: tuple[ProductRow, ...]
    is_folded: bool
    is_open: bool


class ConfigurationForm(ConsoleForm):
    """A billing configuration; the domain's own rules refuse what may not be."""

    name = forms.CharField(
        label="Name",
        max_length=LONGEST_NAME,
        help_text="The subscription in HaloPSA is called so, and the customer may see it on the invoice.",
    )
    products = forms.MultipleChoiceField(label="Products", required=False)
    mode = forms.ChoiceField(
        label="What is sent",
        choices=[(mode.value, mode.value) for mode in SendMode],
        error_messages={"required": "Choose what is sent to HaloPSA."},
    )
    item_id = forms.IntegerField(
        label="Id of the HaloPSA item",
        required=False,
        min_value=1,
        max_value=LARGEST_ID,
        widget=forms.NumberInput(attrs={"list": "items"}),
        help_text="Type or choose it. Empty: the item of the products' asset types, if they agree.",
    )
    last_month = MonthField(
        label="Last month",
        required=False,
        help_text="The configuration ends with this month: its subscriptions close after its last bill.",
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        company: str,
        configuration_id: str,
        billing: CompanyBilling,
        offered: Sequence[OfferedProduct],
        choices: HaloChoices,
    ) -> None:
        saved = billing.configuration(configuration_id)
        self._before = entered_of(saved) if saved is not None else _nothing()
        self._unfinished = billing.unfinished.get(configuration_id)
        super().__init__(data, initial=dict(self._unfinished or self._before))
        self._company = company
        self._id = configuration_id
        self._others = tuple(one for one in billing.configurations if one.id != configuration_id)
        self._offered = offered
        self._choices = choices
        self._names = {one.product: one.name for one in offered}
        self._asset_type_errors: dict[str, str] = {}
        self._taken = {product.key: other for other in self._others for product in other.products}
        field = self.fields["products"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(one.product), one.name) for one in offered if not self._refusal(one)]
        field.error_messages["invalid_choice"] = "One of the products chosen cannot be billed here."
        dress(self)

    def entered(self) -> dict[str, Any]:
        """What stands in the form, as a draft keeps it, right or wrong."""
        if not self.is_bound:
            return dict(self._unfinished or self._before)
        given = self.data
        assert isinstance(given, QueryDict)
        known = {str(one.product) for one in self._offered}
        return {
            "name": _line(given.get("name"), LONGEST_NAME),
            "products": sorted(known.intersection(given.getlist("products"))),
            "mode": _line(given.get("mode"), 20),
            "asset_types": {
                str(one.product): _line(given.get(_asset_type_field(one)), LONGEST_NAME) for one in self._offered
            },
            "item_id": _line(given.get("item_id"), 10),
            "last_month": _line(given.get("last_month"), 7),
        }

    @property
    def is_changed(self) -> bool:
        """Whether the form holds something else than the configuration it began from."""
        return self._comparable(self.entered()) != self._comparable(self._before)

    @property
    def groups(self) -> tuple[ProductGroup, ...]:
        """The products under their headings, with their asset types."""
        rows = self._rows()
        groups: list[ProductGroup] = []
        for held in Held:
            own = tuple(sorted((row for row in rows if row.offered.held is held), key=_taken_last))
            if own:
                groups.append(
                    ProductGroup(
                        heading=held.value.capitalize(),
                        rows=own,
                        is_folded=bool(groups),
                        is_open=any(row.is_chosen or row.error for row in own),
                    )
                )
        return tuple(groups)

    def _rows(self) -> list[ProductRow]:
        entered = self.entered()
        return [
            ProductRow(
                number=number,
                offered=one,
                is_chosen=str(one.product) in entered["products"],
                refusal=self._refusal(one),
                asset_type=entered["asset_types"].get(str(one.product)) or one.asset_type,
                asset_type_field=_asset_type_field(one),
                error=self._asset_type_errors.get(str(one.product), ""),
            )
            for number, one in enumerate(self._offered)
        ]

    @property
    def modes(self) -> tuple[ModeChoice, ...]:
        """The send modes, with the reason where one is forbidden for the products chosen."""
        entered = self.entered()
        products = [Product.parse(product) for product in entered["products"]]
        return mode_choices(self._company, products, entered["mode"], self._names)

    def clean_item_id(self) -> int | None:
        """An item that HaloPSA has, or the one chosen before."""
        item_id: int | None = self.cleaned_data["item_id"]
        known = {known for known, _ in self._choices.items}
        if item_id is not None and known and str(item_id) not in {*known, self._before["item_id"]}:
            raise forms.ValidationError(f"HaloPSA has no item {item_id}.")
        return item_id

    def clean(self) -> dict[str, Any]:
        """Put the configuration beside the company's others and let the domain judge."""
        cleaned = super().clean() or {}
        cleaned["asset_types"] = self._asset_types()
        if self.errors or self._asset_type_errors:
            if self._asset_type_errors:
                self.add_error(None, "An asset type is not known to HaloPSA.")
            return cleaned
        made = self.configuration(cleaned)
        for field, others in (("mode", ()), ("products", self._others)):
            try:
                check_configurations(self._company, [*others, made], self._names)
            except ConfigurationError as error:
                self.add_error(self._field_of(made, field), str(error))
                break
        return cleaned

    def configuration(self, cleaned: Mapping[str, Any]) -> Configuration:
        """The configuration the form says."""
        return Configuration(
            id=self._id,
            name=cleaned["name"],
            mode=SendMode(cleaned["mode"]),
            products=tuple(Product.parse(product) for product in cleaned["products"]),
            asset_types=cleaned["asset_types"],
            item_id=cleaned["item_id"],
            last_month=cleaned["last_month"],
        )

    def _field_of(self, made: Configuration, field: str) -> str:
        """The field that a refusal belongs to."""
        if any(folded(other.name) == folded(made.name) for other in self._others):
            return "name" if field == "products" else field
        return field if made.products else "products"

    def _asset_types(self) -> dict[Product, str]:
        """The asset types that differ from the products' defaults, as HaloPSA spells them."""
        entered = self.entered()
        chosen: dict[Product, str] = {}
        for one in self._offered:
            written = entered["asset_types"].get(str(one.product), "")
            same_as_default = folded(written) == folded(one.asset_type)
            if str(one.product) not in entered["products"] or not written or same_as_default:
                continue
            known = self._choices.asset_type(written)
            if known is None and written != self._before["asset_types"].get(str(one.product)):
                offer = did_you_mean(written, self._choices.asset_types)
                self._asset_type_errors[str(one.product)] = (
                    f"HaloPSA has no asset type {written!r}. {offer}".strip()
                )
            chosen[one.product] = known or written
        return chosen

    def _refusal(self, one: OfferedProduct) -> str:
        if one.refused:
            return one.refused
        taken = self._taken.get(one.product.key)
        if taken is None:
            return ""
        ends = f", which ends with {taken.last_month.title}" if taken.last_month else ""
        return f"billed by {taken.name}{ends}"

    def _comparable(self, entered: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was entered without asset types that are the default anyway."""
        defaults = {str(one.product): one.asset_type for one in self._offered}
        chosen = {
            product: folded(name)
            for product, name in entered["asset_types"].items()
            if product in entered["products"] and name and folded(name) != folded(defaults.get(product, ""))
        }
        return {**entered, "products": sorted(entered["products"]), "asset_types": chosen}


def _taken_last(row: ProductRow) -> bool:
    return bool(row.refusal)


def entered_of(configuration: Configuration) -> dict[str, Any]:
    """A configuration as it stands in the form."""
    return {
        "name": configuration.name,
        "products": [str(product) for product in configuration.products],
        "mode": configuration.mode.value,
        "asset_types": {str(product): name for product, name in configuration.asset_types.items()},
        "item_id": str(configuration.item_id or ""),
        "last_month": str(configuration.last_month or ""),
    }


def _nothing() -> dict[str, Any]:
    return {"name": "", "products": [], "mode": "", "asset_types": {}, "item_id": "", "last_month": ""}


def _asset_type_field(one: OfferedProduct) -> str:
    return f"asset type of {one.product}"


def _line(text: str | None, longest: int) -> str:
    """Some text of a request as a draft can keep it."""
    return " ".join((text or "").replace("\0", "").split())[:longest]
