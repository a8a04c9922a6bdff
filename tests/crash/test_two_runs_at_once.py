"""One run at a time works on a connection."""

from __future__ import annotations

from bench import Bench


def test_a_second_run_is_refused_while_one_sends_and_harms_nothing(creating: Bench) -> None:
    creating.wire.hold_writes(after=1)
    first = creating.start_sync()
    creating.wire.wait_for_write()

    for _ in range(2):  # to be refused must not free the connection
        refused = creating.sync().must(4)
    creating.wire.release()
    out, err = first.communicate(timeout=60)

    assert f"Another run works on this HaloPSA connection: process {first.pid} on " in refused.said
    assert first.returncode == 0, f"{err}\n{out}"
    creating.assert_whole()
    creating.assert_quiet()


def test_of_two_runs_started_at_once_nothing_is_doubled(creating: Bench) -> None:
    runs = [creating.start_sync() for _ in range(2)]
    for run in runs:
        run.communicate(timeout=60)

    assert sorted(run.returncode for run in runs) in ([0, 0], [0, 4])
    creating.assert_whole()
    creating.assert_quiet()
