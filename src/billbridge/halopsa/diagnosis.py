"""Goes through a connection to HaloPSA step by step and says in words what works and what to do about the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from billbridge.errors import BillbridgeError
from billbridge.halopsa.auth import Discovery, Token
from billbridge.halopsa.client import HaloPSA, Query
from billbridge.halopsa.currencies import base_currency
from billbridge.halopsa.errors import TokenRefused
from billbridge.halopsa.modules import LEAST_SCOPES, MODULES, Module
from billbridge.halopsa.resources import currencies

_EVERYTHING = frozenset({"all", "all:standard", "admin"})
_ONE_ROW: Query = {"pageinate": True, "page_size": 1, "page_no": 1, "order": "id"}
_PERMISSIONS = "Configuration > Integrations > HaloPSA API > View Applications > Permissions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one step found. `needed` is false for a module Billbridge can do without; `remedy` is empty if `ok`."""

    step: str
    ok: bool
    message: str
    remedy: str = ""
    needed: bool = True


def diagnose(halo: HaloPSA) -> list[Finding]:
    """Check address, tenant, secret, scopes and every module, in this order; stops where nothing further can work.

    Reads only: at most one row of each list, and all currencies. Raises nothing of Billbridge's own errors: they
    become findings.
    """
    return list(_findings(halo))


def _findings(halo: HaloPSA) -> Iterator[Finding]:
    try:
        found = halo.discover()
    except BillbridgeError as error:
        yield _failed("Address", error)
        return
    yield _address(halo, found)
    yield _tenant(halo.credentials.tenant, found.tenant)
    try:
        token = halo.sign_in()
    except TokenRefused as refusal:
        yield _sign_in_refused(halo, refusal)
        return
    except BillbridgeError as error:
        yield _failed("Sign-in", error)
        return
    yield Finding(step="Sign-in", ok=True, message="HaloPSA accepts the client ID and secret.")
    yield _scopes(token)
    for module in MODULES:
        findings = list(_module(halo, module, token))
        yield from findings
        if module.path == "Currency" and findings[0].ok:
            yield _base_currency(halo)


def _address(halo: HaloPSA, found: Discovery) -> Finding:
    message = f"HaloPSA answers at {halo.address}."
    if not (found.authorisation_server or found.tenant):
        message = f"{halo.address} answers, but does not introduce itself as HaloPSA; the sign-in will tell."
    return Finding(step="Address", ok=True, message=message)


def _tenant(given: str, own: str) -> Finding:
    if given and own and given.lower() != own.lower():
        return Finding(
            step="Tenant",
            ok=False,
            message=f"The tenant entered is {given}, but HaloPSA calls itself {own}.",
            remedy=f"Enter {own} as the tenant.",
        )
    if given:
        return Finding(step="Tenant", ok=True, message=f"The tenant is {given}.")
    called = f"; HaloPSA calls itself {own}" if own else ""
    return Finding(step="Tenant", ok=True, message=f"No tenant is entered{called}.")


def _sign_in_refused(halo: HaloPSA, refusal: TokenRefused) -> Finding:
    if refusal.reason != "invalid_scope":
        return _failed("Sign-in", refusal)
    try:
        granted = [scope for scope in LEAST_SCOPES if halo.would_grant(scope)]
    except BillbridgeError:
        return _failed("Scopes", refusal)
    lacking = [scope for scope in LEAST_SCOPES if scope not in granted]
    if not lacking:
        remedy = f"Enter as the scope: {' '.join(LEAST_SCOPES)}"
    else:
        remedy = f"In HaloPSA ({_PERMISSIONS}) tick {', '.join(lacking)}."
        remedy += f" Then enter as the scope: {' '.join(LEAST_SCOPES)}"
    return Finding(step="Scopes", ok=False, message=refusal.message, remedy=remedy)


def _scopes(token: Token) -> Finding:
    if token.granted is None:
        return Finding(
            step="Scopes", ok=True, message="HaloPSA does not say which scopes it granted; the modules will tell."
        )
    required = {scope for module in MODULES if not module.loss for scope in (module.scope, module.write_scope)}
    lacking = sorted(scope for scope in required if not _grants(token, scope))
    if lacking:
        return Finding(
            step="Scopes",
            ok=False,
            message=f"The application was not granted {', '.join(lacking)}.",
            remedy=f"In HaloPSA ({_PERMISSIONS}) tick them, and ask for them in the connection's scope.",
        )
    return Finding(step="Scopes", ok=True, message=f"HaloPSA granted {' '.join(sorted(token.granted))}.")


def _module(halo: HaloPSA, module: Module, token: Token) -> Iterator[Finding]:
    """Whether the module can be read and, where Billbridge writes, what can be known about writing."""
    step = module.title.capitalize()
    needed = not module.loss
    try:
        halo.get(module.path, _probe(module))
    except BillbridgeError as error:
        lost = f" Without them, {module.loss}." if module.loss else ""
        remedy = error.hint or "Check the address and the access levels of the Agent."
        yield Finding(step=step, ok=False, message=f"{error.message}{lost}", remedy=remedy, needed=needed)
        return
    yield Finding(step=step, ok=True, message=f"The {module.title} can be read.", needed=needed)
    if module.write_scope:
        yield _writing(module, token)


def _base_currency(halo: HaloPSA) -> Finding:
    """Whether HaloPSA tells its base currency, which customers without one of their own are billed in."""
    step = "Base currency"
    try:
        base = base_currency(currencies(halo))
    except BillbridgeError as error:
        return replace(_failed(step, error), needed=False)
    if base.reason:
        return Finding(
            step=step,
            ok=False,
            message=f"The currency of customers without one of their own cannot be checked, because {base.reason}.",
            remedy="Set the conversion rate of your base currency, and of no other one, to 1 in HaloPSA, "
            "or give these customers a currency.",
            needed=False,
        )
    return Finding(step=step, ok=True, message=f"HaloPSA's base currency is {base.code}.", needed=False)


def _writing(module: Module, token: Token) -> Finding:
    """What the granted scope says about writing; the Agent's side shows only when something is written."""
    step = f"{module.title.capitalize()}: writing"
    if not _grants(token, module.write_scope):
        return Finding(
            step=step,
            ok=False,
            message=f"The application was not granted {module.write_scope}.",
            remedy=f"In HaloPSA ({_PERMISSIONS}) tick it, and ask for it in the connection's scope.",
        )
    granted = "does not forbid it" if token.granted is None else "permits it"
    return Finding(
        step=step,
        ok=True,
        message=f"The application {granted}. Whether the Agent may is seen only when something is written: "
        f"its access level must be {module.access_level}.",
    )


def _probe(module: Module) -> Query:
    return {**_ONE_ROW, "licence_id": 0} if module.path == "LicenceChange" else _ONE_ROW


def _grants(token: Token, scope: str) -> bool:
    return token.granted is None or not scope or scope in token.granted or bool(_EVERYTHING & token.granted)


def _failed(step: str, error: BillbridgeError) -> Finding:
    return Finding(step=step, ok=False, message=error.message, remedy=error.hint or "Try again later.")
