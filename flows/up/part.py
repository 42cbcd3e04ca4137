"""One of the programs of `darkroom up`: started, and ended with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from darkroom.errors import DarkroomError

EVERY = 0.1
"""Seconds between two questions whether something is ready."""


class Part:
    """A program of its own, in a process group of its own: Ctrl-C reaches only who started it.

    Args:
        name: What it is called; its log is `NAME.log`.
        module: The module to run, as `python -m` does.
        arguments: What it is given.
        folder: Where it runs.
        log: The file that takes what it writes.
        environment: All of its environment.
        linger: Seconds that it stays when whoever started it is killed.
        health: Address that answers once it is ready; "" where nothing tells.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        linger: float = 0,
        health: str = "",
    ) -> None:
        self.name, self.log, self._health = name, log, health
        follow = [sys.executable, "-m", "flows.up.follow", str(linger), module]
        self._command = [*follow, *arguments]
        self._folder, self._environment = folder, dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs; None before it starts."""
        return self._process.pid if self._process else None

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs, or before."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it; what it writes is added to its log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self, patience: float) -> None:
        """Wait until it answers, for so many seconds.

        Raises:
            DarkroomError: It ended, or does not answer in time; the error has the end of its log.
        """
        deadline = time.monotonic() + patience
        while not self._answers():
            if self.code is not None:
                code, said = self.code, self.tail()
                raise DarkroomError(f"The {self.name} ended with exit code {code}.{said}")
            if time.monotonic() > deadline:
                said = self.tail()
                raise DarkroomError(f"The {self.name} did not answer in {patience:g} s.{said}")
            time.sleep(EVERY)

    def _answers(self) -> bool:
        with suppress(URLError, OSError), urlopen(self._health, timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def tail(self, lines: int = 12) -> str:
        """The end of its log, as something to put behind a sentence."""
        said = self.log.read_text("utf-8", errors="replace").splitlines()[-lines:]
        return "\n".join([f" The end of {self.log}:", *(f"    {line}" for line in said)])

    def end(self, patience: float) -> None:
        """Tell it to end, wait, and kill whatever is left of it and of what it started."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        self.kill()
        self._process.wait()

    def kill(self) -> None:
        """End it, and all that it started, at once; does not wait."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
