"""Runs a module as a program that ends with the one that started it, however that one ends.

    python -m flows.up.follow LINGER MODULE [ARGUMENTS]

LINGER is how many seconds it stays when it was left alone, for others to tell it their last.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from contextlib import suppress

EVERY = 0.5
"""Seconds between two looks at who the parent is."""

PATIENCE = 8
"""Seconds that it has to end after it was told to, before it and what it started are killed."""


def main() -> None:
    """Be the module that the command line names."""
    linger, module, *arguments = sys.argv[1:]
    watching = threading.Thread(
        target=_end_with, args=(os.getppid(), float(linger)), name="follow", daemon=True
    )
    watching.start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with(parent: int, linger: float) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY)
    time.sleep(linger)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    with suppress(ProcessLookupError):
        os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    main()
