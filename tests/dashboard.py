"""Darkroom as a team uses it: `darkroom up --standin` as a program, and what tests ask of it.

from tests.dashboard import Dashboard, dashboard

__all__ = ["dashboard"]  # pytest finds the fixture here

def test_x(dashboard: Dashboard) -> None:
    run = dashboard.run("text_to_image", prompt="a mug")
    assert run["state_name"] == "Completed"
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.server import Program, Server, environment, program, until, with_tables

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
SLOW = 300
"""Seconds for what takes a few on a machine that does nothing else."""


@dataclass(frozen=True)
class Dashboard(Server):
    """A `darkroom up --standin` that runs.

    Attributes:
        ui: Address of the dashboard: the first UI; the second is below `/v2`.
        home: Its folder; the store is `home / "pictures"`, logs are in `home / "logs"`.
        standin: Address of the stand-in, which the Bedrock block "default" reaches.
        program: The program itself.
    """

    standin: str
    program: Program

    @property
    def pictures(self) -> Path:
        """The folder of the store."""
        return self.home / "pictures"

    def deployment(self, name: str) -> dict[str, Any]:
        """A deployment as the API tells of it, by its name or as FLOW/NAME."""
        path = name if "/" in name else f"{name}/{name}"
        found: dict[str, Any] = self.ask("GET", f"deployments/name/{path}")
        return found

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a flow run of a deployment, as its form does; gives the run's id."""
        found = self.deployment(deployment)
        path = f"deployments/{found['id']}/create_flow_run"
        once = {"idempotency_key": str(uuid4()), "state": {"type": "SCHEDULED"}}
        made = self.post(path, parameters=parameters, **once)
        return str(made["id"])

    def ended(self, flow_run_id: str, timeout: float = SLOW) -> dict[str, Any]:
        """Wait until a flow run has ended; gives it as the API tells of it."""

        def found() -> dict[str, Any] | None:
            run = self.flow_run(flow_run_id)
            return run if run["state_type"] in ENDED else None

        try:
            return until(found, f"flow run {flow_run_id} ends", timeout)
        except AssertionError as error:
            error.add_note(f"{self.flow_run(flow_run_id)}\n{self.log('worker')}")
            raise

    def run(self, deployment: str, **parameters: Any) -> dict[str, Any]:
        """Run a deployment to its end; gives the flow run as the API tells of it."""
        return self.ended(self.start(deployment, **parameters))

    def artifacts(self, flow_run_id: str) -> dict[str, dict[str, Any]]:
        """The artifacts of a flow run, by their keys."""
        found = self.of_flow_run("artifacts", flow_run_id)
        return {each["key"]: each for each in found}

    def runs_of(self, deployment: str) -> list[dict[str, Any]]:
        """All flow runs of a deployment, the newest first."""
        of_deployment = {"id": {"any_": [self.deployment(deployment)["id"]]}}
        found: list[dict[str, Any]] = self.post(
            "flow_runs/filter", deployments=of_deployment, sort="START_TIME_DESC"
        )
        return found

    def calls(self) -> dict[str, Any]:
        """What the stand-in was asked, by model."""
        answer = httpx.get(f"{self.standin}/_standin/calls", timeout=30)
        found: dict[str, Any] = answer.json()["models"]
        return found

    def fail(self, kind: str, **how: Any) -> None:
        """Make the stand-in's next calls fail; see README.md, "The stand-in"."""
        body = {"kind": kind, **how}
        httpx.post(f"{self.standin}/_standin/faults", json=body, timeout=30).raise_for_status()

    def log(self, name: str) -> str:
        """What "server", "worker", "standin" or "deploy" has written."""
        return (self.home / "logs" / f"{name}.log").read_text(errors="replace")

    def stop(self, which: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does; gives the exit code."""
        self.program.process.send_signal(which)
        return self.program.wait(60)


@contextmanager
def up(home: Path, *options: str, **more: str) -> Iterator[Dashboard]:
    """`darkroom up --home HOME/up --port 0 ...` as a program, until the end of the block.

    Args:
        home: A folder for it, and for what it writes.
        options: More of the command line, such as "--standin".
        more: More of its environment.
    """
    folder, env = home / "up", environment(home, PREFECT_CLIENT_MAX_RETRIES="8", **more)
    with_tables(folder)
    words = ["flows.cli", "up", "--home", str(folder), "--port", "0", *options]
    with program(words, env, home / "program") as running:

        def screen() -> str | None:
            assert running.process.poll() is None, f"{running.err}\n{running.out}"
            return running.out if "Ctrl-C ends it" in running.out else None

        shown = until(screen, "darkroom up shows its screen", SLOW)
        ui = re.search(r"Dashboard +(\S+)", shown)
        standin = re.search(r"the stand-in at (http://[0-9.:]+)", shown)
        assert ui, shown
        dashboard = Dashboard(ui[1], folder, standin[1] if standin else "", running)
        try:
            yield dashboard
        finally:
            running.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                running.wait(60)


_SHARED = pytest.StashKey[Dashboard]()


@pytest.fixture(scope="session")
def dashboard(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Dashboard:
    """One `darkroom up --standin` for all files that import this fixture."""
    stash = request.config.stash
    if _SHARED not in stash:
        stack = ExitStack()
        request.config.add_cleanup(stack.close)
        home = tmp_path_factory.mktemp("dashboard")
        stash[_SHARED] = stack.enter_context(up(home, "--standin", "--standin-port", "0"))
    return stash[_SHARED]
