"""What an administrator of a provider may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The three roles, each of which may do all that those before it may."""

    VIEWER = "viewer"
    """Sees everything but secrets, changes nothing."""
    BILLING = "billing"
    """Also maps, prices, configures, collects, plans and syncs."""
    OWNER = "owner"
    """Also connections, the provider's own settings and administrators."""

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)
