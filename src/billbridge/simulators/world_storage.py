"""Daily storage figures: each one grows slowly with noise, and is the same however far the days were asked for.

All arithmetic is on integers, so that every machine computes the same bytes.
"""

from __future__ import annotations

from datetime import date
from random import Random

from billbridge.simulators.world_values import Since

GIB = 2**30
MILLION = 1_000_000
WORD = 0xFFFFFFFF


class DailyStorage:
    """The bytes kept and restored on each day by one user on one account, or by one domain.

    `begins` is the first day with figures; before it and from `ends` on everything is 0. Not safe to use from
    several threads at once.
    """

    def __init__(
        self,
        *,
        seed: str,
        begins: date,
        first_bytes: int,
        growth_ppm: int,
        restores_every: int = 45,
        computers: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """A series of its own seed.

        `growth_ppm` is the growth per day in millionths, `restores_every` the mean number of days between two
        restores (0: never), `computers` the endpoints whose data it is, each with its share as a weight.
        """
        self.begins = begins
        self.ends: date | None = None
        self.computers = computers
        self._random = Random(seed)
        self._trend = first_bytes
        self._growth_ppm = growth_ppm
        self._restores_every = restores_every
        self._days: list[tuple[int, int]] = []
        self._fixed: list[Since[int]] = []
        self._restores: dict[date, int] = {}

    def backup_on(self, day: date) -> int:
        """Bytes kept at the end of the day."""
        if not self._runs_on(day):
            return 0
        if self._fixed:
            fixed = max(
                (since for since in self._fixed if since.day <= day), key=lambda since: since.day, default=None
            )
            if fixed is not None:
                return fixed.value
        return self._generated(day)[0]

    def restore_on(self, day: date) -> int:
        """Bytes restored during the day."""
        if not self._runs_on(day):
            return 0
        return self._restores[day] if day in self._restores else self._generated(day)[1]

    def fix_backup(self, day: date, value: int) -> None:
        """Hold the kept bytes at a value from the day on, until the next one fixed."""
        self._fixed = [since for since in self._fixed if since.day != day] + [Since(day=day, value=value)]

    def fix_restore(self, day: date, value: int) -> None:
        """Set the bytes restored during one day."""
        self._restores[day] = value

    def shares(self, total: int) -> list[tuple[str, int]]:
        """Divide bytes among the computers by their weights; the first takes what rounding leaves over."""
        weights = sum(weight for _, weight in self.computers)
        parts = [(name, total * weight // weights) for name, weight in self.computers]
        rest = total - sum(part for _, part in parts)
        return [(name, part + rest if number == 0 else part) for number, (name, part) in enumerate(parts)]

    def _runs_on(self, day: date) -> bool:
        return day >= self.begins and (self.ends is None or day < self.ends)

    def _generated(self, day: date) -> tuple[int, int]:
        number = (day - self.begins).days
        if number >= len(self._days):
            self._extend(number + 1 - len(self._days))
        return self._days[number]

    def _extend(self, days: int) -> None:
        trend, growth, every = self._trend, self._growth_ppm, self._restores_every
        draw, figures = self._random.getrandbits, self._days
        for _ in range(days):
            # Every day draws once: what one day does never shifts the next one's draws.
            drawn = draw(96)
            trend += trend * growth // MILLION
            kept = trend + trend * ((drawn & WORD) % 12_001 - 6_000) // MILLION
            restored = 0
            if every and (drawn >> 32 & WORD) % every == 0:
                restored = kept * ((drawn >> 64) % 39_500 + 500) // MILLION
            figures.append((kept, restored))
        self._trend = trend


def first_size(random: Random) -> int:
    """A plausible first size: 50 GiB to about 3 TiB, small ones far more often."""
    low, high = random.choice(((50, 180), (80, 300), (150, 500), (200, 600), (400, 1_200), (900, 3_000)))
    return random.randrange(low, high) * GIB + random.randrange(GIB)


def daily_growth_ppm(random: Random) -> int:
    """A plausible growth per day in millionths: roughly -1 % to 4 % a month."""
    return random.randrange(-300, 1_300)
