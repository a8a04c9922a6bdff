"""The MBS API as billing needs it: plain models, a token that renews itself, reads that are repeated."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx2
import stamina
from pydantic import TypeAdapter, ValidationError

from billbridge.billing.months import Month
from billbridge.errors import PermanentError, TransientError
from billbridge.sources.mbs.answers import CHANGED_API, LATER, Call, error_text, read_json
from billbridge.sources.mbs.auth import Credentials, Tokens
from billbridge.sources.mbs.models import (
    MbsAccount,
    MbsBilling,
    MbsCompany,
    MbsComputerPage,
    MbsDetails,
    MbsDomain,
    MbsLicense,
    MbsPackage,
    MbsUser,
)
from billbridge.sources.mbs.wire import TIMEOUT_SECONDS, Wire

COMPANIES: Final = Call(method="GET", path="/api/Companies", what="the companies")
USERS: Final = Call(method="GET", path="/api/Users", what="the users")
LICENSES: Final = Call(method="GET", path="/api/Licenses", what="the licenses")
ACCOUNTS: Final = Call(method="GET", path="/api/Accounts", what="the storage accounts")
PACKAGES: Final = Call(method="GET", path="/api/Packages", what="the storage limits")
BILLING_NOW: Final = Call(method="GET", path="/api/Billing", what="this month's storage billing")
BILLING: Final = Call(method="PUT", path="/api/Billing", what="a month's storage billing")
DETAILS: Final = Call(method="PUT", path="/api/Billing/Details", what="a user's storage by computer", by_id=True)
DOMAINS: Final = Call(method="GET", path="/api/apps/domains", what="the Microsoft 365 and Google domains")
COMPUTERS: Final = Call(method="GET", path="/api/Computers", what="the computers")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a read is tried in all; the seconds between double from `first_wait` to `longest_wait`.

    A server that asks for more patience than `longest_wait` gets it from whoever runs the collection.
    """

    attempts: int = 4
    first_wait: float = 1.0
    longest_wait: float = 20.0


class MbsClient:
    """Asks the MBS API. Every call is a read, also the two PUTs, and may be repeated.

    Raises TransientError when repeating did not help and PermanentError when it cannot. Close it, or use it
    as a context manager; threads may share it. `clock` gives monotonic seconds for the life of the token;
    `transport` replaces the network.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        verify: bool | ssl.SSLContext = True,
        timeout: float = TIMEOUT_SECONDS,
        retries: Retries | None = None,
        clock: Callable[[], float] = time.monotonic,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._wire = Wire(base_url, verify=verify, timeout=timeout, transport=transport)
        self._tokens = Tokens(self._wire, credentials, clock=clock)
        self._retries = retries or Retries()

    @property
    def base_url(self) -> str:
        """The address below which `/api/...` lies."""
        return self._wire.base_url

    def close(self) -> None:
        """Give the connections back."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def log_in(self) -> None:
        """Make sure there is a token; what any other call would do by itself."""
        self._repeat(self._tokens.current)

    def companies(self) -> list[MbsCompany]:
        """All companies."""
        return self._list(COMPANIES, MbsCompany)

    def users(self) -> list[MbsUser]:
        """All users."""
        return self._list(USERS, MbsUser)

    def licenses(self) -> list[MbsLicense]:
        """All licenses, taken or not."""
        return self._list(LICENSES, MbsLicense, query="isAvailable=false")

    def accounts(self) -> list[MbsAccount]:
        """All storage accounts."""
        return self._list(ACCOUNTS, MbsAccount)

    def packages(self) -> list[MbsPackage]:
        """All storage limits."""
        return self._list(PACKAGES, MbsPackage)

    def domains(self) -> list[MbsDomain]:
        """All Microsoft 365 and Google domains."""
        return self._list(DOMAINS, MbsDomain)

    def billing_now(self) -> MbsBilling:
        """The storage billing of all users for the month that is running at MSP360."""
        return self._one(BILLING_NOW, MbsBilling)

    def billing(self, month: Month) -> MbsBilling:
        """The storage billing of all users for `month`."""
        return self._one(BILLING, MbsBilling, body={"Date": month.first.isoformat()})

    def details(self, user_id: str, month: Month) -> MbsDetails | None:
        """The storage of one user by computer and account in `month`; None if MBS does not know the user."""
        body = {"UserID": user_id, "Date": month.first.isoformat()}
        answer = self._ask(DETAILS, body=body)
        if answer is None:
            return None
        details = _shaped(DETAILS, TypeAdapter(MbsDetails), answer)
        if details.user_id and details.user_id.casefold() != user_id.casefold():
            raise PermanentError(
                f"{DETAILS} answered for user {details.user_id} when asked for user {user_id}.",
                hint=CHANGED_API,
            )
        return details

    def computer_page(self, offset: int, count: int) -> MbsComputerPage:
        """At most `count` computers, after the first `offset` ones."""
        call = Call(method=COMPUTERS.method, path=f"{COMPUTERS.path}/{offset}/{count}", what=COMPUTERS.what)
        answer = self._ask(call)
        page = _shaped(call, TypeAdapter(MbsComputerPage), answer)
        if page.status_code is not None and page.status_code >= 400:
            # The HTTP status is 200 all the same: the envelope carries a second one.
            text = f"{call} answered {page.status_code}: {page.message}"
            raise (
                TransientError(text, hint=LATER)
                if page.status_code >= 500
                else PermanentError(text, hint=CHANGED_API)
            )
        if page.computers is None and page.count:
            raise PermanentError(f"{call} answered with a count but no computers.", hint=CHANGED_API)
        return page

    def _list(self, call: Call, model: type[_T], *, query: str = "") -> list[_T]:
        return _shaped(call, TypeAdapter(list[model]), self._ask(call, query=query))  # type: ignore[valid-type]

    def _one(self, call: Call, model: type[_T], *, body: Mapping[str, Any] | None = None) -> _T:
        return _shaped(call, TypeAdapter(model), self._ask(call, body=body))

    def _ask(self, call: Call, *, query: str = "", body: Mapping[str, Any] | None = None) -> Any:
        return self._repeat(lambda: self._ask_once(call, query, body))

    def _ask_once(self, call: Call, query: str, body: Mapping[str, Any] | None) -> Any:
        token = self._tokens.current()
        response = self._wire.send(call, token=token, body=body, query=query)
        if response.status_code == 401:
            token = self._tokens.replace(token)
            response = self._wire.send(call, token=token, body=body, query=query)
        return read_json(call, response, secret=token)

    def _repeat(self, ask: Callable[[], _T]) -> _T:
        retries = self._retries
        for attempt in stamina.retry_context(
            on=self._pause_before_repeating,
            attempts=retries.attempts,
            timeout=None,
            wait_initial=retries.first_wait,
            wait_max=retries.longest_wait,
            wait_jitter=retries.first_wait / 2,
        ):
            with attempt:
                return ask()
        raise AssertionError("the last attempt lets its error through")

    def _pause_before_repeating(self, error: Exception) -> bool | float:
        if not isinstance(error, TransientError):
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= self._retries.longest_wait else False


def _shaped(call: Call, adapter: TypeAdapter[_T], answer: Any) -> _T:
    try:
        return adapter.validate_python(answer)
    except ValidationError as error:
        if text := error_text(answer):
            raise PermanentError(f"{call} answered 200 with an error: {text[:300]}", hint=CHANGED_API) from None
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'the answer'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise PermanentError(
            f"{call} answered in a shape that is not understood: {'; '.join(faults[:3])}{more}.",
            hint=CHANGED_API,
        ) from None
