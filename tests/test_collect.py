"""What a report is made of is read whole: all pages, all requests, all that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.utilities.callables import parameter_schema

from blocks import Bedrock, ImageStore
from darkroom.errors import ContentFiltered, InvalidRequest
from darkroom.folder_store import FolderStore
from darkroom.modes.text_to_image import TextToImage
from darkroom.modes.variation import Variation
from darkroom.period import Period
from darkroom.picture import Picture, local_path
from darkroom.standin.server import StandIn
from darkroom.usage import NO_FLOW, UNKNOWN, Fact, Ledger, Usage
from flows import _collect, _facts, _flow_names, usage_report
from flows._collect import collect
from flows._facts import facts
from flows._flow_names import FlowNames
from flows.run_batch import run_batch
from flows.usage_report import as_markdown
from tasks.text_to_image import text_to_image
from tasks.variation import variation
from tests.conftest import bedrock_of
from tests.server import until

pytestmark = [pytest.mark.drill, pytest.mark.usefixtures("prefect_api", "fresh")]

SD35 = "stability.sd3-5-large-v1:0"
PIPELINE = """\
name: mugs
params: {prompt: {type: text}}
steps:
  picture: {mode: text_to_image, model: core, prompt: "${params.prompt}"}
outputs: [picture]
"""


@pytest.fixture(scope="module")
def fresh(prefect_api: None) -> None:
    """Events of this process go to the server of these tests, whatever it used before."""
    EventsWorker.drain_all(timeout=10)
    # Begun within a flow it would take later task runs outside of flows for that flow's.
    EventsWorker.instance()


@pytest.fixture
def period() -> Period:
    """From now on."""
    now = datetime.now(UTC)
    return Period(now, datetime(now.year + 1, 1, 1, tzinfo=UTC))


def known(period: Period, store: FolderStore, requests: int) -> Usage:
    """The report, as soon as the server knows what became of so many requests."""

    def found() -> list[Fact] | None:
        with get_client(sync_client=True) as client:
            each = [*facts(client, period, FlowNames(client))]
        ended = [one for one in each if one.outcome != "running"]
        return each if len(ended) >= requests else None

    until(found, f"{requests} requests are on record")
    return collect(period, store)


def test_all_pages_are_read(
    monkeypatch: pytest.MonkeyPatch,
    period: Period,
    standin: StandIn,
    bedrock: Bedrock,
    image_store: ImageStore,
    store: FolderStore,
) -> None:
    """Pages of two give what one page of all gives: seven requests, five pictures, one flow."""
    for module in (_facts, _flow_names, _collect):
        monkeypatch.setattr(module, "PAGE", 2)

    @flow(name="paged")
    def paged() -> None:
        for seed in (1, 2, 3, 4, 5, 5):
            wish = TextToImage(prompt="a mug", seed=seed)
            text_to_image(wish, SD35, bedrock=bedrock, store=image_store)
        wish = TextToImage(prompt="[blocked]", seed=6)
        with pytest.raises(ContentFiltered):
            text_to_image(wish, SD35, bedrock=bedrock, store=image_store)

    paged()
    usage = known(period, store, 7)
    assert (usage.total.made, usage.total.cached, usage.total.filtered) == (5, 1, 1)
    assert usage.total.pictures == standin.calls()["models"][SD35]["answered"] == 5
    (one,) = usage.flows
    assert (one.flow, one.pictures, one.cached) == ("paged", 5, 1)
    assert usage.unknown == []


def test_what_was_filtered_of_several_calls_counts(
    period: Period,
    standin: StandIn,
    bedrock: Bedrock,
    image_store: ImageStore,
    store: FolderStore,
    picture: Callable[..., Picture],
) -> None:
    """Of three calls of one request one is filtered: two calls, and a third of them filtered."""
    standin.fail("filtered_output", after=1, times=1)
    wish = Variation(images=(picture((320, 320)),), prompt="a mug", count=3, seed=20)

    @flow(name="partly")
    def partly() -> None:
        variation(wish, SD35, bedrock=bedrock, store=image_store)

    partly()
    until(lambda: known(period, store, 1).total.filtered or None, "the event is on record", 60)
    (model,) = known(period, store, 1).models
    assert (model.made, model.calls, model.filtered) == (1, 2, 1)
    assert model.filter_rate == round(1 / 3, 4)
    told = standin.calls()["models"][SD35]
    assert (told["answered"], told["refused"]) == (2, {"200": 1})


def test_rows_that_were_there_are_cached(
    monkeypatch: pytest.MonkeyPatch, period: Period, tmp_path: Path, store: FolderStore
) -> None:
    """A second batch of the same rows pays for nothing, and the report says so by model."""
    with StandIn(canned="64x64") as standin:
        bedrock_of(standin).save("usage", overwrite=True)
        ImageStore(folder=str(store.folder)).save("usage", overwrite=True)
        for name in ("first", "second"):
            state = run_batch(
                PIPELINE,
                name=name,
                matrix={"prompt": ["a mug", "a vase"]},
                page=False,
                bedrock="usage",
                store="usage",
                return_state=True,
            )
            assert state.is_completed(), state.message
    usage = known(period, store, 4)
    (model,) = usage.models
    assert (model.name, model.made, model.calls, model.cached) == ("core", 2, 2, 2)
    assert [each.flow for each in usage.flows] == ["run_batch"]


def test_pictures_of_nobody_are_told_apart(
    period: Period, bedrock: Bedrock, image_store: ImageStore, store: FolderStore
) -> None:
    """A task outside of flows has no flow; a flow run of another server is unknown, and said so."""
    for seed in (1, 2):
        wish = TextToImage(prompt="a jug", seed=seed)
        (made,) = text_to_image(wish, SD35, bedrock=bedrock, store=image_store)
    path = local_path(made.uri)
    assert path is not None
    beside = path.with_name(f"{path.name}.json")
    beside.write_text(beside.read_text().replace('"flow_run": null', '"flow_run": "elsewhere-x"'))
    usage = known(period, store, 2)
    assert {each.flow: (each.pictures, each.made) for each in usage.flows} == {
        NO_FLOW: (1, 2),
        UNKNOWN: (1, 0),
    }
    assert "1 picture was made by flow runs that this Prefect server does not know" in str(
        usage.unknown
    )


def test_damaged_files_are_named_and_the_rest_counts(
    period: Period, bedrock: Bedrock, image_store: ImageStore, store: FolderStore
) -> None:
    """One of two files beside pictures is broken: one picture counts, and the other is named."""
    for seed in (1, 2):
        wish = TextToImage(prompt="a pot", seed=seed)
        (made,) = text_to_image.fn(wish, SD35, bedrock=bedrock, store=image_store)
    path = local_path(made.uri)
    assert path is not None
    path.with_name(f"{path.name}.json").write_text('{"sha256": ')
    usage = collect(period, store, ask_prefect=False)
    assert usage.total.pictures == 1
    (said,) = [each for each in usage.unknown if "left out" in each]
    assert said.startswith("1 file of the store is left out")
    assert path.name in said


def test_a_store_that_is_not_there_is_said_to_be(tmp_path: Path, period: Period) -> None:
    """The report is empty and says why, and no folder is made by looking."""
    usage = collect(period, FolderStore(tmp_path / "nowhere"), ask_prefect=False)
    assert usage.total.is_empty
    assert f"no folder {tmp_path / 'nowhere'}" in usage.unknown[0]
    state = usage_report.usage_report(since="1h", store=_saved(tmp_path / "nowhere"))
    assert "Nothing was made" in str(as_markdown(usage))
    assert state.total.pictures == 0
    assert not (tmp_path / "nowhere").exists()


def _saved(folder: Path) -> str:
    ImageStore(folder=str(folder)).save("not-there", overwrite=True)
    return "not-there"


def test_a_store_that_nobody_saved_is_refused() -> None:
    """The flow fails with the name of what is missing."""
    with pytest.raises(InvalidRequest, match="no ImageStore block of that name"):
        usage_report.usage_report(store="never-saved")


def test_a_file_is_no_store(tmp_path: Path, period: Period) -> None:
    """A file where the store's folder should be is said to be none."""
    (tmp_path / "file").write_text("")
    for place in ("file", "file/store"):
        usage = collect(period, FolderStore(tmp_path / place), ask_prefect=False)
        assert f"no folder {tmp_path / place}" in usage.unknown[0]


def test_what_people_wrote_means_nothing_on_the_page(period: Period) -> None:
    """Names of flows and models with markdown or HTML in them are shown as they are."""
    ledger = Ledger(period, "file:///store")
    name: Any = "<script>x</script> | [a](javascript:b)"
    ledger.add(Fact("failed", "**model**", "text_to_image", name, retries={"<b>": 1}))
    page = as_markdown(ledger.usage())
    assert "<script>" not in page
    assert "<b>" not in page
    assert "[a](" not in page
    assert r"\*\*model\*\*" in page


def test_the_form_of_the_report_names_its_fields() -> None:
    """Each has a title, a description and, where it is not a name, an example."""
    fields = parameter_schema(usage_report.usage_report).model_dump()["properties"]
    assert [each["title"] for each in fields.values()] == [
        "Since",
        "Until",
        "Limit in US$",
        "Store",
    ]
    assert all(each["description"] for each in fields.values())
    assert all("Example: " in fields[name]["description"] for name in ("since", "until"))
