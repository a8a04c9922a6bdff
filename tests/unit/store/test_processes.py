"""Processes: who this is, and who is dead for certain."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from billbridge.store.processes import Process


@pytest.fixture
def this() -> Process:
    process = Process.this()
    assert process is not None
    return process


def test_this_process_is_known_by_its_number_and_lives(this: Process) -> None:
    assert this.number == os.getpid()
    assert not this.is_dead()


def test_a_mark_names_the_process_it_was_written_for(this: Process) -> None:
    assert Process.parse(str(this)) == this


@pytest.mark.parametrize("text", ["", "-", "sync", "a.b.c", "0123456789.1.1", "12345678.1.1 and more"])
def test_what_is_no_mark_names_no_process(text: str) -> None:
    assert Process.parse(text) is None


def test_a_process_that_ended_is_dead(this: Process) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=30)
    assert replace(this, number=ended.pid).is_dead()


def test_the_same_number_with_another_start_is_another_process(this: Process) -> None:
    assert replace(this, started=this.started + 1).is_dead()


def test_nothing_is_claimed_about_another_machine(this: Process) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=30)
    assert not Process(machine="00000000", number=ended.pid, started=1).is_dead()


def test_each_process_has_a_mark_of_its_own_on_the_same_machine(this: Process) -> None:
    code = "from billbridge.store.processes import Process; print(Process.this())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    child = Process.parse(other.stdout.strip())
    assert child is not None
    assert child.machine == this.machine
    assert (child.number, child.started) != (this.number, this.started)
