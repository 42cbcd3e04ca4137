"""Programs of an `up` that outlived it: flow runs have sessions of their own.

They are known by a mark in their environment, which whatever they start inherits. Only Linux tells
of it; elsewhere such a run ends by itself, with nobody to report to.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

MARK = "DARKROOM_UP"
"""Environment variable with the folder of the `up` that a program belongs to."""


def kill(folder: Path, but: Collection[int] = ()) -> int:
    """End at once all that is left of the `up` on a folder, `but` these; gives how many."""
    found = _marked(f"{MARK}={folder}".encode()) - {os.getpid(), *but}
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def _marked(mark: bytes) -> set[int]:
    found, processes = set(), Path("/proc")
    for entry in processes.iterdir() if processes.is_dir() else ():
        with suppress(OSError):  # one that ended meanwhile, and those of other users
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry.name))
    return found
