"""What every rule of the simulator needs to know about the call it is part of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from billbridge.simulators.halopsa.books import Books
from billbridge.simulators.halopsa.switches import Switches
from billbridge.simulators.halopsa.tables import Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The tenant's tables and books, how it behaves, who writes, the tenant's day and the time now (UTC)."""

    tables: Tables
    books: Books
    switches: Switches
    who: str
    today: date
    now: datetime

    @property
    def midnight(self) -> str:
        """The beginning of the tenant's day, as HaloPSA writes dates."""
        return f"{self.today.isoformat()}T00:00:00"

    @property
    def timestamp(self) -> str:
        """The time now, as HaloPSA writes dates: ISO without a zone, in UTC."""
        return self.now.replace(tzinfo=None).isoformat(timespec="milliseconds")
