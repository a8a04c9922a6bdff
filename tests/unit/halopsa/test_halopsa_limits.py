from __future__ import annotations

import threading

import pytest
from fake_halopsa import FakeTime
from hypothesis import given
from hypothesis import strategies as st

from billbridge.halopsa.limits import InMemoryLimiter


def limiter_of(time: FakeTime, limit: int = 3, window: float = 300.0) -> InMemoryLimiter:
    return InMemoryLimiter(limit, window, clock=time, sleep=time.sleep)


def test_calls_below_the_limit_do_not_wait() -> None:
    time = FakeTime()
    limiter = limiter_of(time)
    for _ in range(3):
        with limiter.call():
            pass
    assert time.slept == []


def test_a_call_beyond_the_limit_waits_until_the_oldest_left_the_window() -> None:
    time = FakeTime()
    limiter = limiter_of(time)
    for _ in range(3):
        with limiter.call():
            time.now += 10
    with limiter.call():
        pass
    assert time.now == 1000 + 10 + 300


def test_a_slot_is_freed_one_window_after_the_call_ended_not_after_it_began() -> None:
    time = FakeTime()
    limiter = limiter_of(time, limit=1)
    with limiter.call():
        time.now += 60
    with limiter.call():
        assert time.now == 1000 + 60 + 300


def test_a_call_that_failed_used_its_slot() -> None:
    time = FakeTime()
    limiter = limiter_of(time, limit=1)
    with pytest.raises(OSError, match="cut"), limiter.call():
        raise OSError("cut")
    with limiter.call():
        assert time.now == 1300


def test_a_penalty_holds_every_call_back_and_the_longest_one_wins() -> None:
    time = FakeTime()
    limiter = limiter_of(time)
    limiter.penalty(40)
    limiter.penalty(5)
    with limiter.call():
        assert time.now == 1040


def test_a_limit_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ValueError, match="lets no call through"):
        InMemoryLimiter(0)


@given(
    limit=st.integers(1, 4),
    calls=st.lists(st.tuples(st.floats(0, 50), st.floats(0, 20), st.floats(0, 1)), max_size=25),
)
def test_however_calls_fall_the_server_sees_at_most_the_limit_in_any_window(
    limit: int, calls: list[tuple[float, float, float]]
) -> None:
    time = FakeTime()
    limiter = limiter_of(time, limit, window=100.0)
    seen: list[float] = []
    for pause, duration, share in calls:
        time.now += pause
        with limiter.call():
            seen.append(time.now + duration * share)
            time.now += duration
    for moment in seen:
        # Two calls a whole window apart may touch at its edge, give or take the last bit of a float.
        assert sum(moment - 100.0 + 1e-6 < other <= moment for other in seen) <= limit


def test_threads_share_one_limit_and_all_get_through() -> None:
    limiter = InMemoryLimiter(limit=4, window=0.2)
    lock = threading.Lock()
    under_way, most, done = 0, 0, 0

    def call() -> None:
        nonlocal under_way, most, done
        with limiter.call():
            with lock:
                under_way += 1
                most = max(most, under_way)
            with lock:
                under_way -= 1
                done += 1

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (done, most <= 4) == (12, True)
