"""What was ever written, by whom and when: the simulator's own evidence that nothing was done twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from billbridge.simulators.halopsa.tables import Row


class Books:
    """All writes in their order. Times are UTC."""

    def __init__(self) -> None:
        self.writes: list[dict[str, Any]] = []

    def enter(self, *, at: datetime, who: str, table: str, action: str, row: Row, changes: dict[str, Any]) -> None:
        """Note one write; `action` is create, update or delete, an update that changed nothing included."""
        self.writes.append(
            {
                "no": len(self.writes) + 1,
                "at": at.isoformat(timespec="milliseconds"),
                "who": who,
                "table": table,
                "action": action,
                "id": row["id"],
                "client_id": row.get("client_id"),
                "product_sku": row.get("product_sku"),
                "changes": changes,
            }
        )

    def describe(self, licences: dict[int, Row]) -> dict[str, Any]:
        """Every subscription ever created and what became of it, creations per product_sku, and all writes."""
        created = [
            write for write in self.writes if write["table"] == "SoftwareLicence" and write["action"] == "create"
        ]
        return {
            "subscriptions": [
                {
                    "created_at": write["at"],
                    "created_by": write["who"],
                    **licences.get(write["id"], {"id": write["id"]}),
                }
                for write in created
            ],
            "created_by_product_sku": dict(
                sorted(Counter(write["product_sku"] for write in created if write["product_sku"]).items())
            ),
            "writes": self.writes,
        }
