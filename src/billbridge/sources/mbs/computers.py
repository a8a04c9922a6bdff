"""The list of computers, the only one of the MBS API that comes in pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from billbridge.errors import PermanentError
from billbridge.sources.mbs.models import MbsComputer, MbsComputerPage

PAGE_SIZE: Final = 100


def all_computers(
    page_at: Callable[[int, int], MbsComputerPage], *, page_size: int = PAGE_SIZE
) -> list[MbsComputer]:
    """Every computer, asked for page by page with `page_at(offset, count)`.

    Ends at an empty page, or at a short one that the page's own count does not contradict: the count may be
    the page's size or the grand total, and a server may cap its pages below what was asked for. Raises
    PermanentError if a page repeats what was seen, because then the list would never end.
    """
    found: dict[tuple[str, str, str], MbsComputer] = {}
    offset = 0
    while True:
        page = page_at(offset, page_size)
        computers = page.computers or []
        if not computers:
            return list(found.values())
        new = {_identity(each): each for each in computers if _identity(each) not in found}
        if not new:
            raise PermanentError(
                f"MBS, asked for the computers after the first {offset}, repeated those it had given.",
                hint="Nothing was changed here. Report it to MSP360: the list cannot be read to its end.",
            )
        found |= new
        offset += len(computers)
        if len(computers) < page_size and (page.count or 0) <= offset:
            return list(found.values())


def _identity(computer: MbsComputer) -> tuple[str, str, str]:
    if computer.computer_hid:
        return (computer.computer_hid, "", "")
    return ("", computer.user_id or computer.user_email, computer.computer_name)
