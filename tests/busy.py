"""Work whose cost is known, for the tests of what measures it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from benchmarks.measure import timed


def busy(seconds: float, megabytes: int) -> dict[str, Any]:
    """Keep a core and some memory busy; gives the measured cost."""
    with timed() as cost:
        kept = bytearray(b"1") * (megabytes * 1_000_000)
        until = time.process_time() + seconds
        while time.process_time() < until:
            kept[0] ^= 1
    return asdict(cost)
