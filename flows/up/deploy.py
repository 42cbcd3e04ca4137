"""The deployments of an `up`: made where they are missing, or where Darkroom has changed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessWorker

from darkroom.errors import DarkroomError
from flows._deployments import folder, pictures

ROOMS = ("flows", "tasks", "blocks", "darkroom")
POOL = "darkroom"


def file() -> Path:
    """The file of deployments."""
    return folder() / "prefect.yaml"


@dataclass(frozen=True)
class Deployed:
    """What came of the file.

    Attributes:
        names: All deployments of the file.
        new: Those that were not there.
        updated: Those that were there as another Darkroom had made them.
        marks: By name, what each was made from.
    """

    names: tuple[str, ...]
    new: tuple[str, ...]
    updated: tuple[str, ...]
    marks: dict[str, str]


def pool(client: SyncPrefectClient, known: str | None) -> str:
    """Make the work pool if it is missing, and let its workers start runs with this Python at once.

    Left to itself, a process worker of Prefect first starts a Python that looks for code to fetch
    and for requirements to install, of which our deployments have none: a second of processor time
    more for each run. A command that a person has written stays.

    Args:
        client: Asks the server.
        known: The command that an `up` before this one gave the pool.

    Returns:
        The command that this one gives it.
    """
    try:
        client.request("POST", "/work_pools/", json={"name": POOL, "type": "process"})
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.CONFLICT:
            raise
    template = client.read_work_pool(POOL).base_job_template
    template = template or ProcessWorker.get_default_base_job_template()
    variable = template["variables"]["properties"].setdefault("command", {"type": "string"})
    command = command_to_string([sys.executable, "-m", "prefect.engine"])
    if variable.get("default") in (None, known) and command != variable.get("default"):
        variable["default"] = command
        client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=template))
    return command


def deploy(
    client: SyncPrefectClient,
    environment: Mapping[str, str],
    home: Path,
    log: Path,
    known: Mapping[str, str],
) -> Deployed:
    """Deploy what is missing or has changed, and leave the rest as it is.

    Schedules that a person has switched on or off stay so, and those that a person has added stay.

    Args:
        client: Asks the server.
        environment: That of the program that deploys.
        home: Where it runs.
        log: The file that takes what it writes.
        known: What the deployments that are there were made from, by name.

    Raises:
        DarkroomError: It did not work; the error has what was said.
    """
    entries = yaml.safe_load(file().read_text("utf-8"))["deployments"]
    marks = {each["name"]: _mark(each) for each in entries}
    there = _there(client)
    new = tuple(name for name in marks if name not in there)
    changed = {name for name, mark in marks.items() if known.get(name) != mark}
    updated = tuple(name for name in marks if name in changed and name in there)
    if new or updated:
        _run([*new, *updated], environment, home, log)
        for name, after in _there(client).items():
            if name in updated:
                _restore(client, there[name], after)
    return Deployed(tuple(marks), new, updated, marks)


def _mark(entry: Mapping[str, Any]) -> str:
    """What a deployment is made from: its entry, and the code whose parameters are its form."""
    told = json.dumps([entry, pictures()], sort_keys=True, default=str)
    return hashlib.sha256(f"{told} {_code()}".encode()).hexdigest()[:16]


def _code() -> str:
    root, digest = Path(__file__).parent.parent.parent, hashlib.sha256()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _there(client: SyncPrefectClient) -> dict[str, dict[str, Any]]:
    """The deployments of our pool by name, as the server has them."""
    answer = client.request(
        "POST", "/deployments/filter", json={"work_pools": {"name": {"any_": [POOL]}}}
    )
    return {each["name"]: each for each in answer.json()}


def _run(names: list[str], environment: Mapping[str, str], home: Path, log: Path) -> None:
    chosen = [word for name in names for word in ("-n", name)]
    prefect = [sys.executable, "-m", "prefect", "--no-prompt", "deploy"]
    with log.open("ab") as out:
        start = out.tell()
        code = subprocess.run(
            [*prefect, *chosen, "--prefect-file", str(file())],
            cwd=home,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            check=False,
        ).returncode
    if code:
        said = log.read_bytes()[start:].decode(errors="replace").strip()
        raise DarkroomError(f"The flows could not be deployed (exit code {code}):\n{said}")


def _restore(
    client: SyncPrefectClient, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Give a deployment the schedules back that it had: which are on, and which a person added."""
    schedules = f"/deployments/{after['id']}/schedules"
    ids = {each["id"] for each in after["schedules"]}
    slugs = {each["slug"]: each for each in after["schedules"] if each["slug"]}
    for each in before["schedules"]:
        now = slugs.get(each["slug"])
        if now is not None and now["active"] != each["active"]:
            # Prefect's API takes parameters that are not told for none.
            body = {"active": each["active"], "parameters": now["parameters"]}
            client.request("PATCH", f"{schedules}/{now['id']}", json=body)  # type: ignore[arg-type]
        elif now is None and each["slug"] is None and each["id"] not in ids:
            named = ("schedule", "active", "max_scheduled_runs", "parameters")
            again = {name: each[name] for name in named if each.get(name) is not None}
            client.request("POST", schedules, json=[again])  # type: ignore[arg-type]
