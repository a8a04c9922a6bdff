"""In whose name something is done, and whether they may: the one place where roles are enforced."""

from __future__ import annotations

from dataclasses import dataclass

from billbridge.errors import InvalidInput, PermanentError
from billbridge.store.models import Administrator, Provider
from billbridge.store.roles import Role


class NotAllowed(PermanentError):
    """The person's role does not allow it; nothing was changed."""


class NotThere(InvalidInput):
    """What was named does not exist, or belongs to another provider: both look the same from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who does something for a provider: an administrator, or the command line."""

    provider: Provider
    role: Role
    who: str
    """The name as the audit log and the history of runs show it."""
    administrator: Administrator | None = None

    @classmethod
    def of(cls, administrator: Administrator) -> Actor:
        """An administrator acting for their own provider."""
        return cls(
            provider=administrator.provider,
            role=Role(administrator.role),
            who=f"{administrator.name} <{administrator.email}>",
            administrator=administrator,
        )

    @classmethod
    def command_line(cls, provider: Provider) -> Actor:
        """Whoever may run commands on the machine owns the installation."""
        return cls(provider=provider, role=Role.OWNER, who="command line")

    @classmethod
    def schedule(cls, provider: Provider) -> Actor:
        """What happens by itself, because it is due."""
        return cls(provider=provider, role=Role.OWNER, who="schedule")

    def may(self, role: Role) -> bool:
        """Whether the actor's role includes `role`; for showing a button, never instead of `require`."""
        return self.role.includes(role)

    def require(self, role: Role) -> None:
        """Raise `NotAllowed` unless the actor's role includes `role`."""
        if not self.may(role):
            raise NotAllowed(
                f"The role {self.role.value!r} may not do this; nothing was changed.",
                hint=f"Ask an administrator with the role {role.value!r}.",
            )
