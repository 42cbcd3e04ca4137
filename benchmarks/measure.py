"""How things are measured: in processes of their own, in turns, when the machine is quiet."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

BUSY = 0.15
"""Part of the machine that others may use while something is measured."""

PATIENCE = 10.0
"""Seconds to wait for a quiet moment before measuring all the same, unless $BENCH_PATIENCE says
otherwise."""


@dataclass
class Cost:
    """What a piece of work took.

    Attributes:
        wall: Seconds that passed.
        cpu: Seconds of processor time of the process that did it, in all its threads.
        peak: Most bytes of memory that the process has had since it began.
    """

    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0

    @property
    def peak_mb(self) -> float:
        """The peak in megabytes."""
        return self.peak / 1e6


@contextmanager
def timed() -> Iterator[Cost]:
    """Measure a block; the cost is complete behind it."""
    cost = Cost()
    wall, cpu = time.perf_counter(), time.process_time()
    yield cost
    cost.wall, cost.cpu = time.perf_counter() - wall, time.process_time() - cpu
    cost.peak = peak()


def peak() -> int:
    """Most bytes of memory that this process has had."""
    try:
        told = Path("/proc/self/status").read_text("ascii")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most * (1 if sys.platform == "darwin" else 1024)
    # The kernel's ru_maxrss would begin with what the parent had when it started this process.
    return int(told.split("VmHWM:")[1].split()[0]) * 1024


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment without any setting of Prefect, AWS or Darkroom but those given."""
    ours = ("PREFECT_", "AWS_", "DARKROOM_")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **plain,
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
        "DARKROOM_HOME": str(home / "darkroom"),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        **more,
    }


def child(work: Callable[..., Any], env: Mapping[str, str], **given: Any) -> Any:
    """Call a function in a new process, and give what it returned.

    Args:
        work: A function of a module; it and what it is given go by name and as JSON.
        env: The environment of the process.
        given: Its arguments.

    Raises:
        RuntimeError: It failed; the error has what the process wrote.
    """
    # The module that was started with `python -m` is called `__main__`.
    spec = sys.modules[work.__module__].__spec__
    name = f"{spec.name if spec else work.__module__}:{work.__name__}"
    command = [sys.executable, "-m", "benchmarks.measure", name, json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed.\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def cost_of(work: Callable[..., dict[str, Any]], env: Mapping[str, str], **given: Any) -> Cost:
    """Call a function that tells a cost in a new process."""
    return Cost(**child(work, env, **given))


def in_turns(
    rounds: int,
    sides: Mapping[str, Callable[[], Cost]],
    by: Callable[[Cost], float] = lambda cost: cost.wall,
) -> dict[str, Cost]:
    """Measure several sides one after another, round by round, and keep the best of each."""
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        quiet()
        for name, side in sides.items():
            cost = side()
            best[name] = min(cost, best.get(name, cost), key=by)
    return best


def quiet() -> None:
    """Wait until others leave the machine alone, though not for long."""
    deadline = time.monotonic() + float(os.environ.get("BENCH_PATIENCE", PATIENCE))
    while time.monotonic() < deadline:
        began = _ticks()
        time.sleep(0.3)
        ended = _ticks()
        if began is None or ended is None or ended[1] == began[1]:
            return
        if (ended[0] - began[0]) / (ended[1] - began[1]) < BUSY:
            return


def _ticks() -> tuple[int, int] | None:
    """The machine's busy ticks and all its ticks so far; None where they are not told."""
    try:
        ticks = [
            int(each) for each in Path("/proc/stat").read_text("ascii").split("\n")[0].split()[1:]
        ]
    except OSError:
        return None
    return sum(ticks[:8]) - ticks[3] - ticks[4], sum(ticks[:8])


def main() -> None:
    """Be the process of `child`."""
    module, _, name = sys.argv[1].partition(":")
    result = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    sys.stdout.write(f"\n{json.dumps(result)}\n")


if __name__ == "__main__":
    main()
