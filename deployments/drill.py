"""A batch over three machines, of which one dies half-way: nothing is lost, nothing paid twice.

    python -m deployments.drill         from the project's root; 0 if all of it holds

Real parts on one computer: PostgreSQL behind Prefect's API, Redis behind its messages and behind
the shared pace, Prefect's server and its services, three process workers, the stand-in as the
service. Linux only; it needs `pip install -e ".[machines]"`, PostgreSQL and redis-server. What it
starts it ends, and what it writes is gone afterwards, unless it failed.
"""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import httpx
from rich.console import Console
from rich.table import Table

from deployments.drill_parts import (
    DrillFailed,
    Machines,
    free_ports,
    postgres,
    prefect_server,
    redis_server,
    standin,
    until,
)

ROWS = 600
QUOTA = 400
"""Calls a minute of each model: what the account has, and what the block says."""

LATENCY = 1.0
"""Seconds that the service takes for a picture."""

AT_ONCE = 16
"""Calls that one machine has under way at most."""

MACHINES = ["machine-1", "machine-2", "machine-3"]
PATIENCE = 15
"""Seconds without a sign of life after which the batch takes a shard for dead."""

LONGEST = 420.0
"""Seconds that the batch may take."""

SAVING = 3.0
"""Seconds that an answer may take from the service into the store."""

ARRIVING = 1.0
"""Seconds that a call may take to the service: what a machine sent last arrives after its death."""

NAME = "drill"
PIPELINE = f"""\
name: {NAME}
params:
  prompt: {{type: text}}
steps:
  picture: {{mode: text_to_image, model: core, prompt: "${{params.prompt}}"}}
  cutout:  {{mode: remove_background, image: "${{picture}}"}}
outputs: [cutout]
"""
MODELS = ["stability.stable-image-core-v1:1", "stability.stable-image-remove-background-v1:0"]

console = Console(highlight=False, soft_wrap=True, width=120)


@dataclass
class Phases:
    """How long each phase took."""

    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Say how long the block took."""
        start = time.monotonic()
        yield
        console.print(f"{time.monotonic() - start:6.1f} s  {name}")


@dataclass(frozen=True)
class Check:
    """One thing that must hold."""

    what: str
    wanted: str
    found: str
    holds: bool


@dataclass(frozen=True)
class Site:
    """Where everything is.

    Attributes:
        machines: The computers.
        api: Address of Prefect's API.
        service: Address of the stand-in.
        pace: Address of the Redis of the shared pace.
    """

    machines: Machines
    api: str
    service: str
    pace: str

    @property
    def folder(self) -> Path:
        return self.machines.folder

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def rows_ended(self) -> int:
        """How many rows are on record."""
        folder = self.store / "batches" / NAME / "rows"
        return sum(1 for _ in folder.glob("*.json")) if folder.is_dir() else 0

    def states(self, flow: str) -> Counter[str]:
        """The states of a flow's runs."""
        asked = {"flows": {"name": {"any_": [flow]}}}
        answer = httpx.post(f"{self.api}/flow_runs/filter", json=asked, timeout=30)
        answer.raise_for_status()
        return Counter(str(run["state_name"]) for run in answer.json())


@contextmanager
def site(folder: Path, phases: Phases) -> Iterator[Site]:
    """Everything but the batch, up and ready."""
    machines = Machines(folder, {})
    with ExitStack() as stack:
        stack.callback(machines.end)
        database_port, redis_port, api_port, service_port = free_ports(4)
        with phases("PostgreSQL, Redis and the service are up"):
            database = stack.enter_context(postgres(machines, database_port))
            messages = redis_server(machines, redis_port)
            service = standin(machines, service_port, QUOTA, LATENCY)
        with phases("Prefect's server and its services are up"):
            api = prefect_server(machines, api_port, database, f"{messages}/0")
        ready = Site(machines, api, service, f"{messages}/1")
        with phases(f"the flows are deployed, {len(MACHINES)} workers are up"):
            prepare(ready)
        yield ready
        with phases("all parts are ended"):
            stack.close()


def prepare(site: Site) -> None:
    """Make the work pool, the deployments and the blocks, and start the workers."""
    asked = {"name": "darkroom", "type": "process"}
    httpx.post(f"{site.api}/work_pools/", json=asked, timeout=60).raise_for_status()
    start, prefect = site.machines.start, ["python", "-m", "prefect"]
    for machine in MACHINES:
        work = [*prefect, "worker", "start", "--pool", "darkroom", "--name", machine]
        start(machine, [*work, "--limit", "1"], PREFECT_WORKER_QUERY_SECONDS="2")
    where = ["--prefect-file", "deployments/prefect.yaml"]
    deploy = start("deploy", [*prefect, "--no-prompt", "deploy", "--all", *where])
    said = [NAME, site.service, site.pace, str(site.store), str(QUOTA), *MODELS]
    save = start("blocks", ["python", "-m", "deployments.drill_blocks", *said])
    for name, running in (("deploy", deploy), ("blocks", save)):
        if running.wait(180):
            raise DrillFailed(f"{name} failed\n{site.machines.tail(name)}")
    until(lambda: workers_online(site.api) or None, "all workers are online")


def workers_online(api: str) -> bool:
    """Whether the server has heard of all workers."""
    answer = httpx.post(f"{api}/work_pools/darkroom/workers/filter", json={}, timeout=60)
    answer.raise_for_status()
    return len([each for each in answer.json() if each["status"] == "ONLINE"]) == len(MACHINES)


@dataclass(frozen=True)
class Death:
    """The end of a machine.

    Attributes:
        machine: Which.
        began: When its first process was killed, in seconds since 1970.
        over: When none was left.
        processes: How many processes it took along.
        rows: Rows that were on record by then.
    """

    machine: str
    began: float
    over: float
    processes: int
    rows: int


def batch(site: Site, phases: Phases) -> tuple[Death, int]:
    """Run the batch, and let a machine die half-way; gives its death and the exit code."""
    pipeline, rows = site.folder / "drill.yaml", site.folder / "rows.csv"
    pipeline.write_text(PIPELINE, "utf-8")
    with rows.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["prompt"], *([f"a mug with the number {n}"] for n in range(ROWS))]
        )
    where = ["--name", NAME, "--bedrock", NAME, "--store", NAME, "--out", str(site.out)]
    how = ["--shards", str(len(MACHINES)), "--at-once", str(AT_ONCE), "--verbose", *where]
    words = ["python", "-m", "flows.cli", "batch", str(pipeline), "--rows", str(rows), *how]
    running = site.machines.start("batch", words, DARKROOM_SHARD_PATIENCE=str(PATIENCE))

    def on_record(rows: int) -> bool | None:
        if running.poll() is not None and site.rows_ended() < rows:
            raise DrillFailed(f"the batch ended by itself\n{site.machines.tail('batch')}")
        return site.rows_ended() >= rows or None

    with phases("the first row is on record"):
        until(lambda: on_record(1), "the first row is on record")
    with phases("half of the rows are on record; a machine dies"):
        until(lambda: on_record(ROWS // 2), "half of the rows are on record", LONGEST)
        death = die(site)
    with phases("the batch has ended"):
        code = running.wait(LONGEST)
    return death, code


def die(site: Site) -> Death:
    """End a machine that works for the batch, with all of its processes."""
    for machine in MACHINES:
        if len(site.machines.processes(machine)) > 1:  # its worker, and the flow run of a shard
            rows, began = site.rows_ended(), time.time()
            killed = site.machines.kill(machine)
            return Death(machine, began, time.time(), len(killed), rows)
    raise DrillFailed("no machine works for the batch")


def checks(site: Site, death: Death, code: int) -> list[Check]:
    """What must hold once the batch has ended."""
    return [*_of_rows(site, code), *_of_shards(site), *_of_calls(site, death)]


def _of_rows(site: Site, code: int) -> list[Check]:
    with (site.out / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    statuses = Counter(line["status"] for line in lines)
    numbers = {line["row"] for line in lines}
    state = " ".join(site.states("run_batch"))
    jsonl = len((site.out / "manifest.jsonl").read_text("utf-8").splitlines())
    return [
        Check("rows done", f"{ROWS}", _counted(statuses), statuses == {"done": ROWS}),
        Check("different rows in the manifest", f"{ROWS}", f"{len(numbers)}", len(numbers) == ROWS),
        Check("lines of manifest.jsonl", f"{ROWS}", f"{jsonl}", jsonl == ROWS),
        Check("exit code of the batch", "0", f"{code}", code == 0),
        Check("state of its run", "Completed", state, state == "Completed"),
    ]


def _of_shards(site: Site) -> list[Check]:
    wanted = Counter({"Completed": len(MACHINES), "Crashed": 1})
    found = site.states("run_shard")
    return [Check("runs of shards", _counted(wanted), _counted(found), found == wanted)]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))


def _of_calls(site: Site, death: Death) -> list[Check]:
    """What the service saw: it is the one that sends the bill."""
    answer = httpx.get(f"{site.service}/_standin/calls", params={"log": 1, "window": 60})
    told = answer.raise_for_status().json()
    requests: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in sorted(told["log"], key=lambda call: float(call["time"])):
        requests[call["sha256"]].append(call)
    again = [calls for calls in requests.values() if len(calls) > 1]
    lost = [calls for calls in again if len(calls) == 2 and _died_with(calls[0], death)]
    twice = [calls for calls in again if calls not in lost]
    for calls in twice:
        console.print("paid twice:", [_against(call, death) for call in calls], markup=False)
    throttled = sum(call["status"] == 429 for call in told["log"])
    statuses = Counter(str(call["status"]) for call in told["log"])
    busiest = {model: told["busiest"][model] for model in MODELS}
    asked = ROWS * len(MODELS)
    return [
        Check("different requests", f"{asked}", f"{len(requests)}", len(requests) == asked),
        Check("answers of the service", "200", _counted(statuses), {*statuses} == {"200"}),
        Check("requests paid twice", "0", f"{len(twice)}", not twice),
        Check(
            "lost in flight, and asked again",
            f"at most {AT_ONCE}",
            f"{len(lost)}",
            len(lost) <= AT_ONCE,
        ),
        Check("calls that were throttled", "0", f"{throttled}", throttled == 0),
        *(
            # A quota that is not used up would prove nothing.
            Check(
                f"most calls in a minute: {model.split('.')[1]}",
                f"{0.9 * QUOTA:.0f} to {QUOTA}",
                f"{most}",
                0.9 * QUOTA <= most <= QUOTA,
            )
            for model, most in busiest.items()
        ),
    ]


def _against(call: dict[str, Any], death: Death) -> str:
    """When a call was made, against the death of the machine."""
    taken = "taken" if call["delivered"] else "not taken"
    return f"{call['time'] - death.began:+.3f} s, {call['seconds']:.3f} s long, {taken}"


def _died_with(call: dict[str, Any], death: Death) -> bool:
    """Whether an answer was lost with the machine: under way, or not yet in the store."""
    if call["time"] > death.began:
        # It lived a moment longer, and so did what it had sent: but nobody took the answer.
        return not call["delivered"] and call["time"] <= death.over + ARRIVING
    return bool(call["time"] + call["seconds"] >= death.began - SAVING)


def report(found: list[Check]) -> None:
    """Print a table of what holds and what does not."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "Wanted", "Found", ""):
        table.add_column(heading, no_wrap=True)
    for check in found:
        holds = "[green]yes[/]" if check.holds else "[red]NO[/]"
        table.add_row(check.what, check.wanted, check.found, holds)
    console.print()
    console.print(table)
    console.print()


def drill(folder: Path) -> bool:
    """Do all of it; gives whether everything held."""
    phases = Phases()
    with site(folder, phases) as ready:
        start = time.monotonic()
        death, code = batch(ready, phases)
        took = time.monotonic() - start
        found = checks(ready, death, code)
    console.print(
        f"\n{death.machine} died with {death.processes} processes when {death.rows} rows were on "
        f"record. The batch took {took:.0f} s; the quota alone takes {60 * ROWS / QUOTA:.0f} s. "
        f"All of it took {time.monotonic() - phases.began:.0f} s."
    )
    report(found)
    return all(check.holds for check in found)


def main() -> int:
    """Run the drill; what it wrote is kept if it failed."""
    signal.signal(signal.SIGTERM, _terminated)
    folder = Path(tempfile.mkdtemp(prefix="darkroom-drill-"))
    held = False
    try:
        held = drill(folder)
    except (DrillFailed, httpx.HTTPError, subprocess.TimeoutExpired) as error:
        console.print("The drill failed:", error, markup=False)
    except KeyboardInterrupt:
        console.print("The drill was ended.")
    finally:
        shutil.rmtree(folder / "postgres", ignore_errors=True)
        if held:
            shutil.rmtree(folder)
        else:
            console.print(f"The logs of all parts are in {folder}")
    return 0 if held else 1


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
