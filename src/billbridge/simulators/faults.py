"""Faults on request: what a simulator does wrong, where, after how many calls and how often.

A fault strikes calls that were let through to the service. Faults of the transport (cuts, delays, wrong statuses)
know nothing of the service; those of paging need only the name of the parameter that numbers the pages.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self, get_args

from billbridge.simulators.server import Handler, Request, Response

Kind = Literal[
    "status", "status_after", "rate_limit", "cut_before", "cut_after", "late_commit", "delay", "html", "truncate",
    "repeat_page", "shift_page", "error_on_key",
]  # fmt: skip

RATE_LIMIT_TEXT = "Rate Limit Reached - 300 Requests per rolling 5 minute window."
HTML_PAGE = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    kind: `status` answers `status` with `text` and does nothing; `status_after` does the work, then answers so;
    `rate_limit` answers 429; `cut_before` and `cut_after` close the connection before or after the work;
    `late_commit` closes it and does the work only `delay` seconds after the call (with `hold` the caller is kept
    waiting for that long); `delay` does the work and answers `delay` seconds later; `html` answers 200 with a
    page; `truncate` cuts the JSON in the middle; `repeat_page` answers the rows of page 1 for a later page;
    `shift_page` starts a later page with the last row of the page before and loses the page's own last row;
    `error_on_key` refuses any element whose `field` equals `value`.
    route: `*`, or a method and a path without /api, such as `POST /SoftwareLicence`. The method may be `*`; the
    path matches itself and everything below it, whatever the case.
    skip: matching calls that pass first. times: how often it strikes, -1 for ever.
    status, text, delay (seconds), retry_after (seconds): as the kind needs them.
    """

    kind: Kind
    route: str = "*"
    skip: int = 0
    times: int = 1
    status: int = 500
    text: str = ""
    delay: float = 0.0
    retry_after: int | None = None
    hold: bool = False
    field: str = ""
    value: str | int | float | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"Unknown kind of fault {self.kind!r}; known are {', '.join(get_args(Kind))}.")
        if self.kind == "error_on_key" and not self.field:
            raise ValueError("A fault of kind error_on_key needs the name of a field.")

    @classmethod
    def from_json(cls, value: object) -> Self:
        """A fault from its JSON object; ValueError names what is unknown or missing."""
        known = {field.name for field in fields(cls)}
        if not isinstance(value, dict) or "kind" not in value:
            raise ValueError("A fault is an object with at least a kind.")
        if unknown := sorted(set(value) - known):
            raise ValueError(f"A fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
        return cls(**value)

    def matches(self, request: Request) -> bool:
        """Whether the request is on this fault's route."""
        if self.route == "*":
            return True
        method, _, path = self.route.partition(" ")
        if method != "*" and method.upper() != request.method:
            return False
        wanted, asked = _without_api(path), _without_api(request.path)
        return wanted in ("", "/", "*", asked) or asked.startswith(wanted.rstrip("/") + "/")


class Faults:
    """The faults in force, with their counters; safe to use from many threads.

    `page_parameter` is the query parameter that numbers the pages of a list, 1 being the first; without it the
    faults of paging never strike.
    """

    def __init__(self, page_parameter: str | None = None) -> None:
        self._page_parameter = page_parameter
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._active: list[_Counted] = []
        self._late: set[threading.Thread] = set()

    def replace(self, faults: Iterable[Fault]) -> None:
        """Put these faults in the place of all others."""
        with self._lock:
            self._active = [_Counted(fault) for fault in faults]

    def add(self, *faults: Fault) -> None:
        """Put these faults behind those in force."""
        with self._lock:
            self._active += [_Counted(fault) for fault in faults]

    def clear(self) -> None:
        """No more faults; work that is already late is still done."""
        self.replace(())

    def describe(self) -> list[dict[str, Any]]:
        """Every fault with how often it has struck."""
        with self._lock:
            return [{**asdict(counted.fault), "struck": counted.struck} for counted in self._active]

    @property
    def pending(self) -> int:
        """Calls that were answered with a cut and are still to be carried out."""
        with self._lock:
            return len(self._late)

    def settle(self, timeout: float = 30.0) -> None:
        """Wait until all late work is done."""
        with self._lock:
            late = list(self._late)
        for thread in late:
            thread.join(timeout)

    def close(self) -> None:
        """Give up late work and wake everyone who waits in a delay."""
        self._closed.set()
        self.settle(timeout=2)

    def apply(self, request: Request, carry_out: Handler) -> Response:
        """Carry the request out, or what a fault makes of it."""
        fault = self._strike(request)
        if fault is None:
            return carry_out(request)
        return self._answer_with(fault, request, carry_out)

    def refuses(self, request: Request, element: Mapping[str, Any]) -> Fault | None:
        """The fault of kind `error_on_key` that refuses this element of a body, if one does."""
        with self._lock:
            for counted in self._active:
                fault = counted.fault
                if fault.kind != "error_on_key" or not fault.matches(request) or not _holds(element, fault):
                    continue
                if counted.is_due():
                    counted.struck += 1
                    return fault
                counted.let_pass()
        return None

    def _strike(self, request: Request) -> Fault | None:
        striking: _Counted | None = None
        with self._lock:
            for counted in self._active:
                if counted.fault.kind == "error_on_key" or not self._concerns(counted.fault, request):
                    continue
                # A fault whose turn it is waits when another strikes this call; one still skipping counts the call.
                if striking is None and counted.is_due():
                    striking = counted
                else:
                    counted.let_pass()
            if striking is None:
                return None
            striking.struck += 1
            return striking.fault

    def _concerns(self, fault: Fault, request: Request) -> bool:
        if fault.kind in ("repeat_page", "shift_page") and self._page_number(request) < 2:
            return False
        return fault.matches(request)

    def _answer_with(  # noqa: PLR0911, PLR0912  (one arm per kind)
        self, fault: Fault, request: Request, carry_out: Handler
    ) -> Response:
        match fault.kind:
            case "status":
                self._wait(fault.delay)
                return Response.text(fault.text, fault.status)
            case "status_after":
                carry_out(request)
                self._wait(fault.delay)
                return Response.text(fault.text, fault.status)
            case "rate_limit":
                return too_many_requests(fault.text or RATE_LIMIT_TEXT, fault.retry_after)
            case "cut_before":
                self._wait(fault.delay)
                return Response(cut=True)
            case "cut_after":
                carry_out(request)
                self._wait(fault.delay)
                return Response(cut=True)
            case "late_commit":
                self._carry_out_late(request, carry_out, fault.delay)
                if fault.hold:
                    self._wait(fault.delay)
                return Response(cut=True)
            case "delay":
                answer = carry_out(request)
                self._wait(fault.delay)
                return answer
            case "html":
                return Response.html(fault.text or HTML_PAGE)
            case "truncate":
                answer = carry_out(request)
                return replace(answer, body=answer.body[: len(answer.body) // 2])
            case "repeat_page":
                return self._with_rows(carry_out(request), self._page(request, 1, carry_out))
            case "shift_page":
                return self._shifted(request, carry_out)
            case "error_on_key":
                return carry_out(request)

    def _carry_out_late(self, request: Request, carry_out: Handler, delay: float) -> None:
        def later() -> None:
            try:
                if not self._wait(delay):
                    carry_out(request)
            finally:
                with self._lock:
                    self._late.discard(thread)

        thread = threading.Thread(target=later, name="late-commit", daemon=True)
        with self._lock:
            self._late.add(thread)
        thread.start()

    def _wait(self, seconds: float) -> bool:
        """Sleep, and say whether the simulator was closed meanwhile."""
        return self._closed.wait(seconds) if seconds > 0 else self._closed.is_set()

    def _page_number(self, request: Request) -> int:
        values = request.query.get(self._page_parameter or "", ["0"])
        return int(values[-1]) if values[-1].isdigit() else 0

    def _page(self, request: Request, number: int, carry_out: Handler) -> list[Any]:
        assert self._page_parameter is not None
        query = {**request.query, self._page_parameter: [str(number)]}
        rows = _rows(json.loads(carry_out(replace(request, query=query)).body))
        return rows if rows is not None else []

    def _shifted(self, request: Request, carry_out: Handler) -> Response:
        answer = carry_out(request)
        rows = _rows(json.loads(answer.body)) if answer.status == 200 else None
        if not rows:
            return answer
        before = self._page(request, self._page_number(request) - 1, carry_out)
        return self._with_rows(answer, before[-1:] + rows[: len(rows) - len(before[-1:])])

    @staticmethod
    def _with_rows(answer: Response, rows: list[Any]) -> Response:
        if answer.status != 200:
            return answer
        content = json.loads(answer.body)
        if isinstance(content, list):
            return Response.json(rows)
        return Response.json({key: rows if isinstance(value, list) else value for key, value in content.items()})


def too_many_requests(text: str, retry_after: int | None) -> Response:
    """A 429 in plain text, with the header Retry-After if there is a number of seconds for it."""
    headers = () if retry_after is None else (("Retry-After", str(retry_after)),)
    return replace(Response.text(text, 429), headers=headers)


class _Counted:
    __slots__ = ("fault", "skip_left", "struck")

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.skip_left = fault.skip
        self.struck = 0

    def is_due(self) -> bool:
        return self.skip_left == 0 and (self.fault.times < 0 or self.struck < self.fault.times)

    def let_pass(self) -> None:
        self.skip_left = max(0, self.skip_left - 1)


def _without_api(path: str) -> str:
    lowered = path.lower().rstrip("/")
    return lowered.removeprefix("/api") if lowered.startswith("/api/") else lowered


def _rows(content: object) -> list[Any] | None:
    if isinstance(content, list):
        return content
    if isinstance(content, dict):
        return next((value for value in content.values() if isinstance(value, list)), None)
    return None


def _holds(element: Mapping[str, Any], fault: Fault) -> bool:
    wanted = fault.field.lower()
    return any(name.lower() == wanted and str(value) == str(fault.value) for name, value in element.items())
