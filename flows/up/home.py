"""The folder in which all data of an `up` lives, and who has it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from darkroom.errors import AlreadyUp, InvalidRequest
from flows.up.leftover import MARK

_PLACES = (
    "PREFECT_API_DATABASE_",
    "PREFECT_API_KEY",
    "PREFECT_API_URL",
    "PREFECT_LOCAL_STORAGE_PATH",
    "PREFECT_PROFILE",
    "PREFECT_RESULTS_LOCAL_STORAGE_PATH",
    "PREFECT_SERVER_API_",
    "PREFECT_SERVER_DATABASE_",
    "PREFECT_SERVER_UI_API_URL",
    "PREFECT_UI_API_URL",
)
"""Beginnings of variables that would lead somewhere else than into the folder."""

_OURS = ("PREFECT_SERVER_API_AUTH_STRING",)
"""Those of them that say no place."""


class Home:
    """The folder: Prefect's home and database, store, locks, results and logs.

    Args:
        folder: Where it is; it is made if it is missing.

    Raises:
        InvalidRequest: It cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            (self.folder / "prefect").mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise InvalidRequest.of(
                "--home", str(folder), f"it cannot be written ({error.strerror})", "Name another."
            ) from error

    @property
    def logs(self) -> Path:
        """The folder of the logs: one file for each program."""
        return self.folder / "logs"

    @property
    def pictures(self) -> Path:
        """The folder of the store."""
        return self.folder / "pictures"

    def environment(self, url: str) -> dict[str, str]:
        """The environment of whatever uses the server at `url` and keeps its data here."""
        plain = {
            name: value
            for name, value in os.environ.items()
            if name in _OURS or not name.startswith(_PLACES)
        }
        return {
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # One machine: looking often costs little, and a run begins while somebody looks.
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "10",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            **plain,
            "DARKROOM_HOME": str(self.folder),
            MARK: str(self.folder),
            "PREFECT_API_URL": f"{url}/api",
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PYTHONUNBUFFERED": "1",
            **_whole_paths(plain),
        }

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the folder for as long as the block lasts; it is free again when its holder dies.

        Raises:
            AlreadyUp: Another one has it.
        """
        lock = FileLock(self.folder / "up.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise AlreadyUp(str(self.folder), self.known.get("url")) from error
        try:
            yield
        finally:
            self.note(url=None)
            lock.release()

    @property
    def known(self) -> dict[str, Any]:
        """What was noted here; a file that is damaged has said nothing."""
        try:
            found: dict[str, Any] = json.loads(self._notes.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note(self, **more: Any) -> None:
        """Note something for the next time; None forgets it."""
        noted = {name: value for name, value in (self.known | more).items() if value is not None}
        new = self._notes.with_suffix(".new")
        new.write_text(json.dumps(noted, indent=2), "utf-8")
        new.replace(self._notes)

    @property
    def _notes(self) -> Path:
        return self.folder / "up.json"


def _whole_paths(environment: Mapping[str, str]) -> dict[str, str]:
    """Variables with a path that is meant from here, while the programs run elsewhere."""
    named = {name: environment.get(name) for name in ("DARKROOM_CATALOG", "PYTHONPATH")}
    return {
        name: os.pathsep.join(str(Path(each).absolute()) for each in value.split(os.pathsep))
        for name, value in named.items()
        if value
    }
