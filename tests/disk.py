"""Disks of a test's own: small ones, full ones, those that cannot be written."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lacking import lacking


@contextmanager
def mounted(folder: Path, option: str) -> Iterator[Path]:
    """A disk in memory, mounted in `folder` with an option such as "size=1m".

    Where nothing may be mounted, CI fails and others skip.
    """
    disk = folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", option, "none", str(disk)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        lacking(f"mounting takes root on Linux: {error}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)
