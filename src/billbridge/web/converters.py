"""What may stand in an address: ids that a database can hold, and months."""

from __future__ import annotations

from billbridge.billing.months import Month


class IdConverter:
    """The id of a row; one too long for any database leads nowhere."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """The id as a number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """The id as written in an address."""
        return str(value)


class MonthConverter:
    """A month, written YYYY-MM."""

    regex = "[0-9]{4}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> Month:
        """The month; raises ValueError, which leads nowhere, when there is none of that name."""
        return Month.parse(value)

    def to_url(self, value: Month) -> str:
        """The month as written in an address."""
        return str(value)
