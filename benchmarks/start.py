"""How soon the command line answers.

    .venv/bin/python -m benchmarks.start [--json]

Whole processes, the best of five: the help's first screen, and a check of a pipeline file with four
steps. Beside it: Prefect's own help, and Python that imports boto3.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import ROOT, Cost, environment, in_turns, timed
from benchmarks.servers import folder
from benchmarks.table import Line, alone

FILE = ROOT / "deployments" / "pipelines" / "autumn_banner.yaml"


def measure(rounds: int = 5) -> list[Line]:
    """Start each command so often, in turns."""
    program = [str(Path(sys.executable).with_name("darkroom"))]
    if not Path(program[0]).exists():
        program = [sys.executable, "-m", "flows.cli"]
    commands = {
        "help": [*program, "--help"],
        "check": [*program, "check", str(FILE)],
        "prefect": [sys.executable, "-m", "prefect", "--help"],
        "boto3": [sys.executable, "-c", "import boto3"],
    }
    with folder() as home:
        env = environment(home)

        def run(command: Sequence[str]) -> Cost:
            with timed() as cost:
                subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
            return cost

        sides = {name: lambda command=command: run(command) for name, command in commands.items()}
        best = in_turns(rounds, sides)
    took = {name: f"{cost.wall:.2f} s" for name, cost in best.items()}
    return [
        Line(
            "`darkroom --help`: seconds",
            took["help"],
            f"`prefect --help` {took['prefect']}",
            best["help"].wall,
            at_most=0.3,
        ),
        Line(
            "`darkroom check FILE`: seconds",
            took["check"],
            f"`import boto3` {took['boto3']}",
            best["check"].wall,
            at_most=0.6,
        ),
    ]


if __name__ == "__main__":
    alone(measure)
