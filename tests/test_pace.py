"""Calls keep to their quota, come in their turn, and slow down after a 429."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkroom.errors import InvalidRequest, ServiceUnavailable, Throttled, Unreachable
from darkroom.pace import BURST, MINUTE, RECOVERY, Pace, Standing

ROOT = Path(__file__).parent.parent
KEY = ("amazon.nova-canvas-v1:0", "us-east-1", "https://bedrock")
OTHER = ("stability.sd3-5-large-v1:0", "us-west-2", "https://bedrock")


class Clock:
    """A clock that moves when somebody sleeps, and `late` seconds further each time."""

    def __init__(self, late: float = 0.0) -> None:
        self.now = 1000.0
        self.late = late

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds + self.late


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    return Pace(clock=clock, sleep=clock.sleep)


def starts(pace: Pace, clock: Clock, calls: int, per_minute: int | None) -> list[float]:
    """Seconds from now at which so many calls start, one right after the other."""
    began, at = clock.now, []
    for _ in range(calls):
        with pace.turn(KEY, per_minute):
            at.append(clock.now - began)
    return at


def throttle(pace: Pace, per_minute: int | None) -> None:
    """Make a call that is answered with a 429."""
    with pytest.raises(Throttled), pace.turn(KEY, per_minute):
        raise Throttled("too many requests")


def gaps(at: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(at)]


def until(true: Callable[[], bool]) -> None:
    """Wait for what other threads are about to do."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_hundred_calls_start_at_the_bound(pace: Pace, clock: Clock) -> None:
    """At 5 a second the hundredth starts when its turn can come at the earliest."""
    at = starts(pace, clock, 100, 300)
    assert at[:BURST] == [0.0] * BURST
    assert gaps(at[BURST - 1 :]) == pytest.approx([0.2] * (100 - BURST))
    assert at[-1] == pytest.approx((100 - BURST) / 5)
    assert at[-1] + 0.5 <= 1.03 * 19.5


def test_threads_reach_the_bound_too() -> None:
    """A hundred calls of 32 threads take what the quota allows, by the real clock."""
    pace, at = Pace(), []

    def call(_: int) -> None:
        with pace.turn(KEY, 1800):
            at.append(time.monotonic())
            time.sleep(0.05)

    began = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(call, range(100)))
    seconds = time.monotonic() - began
    bound = (100 - BURST) / 30 + 0.05
    assert bound - 0.01 <= seconds <= 1.2 * bound
    for number, each in enumerate(sorted(at), 1):
        assert each - began >= (number - BURST) / 30 - 0.01


def test_no_minute_holds_more_than_the_quota(pace: Pace, clock: Clock) -> None:
    """The burst at the start does not come on top of a full minute's calls."""
    at = starts(pace, clock, 500, 60)
    assert all(at[i + 60] - at[i] >= 60 for i in range(440))
    assert at[-1] <= 500 / 60 * MINUTE  # and no more is lost than the margin


def test_late_threads_lose_no_calls() -> None:
    """A thread that wakes late starts late, and the next ones make up for it."""
    clock = Clock(late=0.15)
    at = starts(Pace(clock=clock, sleep=clock.sleep), clock, 100, 300)
    assert at[-1] <= (100 - BURST) / 5 + 0.2


@settings(max_examples=60, deadline=None)
@given(
    burst=st.integers(1, 12),
    calls=st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.0, 0.0, 0.3, 7.0, 61.0]),  # idle before it
            st.sampled_from([3, 3, 20, 20, 20, 90, 600]),  # its quota
            st.sampled_from([False, False, False, True]),  # throttled
        ),
        min_size=30,
        max_size=200,
    ),
)
def test_nothing_makes_a_minute_too_full(burst: int, calls: list[tuple[float, int, bool]]) -> None:
    """Whatever idles, is throttled or changes: a call starts only within the quota of its time."""
    clock = Clock()
    pace = Pace(burst, clock=clock, sleep=clock.sleep)
    at: list[float] = []
    for idle, per_minute, throttled in calls:
        clock.now += idle
        foreseen = pace.wait(KEY, per_minute)
        asked = clock.now
        try:
            with pace.turn(KEY, per_minute) as waited:
                at.append(clock.now)
                if throttled:
                    raise Throttled
        except Throttled:
            assert throttled
        assert waited == pytest.approx(at[-1] - asked)
        assert waited == pytest.approx(foreseen)
        assert sum(1 for each in at if each > clock.now - 60) <= per_minute
        assert sum(1 for each in at if each > clock.now - 0.01) <= min(burst, per_minute)


@pytest.mark.parametrize(
    ("burst", "per_minute", "at_once"), [(4, 60, 4), (1, 60, 1), (9, 60, 9), (9, 2, 2)]
)
def test_the_burst_after_idle_time_is_small(burst: int, per_minute: int, at_once: int) -> None:
    """An hour without calls saves up no more than the stated number, nor more than a minute's."""
    clock = Clock()
    pace = Pace(burst, clock=clock, sleep=clock.sleep)
    starts(pace, clock, 20, per_minute)
    clock.now += 3600
    at = starts(pace, clock, 15, per_minute)
    assert at.count(0.0) == at_once


def test_keys_have_their_own_quotas(pace: Pace, clock: Clock) -> None:
    """Calls of one key neither wait for those of another, nor slow down with them."""
    starts(pace, clock, 10, 60)
    throttle(pace, 60)
    with pace.turn(OTHER, 60) as waited:
        assert waited == 0
    assert pace.standing(OTHER) == Standing(per_minute=60, rate=60)


def test_no_quota_means_no_limit(pace: Pace, clock: Clock) -> None:
    """Without a quota nothing waits, not even after a 429."""
    assert starts(pace, clock, 1000, None) == [0.0] * 1000
    throttle(pace, None)
    assert starts(pace, clock, 10, None) == [0.0] * 10
    assert pace.standing(KEY) == Standing(throttles=1)
    assert pace.wait(KEY, None, calls=1000) == 0


@pytest.mark.parametrize("per_minute", [0, -5])
def test_a_quota_of_nothing_is_refused(pace: Pace, per_minute: int) -> None:
    """It would wait for ever."""
    with pytest.raises(InvalidRequest, match="per_minute"), pace.turn(KEY, per_minute):
        pytest.fail("it had its turn")
    with pytest.raises(InvalidRequest, match="per_minute"):
        pace.wait(KEY, per_minute)
    with pytest.raises(InvalidRequest, match="burst"):
        Pace(burst=0)


def test_a_429_halves_the_pace(pace: Pace, clock: Clock) -> None:
    """After it calls come half as often, evenly, and the error goes its way."""
    throttle(pace, 300)
    assert starts(pace, clock, 3, 300) == pytest.approx([0.4, 0.8, 1.2])
    standing = pace.standing(KEY)
    assert (standing.per_minute, standing.rate, standing.throttles) == (300, 150, 1)
    throttle(pace, 300)
    assert pace.standing(KEY).rate == 75
    for _ in range(10):
        throttle(pace, 300)
    assert pace.standing(KEY).rate == 300 / 16  # and no slower


def test_other_errors_do_not_slow_down(pace: Pace) -> None:
    """Only a 429 speaks of the pace."""
    for error in (ServiceUnavailable("away"), ValueError("ours"), KeyboardInterrupt()):
        with pytest.raises(type(error)), pace.turn(KEY, 300):
            raise error
    assert pace.standing(KEY) == Standing(per_minute=300, rate=300)


def test_the_pace_recovers_in_steps(pace: Pace, clock: Clock) -> None:
    """Every while without a 429 gives one sixteenth of the quota back, up to all of it."""
    throttle(pace, 160)
    rates = [pace.standing(KEY).rate]
    for step in range(8):
        assert pace.standing(KEY).throttled_for == pytest.approx((8 - step) * RECOVERY)
        clock.now += RECOVERY
        rates.append(pace.standing(KEY).rate)
    assert rates == [80, 90, 100, 110, 120, 130, 140, 150, 160]
    assert pace.standing(KEY).throttled_for == 0
    clock.now += 60
    assert starts(pace, clock, BURST, 160) == [0.0] * BURST


def test_a_429_on_the_way_up_starts_anew(pace: Pace, clock: Clock) -> None:
    """The next step waits for a while without any 429 again."""
    throttle(pace, 160)
    clock.now += 4.5 * RECOVERY
    assert pace.standing(KEY).rate == 120
    throttle(pace, 160)
    clock.now += 0.9 * RECOVERY
    assert pace.standing(KEY).rate == 60
    clock.now += 0.2 * RECOVERY
    assert pace.standing(KEY).rate == 70


def test_a_slowed_pace_saves_nothing_up(pace: Pace, clock: Clock) -> None:
    """Calls after idle time are even too, as long as the pace is not what it was."""
    throttle(pace, 300)
    clock.now += 0.9 * RECOVERY
    assert starts(pace, clock, 3, 300) == pytest.approx([0.0, 0.4, 0.8])


def test_waiting_calls_go_along_with_the_recovery(pace: Pace, clock: Clock) -> None:
    """A call that waits long at a slowed pace starts when the steps on its way allow it."""
    throttle(pace, 1)  # from now on a call every two minutes
    assert 70 < pace.wait(KEY, 1) < 90
    assert 70 < starts(pace, clock, 1, 1)[0] < 90


def test_429s_of_calls_under_way_count_once(pace: Pace, clock: Clock) -> None:
    """Calls that started at the old pace say nothing about the new one."""

    def begun() -> AbstractContextManager[float]:
        turn = pace.turn(KEY, 160)
        turn.__enter__()
        return turn

    def answered(turn: AbstractContextManager[float]) -> None:
        error = Throttled("too many requests")
        assert not turn.__exit__(Throttled, error, None)

    early = [begun() for _ in range(6)]
    for turn in early[:3]:
        answered(turn)
    late = [begun() for _ in range(2)]
    clock.now += 1.5 * RECOVERY
    for turn in early[3:]:
        answered(turn)
    assert pace.standing(KEY).throttles == 1
    assert pace.standing(KEY).rate == 90  # nor do they hold up the recovery
    for turn in late:
        answered(turn)
    assert pace.standing(KEY).throttles == 2
    assert pace.standing(KEY).rate == 40


def test_a_changed_quota_holds_at_once(pace: Pace, clock: Clock) -> None:
    """A smaller one counts the last minute's calls, a larger one lets the next go sooner."""
    starts(pace, clock, 10, 600)
    assert pace.wait(KEY, 4) >= 59
    at = starts(pace, clock, 5, 4)
    assert all(later - earlier >= 60 for earlier, later in zip(at, at[4:], strict=False))
    assert starts(pace, clock, 1, 600)[0] <= 0.1


def test_time_counts_by_the_quota_that_it_had(pace: Pace, clock: Clock) -> None:
    """What a small quota saved up is not multiplied by a larger one."""
    starts(pace, clock, BURST, 6)
    clock.now += 5  # half a call
    assert starts(pace, clock, 2, 600) == pytest.approx([0.05, 0.15])


@pytest.mark.parametrize("now", [6000, None])
def test_a_changed_quota_wakes_those_who_wait(now: int | None) -> None:
    """They need not sleep through what the old one asked of them."""
    pace = Pace(burst=1)

    def call(per_minute: int | None) -> None:
        with pace.turn(KEY, per_minute):
            pass

    call(1)
    with ThreadPoolExecutor(2) as pool:
        began = time.monotonic()
        waiting = [pool.submit(call, 1) for _ in range(2)]
        until(lambda: pace.standing(KEY).waiting == 2)
        call(now)
        assert all(each.result(timeout=10) is None for each in waiting)
    assert time.monotonic() - began < 5  # of a minute and more


def test_first_come_first_served() -> None:
    """Threads start in the order in which they came, and each of them once."""
    pace, order, threads = Pace(burst=1), [], []

    def call(number: int) -> None:
        with pace.turn(KEY, 1200):
            order.append(number)

    with pace.turn(KEY, 1200):
        pass
    for number in range(20):
        thread = threading.Thread(target=call, args=[number])
        thread.start()
        threads.append(thread)
        until(lambda: pace.standing(KEY).waiting + len(order) > number)  # noqa: B023
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_waiting_costs_nothing() -> None:
    """Those who wait sleep: they look at the clock only when their turn can have come."""
    looks = 0

    def clock() -> float:
        nonlocal looks
        looks += 1
        return time.monotonic()

    pace = Pace(burst=1, clock=clock)

    def call(_: int) -> None:
        with pace.turn(KEY, 600):
            pass

    spent = time.process_time()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(call, range(16)))
    assert looks <= 16 * 6
    assert time.process_time() - spent < 0.5  # of 1.5 seconds that they waited


def test_nothing_is_held_while_a_call_is_under_way(pace: Pace) -> None:
    """Others take their turns, ask and are throttled meanwhile."""
    with pace.turn(KEY, 300), pace.turn(KEY, 300):
        throttle(pace, 300)
        assert pace.standing(KEY).rate == 150
        assert pace.wait(KEY, 300) > 0


def test_who_fails_while_waiting_makes_room() -> None:
    """An error in the first of the line leaves its turn to the second, at the same time."""
    clock, failed = Clock(), threading.Event()

    def sleep(seconds: float) -> None:
        if not failed.is_set():
            until(lambda: line.standing(KEY).waiting == 2)
            failed.set()
            raise RuntimeError("interrupted")
        clock.sleep(seconds)

    line = Pace(burst=1, clock=clock, sleep=sleep)

    def call() -> float:
        with line.turn(KEY, 60):
            return clock.now

    call()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(call)
        until(lambda: line.standing(KEY).waiting == 1)
        second = pool.submit(call)
        with pytest.raises(RuntimeError, match="interrupted"):
            first.result(timeout=10)
        assert second.result(timeout=10) == pytest.approx(1001)
    assert line.standing(KEY).waiting == 0


class Gatekeeper:
    """A gate that takes `seconds`, and fails where it is told to."""

    def __init__(self, clock: Clock, seconds: float = 0.0, *fails: int) -> None:
        self.clock, self.seconds, self.fails = clock, seconds, fails
        self.asked: list[int] = []
        self.slowed = 0
        self.inside = 0

    def acquire(self, per_minute: int) -> None:
        self.inside += 1
        assert self.inside == 1  # nobody else of this process asks meanwhile
        self.asked.append(per_minute)
        time.sleep(0.001)
        if self.seconds:
            self.clock.sleep(self.seconds)
        self.inside -= 1
        if len(self.asked) in self.fails:
            raise Unreachable("the gate is away")

    def slow(self) -> None:
        self.slowed += 1
        if self.fails:
            raise Unreachable("the gate is away")


def test_a_shared_gate_is_asked_for_each_call(pace: Pace, clock: Clock) -> None:
    """Its wait comes after the one here, counts as waiting, and is one call's at a time."""
    gate = Gatekeeper(clock, 2.0)
    waited = []
    for _ in range(BURST + 2):
        with pace.turn(KEY, 60, gate) as seconds:
            waited.append(seconds)
    assert waited == pytest.approx([2.0] * (BURST + 2))  # at half the pace that is allowed here
    assert gate.asked == [60] * (BURST + 2)
    with pace.turn(KEY, None, gate):
        pass
    assert len(gate.asked) == BURST + 2  # no quota, no question


def test_only_the_first_of_the_line_asks_the_gate() -> None:
    """Those behind it sleep meanwhile, and each has its turn."""
    clock = Clock()
    pace, gate, done = Pace(clock=clock, sleep=clock.sleep), Gatekeeper(clock, 0.3), []

    def call(number: int) -> None:
        with pace.turn(KEY, 600, gate):
            done.append(number)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(call, range(60)))
    assert sorted(done) == list(range(60))
    assert len(gate.asked) == 60
    assert clock.now - 1000 == pytest.approx(60 * 0.3)


def test_who_is_refused_at_the_gate_makes_room(pace: Pace, clock: Clock) -> None:
    """Its error comes out before the call, takes nothing of the quota, and stops nobody else."""
    gate = Gatekeeper(clock, 0.0, 1, 2)
    for _ in range(2):
        with pytest.raises(Unreachable, match="gate is away"), pace.turn(KEY, 60, gate):
            pytest.fail("it had its turn")
    assert pace.standing(KEY).waiting == 0
    assert [pace.turn(KEY, 60, gate).__enter__() for _ in range(BURST)] == [0.0] * BURST


def test_a_429_is_told_at_the_gate(pace: Pace, clock: Clock) -> None:
    """Once for all calls of the old pace; where it cannot be told, the 429 says so itself."""
    gate = Gatekeeper(clock)
    turns = [pace.turn(KEY, 60, gate) for _ in range(3)]
    for turn in turns:
        turn.__enter__()
    for turn in turns:
        assert not turn.__exit__(Throttled, Throttled("too many requests"), None)
    assert gate.slowed == 1
    away = Gatekeeper(clock, 0.0, 99)
    with pytest.raises(Throttled) as found, pace.turn(KEY, 60, away):
        raise Throttled("too many requests")
    assert found.value.__notes__ == ["The others were not told of it: the gate is away"]


def test_a_429_during_the_question_asks_again(pace: Pace, clock: Clock) -> None:
    """The place that the gate gave is not kept for a call that has to wait longer here."""
    first = pace.turn(KEY, 60)
    first.__enter__()

    class Meanwhile(Gatekeeper):
        def acquire(self, per_minute: int) -> None:
            super().acquire(per_minute)
            if len(self.asked) == 1:
                first.__exit__(Throttled, Throttled("too many requests"), None)

    gate = Meanwhile(clock)
    with pace.turn(KEY, 60, gate) as waited:
        assert waited == pytest.approx(2.0)
    assert gate.asked == [60, 60]


def test_a_bucket_at_the_service_refuses_nothing() -> None:
    """One of 5 calls that fills at 5 a second takes all, though they are under way unevenly."""
    clock, travel = Clock(), random.Random(1)
    at = starts(Pace(clock=clock, sleep=clock.sleep), clock, 1000, 300)
    tokens, last = 5.0, 0.0
    for each in sorted(start + travel.uniform(0, 0.15) for start in at):
        tokens, last = min(5.0, tokens + (each - last) * 5), each
        assert tokens >= 1
        tokens -= 1


INTERRUPTED = """
import os, signal, sys, threading, time
from darkroom.pace import Pace

pace, started, place = Pace(burst=1), [], int(sys.argv[1])

def call(name, per_minute):
    with pace.turn("key", per_minute):
        started.append(name)

def stand(waiting):
    while pace.standing("key").waiting < waiting:
        time.sleep(0.001)

def line_up(names):
    for name in names:
        waiting = pace.standing("key").waiting
        threads.append(threading.Thread(target=call, args=[name, 1], daemon=True))
        threads[-1].start()
        stand(waiting + 1)

def interrupt():
    stand(place + 1)
    line_up("ab"[place:])
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
threads = []
call("before", 1)
line_up("ab"[:place])
threading.Thread(target=interrupt, daemon=True).start()
try:
    call("interrupted", 1)
except KeyboardInterrupt:
    assert pace.standing("key").waiting == 2
call("unlimited", None)
for thread in threads:
    thread.join(10)
print(*sorted(started))
"""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_ctrl_c_while_waiting_makes_room(place: int) -> None:
    """A program that is interrupted, wherever in the line it waits, loses nobody's turn."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.split() == ["a", "b", "before", "unlimited"], done.stderr


@pytest.mark.parametrize("calls", [0, 1, 4, 5, 100, 1000])
def test_the_wait_is_foreseen(calls: int) -> None:
    """The estimate for so many more calls is what they then take, throttled or not."""
    for throttles in range(3):
        clock = Clock()
        pace = Pace(clock=clock, sleep=clock.sleep)
        starts(pace, clock, 7, 90)
        for _ in range(throttles):
            throttle(pace, 90)
        before = pace.standing(KEY)
        foreseen = pace.wait(KEY, 90, calls)
        assert pace.standing(KEY) == before
        at = starts(pace, clock, calls, 90)
        assert foreseen == pytest.approx(at[-1] if at else 0, abs=1e-3)


def test_the_wait_counts_those_ahead() -> None:
    """Calls that wait already come first; and a quota that was never asked for is not kept."""
    pace = Pace(burst=1)
    assert pace.wait(KEY, 30, calls=3) == pytest.approx(4)
    assert pace.standing(KEY) == Standing()
    with ThreadPoolExecutor(3) as pool:

        def call(_: int) -> None:
            with pace.turn(KEY, 300):
                pass

        futures = pool.map(call, range(3))
        until(lambda: pace.standing(KEY).waiting == 2)
        assert 0.4 < pace.wait(KEY, 300) <= 0.6
        list(futures)


def test_a_long_plan_is_reckoned_soon(pace: Pace) -> None:
    """Ten thousand calls are a matter of a moment."""
    began = time.process_time()
    assert pace.wait(KEY, 60, calls=10_000) == pytest.approx(10_000, rel=0.01)
    assert time.process_time() - began < 1
