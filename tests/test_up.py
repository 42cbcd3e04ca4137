"""`darkroom up` as a program: what it makes, what it leaves alone, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from PIL import Image

from flows._deployments import folder
from flows.up.leftover import MARK
from tests.dashboard import Dashboard, dashboard, up
from tests.server import environment, program, until

pytestmark = pytest.mark.drill

__all__ = ["dashboard"]  # pytest finds the fixture here

CORE = "stability.stable-image-core-v1:1"
REMOVE = "stability.stable-image-remove-background-v1:0"
INPAINT = "stability.stable-image-inpaint-v1:0"
FILE = yaml.safe_load((folder() / "prefect.yaml").read_text("utf-8"))
NAMES = {f"{each['entrypoint'].rpartition('.')[2]}/{each['name']}" for each in FILE["deployments"]}
NIGHTLY = "run_batch/nightly_batch"


def programs(home: Path) -> dict[int, str]:
    """The programs of an `up`, and all that they have started: command lines by process id."""
    found, mark = {}, f"{MARK}={home}".encode()
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if words[0]:  # one that has ended has none
                    found[int(entry.name)] = b" ".join(words).decode()
    return found


def one(home: Path, words: str) -> int:
    """The one program of an `up` whose command line has these words."""
    (pid,) = [pid for pid, line in programs(home).items() if words in line]
    return pid


def answered(dashboard: Dashboard) -> dict[str, int]:
    return {name: each["answered"] for name, each in dashboard.calls().items()}


def gained(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: n - before.get(name, 0) for name, n in after.items() if n > before.get(name, 0)}


def test_a_deployment_runs_on_the_standin(dashboard: Dashboard) -> None:
    """A run that is started from the dashboard ends well, with its picture in the home's store."""
    run = dashboard.run("text_to_image", prompt="a brass desk lamp", seed=7)
    assert run["state_name"] == "Completed", run
    assert "text-to-image-text-to-image" in dashboard.artifacts(run["id"])
    assert list(dashboard.pictures.rglob("*.png"))


def test_everything_in_the_file_is_deployed(dashboard: Dashboard) -> None:
    """Each flow is there with its picture, its schedules are off, and its places are limited."""
    for name in NAMES:
        made = dashboard.deployment(name)
        assert made["work_pool_name"] == "darkroom"
        assert "](data:image/webp;base64,UklGR" in made["description"]
        assert not any(each["active"] for each in made["schedules"])
    assert [each["slug"] for each in dashboard.deployment(NIGHTLY)["schedules"]] == ["nightly"]
    limited = dashboard.deployment("run_batch")
    assert limited["global_concurrency_limit"]["limit"] == 1
    assert limited["concurrency_options"]["collision_strategy"] == "ENQUEUE"


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--home", "{home}"], 1, "is already up at {ui}, with its data in {home}"),
        (["--port", "{port}"], 1, "Port {port} is taken by another program: choose another port"),
        (["--port", "0", "--standin", "--standin-port", "{port}"], 1, "--standin-port 0 picks"),
        (["--port", "0", "--quota", "60"], 2, "--quota are the stand-in's: give --standin too"),
        (["--home", "/proc/nothing", "--port", "0"], 2, "it cannot be written"),
    ],
)  # fmt: skip
def test_what_is_in_the_way_is_told(
    dashboard: Dashboard, tmp_path: Path, options: list[str], code: int, told: str
) -> None:
    """A second `up`, a port that is taken and a home that cannot be written end in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        known = {
            "home": str(dashboard.home),
            "ui": dashboard.ui,
            "port": str(taken.getsockname()[1]),
        }
        words = ["flows.cli", "up", *(each.format(**known) for each in options)]
        with program(words, environment(tmp_path), tmp_path / "program") as second:
            assert second.wait() == code
            assert told.format(**known) in " ".join(second.err.split())
            assert "Traceback" not in second.err
    assert httpx.get(f"{dashboard.api}/health").is_success


def test_a_block_that_is_missing_fails_the_run_at_once(dashboard: Dashboard) -> None:
    """A run with the name of no block ends without a try or a call, and says what to do."""
    before = answered(dashboard)
    run = dashboard.run("product_shot", prompt="a mug", bedrock="gone")
    assert run["state_name"] == "Failed"
    assert run["run_count"] == 1
    told = run["state"]["message"]
    assert "bedrock = 'gone': no Bedrock block of that name is saved. Saved are: default" in told
    assert "page Blocks" in told
    assert dashboard.of_flow_run("task_runs", run["id"]) == []
    assert answered(dashboard) == before


def request_picture(dashboard: Dashboard, **payload: str) -> None:
    """Send the event that a receiver of webhooks sends."""
    event = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "darkroom.image.requested",
        "resource": {"prefect.resource.id": "shop.upload.42"},
        "payload": payload,
    }
    dashboard.ask("POST", "events", [event])


def new_run(dashboard: Dashboard, known: set[str]) -> Callable[[], str | None]:
    def found() -> str | None:
        ids = {run["id"] for run in dashboard.runs_of("product_shot")} - known
        return next(iter(ids), None)

    return found


def test_an_event_starts_a_product_shot(dashboard: Dashboard, tmp_path: Path) -> None:
    """A picture that an event names is cut out and set in the scene that it names."""
    photo = tmp_path / "mug.png"
    picture = Image.new("RGB", (768, 768), "white")
    picture.paste("teal", (250, 200, 520, 600))
    picture.save(photo)
    known = {run["id"] for run in dashboard.runs_of("product_shot")}
    request_picture(dashboard, image=photo.as_uri(), scene="on a marble counter")
    run = dashboard.ended(until(new_run(dashboard, known), "the event starts a run"))
    assert run["parameters"]["scene"] == "on a marble counter"
    assert run["state_name"] == "Completed", run["state"]["message"]
    assert "product-shot-scene" in dashboard.artifacts(run["id"])


def test_an_event_without_an_image_ends_in_words(dashboard: Dashboard) -> None:
    """It makes one run, which fails at once, says what an event needs, and calls nothing."""
    before, known = answered(dashboard), {run["id"] for run in dashboard.runs_of("product_shot")}
    request_picture(dashboard)
    run = dashboard.ended(until(new_run(dashboard, known), "the event starts a run"))
    assert (run["state_name"], run["run_count"]) == ("Failed", 1)
    assert "prompt, image: give one of them: " in run["state"]["message"]
    assert "in its payload, as image" in run["state"]["message"]
    assert answered(dashboard) == before


def test_a_run_survives_its_server(dashboard: Dashboard) -> None:
    """A server that is killed in the middle of a run comes back: nothing is lost or paid twice."""
    before = answered(dashboard)
    none = {"left": 0, "right": 0, "up": 0, "down": 0}
    shot = {"prompt": "a green bottle", "variations": 0, "expand": none, "seed": 11}
    run = dashboard.start("product_shot", **shot)
    until(lambda: gained(before, answered(dashboard)).get(CORE), "the first step is paid for")
    killed = one(dashboard.home, "prefect server start")
    os.kill(killed, signal.SIGKILL)
    until(lambda: _answers(dashboard), "the server is started again", 300)
    assert one(dashboard.home, "prefect server start") != killed
    ended = dashboard.ended(run)
    assert ended["state_name"] == "Completed", ended["state"]["message"]
    assert gained(before, answered(dashboard)) == {CORE: 1, REMOVE: 1, INPAINT: 1}
    again = dashboard.run("product_shot", **shot)
    assert again["state_name"] == "Completed"
    assert gained(before, answered(dashboard)) == {CORE: 1, REMOVE: 1, INPAINT: 1}


def _answers(dashboard: Dashboard) -> bool | None:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{dashboard.api}/health", timeout=5).is_success or None
    return None


def everything(shown: Dashboard) -> dict[str, Any]:
    """All that an `up` makes, with ids and the times of the last change."""
    stamped = ("id", "name", "updated")
    blocks = shown.post("block_documents/filter")
    pools = shown.post("work_pools/filter")
    limits = shown.post("v2/concurrency_limits/filter")
    automations = shown.post("automations/filter")
    return {
        "deployments": sorted(
            (*(each[name] for name in stamped), str(each["schedules"]))
            for each in shown.post("deployments/filter")
        ),
        "blocks": sorted(tuple(each[name] for name in stamped) for each in blocks),
        "pools": [(each["id"], each["name"], each["concurrency_limit"]) for each in pools],
        "limits": sorted(
            (each["id"], each["name"], each["limit"], each["slot_decay_per_second"])
            for each in limits
            if each["name"].startswith("bedrock")
        ),
        "automations": sorted((each["id"], each["name"], each["updated"]) for each in automations),
    }


def changed_by_a_person(shown: Dashboard) -> None:
    """Switch a schedule on, and change a limit, as the dashboard does."""
    batch = shown.deployment(NIGHTLY)
    schedule = batch["schedules"][0]["id"]
    shown.ask("PATCH", f"deployments/{batch['id']}/schedules/{schedule}", {"active": True})
    limit = shown.post("v2/concurrency_limits/filter")
    name = next(each["name"] for each in limit if each["name"].startswith("bedrock core"))
    shown.ask("PATCH", f"v2/concurrency_limits/{name}", {"slot_decay_per_second": 0.5})


def test_a_second_up_changes_nothing_and_goes_on(tmp_path: Path) -> None:
    """After Ctrl-C all is as it was and as a person left it, runs go on, and SIGKILL ends all."""
    options = ["--standin", "--standin-port", "0", "--quota", "600"]
    with up(tmp_path, *options) as first:
        changed_by_a_person(first)
        before = everything(first)
        assert len(before["limits"]) > 10
        first.fail("hang")
        run = first.start("text_to_image", prompt="a lamp that hangs", seed=7)
        faults = f"{first.standin}/_standin/faults"
        until(lambda: not httpx.get(faults).json()["faults"] or None, "the call arrives", 300)
        assert first.stop() == 0
        assert programs(first.home) == {}
        assert "goes on at the next `darkroom up`" in first.program.err
    with up(tmp_path, "--standin", "--quota", "600") as second:
        assert second.standin == first.standin
        assert everything(second) == before
        assert "(as they were)" in second.program.out
        assert second.ended(run)["state_name"] == "Completed"
        assert answered(second) == {CORE: 1}
        second.program.process.kill()
        until(lambda: programs(second.home) == {} or None, "all of it has ended", 60)
