"""The connection test of the MBS API: every step of a collection once, and what to do about a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import httpx2

from billbridge.errors import PermanentError, TransientError
from billbridge.sources.mbs.client import MbsClient
from billbridge.sources.port import Finding

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})

Step = tuple[str, Callable[[], str]]


def probe(client: MbsClient, *, with_domains: bool, with_computers: bool) -> list[Finding]:
    """Try the address, the login and each list; after a step that got no answer the rest is not tried."""
    findings = [_address(client.base_url)]
    steps: list[Step] = [
        ("Login", lambda: _logged_in(client)),
        ("Companies", lambda: _counted(len(client.companies()), "company", "companies")),
        ("Users", lambda: _counted(len(client.users()), "user", "users")),
        ("Licenses", lambda: _counted(len(client.licenses()), "license", "licenses")),
        ("Storage accounts", lambda: _counted(len(client.accounts()), "storage account", "storage accounts")),
        ("Storage limits", lambda: _counted(len(client.packages()), "storage limit", "storage limits")),
        ("Storage billing", lambda: _billed(client)),
    ]
    if with_domains:
        steps.append(("Domains", lambda: _counted(len(client.domains()), "domain", "domains")))
    if with_computers:
        steps.append(("Computers", lambda: _first_computers(client)))
    for number, (name, ask) in enumerate(steps):
        try:
            findings.append(Finding(step=name, ok=True, message=ask()))
        except (TransientError, PermanentError) as error:
            findings.append(Finding(step=name, ok=False, message=error.message, remedy=error.hint))
            if isinstance(error, TransientError) or name == "Login":
                findings.extend(_not_tried(each, name) for each, _ in steps[number + 1 :])
                break
    return findings


def _address(base_url: str) -> Finding:
    url = httpx2.URL(base_url)
    if url.scheme == "https" or url.host in _LOCAL:
        return Finding(step="Address", ok=True, message=base_url)
    return Finding(
        step="Address",
        ok=False,
        message=f"{base_url} is not encrypted: the credentials can be read on the way.",
        remedy="Use an address that begins with https://.",
    )


def _logged_in(client: MbsClient) -> str:
    client.log_in()
    return "The credentials are accepted."


def _billed(client: MbsClient) -> str:
    return _counted(len(client.billing_now().statistic_billing), "user", "users") + " in this month's billing"


def _first_computers(client: MbsClient) -> str:
    return "can be listed" if client.computer_page(0, 1).computers else "none"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _not_tried(step: str, failed: str) -> Finding:
    return Finding(step=step, ok=False, message=f"Not tried, because {failed.lower()} failed.")
