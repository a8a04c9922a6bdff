"""The people who may sign in: making the first, inviting others, their roles and passwords."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from billbridge.errors import InvalidInput
from billbridge.operations.access import Actor, NotThere
from billbridge.operations.audit import record
from billbridge.store import start
from billbridge.store.models import Administrator, Provider
from billbridge.store.roles import Role

_CODE_BYTES = 9


def needs_first() -> bool:
    """Whether nobody can sign in yet."""
    return not Administrator.objects.exists()


def setup_code() -> str:
    """The code that proves that who makes the first administrator can read this installation's folder."""
    file = start.installation().data / "setup-code"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(_CODE_BYTES), encoding="ascii")
    return file.read_text(encoding="ascii").strip()


def create_first(
    *, code: str, provider: str, currency: str, time_zone: str, name: str, email: str, password: str
) -> Administrator:
    """Make the owner of a new installation, and its provider unless there is one already.

    `currency` is an ISO 4217 code and `time_zone` an IANA name; both can be changed later.

    Raises `InvalidInput` when the code is wrong, the password too weak, or somebody was faster.
    """
    if not secrets.compare_digest(code.strip(), setup_code()):
        raise InvalidInput("The set-up code is wrong.", hint="Read it where `billbridge serve` was started.")
    with transaction.atomic():
        if not needs_first():
            raise InvalidInput("There is an administrator already.", hint="Sign in.")
        row = Provider.objects.order_by("name").first() or Provider.objects.create(
            name=provider.strip(), currency=currency, time_zone=time_zone
        )
        administrator = _create(row, name=name, email=email, password=password, role=Role.OWNER)
        record(Actor.of(administrator), "administrator", administrator.email, after=f"first, {Role.OWNER}")
    (start.installation().data / "setup-code").unlink(missing_ok=True)
    return administrator


def add_administrator(actor: Actor, *, name: str, email: str, role: Role, password: str) -> Administrator:
    """Let another person sign in. Raises `InvalidInput` when the address is taken or the password too weak."""
    actor.require(Role.OWNER)
    with transaction.atomic():
        administrator = _create(actor.provider, name=name, email=email, password=password, role=role)
        record(actor, "administrator", administrator.email, after=f"added, {role}")
    return administrator


def change_administrator(
    actor: Actor, administrator_id: int, *, name: str, role: Role, is_active: bool, password: str = ""
) -> Administrator:
    """Change somebody's name, role or password, or whether they may sign in. One active owner always stays."""
    actor.require(Role.OWNER)
    with transaction.atomic():
        row = Administrator.objects.select_for_update().filter(provider=actor.provider, pk=administrator_id).first()
        if row is None:
            raise NotThere("There is no such administrator.")
        before = _described(row)
        row.name, row.role, row.is_active = name.strip(), role.value, is_active
        owners = Administrator.objects.filter(provider=actor.provider, role=Role.OWNER.value, is_active=True)
        stays_owner = is_active and role is Role.OWNER
        if not stays_owner and not owners.exclude(pk=row.pk).exists():
            raise InvalidInput("This is the only owner.", hint="Make somebody else an owner first.")
        if password:
            _set_password(row, password)
        row.save()
        after = _described(row) + (", new password" if password else "")
        if before != after:
            record(actor, "administrator", row.email, before=before, after=after)
    return row


def change_own_password(actor: Actor, *, old: str, new: str) -> None:
    """Change the actor's own password. Raises `InvalidInput` when the old one is wrong or the new one too weak."""
    row = actor.administrator
    if row is None or not check_password(old, row.password):
        raise InvalidInput("The password now is wrong.", hint="Enter the one you signed in with.")
    with transaction.atomic():
        _set_password(row, new)
        row.save(update_fields=["password"])
        record(actor, "administrator", row.email, after="new password")


def _create(provider: Provider, *, name: str, email: str, password: str, role: Role) -> Administrator:
    try:
        validate_email(email.strip())
    except ValidationError as error:
        raise InvalidInput(f"{email!r} is not an e-mail address.") from error
    if Administrator.objects.filter(email__iexact=email.strip()).exists():
        raise InvalidInput(f"Somebody signs in as {email.strip()} already.", hint="Use another address.")
    if not name.strip():
        raise InvalidInput("The administrator has no name.", hint="Enter one.")
    row = Administrator(
        provider=provider, name=name.strip(), email=email, role=role.value, created=datetime.now(UTC)
    )
    _set_password(row, password)
    row.save()
    return row


def _set_password(row: Administrator, password: str) -> None:
    try:
        validate_password(password, row)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), hint="Choose another password.") from error
    row.set_password(password)


def _described(row: Administrator) -> str:
    return f"{row.name}, {row.role}, {'may sign in' if row.is_active else 'may not sign in'}"
