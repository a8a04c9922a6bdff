"""Reading a setup file: TOML into values, with every problem of the file reported at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from billbridge.operations.setup.cells import Cells
from billbridge.operations.setup.check import check_document
from billbridge.operations.setup.document import SetupDocument
from billbridge.operations.setup.lines import SourceText
from billbridge.operations.setup.problems import Problems, SetupError
from billbridge.operations.setup.read_companies import read_company, read_domain, read_user
from billbridge.operations.setup.read_connections import Secrets, read_halopsa, read_mbs, read_supplier
from billbridge.operations.setup.read_notifications import read_notification
from billbridge.operations.setup.read_prices import (
    read_account,
    read_default_asset_type,
    read_license_type,
    read_price,
    read_storage_cost,
    read_storage_limit,
)
from billbridge.operations.setup.read_provider import read_provider

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_BARE_MONTH = re.compile(r"=\s*\d{4}-\d{2}\s*(#.*)?$")


def read_setup(text: str, file_name: str, *, environment: Mapping[str, str] = os.environ) -> SetupDocument:
    """Read a setup file. Secrets may stand in `environment` or in files beside it; they are read now.

    Raises SetupError with all problems: what is no TOML, unknown keys, values that cannot be, entries that
    contradict each other. Names that only the installation knows are looked up when the file is applied.
    """
    source = SourceText(file_name=file_name, text=text.removeprefix("\ufeff"))
    problems = Problems(source)
    top = Cells(_parse(source), (), problems, where="The file")
    secrets = Secrets(environment=environment, folder=Path(file_name).parent)
    provider = top.table("provider")
    halopsa = top.table("halopsa")
    sources = top.table("sources")
    supplier = halopsa.table("additional_settings") if halopsa else None
    mbs = sources.table("mbs") if sources else None
    if sources:
        sources.finish()
    document = SetupDocument(
        provider=read_provider(provider) if provider else None,
        halopsa=read_halopsa(halopsa, secrets) if halopsa else None,
        supplier_name=read_supplier(supplier) if supplier else None,
        mbs=read_mbs(mbs, secrets) if mbs else None,
        notifications=top.entries("notifications", lambda cells: read_notification(cells, secrets)),
        license_types=top.entries("license_types", read_license_type),
        default_asset_types=top.entries("default_asset_types", read_default_asset_type),
        storage_accounts=top.entries("storage_accounts", read_account) or (),
        users=top.entries("users", read_user) or (),
        prices=top.entries("prices", read_price),
        storage_costs=top.entries("storage_costs", read_storage_cost),
        storage_limits=top.entries("storage_limits", read_storage_limit),
        domains=top.entries("domains", read_domain),
        companies=top.entries("companies", read_company),
        source=source,
    )
    top.finish()
    if not problems:  # a value that fills a place would only seem to contradict others
        check_document(document, problems)
    problems.raise_any()
    return document


def _parse(source: SourceText) -> dict[str, object]:
    try:
        return tomllib.loads(source.text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        lines = source.text.split("\n")
        position = _POSITION.search(str(error))
        line = int(position[1]) if position and position[1] else len(lines)
        what = _POSITION.sub("", str(error))
        if _BARE_MONTH.search(lines[line - 1].rstrip("\r")):
            remedy = 'Write a month in quotes: "2026-10".'
        else:
            remedy = "Correct the line; texts stand in quotes, a list in brackets."
        text = f"This is no valid TOML: {what}. {remedy}"
        raise SetupError((f"{source.file_name}:{line}: {text}",), (text,)) from None
