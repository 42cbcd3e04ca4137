"""What `deployments/` has: flows for workers, and shards that go on when others die."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import prefect
import pytest
import yaml
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Crashed

from blocks import ImageStore
from darkroom import modes
from darkroom.batch.records import Records
from darkroom.standin.server import StandIn
from flows._order import Order
from flows._shards import DEPLOYMENT
from flows.run_shard import GivenUp, run_shard
from flows.up.deploy import Deployed, deploy, pool
from tests.conftest import bedrock_of
from tests.server import Server, program, until

pytestmark = pytest.mark.drill

ROOT = Path(__file__).parent.parent
FILE = "deployments/prefect.yaml"
FLOWS = {
    *("product_shot", "run_pipeline", "run_batch", "run_shard", "answer_review", "usage_report"),
    *("compare_models", *modes.names()),
}
EXAMPLES = {"weekly_campaign": "run_pipeline", "nightly_batch": "run_batch"}
"""Deployments of their own for schedules that say what to do, with their flows."""
PIPELINE = """\
name: mugs
params: {prompt: {type: text}}
steps:
  picture: {mode: text_to_image, model: core, prompt: "${params.prompt}"}
outputs: [picture]
"""


def deployments() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / FILE).read_text("utf-8"))["deployments"]
    return found


def test_every_deployment_names_a_flow_of_its_own_name() -> None:
    """Each entrypoint is a flow that is called like its deployment, told of in words and tagged."""
    assert {each["name"] for each in deployments()} == FLOWS | EXAMPLES.keys()
    for each in deployments():
        module, _, name = each["entrypoint"].rpartition(".")
        flow = getattr(import_module(module), name)
        assert isinstance(flow, Flow)
        assert flow.name == EXAMPLES.get(each["name"], each["name"])
        assert each["description"].strip()
        assert "darkroom" in each["tags"]
        assert each["work_pool"] == {"name": "darkroom"}


def test_what_a_schedule_starts_with_stands_at_its_deployment() -> None:
    """Prefect forgets the parameters of a schedule that a person switches on."""
    scheduled = [each for each in deployments() if "schedules" in each]
    assert {each["name"] for each in scheduled} == {*EXAMPLES, "usage_report"}
    for each in scheduled:
        assert each["parameters"]
        assert [("parameters" in one, one["active"]) for one in each["schedules"]] == [
            (False, False)
        ]


def test_the_file_of_compose_names_no_secret() -> None:
    """Each password is taken from the environment, and refused where it is not set."""
    found = yaml.safe_load((ROOT / "deployments/compose.yaml").read_text("utf-8"))
    for name, service in found["services"].items():
        for variable, value in (service.get("environment") or {}).items():
            if "PASSWORD" in variable or "REDISCLI" in variable:
                assert value.startswith("${"), name
                assert value.endswith(":?}"), name
    assert {"postgres", "redis", "server", "services", "worker"} <= {*found["services"]}


def test_all_flows_deploy(server: Server, tmp_path: Path) -> None:
    """`prefect deploy --all` makes every deployment, among them the one that batches start."""
    pool = {"name": "darkroom", "type": "process"}
    server.post("work_pools/", **pool)
    words = ["prefect", "--no-prompt", "deploy", "--all", "--prefect-file", FILE]
    with program(words, server.env(tmp_path / "home"), tmp_path / "deploy") as deploy:
        assert deploy.wait() == 0, f"{deploy.err}\n{deploy.out}"
    made = {each["name"]: each for each in server.post("deployments/filter")}
    assert {*made} == FLOWS | EXAMPLES.keys()
    assert all(each["work_pool_name"] == "darkroom" for each in made.values())
    assert all(each["description"] for each in made.values())
    found = server.ask("GET", f"deployments/name/{DEPLOYMENT}")
    assert found["entrypoint"] == "flows.run_shard.run_shard"
    schema = found["parameter_openapi_schema"]["properties"]
    assert {"order", "shard", "shards", "max_cost", "at_once", "patience"} == {*schema}


def test_a_deployment_made_anew_keeps_its_schedules(server: Server, tmp_path: Path) -> None:
    """What a person has switched on stays on, and one that a person has added stays whole."""

    def deployed(known: dict[str, str]) -> Deployed:
        with get_client(sync_client=True) as client:
            pool(client, None)
            return deploy(client, server.env(tmp_path), tmp_path, tmp_path / "log", known)

    first = server.asked(lambda: deployed({}))
    made = server.ask("GET", "deployments/name/run_batch/nightly_batch")
    schedules = f"deployments/{made['id']}/schedules"
    added = {"schedule": {"cron": "0 4 * * *"}, "active": True, "parameters": {"max_cost": 1}}
    server.ask("PATCH", f"{schedules}/{made['schedules'][0]['id']}", {"active": True})
    server.ask("POST", schedules, [added])
    again = server.asked(lambda: deployed({**first.marks, "nightly_batch": "of another version"}))
    assert again.updated == ("nightly_batch",)
    anew = server.ask("GET", "deployments/name/run_batch/nightly_batch")
    assert anew["parameters"] == made["parameters"]
    assert {
        (each["schedule"]["cron"], each["active"], each["parameters"].get("max_cost"))
        for each in anew["schedules"]
    } == {("0 2 * * *", True, None), ("0 4 * * *", True, 1)}


Start = Callable[[str, int], "Future[State[Any]]"]


@pytest.fixture
def start(server: Server, tmp_path: Path) -> Any:
    """Starts the first of two shards of a batch, of which it is given the name and the rows."""
    latency = StandIn(latency=0.5)
    with latency as slow, ThreadPoolExecutor(1) as pool:
        store = ImageStore(folder=str(tmp_path / "store"))
        server.asked(lambda: [each.save("s", overwrite=True) for each in (bedrock_of(slow), store)])

        def started(name: str, rows: int) -> Future[State[Any]]:
            words = [f"a mug with the number {number}" for number in range(2 * rows)]
            order = Order(
                pipeline=PIPELINE, matrix={"prompt": words}, name=name, bedrock="s", store="s"
            )

            def run() -> State[Any]:
                return server.asked(
                    lambda: run_shard(order, 0, 2, at_once=1, patience=9, return_state=True)
                )

            return pool.submit(run)

        yield started


def flow_run(server: Server, name: str) -> str:
    """The id of the one run of a shard whose batch is called that."""

    def found() -> str | None:
        runs = server.post("flow_runs/filter", flows={"name": {"any_": ["run_shard"]}})
        ids = [run["id"] for run in runs if run["parameters"]["order"]["name"] == name]
        return ids[0] if ids else None

    return until(found, "the flow run of the shard")


def done(tmp_path: Path, name: str) -> int:
    """How many rows of a batch are on record."""
    return len(Records(ImageStore(folder=str(tmp_path / "store")).open(), name).known())


def test_a_shard_that_was_given_up_ends(server: Server, start: Start, tmp_path: Path) -> None:
    """A shard whose rows another run has taken begins no more of them."""
    running = start("given-up", 60)
    until(lambda: done(tmp_path, "given-up") or None, "a row is on record")

    def give_up() -> None:
        with get_client(sync_client=True) as client:
            crashed = Crashed(message="No sign of life.")
            client.set_flow_run_state(flow_run(server, "given-up"), crashed, force=True)

    server.asked(give_up)
    state = running.result(30)
    assert isinstance(state.result(raise_on_failure=False), GivenUp)
    assert "No sign of life." in str(state.result(raise_on_failure=False))
    assert 0 < done(tmp_path, "given-up") < 30


def test_a_shard_waits_for_an_earlier_run_of_it(
    server: Server, start: Start, tmp_path: Path
) -> None:
    """While another run does its rows a shard shows that it lives, and then does what is left."""
    lock = ImageStore(folder=str(tmp_path / "store")).open().lock("batch-waits-0-of-2")
    with lock:
        running = start("waits", 1)
        run = flow_run(server, "waits")
        until(lambda: server.of_flow_run("artifacts", run) or None, "a sign of life")
        assert done(tmp_path, "waits") == 0
    assert running.result(30).is_completed()
    assert done(tmp_path, "waits") == 1


def compose() -> dict[str, Any]:
    """The file of compose."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "deployments/compose.yaml").read_text("utf-8"))
    return found


def test_the_services_of_compose_wait_for_what_they_need() -> None:
    """What answers has a health check, and what needs it waits for that; volumes are named."""
    found = compose()
    services = found["services"]
    for name in ("postgres", "redis", "server"):
        assert services[name]["healthcheck"]["test"][0] == "CMD"
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            checked = how["condition"] == "service_healthy"
            assert how["condition"] in ("service_healthy", "service_completed_successfully"), name
            assert checked is ("test" in services[needed].get("healthcheck", {})), (name, needed)
        for volume in service.get("volumes", []):
            assert volume.startswith("${") or volume.partition(":")[0] in found["volumes"]
        if "build" in service:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
            assert service["user"] == "${DARKROOM_USER:-1000:1000}"


def test_the_image_copies_what_is_there_and_is_not_root() -> None:
    """Each source of the Dockerfile exists and is let through, and it ends as an ordinary user."""
    lines = (ROOT / "deployments/Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split() for line in lines if line and not line.startswith("#")]
    let = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    for step in steps:
        if step[0] == "COPY" and not step[1].startswith("--"):
            for source in step[1:-1]:
                assert (ROOT / source).exists(), source
                assert source in let, source
    assert [step[1] for step in steps if step[0] == "USER"] == ["1000:1000"]
    assert any(step[0] == "HEALTHCHECK" for step in steps)
    told = " ".join(word for step in steps for word in step)
    assert not [word for word in ("PASSWORD", "SECRET", "AWS_") if word in told]


def test_the_job_variables_in_the_readme_exist() -> None:
    """What the README says of ECS's and Kubernetes' job templates is in those templates."""
    data = "server/api/collections_data/views/aggregate-worker-metadata.json"
    known = json.loads((Path(prefect.__file__).parent / data).read_text("utf-8"))
    readme = (ROOT / "deployments/README.md").read_text("utf-8")
    rows = [row.split("|")[2:4] for row in readme.splitlines() if row.startswith("| ")]
    table = [row for row in rows[next(i for i, r in enumerate(rows) if "ECS" in r[0]) :] if row]
    for column, package, kind in (
        (0, "prefect-aws", "ecs"),
        (1, "prefect-kubernetes", "kubernetes"),
    ):
        template = known[package][kind]["default_base_job_configuration"]["variables"]["properties"]
        named = {
            word
            for row in table
            for word in re.findall(
                r"`([a-z]+_[a-z_]+|image|env|cpu|memory|cluster|namespace)`", row[column]
            )
        }
        assert len(named) > 6
        assert named <= template.keys()
