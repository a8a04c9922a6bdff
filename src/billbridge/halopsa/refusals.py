"""What HaloPSA's refusals say: its shapes of an error body become one message and one kind of error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billbridge.errors import BillbridgeError
from billbridge.halopsa.errors import (
    AddressError,
    BadRequest,
    ModuleRefused,
    NotFound,
    ServerTrouble,
)
from billbridge.halopsa.exchange import Reply
from billbridge.halopsa.json_text import read_json
from billbridge.halopsa.modules import module_name, module_of
from billbridge.halopsa.redaction import Redaction

_MESSAGE_KEYS = ("Message", "message", "errorMessage", "error_description", "error")
_LONGEST_QUOTE = 500


def refusal(reply: Reply, path: str, redaction: Redaction) -> BillbridgeError:
    """The error for an answer of the resource server that is not a success (429 and the first 401 apart)."""
    if reply.is_web_page and reply.status < 500:
        return web_page(path, reply.status)
    if reply.status in (401, 403):
        return module_refused(path)
    if 300 <= reply.status < 400:
        return AddressError(
            f"HaloPSA answers {path} with a redirect to {reply.location or 'another place'}.",
            hint="Enter the address it points to.",
        )
    if reply.status == 404:
        return NotFound(f"HaloPSA has nothing at {path}.")
    message, fields = _said(reply)
    message = redaction.of(message)[:_LONGEST_QUOTE]
    if reply.status >= 500 or reply.status == 408:
        return ServerTrouble(
            f"HaloPSA answered {path} with server error {reply.status}{f': {message}' if message else ''}.",
            retry_after=reply.retry_after,
        )
    return BadRequest(
        f"HaloPSA refused {path} ({reply.status}): {message or 'it gave no reason'}",
        status=reply.status,
        field_messages={name: tuple(map(redaction.of, texts)) for name, texts in fields.items()},
    )


def module_refused(path: str) -> ModuleRefused:
    """HaloPSA took the token but keeps the module closed; says which permissions open it."""
    module = module_of(path)
    if module is None:
        name = module_name(path)
        return ModuleRefused(
            f"HaloPSA accepts the sign-in but refuses {name}.",
            hint="Check the permissions of the application and the access levels of the Agent behind it.",
            module=name,
        )
    scopes = " and ".join(scope for scope in (module.scope, module.write_scope) if scope)
    ticked = (
        f"tick {scopes} on the application's Permissions tab" if scopes else "check the application's permissions"
    )
    agent = (
        f"give the Agent it signs in as the access level {module.access_level}"
        if module.access_level
        else ("check the access levels of the Agent it signs in as")
    )
    return ModuleRefused(
        f"HaloPSA accepts the sign-in but refuses the {module.title} ({module.path}).",
        hint=f"In HaloPSA, {ticked}, and {agent}: both are needed.",
        module=module.path,
        scope=module.scope,
        access_level=module.access_level,
    )


def web_page(path: str, status: int) -> AddressError:
    """A page for people came where HaloPSA's API answers with JSON; its own refusals are never such pages."""
    return AddressError(
        f"A web page ({status}) came back for {path} instead of data.",
        hint="Copy the Resource Server from HaloPSA (Configuration > Integrations > HaloPSA API > API Details); "
        "if the address is right, a proxy or firewall in between answers in HaloPSA's place.",
    )


def _said(reply: Reply) -> tuple[str, dict[str, tuple[str, ...]]]:
    """The message, and the messages by field where HaloPSA names fields."""
    if reply.is_web_page:
        return "a web page", {}
    try:
        body = read_json(reply.body)
    except ValueError:
        return reply.text, {}
    if isinstance(body, str):
        return body, {}
    if isinstance(body, Mapping):
        return _said_by(body)
    return reply.text, {}


def _said_by(body: Mapping[str, Any]) -> tuple[str, dict[str, tuple[str, ...]]]:
    for key in _MESSAGE_KEYS:
        if isinstance(body.get(key), str) and body[key].strip():
            return body[key].strip(), {}
    errors = body.get("errors")
    source: Mapping[str, Any] = errors if isinstance(errors, Mapping) else body
    fields = {
        str(name): tuple(text for text in (texts if isinstance(texts, list) else [texts]) if isinstance(text, str))
        for name, texts in source.items()
    }
    fields = {name: texts for name, texts in fields.items() if texts}
    return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items()), fields
