"""The parts of the drill, each a real program: started, waited for, and ended by all means.

Every program is given a mark in its environment, which whatever it starts inherits. By that mark
all processes of a machine are found in /proc, whoever their parent is by then.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx
import redis

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
MARK = "DARKROOM_DRILL"
"""Environment variable that says which drill, and which machine of it, a process belongs to."""

T = TypeVar("T")


class DrillFailed(Exception):
    """A part does not do what the drill needs of it."""


def until(found: Callable[[], T | None], what: str, timeout: float = 120) -> T:
    """Ask again and again until there is something, and give it.

    Args:
        found: Gives None for "not yet".
        what: Names it, should it not come.
        timeout: Seconds to wait.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if (result := found()) is not None:
            return result
        time.sleep(0.1)
    raise DrillFailed(f"{what}: not within {timeout:g} s")


def free_ports(count: int) -> list[int]:
    """Ports of this computer that nothing listens on."""
    listeners = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


class Machines:
    """The computers of the drill: environments, logs and processes that are told apart.

    Args:
        folder: Where each has its home and its log.
        shared: What all of them have in their environment.
    """

    def __init__(self, folder: Path, shared: Mapping[str, str]) -> None:
        self.folder, self.shared = folder, dict(shared)
        self._token = uuid.uuid4().hex
        self._started: list[subprocess.Popen[bytes]] = []

    def environment(self, machine: str) -> dict[str, str]:
        """An environment without any setting of Prefect, AWS or Darkroom but the drill's own."""
        ours = ("PREFECT_", "AWS_", "DARKROOM_")
        plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        home = self.folder / machine
        return {
            **plain,
            "AWS_CONFIG_FILE": str(home / "aws-config"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
            "DARKROOM_HOME": str(home / "darkroom"),
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PYTHONUNBUFFERED": "1",
            **self.shared,
            MARK: f"{self._token}/{machine}",
        }

    def start(
        self, machine: str, command: Sequence[str], *, user: str | None = None, **more: str
    ) -> subprocess.Popen[bytes]:
        """Start a program on a machine; its log is `machine.log`.

        Args:
            machine: The machine's name.
            command: The program and its arguments; "python" is this one.
            user: Who runs it, where that is not who runs the drill.
            more: Further variables of its environment.
        """
        with self._log(machine).open("ab") as log:
            running = subprocess.Popen(
                _command(command),
                cwd=self.folder if user else ROOT,
                env={**self.environment(machine), **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        self._started.append(running)
        return running

    def run(
        self, machine: str, command: Sequence[str], *, user: str | None = None, **more: str
    ) -> None:
        """Run a program to its end; what it says goes to the machine's log."""
        if code := self.start(machine, command, user=user, **more).wait(180):
            raise DrillFailed(f"{' '.join(command)}: exit code {code}\n{self.tail(machine)}")

    def tail(self, machine: str, lines: int = 20) -> str:
        """The last lines of a machine's log."""
        return "\n".join(self._log(machine).read_text(errors="replace").splitlines()[-lines:])

    def _log(self, machine: str) -> Path:
        return self.folder / f"{machine}.log"

    def processes(self, machine: str = "") -> set[int]:
        """The processes of a machine, or of all of them."""
        mark = f"{MARK}={self._token}/{machine}".encode()
        found = set()
        for entry in Path("/proc").iterdir():
            # One that ended meanwhile, and those of other users, are none of ours.
            with suppress(OSError):
                if entry.name.isdigit() and any(
                    each == mark or (not machine and each.startswith(mark))
                    for each in (entry / "environ").read_bytes().split(b"\0")
                ):
                    found.add(int(entry.name))
        return found - {os.getpid()}

    def kill(self, machine: str = "") -> set[int]:
        """End all processes of a machine at once, as if its power had failed; gives them."""
        killed: set[int] = set()
        while found := self.processes(machine):  # one may have started another one just now
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed |= found
            self._reap()
            time.sleep(0.02)
        return killed

    def _reap(self) -> None:
        for running in self._started:
            running.poll()

    def end(self) -> None:
        """End whatever is left of all machines."""
        self.kill()
        for running in self._started:
            running.kill()  # Redis and PostgreSQL write their titles over the mark
            with suppress(subprocess.TimeoutExpired):
                running.wait(10)


def _command(command: Sequence[str]) -> list[str]:
    program, *arguments = command
    return [sys.executable if program == "python" else program, *arguments]


@contextmanager
def postgres(machines: Machines, port: int) -> Iterator[str]:
    """A PostgreSQL of its own with an empty database; gives its URL for Prefect.

    It refuses to run as root: then it runs as the user `postgres`, which Debian's package makes.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    if not found and not on_path:
        raise DrillFailed("PostgreSQL is missing: apt-get install postgresql")
    programs = found[-1].parent if found else Path(str(on_path)).parent
    data, user = machines.folder / "postgres", None
    data.mkdir()
    if os.geteuid() == 0:
        user = "postgres"
        machines.folder.chmod(0o711)
        os.chown(data, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    made = ["--pgdata", str(data), "--username", "prefect", "--auth", "trust", "--no-sync"]
    machines.run("database", [str(programs / "initdb"), *made], user=user)
    # It is thrown away, so it need not survive a power cut. It listens nowhere else.
    options = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
    }
    given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), *given]
    running = machines.start("database", command, user=user)
    try:
        until(lambda: _listens(port) or None, "PostgreSQL answers", 30)
        yield f"postgresql+asyncpg://prefect@{HOST}:{port}/postgres"
    finally:
        running.send_signal(signal.SIGQUIT)
        running.wait(30)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False


def redis_server(machines: Machines, port: int) -> str:
    """A Redis of its own that keeps nothing; gives its URL, without the number of a database."""
    program = shutil.which("redis-server")
    if not program:
        raise DrillFailed("Redis is missing: apt-get install redis-server")
    where = ["--bind", HOST, "--port", str(port), "--dir", str(machines.folder)]
    machines.start("redis", [program, *where, "--save", "", "--appendonly", "no"])

    def answers() -> bool | None:
        with suppress(redis.ConnectionError), redis.Redis(HOST, port) as client:
            return bool(client.ping()) or None
        return None

    until(answers, "Redis answers", 30)
    return f"redis://{HOST}:{port}"


def standin(machines: Machines, port: int, quota: int, latency: float) -> str:
    """A stand-in for the service, with small pictures and a quota of its own; gives its URL."""
    options = ["--canned", "64x64", "--quota", str(quota), "--latency", str(latency)]
    command = ["python", "-m", "flows.cli", "standin", "--port", str(port), *options]
    machines.start("service", command)
    url = f"http://{HOST}:{port}"
    _answers(machines, "service", f"{url}/_standin/health")
    return url


def prefect_server(machines: Machines, port: int, database: str, messages: str) -> str:
    """Prefect's server as it scales: the API, and its services as a program of their own.

    Gives the address of the API, which all machines are told as well.
    """
    url = f"http://{HOST}:{port}/api"
    machines.shared["PREFECT_API_URL"] = url
    settings = {
        "PREFECT_API_DATABASE_CONNECTION_URL": database,
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_REDIS_MESSAGING_URL": messages,
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_SERVER_DOCKET_URL": messages,
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
    }
    prefect = ["python", "-m", "prefect", "server"]
    machines.run("server", [*prefect, "database", "upgrade", "--yes"], **settings)
    machines.start("server", [*prefect, "start", "--no-services"], **settings)
    machines.start("services", [*prefect, "services", "start"], **settings)
    _answers(machines, "server", f"{url}/health")
    return url


def _answers(machines: Machines, machine: str, url: str) -> None:
    def healthy() -> bool | None:
        if not machines.processes(machine):
            raise DrillFailed(f"{machine} ended\n{machines.tail(machine)}")
        with suppress(httpx.HTTPError):
            return httpx.get(url, timeout=5).is_success or None
        return None

    until(healthy, f"{machine} answers")
