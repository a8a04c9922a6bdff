"""The rolling-window rate limit of the simulated HaloPSA, and the counting of calls."""

from __future__ import annotations

from halopsa_tenant import FIREWALL, Tenant


class Clock:
    """Seconds of real time that stand still until they are moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_call_over_the_limit_is_a_429_in_plain_text() -> None:
    with Tenant(clock=Clock(), rate_limit=3) as tenant:
        assert [tenant.get("Currency").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = tenant.get("Currency")
        assert answer.text == "Rate Limit Reached - 3 Requests per rolling 5 minute window."
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "Retry-After" not in answer.headers


def test_the_window_rolls_it_does_not_start_anew() -> None:
    clock = Clock()
    with Tenant(clock=clock, rate_limit=2, rate_window_seconds=300) as tenant:
        tenant.get("Currency")
        clock.now += 200
        tenant.get("Currency")
        clock.now += 99.9
        assert tenant.get("Currency").status_code == 429
        clock.now += 0.1
        assert tenant.get("Currency").status_code == 200
        assert tenant.get("Currency").status_code == 429


def test_a_refused_call_is_not_counted_unless_switched() -> None:
    clock = Clock()
    with Tenant(clock=clock, rate_limit=1, rate_window_seconds=60) as tenant:
        tenant.get("Currency")
        clock.now += 59
        assert tenant.get("Currency").status_code == 429
        clock.now += 1
        assert tenant.get("Currency").status_code == 200
        tenant.turn(refused_calls_count=True)
        clock.now += 59
        assert tenant.get("Currency").status_code == 429
        clock.now += 1
        assert tenant.get("Currency").status_code == 429


def test_retry_after_tells_how_long_to_wait_when_it_is_switched_on() -> None:
    clock = Clock()
    with Tenant(clock=clock, rate_limit=1, rate_window_seconds=60, retry_after=True) as tenant:
        tenant.get("Currency")
        clock.now += 12.5
        answer = tenant.get("Currency")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "48")


def test_tokens_and_screens_do_not_fill_the_window_unless_switched() -> None:
    with Tenant(clock=Clock(), rate_limit=1) as tenant:
        tenant.ask_token()
        tenant.http.get("/customers")
        assert tenant.get("Currency").status_code == 200
        assert tenant.ask_token().status_code == 200
        tenant.turn(token_calls_count=True)
        assert tenant.ask_token().status_code == 429


def test_a_refused_write_does_nothing() -> None:
    with Tenant(clock=Clock(), rate_limit=1) as tenant:
        tenant.get("Currency")
        assert tenant.post("SoftwareLicence", [{"id": FIREWALL, "count": 99}]).status_code == 429
        tenant.turn(rate_limit=None)
        assert tenant.licence(FIREWALL)["count"] == 2.0


def test_calls_are_counted_by_route_and_status_and_not_those_that_steer() -> None:
    with Tenant() as tenant:
        tenant.http.delete("/_sim/calls")
        tenant.get("client")
        tenant.get("CLIENT/12")
        tenant.get("Client/13")
        tenant.get("RecurringInvoice/-94")
        tenant.post("SoftwareLicence", [{"id": 1, "count": 99}])
        tenant.http.get("/customers")
        tenant.http.get("/_sim/books")
        counted = tenant.http.get("/_sim/calls").json()
        assert counted == {
            "total": 5,
            "by_route": {
                "GET /Client": 1,
                "GET /Client/{id}": 2,
                "GET /RecurringInvoice/{id}": 1,
                "POST /SoftwareLicence": 1,
            },
            "by_status": {"200": 4, "400": 1},
        }
        tenant.http.delete("/_sim/calls")
        assert tenant.http.get("/_sim/calls").json()["total"] == 0


def test_an_unknown_control_route_says_so() -> None:
    with Tenant() as tenant:
        answer = tenant.http.get("/_sim/weather")
        assert (answer.status_code, answer.json()["error"]) == (400, "There is no GET /_sim/weather.")
