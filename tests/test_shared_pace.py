"""Several processes keep to one quota together, by a real Redis."""

from __future__ import annotations

import logging
import shutil
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from blocks.shared_pace import SLOWED, SharedPace
from darkroom.errors import AccessDenied, InvalidRequest, Throttled, Unreachable
from darkroom.pace import BURST, Pace

pytestmark = pytest.mark.drill

ROOT = Path(__file__).parent.parent
PASSWORD = "s3cret/of#redis"
QUOTED = "s3cret%2Fof%23redis"
MINUTE, QUOTA = 1.2, 12
"""Seconds that stand for a minute here, and the calls that it may hold."""

TRAVEL = 0.95
"""What of a minute is looked at: here too a call takes now longer, now shorter to be counted."""


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[int]:
    """A real Redis that keeps nothing; gives its port."""
    program = shutil.which("redis-server")
    assert program, "redis-server is missing: apt-get install redis-server"
    if port is None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
    where = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    keeps = ["--save", "", "--appendonly", "no", "--requirepass", PASSWORD]
    running = subprocess.Popen([program, *where, *keeps], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port, password=PASSWORD) as client:
            until(lambda: answers(client))
        yield port
    finally:
        running.terminate()
        running.wait(10)


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture
def url(port: int) -> str:
    with redis.Redis(port=port, password=PASSWORD) as client:
        client.flushall()
    return address(port)


def address(port: int) -> str:
    return f"redis://:{QUOTED}@127.0.0.1:{port}/0"


WORKER = """
import sys, threading, time
from blocks.shared_pace import SharedPace

url, wrong, per_minute, minute, calls, threads = sys.argv[1], *map(float, sys.argv[2:])
right = time.time
time.time = lambda: right() + wrong
shared = SharedPace(url, minute=minute)
lock, left = threading.Lock(), iter(range(int(calls)))

def call():
    for _ in left:
        shared.acquire("key", int(per_minute))
        with lock:
            print(time.monotonic(), flush=True)

print("ready", flush=True)
sys.stdin.readline()
group = [threading.Thread(target=call) for _ in range(int(threads))]
for thread in group:
    thread.start()
for thread in group:
    thread.join()
"""


@contextmanager
def workers(url: str, clocks: list[float], calls: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes whose clocks are wrong by so many seconds; they begin together."""
    given = [*map(str, (QUOTA, MINUTE, calls, 4))]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, url, str(wrong), *given],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for wrong in clocks
    ]
    try:
        for each in running:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in running:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        yield running
    finally:
        for each in running:
            each.kill()
            each.communicate()


def starts(running: list[subprocess.Popen[str]]) -> list[float]:
    """When their calls started, from first to last; waits for their end."""
    said = [each.communicate(timeout=30)[0] for each in running]
    return sorted(float(line) for line in " ".join(said).split())


def fullest(at: list[float], seconds: float) -> int:
    """The most starts within so many seconds, wherever they begin."""
    return max(sum(one <= each < one + seconds for each in at) for one in at)


def test_several_processes_keep_to_one_quota(url: str) -> None:
    """Three processes, whose clocks differ, share the quota and use all of it."""
    calls = 12
    with workers(url, [0.0, 100.0, -3600.0], calls) as running:
        at = starts(running)
    assert len(at) == 3 * calls
    assert fullest(at, TRAVEL * MINUTE) <= QUOTA
    bound = (3 * calls / BURST - 1) * MINUTE * BURST / QUOTA
    assert 0.95 * bound <= at[-1] - at[0] <= 1.25 * bound


def test_a_killed_process_leaves_nothing_behind(url: str) -> None:
    """The others go on at once, and have what it would have used."""
    with workers(url, [0.0, 0.0, 0.0], 1000) as running:
        time.sleep(0.5 * MINUTE)
        running[0].kill()
        killed = time.monotonic()
        time.sleep(2 * MINUTE)
        for each in running:
            each.kill()
        at = starts(running)
    assert fullest(at, TRAVEL * MINUTE) <= QUOTA
    after = [each for each in at if killed < each < killed + 1.5 * MINUTE]
    assert len(after) >= 0.75 * 1.5 * QUOTA
    assert after[0] - killed < 1.5 * MINUTE * BURST / QUOTA


@pytest.mark.parametrize("per_minute", [1, 2, 7, 9, 10])
def test_a_minute_is_made_of_whole_groups(url: str, per_minute: int) -> None:
    """Whatever number the quota is, a minute holds it, and not one call more."""
    minute, at = 0.3, []
    shared = SharedPace(url, minute=minute)
    for _ in range(2 * per_minute + 1):
        shared.acquire("key", per_minute)
        at.append(time.monotonic())
    assert fullest(at, TRAVEL * minute) <= per_minute
    assert at[-1] - at[0] >= 2 * TRAVEL * minute


def test_keys_have_their_own_quotas(url: str) -> None:
    """A call waits for those of its own key only; what it has waited is told."""
    shared = SharedPace(SecretStr(url), minute=MINUTE)
    waited = [shared.acquire(key, QUOTA) for key in ["one"] * BURST + ["two"] * BURST]
    assert max(waited) < 0.1
    assert shared.acquire("one", QUOTA) > 0.1
    with pytest.raises(InvalidRequest, match="per_minute = 0"):
        shared.acquire("one", 0)


def test_only_the_first_of_the_line_asks(url: str, port: int) -> None:
    """Fifty threads of a process need one connection, and all get their turns."""
    pace, gate = Pace(), SharedPace(url, minute=MINUTE).gate("key")

    def call(_: int) -> None:
        with pace.turn("key", 3000, gate):
            pass

    with redis.Redis(port=port, password=PASSWORD) as client:
        before = {each["id"] for each in client.client_list()}
        with ThreadPoolExecutor(50) as pool:
            list(pool.map(call, range(100)))
        after = [each["name"] for each in client.client_list() if each["id"] not in before]
    assert after == ["darkroom"]


def test_waiting_asks_redis_seldom(url: str, port: int) -> None:
    """Who waits sleeps until there is room: a few questions for a call, however long it takes."""
    shared = SharedPace(url, minute=4.0)
    with redis.Redis(port=port, password=PASSWORD) as client:
        before = client.info("stats")["total_commands_processed"]
        for _ in range(3):
            shared.acquire("key", 3)
        asked = client.info("stats")["total_commands_processed"] - before
    assert asked < 3 * 16  # the commands inside of scripts count too


def test_a_429_slows_all_processes(url: str, port: int) -> None:
    """One has met it, and the other keeps to half the quota too, for a while."""
    one, other = (SharedPace(url, minute=MINUTE) for _ in range(2))
    pace, gate = Pace(), one.gate("key")
    for _ in range(2):
        with pytest.raises(Throttled), pace.turn("key", 6000, gate):
            raise Throttled("too many requests")
    for _ in range(BURST - 2):
        other.acquire("key", QUOTA)
    window = MINUTE * BURST / QUOTA
    assert 1.5 * window < other.acquire("key", QUOTA) < 2.5 * window
    with redis.Redis(port=port, password=PASSWORD) as client:
        (key,) = client.scan_iter("*:slowed")
        assert SLOWED - 10 < client.ttl(key) <= SLOWED
        client.delete(key)  # as it does by itself when that time has passed
    for _ in range(BURST):
        other.acquire("key", QUOTA)
    assert other.acquire("key", QUOTA) < 1.5 * window


def test_no_redis_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where it is gone, no call is made; where it comes back, the next attempt succeeds."""
    caplog.set_level(logging.DEBUG)
    with redis_server(tmp_path) as port:
        shared = SharedPace(address(port))
        shared.acquire("key", 60)
    pace, made = Pace(), []
    for ask in (
        lambda: shared.acquire("key", 60),
        lambda: shared.slow("key"),
        lambda: pace.turn("key", 60, shared.gate("key")).__enter__() and made.append(1),
    ):
        with pytest.raises(
            Unreachable, match=rf"redis://127.0.0.1:{port}/0 .*Start Redis"
        ) as found:
            ask()
        assert found.value.retryable
        unseen("".join(traceback.format_exception(found.value)))
    assert not made
    unseen(caplog.text + repr(shared) + str(vars(shared)))
    with redis_server(tmp_path, port):
        assert shared.acquire("key", 60) < 1


def test_redis_that_ends_wakes_those_who_wait(tmp_path: Path) -> None:
    """A call that waits for its turn meanwhile fails with the same error, and soon."""
    with ThreadPoolExecutor(1) as pool:
        with redis_server(tmp_path) as port:
            shared = SharedPace(address(port), minute=2)
            shared.acquire("key", 1)
            waiting = pool.submit(shared.acquire, "key", 1)
            time.sleep(0.2)
        with pytest.raises(Unreachable):
            waiting.result(timeout=10)


def test_a_wrong_password_is_not_tried_again(port: int) -> None:
    """It is named as what it is, and neither the wrong nor the right one is shown."""
    shared = SharedPace(f"redis://:{QUOTED}x@127.0.0.1:{port}/0")
    with pytest.raises(AccessDenied, match="Correct the user and the password") as found:
        shared.acquire("key", 60)
    assert not found.value.retryable
    unseen("".join(traceback.format_exception(found.value)))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "127.0.0.1:6379",
        f"http://:{QUOTED}@127.0.0.1",
        f"redis://:{PASSWORD}@127.0.0.1",  # the / ends the host there
        f"redis://user:1234/{PASSWORD}@127.0.0.1",
        f"redis://:{QUOTED}@",
        f"redis://:{QUOTED}@host:99999",
        f"redis://:{QUOTED}@host?socket_timeout=soon",
    ],
)
def test_what_is_no_address_is_refused_unseen(wrong: str) -> None:
    """The error says how to write one, and nothing of what was written."""
    with pytest.raises(InvalidRequest, match="redis://HOST") as found:
        SharedPace(wrong)
    unseen("".join(traceback.format_exception(found.value)))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"redis://:{QUOTED}@host", "redis://host:6379"),
        (f"rediss://user:{QUOTED}@host:7000/3", "rediss://host:7000/3"),
        ("redis://[::1]:7000", "redis://[::1]:7000"),
    ],
)
def test_the_address_is_shown_without_its_password(url: str, shown: str) -> None:
    """Host, port and number are, in the address and where the object is printed."""
    for given in (url, SecretStr(url)):
        assert SharedPace(given).address == shown
        assert repr(SharedPace(given)) == f"SharedPace({shown!r})"


def unseen(text: str) -> None:
    """Check that no password is in it."""
    assert "s3cret" not in text
