"""One quota for several processes: the candidates side by side.

    .venv/bin/python -m benchmarks.shared_pace [--json] [--only NAME] [--calls 60]

Three processes with eight threads each share 5 calls a second (300 a minute) and make 60 calls of
0.1 s. No faster than the bound can be who keeps to a bucket of five calls that fills at 5 a second:
it is what the service's own limiter is taken for, and "refused" counts the calls that it would not
take. Needs `redis-server` and `pip install pyrate-limiter`. Each candidate gets a server of its own
on 127.0.0.1, which ends with it; "server CPU" is Redis's, or that of Prefect's server. Those two
columns are per call.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import click

PROCESSES, THREADS = 3, 8
RATE, BURST = 5, 5
SECONDS = 0.1
PATIENCE = 60.0
"""Seconds after which a candidate is stopped; the calls that it made until then are counted."""

ME = [sys.executable, "-m", "benchmarks.shared_pace"]
KEY = "nova-canvas/us-east-1/123456789012"


# What a candidate is: from the address of its server, what waits until a call may start.


def _limits(url: str) -> Callable[[], object]:
    """`limits` as it comes, with its moving window."""
    from limits import RateLimitItemPerSecond
    from limits.storage import storage_from_string
    from limits.strategies import MovingWindowRateLimiter

    limiter, quota = MovingWindowRateLimiter(storage_from_string(url)), RateLimitItemPerSecond(RATE)

    def acquire() -> None:
        while not limiter.hit(quota, KEY):
            free = limiter.get_window_stats(quota, KEY).reset_time
            time.sleep(max(0.001, free - time.time()))

    return acquire


def _pyrate(url: str) -> Callable[[], object]:
    """`pyrate-limiter` as it comes."""
    from pyrate_limiter import Duration, Limiter, Rate, RedisBucket
    from redis import Redis

    bucket = RedisBucket.init([Rate(RATE, Duration.SECOND)], Redis.from_url(url), KEY)
    limiter = Limiter(bucket)
    return lambda: limiter.try_acquire(KEY)


def _prefect(url: str) -> Callable[[], object]:
    """Prefect's global concurrency limit with slots that decay."""
    from prefect.concurrency.sync import rate_limit

    return lambda: rate_limit("quota", strict=True)


def _shared(url: str) -> Callable[[], object]:
    """`blocks.shared_pace` behind the line of each process, as Darkroom uses it."""
    from blocks.shared_pace import SharedPace
    from darkroom.pace import Pace

    pace, gate = Pace(), SharedPace(url).gate(KEY)

    def acquire() -> None:
        with pace.turn(KEY, RATE * 60, gate):
            pass

    return acquire


def _own(url: str) -> Callable[[], object]:
    """Each process by itself with its third of the quota."""
    from darkroom.pace import Pace

    pace = Pace(burst=1)

    def acquire() -> None:
        with pace.turn(KEY, RATE * 60 // PROCESSES):
            pass

    return acquire


CANDIDATES = {
    "limits": _limits,
    "pyrate-limiter": _pyrate,
    "Prefect rate_limit": _prefect,
    "SharedPace": _shared,
    "a third each": _own,
}


def work(name: str, url: str, calls: int) -> None:
    """Make calls in this process when told to, and write when each started."""
    acquire, lock = CANDIDATES[name](url), threading.Lock()

    def call(_: int) -> None:
        try:
            acquire()
            said = f"start {time.monotonic()}"
        except Exception as error:  # noqa: BLE001 - a candidate's failure is a result
            said = f"failed {type(error).__name__}: {error}".replace("\n", " ")
        with lock:
            sys.stdout.write(said + "\n")
            sys.stdout.flush()
        time.sleep(SECONDS)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: None, range(THREADS)))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        list(pool.map(call, range(calls)))
    sys.stdout.write("done\n")
    sys.stdout.flush()
    sys.stdin.readline()


def measure(name: str, url: str, calls: int, server: int | None) -> dict[str, object]:
    """Let the processes make `calls` together, and count."""
    workers = [
        subprocess.Popen(
            [*ME, "--work", name, "--url", url, "--calls", str(calls // PROCESSES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    said: list[str] = []
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        before = [_cpu(worker.pid) for worker in workers], _cpu(server)
        listeners = [threading.Thread(target=_listen, args=[worker, said]) for worker in workers]
        for thread in listeners:
            thread.start()
        began = time.monotonic()
        for worker in workers:
            _tell(worker)
        for thread in listeners:
            thread.join(max(0.0, began + PATIENCE - time.monotonic()))
        spent = sum(_cpu(worker.pid) for worker in workers) - sum(before[0])
        return _counted(name, calls, began, said) | {
            "client CPU ms": round(1000 * spent / calls, 1),
            "server CPU ms": round(1000 * (_cpu(server) - before[1]) / calls, 1),
        }
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _counted(name: str, calls: int, began: float, said: list[str]) -> dict[str, object]:
    at = sorted(float(line.split()[1]) - began for line in said if line.startswith("start "))
    failed = [line for line in said if line.startswith("failed ")]
    made = len(at)
    bound = max(0, made - BURST) / RATE + SECONDS
    return {
        "candidate": name,
        "made": f"{made} of {calls}",
        "seconds": round(at[-1] + SECONDS, 2) if at else None,
        "over the bound": round((at[-1] + SECONDS) / bound, 3) if at else None,
        "most in 1 s": max((sum(one <= each < one + 1 for each in at) for one in at), default=0),
        "refused": _refused(at),
        "failed": len(failed),
        "reasons": sorted(set(failed)),
    }


def _refused(at: list[float]) -> int:
    """How many of these starts a bucket of `BURST` that fills at `RATE` a second would refuse."""
    tokens, last, refused = float(BURST), 0.0, 0
    for each in at:
        tokens, last = min(BURST, tokens + (each - last) * RATE), each
        if tokens < 1 - 1e-6:
            refused += 1
        else:
            tokens -= 1
    return refused


def _listen(worker: subprocess.Popen[str], said: list[str]) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        if line == "done\n":
            return
        said.append(line.strip())


def _tell(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()


def _cpu(process: int | None) -> float:
    """Seconds of CPU that a process has used."""
    if process is None:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _program(arguments: list[str], env: dict[str, str], ready: Callable[[], bool]) -> Iterator[int]:
    """Run a server until the end of the block; gives its process id."""
    running = subprocess.Popen(
        arguments, env=os.environ | env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 90
        while not ready():
            if running.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{' '.join(arguments)} does not start")
            time.sleep(0.1)
        yield running.pid
    finally:
        running.terminate()
        running.wait()


@contextmanager
def _redis(folder: str) -> Iterator[tuple[str, int]]:
    import redis

    port = _free_port()
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url)

    def ready() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    quiet = ["--save", "", "--appendonly", "no", "--dir", folder]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", *quiet]
    with _program(command, {}, ready) as process:
        yield url, process


@contextmanager
def _prefect_server(folder: str) -> Iterator[tuple[str, int]]:
    import httpx

    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    env = {
        "PREFECT_HOME": folder,
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }

    def ready() -> bool:
        try:
            return httpx.get(f"{url}/health").is_success
        except httpx.HTTPError:
            return False

    with _program([sys.executable, "-m", "prefect", "server", "start"], env, ready) as process:
        os.environ |= env | {"PREFECT_API_URL": url}
        limit = {"name": "quota", "limit": RATE, "slot_decay_per_second": RATE}
        httpx.post(f"{url}/v2/concurrency_limits/", json=limit).raise_for_status()
        yield url, process


def run(name: str, calls: int) -> dict[str, object]:
    """Measure one candidate with a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        server = _prefect_server if name.startswith("Prefect") else _redis
        with server(folder) as (url, process):
            return measure(name, url, calls, process)


def _table(rows: list[dict[str, object]]) -> str:
    titles = [title for title in rows[0] if title != "reasons"]
    lines = [titles, ["---"] * len(titles)]
    lines += [[str(row[title]) for title in titles] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(CANDIDATES)))
@click.option("--calls", default=60, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--work", "worker", hidden=True)
@click.option("--url", hidden=True, default="")
def main(only: tuple[str, ...], calls: int, as_json: bool, worker: str | None, url: str) -> None:
    """Measure shared limiters side by side."""
    if worker is not None:
        work(worker, url, calls)
        return
    rows = [run(name, calls) for name in only or CANDIDATES]
    click.echo(json.dumps(rows, indent=2) if as_json else _table(rows))


if __name__ == "__main__":
    main()
