"""What tests of whole programs need: a real Prefect server, and our command line as a process."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO, Any, TypeVar

import httpx
import prefect
from filelock import FileLock
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.orchestration.base import HTTP_METHODS
from prefect.settings import PREFECT_API_URL, temporary_settings

ROOT = Path(__file__).parent.parent

T = TypeVar("T")


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment without any setting of Prefect, AWS or Darkroom but those in `home`."""
    ours = ("PREFECT_", "AWS_", "DARKROOM_", "COV_")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **plain,
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
        "COLUMNS": "160",
        "PREFECT_API_SSL_CERT_FILE": os.environ["PREFECT_API_SSL_CERT_FILE"],  # see conftest
        "DARKROOM_HOME": str(home / "darkroom"),
        "PREFECT_HOME": str(home / "prefect"),
        **more,
    }


def with_tables(home: Path) -> None:
    """Give Prefect a database in `home` whose tables are made: making them takes five seconds."""
    made = Path(gettempdir()) / f"darkroom-tests-prefect-{prefect.__version__}" / "prefect.db"
    made.parent.mkdir(exist_ok=True)
    with FileLock(made.with_suffix(".lock")):
        if not made.exists():
            with TemporaryDirectory() as name:
                upgrade = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"]
                quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                subprocess.run(upgrade, env=environment(Path(name)), check=True, **quiet)
                shutil.copy(Path(name) / "prefect" / made.name, made.with_suffix(".new"))
            made.with_suffix(".new").rename(made)
    database = home / "prefect" / made.name
    if not database.exists():
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(made, database)


def until(found: Callable[[], T | None], what: str, timeout: float = 90) -> T:
    """Ask again and again until there is something, and give it."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        result = found()
        if result is not None:
            return result
        time.sleep(0.25)
    raise AssertionError(f"{what}: not within {timeout} s")


class Program:
    """A program in a process group of its own; what it writes goes to two files."""

    def __init__(self, arguments: list[str], env: Mapping[str, str], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._out, self._err = folder / "stdout", folder / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = _started(arguments, env, out, err)

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def wait(self, timeout: float = 120) -> int:
        """Wait for its end; gives the exit code."""
        return self.process.wait(timeout)

    def said(self, pattern: str, timeout: float = 90) -> str:
        """Wait until it has written something to stderr that matches; gives the first group."""

        def found() -> str | None:
            ended = self.process.poll() is not None
            match = re.search(pattern, self.err)
            assert match or not ended, f"ended without {pattern!r}:\n{self.err}\n{self.out}"
            return match and match[1]

        return until(found, pattern, timeout)

    def signal(self, which: signal.Signals) -> None:
        """Send a signal to the program and to all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, which)

    def kill(self) -> None:
        """End it at once, as the kernel does when memory is short."""
        self.signal(signal.SIGKILL)
        self.process.wait(10)


def _started(
    arguments: list[str], env: Mapping[str, str], out: IO[bytes], err: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,
    )


@contextmanager
def program(arguments: list[str], env: Mapping[str, str], folder: Path) -> Iterator[Program]:
    """Run `python -m ...arguments`; whatever is left of it at the end of the block is killed."""
    running = Program(arguments, env, folder)
    try:
        yield running
    finally:
        running.kill()


@dataclass(frozen=True)
class Server:
    """A Prefect server that runs."""

    ui: str
    home: Path

    @property
    def api(self) -> str:
        return f"{self.ui}/api"

    def env(self, home: Path) -> dict[str, str]:
        """An environment for programs that use this server, and otherwise only `home`."""
        return environment(home, PREFECT_API_URL=self.api)

    def asked(self, work: Callable[[], T]) -> T:
        """Do `work` with Prefect's settings set to this server, and give what it gives.

        In a thread: where Playwright runs, Prefect would take this one for asynchronous.
        """

        def with_settings() -> T:
            with temporary_settings({PREFECT_API_URL: self.api}):
                return work()

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(with_settings).result()

    def ask(self, method: HTTP_METHODS, path: str, body: object = None) -> Any:
        """Ask the API as Prefect's own programs do: again, where SQLite is busy."""
        with SyncPrefectClient(self.api) as client:
            answer = client.request(method, f"/{path}", json=body)  # type: ignore[arg-type]
        return answer.json() if answer.content else None

    def post(self, path: str, **body: object) -> Any:
        """What the API answers to a question with a body."""
        return self.ask("POST", path, body)

    def flow_run(self, flow_run_id: str) -> dict[str, Any]:
        """A flow run as the API tells of it."""
        found: dict[str, Any] = self.ask("GET", f"flow_runs/{flow_run_id}")
        return found

    def of_flow_run(self, kind: str, flow_run_id: str) -> list[dict[str, Any]]:
        """All `task_runs` or `artifacts` of a flow run."""
        of_run = {"id": {"any_": [flow_run_id]}}
        found: list[dict[str, Any]] = self.post(f"{kind}/filter", flow_runs=of_run)
        return found


@contextmanager
def prefect_server(home: Path) -> Iterator[Server]:
    """A real `prefect server start` on a free port, with its database below `home`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = environment(
        home,
        PREFECT_API_ENABLE_METRICS="true",
        PREFECT_API_URL=f"{url}/api",
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PREFECT_SERVER_DATABASE_TIMEOUT="60",
        PREFECT_SERVER_API_HOST="127.0.0.1",
        PREFECT_SERVER_API_PORT=str(port),
    )
    with_tables(home)
    with program(["prefect", "server", "start"], env, home / "server") as running:

        def healthy() -> bool | None:
            assert running.process.poll() is None, f"{running.out}\n{running.err}"
            with suppress(httpx.HTTPError):
                return httpx.get(f"{url}/api/health", timeout=5).is_success or None
            return None

        until(healthy, "the Prefect server answers", 120)
        try:
            yield Server(url, home)
        finally:
            running.signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                running.wait(10)
