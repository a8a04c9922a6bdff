"""Log lines: JSON for programs, words for people, from every logger alike, each with its context and no secret."""

from __future__ import annotations

import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog

from billbridge import logs
from billbridge.errors import InvalidInput

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging of this test process as it was, whatever a test configures."""
    for name in (logs.FORMAT_VARIABLE, logs.LEVEL_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    level = root.level
    names = [*logs._CHATTY, "py.warnings"]
    levels = {name: logging.getLogger(name).level for name in names}
    own = {name: (logging.getLogger(name).handlers, logging.getLogger(name).propagate) for name in names}
    hooks = sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(False)
    root.handlers = [one for one in root.handlers if not isinstance(one, logs._Handler)]
    root.setLevel(level)
    for name in names:
        other = logging.getLogger(name)
        other.setLevel(levels[name])
        other.handlers, other.propagate = own[name]
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()


@pytest.fixture
def lines(_restored: None, capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was logged since, line by line; each must be JSON by itself."""
    logs.configure()
    return lambda: [json.loads(text) for text in capsys.readouterr().err.splitlines()]


def fail(secret: str) -> None:
    local = f"local {secret}"
    raise RuntimeError(f"it failed with {len(local)}")


def test_a_line_tells_when_how_grave_by_whom_and_what(lines: Lines):
    structlog.get_logger("billbridge.jobs").warning("task failed", task=7, kind="sync")

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "task failed", "task": 7, "kind": "sync", "level": "warning",
                    "logger": "billbridge.jobs"}  # fmt: skip


@pytest.mark.parametrize("name", ["django.security", "granian", "dbos", "httpx2", "sqlalchemy.pool", "axes"])
def test_loggers_of_the_standard_library_write_the_same_lines(lines: Lines, name: str):
    with logs.bound(task=7):
        logging.getLogger(name).warning("%s is odd", "this", extra={"status_code": 400})

    (line,) = lines()
    assert (line["event"], line["logger"], line["level"], line["task"]) == ("this is odd", name, "warning", 7)


def test_the_engine_of_the_tasks_does_not_log_twice(lines: Lines):
    from dbos._logger import init_logger

    init_logger()
    logging.getLogger("dbos").error("a workflow failed")

    assert [line["event"] for line in lines()] == ["a workflow failed"]


def test_warnings_of_the_language_are_log_lines(lines: Lines):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    (line,) = lines()
    assert "DeprecationWarning: old" in line["event"]


def test_what_says_too_much_is_silent_even_for_debugging(lines: Lines, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "debug")
    logs.configure()

    logging.getLogger("django.db.backends").debug("SELECT ...")
    logging.getLogger("httpcore2.http11").debug("send_request_headers ...")
    structlog.get_logger("billbridge").debug("seen")

    assert [line["event"] for line in lines()] == ["seen"]


def test_configuring_again_does_not_double_the_lines(lines: Lines):
    logs.configure()
    structlog.get_logger().info("once")
    logging.getLogger("x").error("twice")

    assert [line["event"] for line in lines()] == ["once", "twice"]


def test_a_line_stays_one_line_whatever_is_in_it(lines: Lines):
    structlog.get_logger().info("two\nlines", path="/a\r\n{}")

    assert [line["event"] for line in lines()] == ["two\nlines"]


def test_a_traceback_is_structured_and_shows_no_variable(lines: Lines):
    try:
        fail("variable")
    except RuntimeError:
        structlog.get_logger().exception("task failed")

    (line,) = lines()
    (raised,) = line["exception"]
    assert (raised["exc_type"], raised["exc_value"]) == ("RuntimeError", "it failed with 14")
    assert [frame["name"] for frame in raised["frames"]][-1] == "fail"
    assert "local variable" not in json.dumps(line)


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_secret_is_written_in_message_value_traceback_or_cause(
    lines: Lines, style: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv(logs.FORMAT_VARIABLE, style)
    logs.configure()
    logs.never_show("open sesame")

    try:
        try:
            raise ValueError("HaloPSA refused open sesame")
        except ValueError as error:
            raise RuntimeError("signing in with open sesame") from error
    except RuntimeError as error:
        structlog.get_logger().exception("failed with open sesame", error=error, inputs={"given": ["open sesame"]})
        logging.getLogger("django.request").exception("at %s", "postgresql://bill:hunter2@db/b")

    written = capsys.readouterr().err
    assert "refused [hidden]" in written
    assert "signing in with [hidden]" in written
    assert "sesame" not in written
    assert "hunter2" not in written


def test_a_line_that_cannot_be_written_tells_its_logger_alone(lines: Lines):
    root = logging.getLogger()
    for capturing in [one for one in root.handlers if not isinstance(one, logs._Handler)]:
        root.removeHandler(capturing)  # the test runner's own would raise

    logging.getLogger("careless").error("%d calls", "hunter2")

    assert [line["event"] for line in lines()] == ["a line of the log careless cannot be written"]


def test_an_exception_nobody_caught_is_a_log_line(lines: Lines):
    try:
        fail("x")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    (line,) = lines()
    assert (line["event"], line["level"]) == ("uncaught exception", "critical")
    assert line["exception"][0]["exc_type"] == "RuntimeError"


def test_an_exception_that_ends_a_thread_is_a_log_line(lines: Lines):
    thread = threading.Thread(target=fail, args=("x",))
    thread.start()
    thread.join()

    (line,) = lines()
    assert line["exception"][0]["exc_value"] == "it failed with 7"


def test_context_stands_on_every_line_of_a_block_and_on_none_after_it(lines: Lines):
    log = structlog.get_logger()
    with logs.bound(provider="p", run=1, worker=None):
        with logs.bound(run=2, task=3):
            log.info("inner")
        log.info("outer")
    log.info("after")

    inner, outer, after = ({k: line[k] for k in line.keys() & {"provider", "run", "task", "worker"}}
                           for line in lines())  # fmt: skip
    assert (inner, outer, after) == ({"provider": "p", "run": 2, "task": 3}, {"provider": "p", "run": 1}, {})


def test_context_goes_when_its_block_fails(lines: Lines):
    with pytest.raises(RuntimeError), logs.bound(task=3):
        fail("x")
    structlog.get_logger().info("after")

    assert "task" not in lines()[0]


def test_context_does_not_leak_between_threads_or_from_task_to_task(lines: Lines):
    gate = threading.Barrier(4)

    def work(task: int) -> None:
        with logs.bound(task=task):
            gate.wait()
            structlog.get_logger().info("at work", expected=task)
            gate.wait()
        structlog.get_logger().info("idle")

    with ThreadPoolExecutor(4) as pool, logs.bound(task="of another thread"):
        list(pool.map(work, range(8)))

    seen = lines()
    assert len(seen) == 16
    assert all(line.get("task") == line.get("expected") for line in seen)


def test_people_read_words(lines: Lines, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv(logs.FORMAT_VARIABLE, "console")
    logs.configure()

    structlog.get_logger("billbridge").info("task done", task=7)

    written = capsys.readouterr().err
    assert "[info     ] task done" in written
    assert "task=7" in written


def test_what_is_said_outweighs_the_environment(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv(logs.FORMAT_VARIABLE, "console")
    logs.configure(json=True)

    structlog.get_logger().info("task done")

    assert json.loads(capsys.readouterr().err)["event"] == "task done"


def test_the_level_is_a_setting(lines: Lines, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "error")
    logs.configure()

    structlog.get_logger().warning("not grave")
    logging.getLogger("x").warning("not grave")
    structlog.get_logger().error("grave")

    assert [line["event"] for line in lines()] == ["grave"]


@pytest.mark.parametrize("variable", [logs.FORMAT_VARIABLE, logs.LEVEL_VARIABLE])
@pytest.mark.usefixtures("_restored")
def test_a_setting_that_is_none_is_refused_by_its_name(variable: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(variable, "loud")

    with pytest.raises(InvalidInput, match=f"{variable} is 'loud'"):
        logs.configure()


@pytest.mark.usefixtures("_restored")
def test_before_it_is_configured_a_logger_says_warnings_alone(capsys: pytest.CaptureFixture[str]):
    logs.logger("billbridge.quiet").info("a request")

    assert capsys.readouterr() == ("", "")
