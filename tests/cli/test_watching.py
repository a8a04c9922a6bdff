"""The pages as a process: its metrics over real HTTP, and what it writes to its log."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from databases import Installation

pytestmark = pytest.mark.slow


@pytest.fixture
def served(installation: Installation) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address and the process of the pages, which answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "billbridge", "web", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        command, env=installation.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while True:
            try:
                asked(f"{address}/health")
                break
            except httpx2.ConnectError:
                assert time.monotonic() < deadline, "the pages do not answer"
                time.sleep(0.1)
        yield address, process
        process.kill()


def asked(address: str, **headers: str) -> httpx2.Response:
    return httpx2.get(address, headers=headers, trust_env=False)


def log_of(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """Every line that the process wrote to standard error until it ended: each is JSON by itself."""
    process.send_signal(signal.SIGTERM)
    _, written = process.communicate(timeout=30)
    return [json.loads(line) for line in written.splitlines()]


def test_the_pages_tell_metrics_on_this_machine_and_log_each_request_once(
    served: tuple[str, subprocess.Popen[str]],
):
    address, process = served

    metrics = asked(f"{address}/metrics")
    handed_on = asked(f"{address}/metrics", **{"X-Forwarded-For": "203.0.113.7"})
    page = asked(f"{address}/account/sign-in/?next=/sesame/", **{"X-Request-ID": "edge-0000-4711"})
    lost = asked(f"{address}/no/such/thing", Authorization="Bearer open-sesame")

    assert (metrics.status_code, handed_on.status_code, page.status_code) == (200, 404, 302)
    assert "billbridge_up 1.0" in metrics.text
    assert page.headers["X-Request-ID"] == "edge-0000-4711"
    lines = log_of(process)
    assert [(line["event"], line["method"], line["path"], line["status"], line["request"]) for line in lines] == [
        ("request", "GET", "/account/sign-in/", 302, "edge-0000-4711"),
        ("request", "GET", "/no/such/thing", lost.status_code, lost.headers["X-Request-ID"]),
    ]
    assert "sesame" not in str(lines)


def test_a_setting_of_the_log_that_is_none_keeps_a_command_from_starting(installation: Installation):
    installation.env["BILLBRIDGE_LOG_LEVEL"] = "loud"

    refused = installation.run("-m", "billbridge", "doctor")

    assert refused.returncode == 3
    assert "BILLBRIDGE_LOG_LEVEL is 'loud'. Set it to one of" in " ".join(refused.stderr.split())
