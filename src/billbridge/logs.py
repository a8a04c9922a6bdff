"""Logs: one line per event on standard error, as JSON for programs or as words for people, without secrets.

What the standard library's loggers say goes the same way: Django, the engine of the tasks and every other package
write the same lines.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import Processor

from billbridge.errors import InvalidInput
from billbridge.never_shown import never_show, without_secrets

__all__ = ["bound", "configure", "logger", "never_show"]

FORMAT_VARIABLE = "BILLBRIDGE_LOG"
"""The environment variable that chooses `json` or `console`; unset: JSON where standard error is no terminal."""

LEVEL_VARIABLE = "BILLBRIDGE_LOG_LEVEL"
"""The environment variable with the least level that is written: debug, info, warning or error."""

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_CHATTY = {
    "asyncio": logging.WARNING,
    "dbos": logging.WARNING,
    "django.db.backends": logging.WARNING,  # statements with their values
    "django.request": logging.ERROR,  # what was refused stands in the line of its request
    "httpcore2": logging.WARNING,  # headers, the sign-in's too
    "httpx2": logging.WARNING,
    "sqlalchemy": logging.WARNING,
}
"""The least level of loggers that say too much, whatever level is asked for."""

_OWN_HANDLERS = ("dbos",)
"""Loggers of packages that would write to standard error by themselves."""

_ENRICH: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to what standard error is now, and tells nothing of a line that it cannot write but its logger."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # looked up anew for each line
        return sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the library's name
        kind = sys.exc_info()[0]
        if record.name != __name__ and kind is not None and not issubclass(kind, OSError):
            logging.getLogger(__name__).error("a line of the log %s cannot be written", record.name)


def configure(*, json: bool | None = None) -> None:
    """Send every logger's lines to standard error; the environment decides what is not given. May be repeated.

    Uncaught exceptions of the process and its threads become log lines too. Raises `InvalidInput` naming the
    environment variable that is wrong.
    """
    as_json = _wants_json() if json is None else json
    level = _level()
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_ENRICH, processors=_rendering(as_json=as_json))
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other, _Handler)] + [handler]
    root.setLevel(level)
    for name, least in _CHATTY.items():
        logging.getLogger(name).setLevel(max(level, least))
    for name in _OWN_HANDLERS:
        other = logging.getLogger(name)
        other.handlers = [logging.NullHandler()]  # one it finds keeps it from making its own
        other.propagate = True
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_ENRICH,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


@contextmanager
def bound(**context: object) -> Iterator[None]:
    """Let every log line of this thread say in whose course it was written while the block runs.

    For example `bound(provider=..., task=..., attempt=...)`; what is None is left out, and what a block around this
    one bound stays.
    """
    with structlog.contextvars.bound_contextvars(
        **{name: value for name, value in context.items() if value is not None}
    ):
        yield


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger of this name; until `configure` was called it is silent below warnings."""
    made: structlog.stdlib.BoundLogger = structlog.wrap_logger(logging.getLogger(name))
    return made


def _rendering(*, as_json: bool) -> list[Processor]:
    """How a line is written: first the traceback, without the values of variables, then without secrets."""
    if as_json:
        traceback: Processor = structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        )
        renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        traceback = structlog.processors.format_exc_info
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, traceback, without_secrets, renderer]


def _wants_json(environ: Mapping[str, str] = os.environ) -> bool:
    chosen = environ.get(FORMAT_VARIABLE, "").strip().lower()
    if chosen not in ("", "json", "console"):
        raise InvalidInput(f"{FORMAT_VARIABLE} is {chosen!r}.", hint="Set it to json or console.")
    return chosen == "json" or (not chosen and not sys.stderr.isatty())


def _level(environ: Mapping[str, str] = os.environ) -> int:
    chosen = environ.get(LEVEL_VARIABLE, "").strip().lower()
    if chosen and chosen not in _LEVELS:
        raise InvalidInput(f"{LEVEL_VARIABLE} is {chosen!r}.", hint=f"Set it to one of {', '.join(_LEVELS)}.")
    return _LEVELS[chosen or "info"]


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger("billbridge").critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or issubclass(args.exc_type, SystemExit):
        return
    _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
