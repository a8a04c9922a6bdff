"""A provider's MBS on a real port, with a client that has a token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Self

import httpx2

from billbridge.simulators.mbs import MBSSimulator, Switches
from billbridge.simulators.world import World

LOGIN, PASSWORD = "xmkfXp4ZW", "a-password"
GIB = 2**30
FIRST_ACCOUNT = "CorporateS3"
"""Charged at 0.05 per GB kept and 0.10 per GB restored."""


def small_world(
    *, companies: int = 3, licenses: int = 30, start: date = date(2026, 1, 1), today: date = date(2026, 2, 28)
) -> World:
    return World.generate(companies=companies, licenses=licenses, start=start, today=today)


class Provider:
    """The simulator, its world and a logged-in client."""

    def __init__(
        self, world: World | None = None, *, clock: Callable[[], float] | None = None, **switches: Any
    ) -> None:
        self.world = world or small_world()
        clock_argument: dict[str, Any] = {} if clock is None else {"clock": clock}
        self.simulator = MBSSimulator(
            self.world, login=LOGIN, password=PASSWORD, switches=Switches(**switches), **clock_argument
        )

    def __enter__(self) -> Self:
        self.server = self.simulator.start()
        self.client = httpx2.Client(base_url=self.server.url)
        self.authorise()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.simulator.close()
        self.server.stop()

    def login(self, login: str = LOGIN, password: str = PASSWORD) -> httpx2.Response:
        return self.client.post("/api/Provider/Login", json={"UserName": login, "Password": password})

    def authorise(self) -> None:
        answer = self.login()
        if answer.status_code == 200:
            self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **parameters: str) -> Any:
        answer = self.client.get(f"/api/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: object) -> Any:
        answer = self.client.put(f"/api/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def edit(self, do: str, **arguments: Any) -> Any:
        answer = self.client.post("/_sim/edit", json={"do": do, **arguments})
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def move_to(self, day: str) -> None:
        assert self.client.post("/_sim/day", json={"day": day}).json() == {"day": day}

    def user(self, user_id: str) -> Any:
        return next(user for user in self.get("Users") if user["ID"] == user_id)

    def billing_row(self, user_id: str, **asked: str) -> Any:
        rows = self.put("Billing", asked)["StatisticBilling"]
        return next(row for row in rows if row["UserId"] == user_id)
