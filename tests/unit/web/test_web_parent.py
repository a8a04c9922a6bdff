"""The process that answers browsers ends with the one that started it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import multiprocessing, time
from billbridge.web.parent import end_with_parent

def answer():
    end_with_parent()
    print("ready", flush=True)
    time.sleep(60)

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=answer)
    process.start()
    process.join()
"""


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    parent = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    parent.kill()
    said, _ = parent.communicate(timeout=20)  # it returns when nobody is left who could write
    assert said == ""
