"""What becomes of requests is told as events, which fail nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.settings import PREFECT_SERVER_EVENTS_MAXIMUM_SIZE_BYTES, temporary_settings

from blocks import Bedrock, ImageStore
from darkroom import catalog
from darkroom.budget import Budget
from darkroom.catalog import today
from darkroom.errors import BudgetReached, ContentFiltered
from darkroom.modes.text_to_image import TextToImage
from darkroom.standin.server import StandIn
from tasks import _events, _turn
from tasks.text_to_image import text_to_image
from tests.conftest import bedrock_of
from tests.server import ROOT, environment, until

pytestmark = pytest.mark.usefixtures("prefect_api")

CORE = "stability.stable-image-core-v1:1"
SD35 = "stability.sd3-5-large-v1:0"
LONG = "a mug " * 100
quick = text_to_image.with_options(retry_delay_seconds=[0.05])


@flow(name="everything")
def everything(standin: StandIn, bedrock: Bedrock, store: ImageStore) -> None:
    """One of each: made, found again, filtered, throttled, stopped by the budget, nearly gone."""
    how: Any = {"bedrock": bedrock, "store": store}
    for _ in range(2):
        quick(TextToImage(prompt=LONG, seed=5), "sd3.5", **how)
    with pytest.raises(ContentFiltered):
        quick(TextToImage(prompt="a [blocked] mug", seed=6), "sd3.5", **how)
    standin.fail("throttle", times=2)
    quick(TextToImage(prompt="a vase", seed=7), "sd3.5", **how)
    token = _turn.budget.set(Budget(0.05))
    for seed in (8, 9):
        with pytest.raises(BudgetReached):
            quick(TextToImage(prompt="a lamp", seed=seed), "sd3.5", **how)
    _turn.budget.reset(token)
    for seed in (10, 11):
        quick(TextToImage(prompt="a bowl", seed=seed), "core", **how)


@pytest.fixture(scope="module")
def told(prefect_api: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The events of a flow run in which everything happened, by their name."""
    home = tmp_path_factory.mktemp("events")
    more = home / "catalog.toml"
    more.write_text(f'[models."{CORE}"]\nend_of_life = {today() + timedelta(days=40)}\n')
    with pytest.MonkeyPatch.context() as patch, StandIn() as standin:
        patch.setenv("DARKROOM_CATALOG", str(more))
        store = ImageStore(folder=str(home / "store"))
        state = everything(standin, bedrock_of(standin), store, return_state=True)
        assert state.is_completed(), state.message
    run = state.state_details.flow_run_id
    return until(lambda: _events_of(str(run)), "all events are recorded", 60)


def _events_of(flow_run: str) -> dict[str, list[Any]] | None:
    """Our events of a flow run, as soon as the last one of it is recorded."""
    wanted = EventFilter(event=EventNameFilter(prefix=["darkroom."]))
    with get_client(sync_client=True) as client:
        found = client.read_events(wanted, limit=50).events
    mine = [
        each
        for each in found
        if any(other.id == f"prefect.flow-run.{flow_run}" for other in each.related)
    ]
    by_name: dict[str, list[Any]] = {}
    for each in sorted(mine, key=lambda each: each.occurred):
        by_name.setdefault(each.event, []).append(each)
    return by_name if len(by_name.get(_events.CREATED, [])) >= 4 else None


def roles(event: Any) -> dict[str, str]:
    return {each.role: each.id for each in event.related}


def test_a_picture_that_was_paid_for_is_told_once(told: dict[str, Any]) -> None:
    """There is one event for each picture that was made, and none for what was found again."""
    made = told[_events.CREATED]
    assert [each.payload["seed"] for each in made] == [5, 7, 10, 11]
    first = made[0]
    path = Path(first.payload["uri"].removeprefix("file://"))
    beside = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert first.resource.id == f"darkroom.picture.{beside['sha256']}"
    assert first.payload["seconds"] == beside["provenance"]["seconds"]
    facts = {"mode": "text_to_image", "model": SD35, "price_usd": 0.08, "size": "1024x1024"}
    assert facts.items() <= first.payload.items()


def test_events_are_related_to_what_they_are_about(told: dict[str, Any]) -> None:
    """Flow run, flow, task run, model, store and region are there, each in its role."""
    for event in told[_events.CREATED]:
        found = roles(event)
        assert found["model"] == f"darkroom.model.{event.payload['model']}"
        assert found["store"] == f"darkroom.store.{event.payload['store']}"
        assert found["region"] == "darkroom.region.us-west-2"
        assert found["flow-run"].startswith("prefect.flow-run.")
        assert found["task-run"].startswith("prefect.task-run.")
        assert {each.name for each in event.related if each.role == "flow"} == {"everything"}


def test_prompts_are_cut(told: dict[str, Any]) -> None:
    """No event has more of a prompt than its beginning."""
    prompt = told[_events.CREATED][0].payload["prompt"]
    assert len(prompt) == _events.MOST_WORDS
    assert prompt[:-1] == LONG[: _events.MOST_WORDS - 1]


def test_what_was_filtered_is_told_with_the_reason(told: dict[str, Any]) -> None:
    """The event says where the filter stopped it, in the service's words."""
    (event,) = told[_events.FILTERED]
    assert (event.payload["stopped"], event.payload["seed"]) == ("prompt", 6)
    assert "prompt" in event.payload["reason"]
    assert event.resource.id == f"darkroom.request.{roles(event)['task-run'][17:]}"


def test_each_further_try_is_told_with_the_error(told: dict[str, Any]) -> None:
    """Two throttled tries are two events, of the request that they belong to."""
    first, second = told[_events.RETRIED]
    assert first.payload["reason"] == second.payload["reason"] == "Throttled"
    assert first.payload["seed"] == 7
    assert first.resource.id == second.resource.id
    assert roles(first)["model"] == f"darkroom.model.{SD35}"


def test_a_budget_stops_a_run_once(told: dict[str, Any]) -> None:
    """Two calls that did not fit are one event, with the sum and what was spent."""
    (event,) = told[_events.STOPPED]
    assert event.resource.id.startswith("darkroom.budget.")
    assert (event.payload["max_usd"], event.payload["spent_usd"]) == (0.05, 0.0)
    assert "would pass max_cost = $0.05" in event.payload["reason"]


def test_a_model_near_its_end_is_told_once_a_day(told: dict[str, Any]) -> None:
    """Two calls of it are one event, with the days that are left and who takes its place."""
    (event,) = told[_events.RETIRING]
    assert event.resource.id == f"darkroom.model.{CORE}"
    assert event.payload["days_left"] == 40
    assert "For text_to_image use" in event.payload["successor"]


ALONE = """
import sys
from blocks import Bedrock, ImageStore
from darkroom.modes.text_to_image import TextToImage
from prefect.events.worker import EventsWorker
from tasks.text_to_image import text_to_image

bedrock = Bedrock(
    region_name="us-west-2", endpoint_url=sys.argv[1], aws_access_key_id="a",
    aws_secret_access_key="b",
)
wish, store = TextToImage(prompt="a plate", seed=1), ImageStore(folder=sys.argv[2])
text_to_image.fn(wish, "sd3.5", bedrock=bedrock, store=store)
print(len(EventsWorker._instances), "servers told")
"""


def test_outside_of_runs_nothing_is_told_and_nothing_breaks(
    standin: StandIn, tmp_path: Path
) -> None:
    """The plain function makes its picture, and no server is started to be told of it."""
    command = [sys.executable, "-c", ALONE, standin.url, str(tmp_path / "store")]
    env = environment(tmp_path, PYTHONPATH=str(ROOT))
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert ended.stdout == "0 servers told\n", ended.stderr
    assert len([*(tmp_path / "store").rglob("*.png")]) == 1


def test_an_event_that_cannot_be_sent_fails_nothing(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    bedrock: Bedrock,
    image_store: ImageStore,
) -> None:
    """A picture is made though its event is larger than Prefect takes, and the log says so."""
    monkeypatch.setattr(_events, "MOST_WORDS", 100_000)

    @flow
    def ask() -> list[Any]:
        wish = TextToImage(prompt="x" * 9_990, seed=2)
        return text_to_image(wish, "sd3.5", bedrock=bedrock, store=image_store)

    with temporary_settings({PREFECT_SERVER_EVENTS_MAXIMUM_SIZE_BYTES: 9_990}):
        assert len(ask()) == 1
    assert "No event darkroom.picture.created" in caplog.text


def test_a_model_is_ending_from_ninety_days_before_its_end() -> None:
    """The border itself is within, and a model without an end is never ending."""
    model = catalog.find("core").model_copy(update={"end_of_life": today() + timedelta(days=90)})
    assert model.is_ending(today())
    assert not model.is_ending(today() - timedelta(days=1))
    assert model.is_ending(today() + timedelta(days=400))
    assert not catalog.find("core").is_ending(today())
