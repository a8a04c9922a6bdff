"""Database fields: money as whole millionths, months as their text."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from billbridge.billing.money import MoneyError, from_millionths, parse_money, to_millionths
from billbridge.billing.months import Month

_Set = TypeVar("_Set")
_Get = TypeVar("_Get")

if TYPE_CHECKING:
    _Field = models.Field
else:

    class _Field(models.Field):
        """Django's field with the type arguments that only its stubs give it."""

        def __class_getitem__(cls, _arguments: Any) -> type[models.Field]:
            return models.Field


class MoneyField(_Field[_Set, _Get]):
    """An amount of money, stored as an integer of millionths of the currency unit.

    It is no numeric field of Django's on purpose: sums and comparisons are exact, averages and products, which
    databases turn into floats, are not offered. More than six decimals are refused, never rounded away.
    """

    description = "An amount of money in millionths"
    _pyi_private_set_type: Decimal | int | str
    _pyi_private_get_type: Decimal

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002 - Django's signature
        return "bigint"

    def get_internal_type(self) -> str:
        return "MoneyField"

    def from_db_value(self, value: int | Decimal | None, *_: Any) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
            value = int(value)  # PostgreSQL's sums are NUMERIC, without decimals
        if not isinstance(value, int):
            raise TypeError(f"{value!r} is not a whole number of millionths: money allows sums, not averages")
        return from_millionths(value)

    def to_python(self, value: Any) -> Decimal | None:
        return None if value is None else _money(value)

    def get_prep_value(self, value: Any) -> int | None:
        value = super().get_prep_value(value)
        return None if value is None else to_millionths(_money(value))


class MonthField(_Field[_Set, _Get]):
    """A month of the provider's time zone, stored as YYYY-MM, so that it sorts and reads as it is."""

    description = "A month"
    _pyi_private_set_type: Month | str
    _pyi_private_get_type: Month

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002 - Django's signature
        return "varchar(7)"

    def get_internal_type(self) -> str:
        return "MonthField"

    def from_db_value(self, value: str | None, *_: Any) -> Month | None:
        return None if value is None else Month.parse(value)

    def to_python(self, value: Any) -> Month | None:
        if value is None or isinstance(value, Month):
            return value
        try:
            return Month.parse(str(value))
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def get_prep_value(self, value: Any) -> str | None:
        month = self.to_python(super().get_prep_value(value))
        return None if month is None else str(month)


def _money(value: Any) -> Decimal:
    if isinstance(value, float):
        raise TypeError(f"money is never a float: give {value!r} as a Decimal")
    try:
        return parse_money(value, allow_negative=True)
    except MoneyError as error:
        raise ValidationError(str(error)) from None
