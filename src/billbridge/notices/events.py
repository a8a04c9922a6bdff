"""What people can be told of."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """What a notice is about; the value stands in settings, in the console and in what webhooks get."""

    AUTO_BILLING_DONE = "auto-billing done"
    AUTO_BILLING_HELD = "auto-billing held"
    AUTO_BILLING_FAILED = "auto-billing failed"
    AUTO_BILLING_LATE = "auto-billing late"
    """Auto-billing missed its days and was caught up."""
    NOT_SENT = "not sent"
    """The three days of auto-billing are over, and something is still not sent."""
    SOURCE_SILENT = "source silent"
    """No collection has succeeded for the provider's silence hours."""
    COLLECTION_HELD = "collection held"
    CONFLICT = "conflict"
    DRIFT = "drift"
    TEST = "test"
    """A person tries a channel out; it goes to that channel alone, whatever else it is told of."""


CHOOSABLE = tuple(event for event in Event if event is not Event.TEST)
"""The events a channel can be told of."""
