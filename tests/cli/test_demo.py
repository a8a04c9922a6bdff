"""The demo does the whole main job and ends with a second run that writes nothing."""

import json
import subprocess
import sys


def billbridge(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "billbridge", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_demo_ends_with_a_second_run_that_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("BILLBRIDGE_DATABASE_URL", raising=False)
    monkeypatch.delenv("BILLBRIDGE_DATA", raising=False)
    demo = billbridge("demo", "--no-serve", "--companies", "12", "--licenses", "90", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert "Second run: 0 writes" in demo.stdout

    runs = billbridge("runs", "--data", "demo-data", "--json", cwd=tmp_path)
    newest, first, _auto_billing = json.loads(runs.stdout)["runs"]
    assert (newest["written"], newest["calls"]["writes"]) == (0, 0)
    assert first["written"] > 0
    assert {run["state"] for run in (newest, first)} == {"done"}


def test_the_demo_never_removes_a_folder_it_did_not_make(tmp_path):
    (tmp_path / "demo-data").mkdir()
    (tmp_path / "demo-data" / "precious.txt").write_text("mine")
    demo = billbridge("demo", "--no-serve", cwd=tmp_path)
    assert demo.returncode == 3
    assert (tmp_path / "demo-data" / "precious.txt").read_text() == "mine"
