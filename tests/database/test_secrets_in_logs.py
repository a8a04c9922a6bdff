"""A secret that a process opened appears in no line of its log, whatever quotes it."""

from __future__ import annotations

import json

import pytest

from databases import Installation

WORK = """
import logging, sys, threading
from billbridge import logs
from billbridge.store import start
start.start()
logs.configure()
import structlog
from billbridge.store.models import HaloConnection, Provider
from billbridge.store.secrets import put_secret, read_secret

if sys.argv[1] == "enter":
    provider = Provider.objects.create(name="Northwind IT")
    row = HaloConnection.objects.create(provider=provider, address="https://halo.test/api", client_id="x")
    put_secret(row, "client_secret", "open sesame & co")
    sys.exit()

secret = read_secret(HaloConnection.objects.get(), "client_secret")

def refuse():
    raise RuntimeError(f"HaloPSA refused client_id=x, {secret!r}")

with logs.bound(task=7):
    try:
        refuse()
    except RuntimeError:
        structlog.get_logger().exception("task failed", answer={"quoted": [secret]})
        logging.getLogger("httpx2").error("POST /token %s", "x open+sesame+%26+co")
thread = threading.Thread(target=refuse)
thread.start()
thread.join()
refuse()
"""


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_secret_read_from_the_store_is_in_no_log_line_of_its_process(installation: Installation, style: str):
    entered = installation.run("-c", WORK, "enter")
    assert entered.returncode == 0, entered.stderr
    installation.env["BILLBRIDGE_LOG"] = style

    worked = installation.run("-c", WORK, "use")

    assert worked.returncode == 1
    assert worked.stderr.count("HaloPSA refused") == 3
    assert worked.stderr.count("[hidden]") >= 5
    assert "sesame" not in worked.stderr + worked.stdout
    if style == "json":
        lines = [json.loads(line) for line in worked.stderr.splitlines()]
        assert [(line["event"], line.get("task")) for line in lines] == [
            ("task failed", 7), ("POST /token x [hidden]", 7), ("uncaught exception", None),
            ("uncaught exception", None),
        ]  # fmt: skip


def test_the_passwords_of_the_environment_are_in_no_log_line(installation: Installation):
    script = WORK.partition("import structlog")[0]
    installation.env["BILLBRIDGE_METRICS_TOKEN"] = "open sesame"

    worked = installation.run("-c", script + "raise RuntimeError('the token is open sesame')")

    assert [line["exception"][0]["exc_value"] for line in map(json.loads, worked.stderr.splitlines())] == [
        "the token is [hidden]"
    ]
