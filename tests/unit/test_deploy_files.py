"""The files for systemd and containers start commands that exist, with options they know."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import typer

from billbridge import config, logs
from billbridge.cli import backup, running, serving
from billbridge.cli.app import app

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MODULES = (backup, running, serving)
"""Importing them makes their commands known."""


def commands_of(file: Path) -> list[list[str]]:
    """The arguments of `billbridge` that a file starts it with."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".service":
        return [line.split() for line in re.findall(r"^ExecStart=\S*/billbridge (.*)$", text, re.MULTILINE)]
    if file.suffix == ".yaml":
        found = re.findall(r"^    command: \[(.*)\]$", text, re.MULTILINE)
        return [[word.strip().strip('"') for word in line.split(",")] for line in found]
    return [json.loads(line) for line in re.findall(r"^CMD (.*)$", text, re.MULTILINE)]


@pytest.mark.parametrize(
    "file", [*UNITS, DEPLOY / "compose.yaml", DEPLOY / "Containerfile"], ids=lambda file: file.name
)
def test_every_command_that_is_started_exists_and_knows_its_options(file: Path):
    group: Any = typer.main.get_command(app)
    started = commands_of(file)
    assert started, "no command was found: the test looks at nothing"
    for name, *options in started:
        group.commands[name].make_context(name, options)


@pytest.mark.parametrize("file", [*UNITS, DEPLOY / "compose.yaml", DEPLOY / "Containerfile"], ids=lambda f: f.name)
def test_every_setting_that_is_named_is_one_the_program_reads(file: Path):
    named = set(re.findall(r"\bBILLBRIDGE_\w+", file.read_text(encoding="utf-8")))
    known = {value for of in (config, logs) for name, value in vars(of).items() if name.endswith("_VARIABLE")}

    assert config.DATA_VARIABLE in named or file.suffix == ".yaml"
    assert named <= known


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_leaves_more_time_to_stop_than_is_needed(file: Path):
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # its names are written with capitals
    unit.read(file)

    assert float(unit["Service"]["TimeoutStopSec"]) > 30
    assert unit["Service"]["KillMode"] == "mixed"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path):
    program = shutil.which("true")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/billbridge/bin/billbridge", str(program))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")

    looked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (looked.returncode, looked.stderr) == (0, "")
