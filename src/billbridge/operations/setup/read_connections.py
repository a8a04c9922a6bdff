"""Reading the connections to HaloPSA and MBS, with their secrets from the file, the environment or another file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from billbridge.billing.changes import ConflictPolicy
from billbridge.billing.slots import Layout
from billbridge.errors import PermanentError
from billbridge.halopsa.address import Address
from billbridge.operations.setup.cells import Cells, or_default
from billbridge.operations.setup.document import HaloSettings, MbsSettings, Secret
from billbridge.sources.mbs.wire import normal_address

LONGEST_ADDRESS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Where secrets come from that are not in the file itself; `folder` is the folder of the file."""

    environment: Mapping[str, str] = field(repr=False)
    folder: Path

    def read(self, cells: Cells, key: str, *, may_be_empty: bool = False) -> Secret | None:
        """The secret under `key`, `key_env` or `key_file`; `None` if there is none, so that the one kept stays.

        One that `may_be_empty` is taken away by an empty text under `key`.
        """
        ways = [way for way in (key, f"{key}_env", f"{key}_file") if cells.has(way)]
        if len(ways) > 1:
            cells.problem(ways[1], f"{' and '.join(ways)} both give the secret.", "Keep one of them.")
            return None
        for way in ways:
            is_removed = may_be_empty and way == key
            written = cells.text(way, required=not is_removed, longest=10_000)
            if is_removed and not written:
                return Secret(text="")
            if not written:
                return None
            if way == key:
                return Secret(text=written)
            take = self._from_environment if way.endswith("_env") else self._from_file
            return take(cells, way, written)
        return None

    def _from_environment(self, cells: Cells, key: str, name: str) -> Secret | None:
        value = self.environment.get(name, "").strip()
        if not value:
            cells.problem(key, f"the environment variable {name} is not set.", f"Set {name} and try again.")
            return None
        return Secret(text=value)

    def _from_file(self, cells: Cells, key: str, name: str) -> Secret | None:
        path = self.folder / name
        try:
            value = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            cells.problem(key, f"the secret in {path} cannot be read: {reason}.", "Correct the path or the file.")
            return None
        if not value:
            cells.problem(key, f"{path} is empty.", "Write the secret into it.")
            return None
        return Secret(text=value)


def read_halopsa(cells: Cells, secrets: Secrets) -> HaloSettings | None:
    """The table [halopsa]; `None` when nothing but its additional settings are there."""
    cells.has("additional_settings")
    if cells.is_only("additional_settings"):
        return None
    settings = HaloSettings(
        address=_halopsa_address(cells, "address", required=True),
        auth_address=_halopsa_address(cells, "auth_address", required=False),
        tenant=cells.text("tenant", longest=100),
        client_id=cells.text("client_id", required=True),
        client_secret=secrets.read(cells, "client_secret"),
        scope=cells.text("scope", "all", longest=500),
        layout=cells.choice("layout", Layout, Layout.ROLLING),
        temporary_bills=cells.flag("temporary_bills", default=True),
        on_conflict=cells.choice("on_conflict", ConflictPolicy, ConflictPolicy.HOLD),
        unit_price_decimals=or_default(cells.whole("unit_price_decimals", least=2, most=6), 4),
        keeps_fractions=cells.flag("keeps_fractions", default=False),
        calls_per_window=or_default(cells.whole("calls_per_window", most=100_000), 250),
        window_seconds=_seconds(cells, "window_seconds", 300.0, least=Decimal(1)),
        settle_seconds=_seconds(cells, "settle_seconds", 60.0, least=Decimal(0)),
        batch_size=or_default(cells.whole("batch_size", most=1000), 50),
    )
    cells.finish()
    return settings


def read_supplier(cells: Cells) -> str:
    """The table [halopsa.additional_settings]: the supplier's name, empty for none."""
    name = cells.text("supplier_name")
    cells.finish()
    return name


def read_mbs(cells: Cells, secrets: Secrets) -> MbsSettings:
    """The table [sources.mbs]."""
    address = cells.text("address", required=True, longest=LONGEST_ADDRESS)
    if address:
        try:
            normal_address(address)
        except PermanentError as error:
            cells.problem("address", error.message, error.hint)
    settings = MbsSettings(
        address=address, login=cells.text("login", required=True), password=secrets.read(cells, "password")
    )
    cells.finish()
    return settings


def _halopsa_address(cells: Cells, key: str, *, required: bool) -> str:
    address = cells.text(key, required=required, longest=LONGEST_ADDRESS)
    if address:
        try:
            Address.parse(address)
        except PermanentError as error:
            cells.problem(key, error.message, error.hint)
    return address


def _seconds(cells: Cells, key: str, default: float, *, least: Decimal) -> float:
    seconds = cells.number(key, decimals=3, below=86_400)
    if seconds is None:
        return default
    if seconds < least:
        cells.problem(key, f"{key} is {seconds}.", f"Write a number of seconds, {least} or more.")
    return float(seconds)
