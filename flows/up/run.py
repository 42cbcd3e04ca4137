"""`darkroom up` itself: the programs in their order, what they need, and their end."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from darkroom.errors import DarkroomError, PortTaken
from darkroom.standin.server import HOST, listen
from flows.up import leftover
from flows.up.home import Home
from flows.up.part import Part

if TYPE_CHECKING:
    from flows.up.screen import Screen

PATIENCE = 300
"""Seconds to wait for the server: a new database takes two cores 15, and busy ones far more."""

FAREWELL = {"worker": 20.0, "stand-in": 8.0, "server": 8.0}
"""Seconds that each has to end; in this order."""

LINGER = 5
"""Seconds that the server stays for the worker's last words when `up` itself is killed."""

RESTARTS, WITHIN = 3, 60.0
"""A program that ends by itself is started again, so many times within so many seconds."""

STANDIN_PORT = 8808
LOOK = 0.25
"""Seconds between two looks whether all programs run."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for on the command line.

    Attributes:
        home: The folder for all data; None for the usual one.
        port: The dashboard's; 0 for a free one.
        standin: Whether the stand-in is to run.
        standin_port: Its port; None for that of last time, 0 for a free one.
        quota: Calls a minute of each model that the stand-in answers.
        at_once: Flow runs that are done at the same time.
    """

    home: Path
    port: int
    standin: bool
    standin_port: int | None
    quota: int | None
    at_once: int


def up(wanted: Wanted) -> int:
    """Start all of it, look after it until Ctrl-C or SIGTERM, and end it; gives the exit code.

    Raises:
        AlreadyUp: Another one has the folder.
        PortTaken: Another program has a port.
        DarkroomError: A program does not start, or ends again and again.
    """
    home = Home(wanted.home)
    with home.held(), _stopped_by_signals():
        leftover.kill(home.folder)  # of one that was killed
        running = _Up(home, wanted)
        try:
            running.start()
            running.watch()
        except KeyboardInterrupt:
            return 0
        finally:
            running.end()


class _Up:
    def __init__(self, home: Home, wanted: Wanted) -> None:
        self._home, self._wanted = home, wanted
        self._port = _free(wanted.port, "--port")
        self._url = f"http://{HOST}:{self._port}"
        self._standin_port = self._chosen_standin_port() if wanted.standin else 0
        self._environment = home.environment(self._url)
        self._parts: dict[str, Part] = {}
        self._ended: dict[str, deque[float]] = {}
        self._screen: Screen | None = None

    def start(self) -> None:
        """Start the programs, give them what they need, and show the screen."""
        self._home.note(url=self._url)
        if self._standin_port:
            self._home.note(standin_port=self._standin_port)
        server = self._part(
            "server", "prefect", "server", "start", health=f"{self._url}/api/health"
        )
        server.start()
        standin = self._standin()
        # Prefect is imported here while its server starts, with the settings of the folder.
        os.environ.clear()
        os.environ.update(self._environment)
        from flows.up.blocks_of import Service
        from flows.up.furnish import Furnish
        from flows.up.screen import Screen

        self._screen = screen = Screen()
        with screen.step("starting Prefect's server", f"server at {self._url}"):
            server.wait_until_ready(PATIENCE)
        if standin:
            with screen.step("starting the stand-in", f"stand-in at {standin}"):
                self._parts["stand-in"].wait_until_ready(PATIENCE)
        furnish = Furnish(self._home, self._environment, screen)
        resumed = furnish.before_work()
        service = furnish.service(Service(standin, self._wanted.quota if standin else None))
        store = furnish.store()
        self._worker().start()
        deployed = furnish.flows()
        screen.up(self._url, self._home, deployed, service, store, resumed)

    def watch(self) -> NoReturn:
        """Start again what ends by itself, for ever."""
        while True:
            time.sleep(LOOK)
            for name, part in self._parts.items():
                if part.code is not None:
                    self._again(name, part)

    def end(self) -> None:
        """End the programs in their order, with all that they started."""
        if not self._parts:
            return
        with _hurried_by_signals([*self._parts.values()]):
            began = datetime.now(UTC)
            for name, patience in FAREWELL.items():
                if part := self._parts.get(name):
                    part.end(patience)
                if name == "worker" and part:
                    leftover.kill(
                        self._home.folder, [each.pid or 0 for each in self._parts.values()]
                    )
                    self._leave_runs(began)

    def _leave_runs(self, since: datetime) -> None:
        """Leave the runs that were under way so that the next `up` goes on with them."""
        from flows.up.furnish import leave_runs

        if self._screen and (names := leave_runs(since)):
            told = ", ".join(names)
            self._screen.note(f"Was under way, and goes on at the next `darkroom up`: {told}")

    def _part(self, name: str, module: str, *arguments: str, health: str = "") -> Part:
        environment = dict(self._environment)
        if name == "server":
            environment["PREFECT_SERVER_API_HOST"] = HOST
            environment["PREFECT_SERVER_API_PORT"] = str(self._port)
            # SQLite takes one writer at a time: better a slow answer than none on a busy computer.
            environment.setdefault("PREFECT_SERVER_DATABASE_TIMEOUT", "60")
        part = self._parts[name] = Part(
            name,
            module,
            arguments,
            folder=self._home.folder,
            log=self._home.logs / f"{name.replace('-', '')}.log",
            environment=environment,
            linger=LINGER if name == "server" else 0,
            health=health,
        )
        return part

    def _worker(self) -> Part:
        words = ["worker", "start", "--pool", "darkroom", "--type", "process"]
        limit = ["--name", "darkroom-up", "--limit", str(self._wanted.at_once)]
        return self._part("worker", "prefect", *words, *limit)

    def _standin(self) -> str:
        """Start the stand-in, if it is wanted; gives its address, or ""."""
        if not self._wanted.standin:
            return ""
        url = f"http://{HOST}:{self._standin_port}"
        quota = ["--quota", str(self._wanted.quota)] if self._wanted.quota else []
        words = ["standin", "--port", str(self._standin_port), *quota]
        self._part("stand-in", "flows.cli", *words, health=f"{url}/_standin/health").start()
        return url

    def _chosen_standin_port(self) -> int:
        """The port that was said, or that of last time: the store knows its pictures by it."""
        known = self._home.known.get("standin_port")
        asked = self._wanted.standin_port if self._wanted.standin_port is not None else known
        if asked is not None:
            return _free(int(asked), "--standin-port")
        with suppress(PortTaken):
            return _free(STANDIN_PORT, "--standin-port")
        return _free(0, "--standin-port")

    def _again(self, name: str, part: Part) -> None:
        assert self._screen is not None
        code, now, ended = part.code, time.monotonic(), self._ended.setdefault(name, deque())
        ended.append(now)
        while ended[0] < now - WITHIN:
            ended.popleft()
        if len(ended) > RESTARTS:
            raise DarkroomError(f"The {name} ends again and again (exit code {code}).{part.tail()}")
        part.kill()  # what it had started
        self._screen.note(f"The {name} ended by itself (exit code {code}); it is started again.")
        part.start()


def _free(port: int, option: str) -> int:
    """A port that can be had: this one, or any if it is 0.

    Raises:
        PortTaken: Another program has it; the error names the option.
    """
    try:
        listener: socket.socket = listen(port)
    except PortTaken as error:
        raise PortTaken(port, error.why, option) from error
    with listener:
        return int(listener.getsockname()[1])


def _stopped_by_signals() -> AbstractContextManager[None]:
    """Take SIGTERM for Ctrl-C while the block lasts."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    return _on_signals(stop)


def _hurried_by_signals(parts: list[Part]) -> AbstractContextManager[None]:
    """While they are being ended, another Ctrl-C kills them at once."""

    def hurry(number: int, frame: FrameType | None) -> None:
        for part in parts:
            part.kill()

    return _on_signals(hurry)


@contextmanager
def _on_signals(do: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM do this while the block lasts."""
    before = {each: signal.signal(each, do) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
