"""A pipeline file, run: task runs with names and edges, what fails, what it may cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State, TaskRun

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.image_file import png
from darkroom.standin.server import StandIn
from flows._ended import report_of
from flows.report import Report
from flows.run_pipeline import run_pipeline
from tests.conftest import bedrock_of, encoded

pytestmark = pytest.mark.drill

CORE = "stability.stable-image-core-v1:1"
REMOVE = "stability.stable-image-remove-background-v1:0"
SD35 = "stability.sd3-5-large-v1:0"

Run = Callable[..., State[Any]]

BRANCHES = """
name: branches
params: {photo: {type: image}}
steps:
  cutout: {mode: remove_background, image: ${params.photo}}
  white: {do: flatten, image: ${cutout}, color: white}
  options: {mode: variation, image: ${white}, count: 2}
  small: {do: resize, image: ${options}, width: 64}
  sheet: {do: contact_sheet, images: ["${white}", "${small}"], title: All}
"""
WORDS = """
name: words
params: {word: {default: mug}}
steps:
  one: {mode: text_to_image, prompt: "a ${params.word}"}
  two: {mode: text_to_image, prompt: "another ${params.word}"}
"""


@pytest.fixture
def run(prefect_api: None, standin: StandIn, tmp_path: Path) -> Run:
    """Runs a pipeline with blocks that it finds under the name "pipe"."""
    bedrock_of(standin, allow_retired=True).save("pipe", overwrite=True)
    ImageStore(folder=str(tmp_path / "store")).save("pipe", overwrite=True)

    def started(text: str, params: dict[str, Any] | None = None, **how: Any) -> State[Any]:
        state: State[Any] = run_pipeline(
            text, params, bedrock="pipe", store="pipe", **how, return_state=True
        )
        return state

    return started


def report(state: State[Any]) -> Report:
    found = report_of(state)
    assert isinstance(found, Report), found
    return found


def rows(state: State[Any]) -> dict[str, str]:
    """The status of each step."""
    return {row.step: row.status for row in report(state).rows}


def answered(standin: StandIn) -> dict[str, int]:
    models = standin.calls()["models"]
    return {name: each["answered"] for name, each in models.items() if each["answered"]}


def task_runs(state: State[Any], wanted: int) -> list[TaskRun]:
    """The task runs of a run as the server has them, once it has them all."""
    id_ = report(state).flow_run_id
    with get_client(sync_client=True) as client:
        for _ in range(100):
            runs = client.read_task_runs(
                flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[id_]))
            )
            if len(runs) >= wanted and all(each.state.is_final() for each in runs):
                return runs
            time.sleep(0.2)
    raise AssertionError([each.name for each in runs])


def test_a_pipeline_runs(run: Run, photo: str, standin: StandIn) -> None:
    """Every step is done, in its order, and every paid picture is asked for once."""
    state = run(BRANCHES, {"photo": photo})
    assert state.is_completed(), state.message
    assert [row.step for row in report(state).rows] == [
        "photo", "cutout", "white", "options", "options", "small-1", "small-2", "sheet"
    ]  # fmt: skip
    assert answered(standin) == {REMOVE: 1, SD35: 2}
    small = next(row.picture for row in report(state).rows if row.step == "small-1")
    assert small
    assert small.width == 64


def test_the_dashboard_has_the_steps_with_their_names_and_edges(run: Run, photo: str) -> None:
    """Each step is a task run under its name, and comes after those whose pictures it uses."""
    state = run(BRANCHES, {"photo": photo})
    runs = {each.name: each for each in task_runs(state, 8)}
    names = {name.partition(":")[0]: each for name, each in runs.items()}
    assert {
        "photo", "cutout", "white", "options", "small-1", "small-2", "sheet"
    } <= names.keys()  # fmt: skip
    ids = {each.id: name for name, each in names.items()}

    def before(name: str) -> set[str]:
        inputs = names[name].task_inputs.get("wait_for", [])
        return {ids[each.id] for each in inputs}

    assert before("cutout") == {"photo"}
    assert before("small-2") == {"options"}
    assert before("sheet") == {"white", "small-1", "small-2"}


def test_a_second_run_pays_for_nothing(run: Run, photo: str, standin: StandIn) -> None:
    """The same pipeline with the same params finds what was made, whatever its run."""
    run(BRANCHES, {"photo": photo})
    state = run(BRANCHES, {"photo": photo})
    assert answered(standin) == {REMOVE: 1, SD35: 2}
    assert rows(state)["options"] == "cached"
    assert report(state).spent_usd == 0


def test_again_makes_new_pictures(run: Run, photo: str, standin: StandIn) -> None:
    """With `again` everything is asked for anew, with other seeds, and is paid for."""
    first = run(BRANCHES, {"photo": photo})
    second = run(BRANCHES, {"photo": photo}, again=True)
    assert answered(standin) == {REMOVE: 2, SD35: 4}
    seeds = [
        {row.picture.provenance.seed for row in report(each).rows if row.step == "options"}
        for each in (first, second)
    ]
    assert not seeds[0] & seeds[1]


def test_branches_run_side_by_side(run: Run) -> None:
    """Steps that do not need each other are under way at the same time."""
    with StandIn(latency=1.0) as slow:
        bedrock_of(slow, allow_retired=True).save("pipe", overwrite=True)
        state = run(WORDS)
        log = slow.calls(log=True)["log"]
    assert state.is_completed(), state.message
    began = [each["time"] for each in log]
    assert len(began) == 2
    assert max(began) - min(began) < 0.9


def test_a_filtered_step_takes_only_its_own_branch_along(run: Run, standin: StandIn) -> None:
    """What the content filter stops is said, what is after it is skipped, all else is made."""
    standin.fail("filtered", model="*core*", times=1)
    text = WORDS + "  wide: {do: resize, image: ${one}, width: 64}\n"
    text += "  tall: {do: resize, image: ${two}, height: 64}\n"
    state = run(text, at_once=1)
    assert state.name == "PartialSuccess", state.message
    stopped = {name for name, status in rows(state).items() if status == "filtered"}
    assert len(stopped) == 1
    assert sorted(rows(state).values()) == ["filtered", "made", "made", "skipped"]


def test_a_run_goes_on_without_what_is_optional(run: Run, standin: StandIn) -> None:
    """A failure of an optional step is in the report, and does not fail the run."""
    standin.fail("access_denied", model="*core*", times=1)
    text = WORDS.replace('prompt: "a ${', 'optional: true, prompt: "a ${').replace(
        'prompt: "another ${', 'optional: true, prompt: "another ${'
    )
    state = run(text, at_once=1)
    assert state.is_completed(), state.message
    assert sorted(rows(state).values()) == ["failed", "made"]


def test_a_failure_fails_the_run_and_keeps_the_rest(run: Run, standin: StandIn) -> None:
    """Other branches go on to their ends; the run says what failed, and what was kept."""
    standin.fail("access_denied", model="*core*", times=1)
    state = run(WORDS, at_once=1)
    assert state.is_failed()
    assert sorted(rows(state).values()) == ["failed", "made"]
    assert "kept: 1 picture" in str(state.message)


def test_what_would_fail_is_refused_before_anything_is_paid(
    run: Run, photo: str, standin: StandIn
) -> None:
    """A step that the model cannot take fails the run before its first call."""
    text = BRANCHES + "  big: {mode: upscale, model: fast, image: ${params.photo}, when: true}\n"
    large = Path(photo).with_name("large.png")
    large.write_bytes(png(Image.new("RGB", (2100, 2100))))
    state = run(text, {"photo": str(large)})
    assert state.is_failed()
    error = state.result(raise_on_failure=False)
    assert isinstance(error, InvalidRequest)
    assert "big: " in str(error)
    assert answered(standin) == {}


def test_a_budget_below_the_plan_refuses_the_run(run: Run, standin: StandIn) -> None:
    """Two pictures at four cents each are not begun for five cents."""
    state = run(WORDS, max_cost=0.05)
    assert isinstance(state.result(raise_on_failure=False), InvalidRequest)
    assert "max_cost = 0.05" in str(state.message)
    assert answered(standin) == {}


def test_a_budget_stops_a_run_before_the_call_that_would_pass_it(
    run: Run, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that turns out dearer than its plan stops, keeps what it made, and says so."""
    text = """
name: dear
steps:
  sure: {mode: text_to_image, model: core, prompt: a mug}
  guess: {mode: variation, image: ${sure}}
  more: {mode: upscale, model: fast, image: ${guess}, when: "${guess.width} > 10"}
"""
    # The plan is right; the budget is not what it was planned for.
    monkeypatch.setattr("darkroom.plan.Plan.check_budget", lambda self, max_usd: None)
    state = run(text, max_cost=0.125)
    assert state.is_failed()
    assert rows(state) == {"sure": "made", "guess": "made", "more": "stopped"}
    assert "max_cost = $0.125" in str(state.message)
    assert "kept: 2 pictures" in str(state.message)
    assert sum(answered(standin).values()) == 2


def test_a_budget_of_nothing_still_finds_what_is_there(run: Run, standin: StandIn) -> None:
    """With max_cost 0 a run whose every step is cached completes."""
    run(WORDS)
    state = run(WORDS, max_cost=0)
    assert state.is_completed(), state.message
    assert rows(state) == {"one": "cached", "two": "cached"}


def test_a_step_says_how_often_it_is_tried(run: Run, standin: StandIn) -> None:
    """`retries: 0` gives up at the first failure."""
    standin.fail("unavailable", times=1)
    state = run("name: once\nsteps: {one: {mode: text_to_image, prompt: a mug, retries: 0}}")
    assert state.is_failed()
    assert standin.calls()["models"][CORE]["received"] == 1


def test_a_step_says_what_to_do_about_a_retired_model(run: Run, standin: StandIn) -> None:
    """`on_retired: substitute` asks a living model in its place."""
    text = (
        "name: old\nsteps: {one: {mode: text_to_image, model: titan-v1, prompt: a mug,"
        " on_retired: substitute}}"
    )
    state = run(text)
    assert state.is_completed(), state.message
    assert answered(standin) == {CORE: 1}


def test_a_run_of_many_steps_ends(run: Run, tmp_path: Path) -> None:
    """Five hundred steps, the most that a file can have, are done."""
    photo = tmp_path / "strip.png"  # flat, so that its pictures take no time
    photo.write_bytes(encoded(Image.new("RGB", (640, 16), "teal")))
    lines = ["name: many", "params: {photo: {type: image}}", "steps:"]
    lines += [
        f"  s{number}: {{do: resize, image: ${{params.photo}}, width: {16 + number}}}"
        for number in range(500)
    ]
    state = run("\n".join(lines), {"photo": str(photo)})
    assert state.is_completed(), state.message
    assert len(report(state).rows) == 501


def test_the_plan_is_an_artifact_of_the_run(run: Run) -> None:
    """The run's artifacts begin with what it was going to do and cost."""
    from prefect.artifacts import Artifact

    run("name: artful\nsteps: {one: {mode: text_to_image, prompt: a mug}}")
    plan = Artifact.get("artful-plan")
    assert plan
    assert "1 call to pay for" in str(plan.data)
    assert "| one |" in str(plan.data)
