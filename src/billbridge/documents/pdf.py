"""Bills as PDF, for the customer: one statement per bill, set by typst from texts that it never reads as markup."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files

import typst

from billbridge.documents.bill_document import BillDocument
from billbridge.documents.statement import statement_of


def bills_pdf(bills: Sequence[BillDocument], *, made_on: date) -> bytes:
    """The file, each bill beginning on a new page; `made_on` is the day it says it was made.

    Needs at least one bill. Letters that the built-in font does not have come from the system's fonts, if those do.
    """
    first = bills[0]
    content = {
        "title": f"Usage statement {first.month.title}",
        "author": first.provider,
        "statements": [statement_of(bill) for bill in bills],
    }
    made = typst.compile(
        _template(),
        font_paths=_fonts(),
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=datetime.combine(made_on, time.min, tzinfo=UTC),
    )
    assert isinstance(made, bytes)
    return made


@cache
def _template() -> bytes:
    return files(__package__).joinpath("statement.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts()
