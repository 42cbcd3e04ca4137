"""A step at which a person chooses: what can be said, what goes on, and what is written down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.picture import Picture
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.review import Review, Verdict
from darkroom.pipeline.source import BadPipeline
from darkroom.standin.server import StandIn
from flows._ended import report_of
from flows.report import Report
from flows.run_batch import run_batch
from flows.run_pipeline import run_pipeline
from tasks.picture import load_picture
from tasks.review import answered, decide, review
from tests.conftest import bedrock_of

pytestmark = pytest.mark.drill

SD35 = "stability.sd3-5-large-v1:0"
FAST = "stability.stable-fast-upscale-v1:0"

CHOICE = """
name: choice
params: {photo: {type: image}, words: {default: a mug}}
steps:
  options: {mode: variation, image: ${params.photo}, prompt: "${params.words}", count: 3, seed: 7}
  pick: {do: review, images: ${options}, question: "Which one?", most: 2}
  big: {mode: upscale, model: fast, image: ${pick}}
outputs: [pick, big]
"""


@pytest.fixture
def run(prefect_api: None, standin: StandIn, tmp_path: Path, photo: str) -> Callable[..., Any]:
    """Runs a pipeline over the photograph, with answers that are given beforehand."""
    bedrock_of(standin, allow_retired=True).save("pick", overwrite=True)
    ImageStore(folder=str(tmp_path / "store")).save("pick", overwrite=True)

    def started(choices: dict[str, str] | None, text: str = CHOICE, **how: Any) -> State[Any]:
        state: State[Any] = run_pipeline(
            text,
            {"photo": photo},
            choices=choices,
            bedrock="pick",
            store="pick",
            **how,
            return_state=True,
        )
        return state

    return started


def report(state: State[Any]) -> Report:
    found = report_of(state)
    assert isinstance(found, Report), found
    return found


def of(state: State[Any], step: str) -> list[Picture]:
    """The pictures of a step."""
    return [row.picture for row in report(state).rows if row.step == step and row.picture]


def calls_of(standin: StandIn, model: str) -> int:
    found = standin.calls()["models"].get(model)
    return int(found["answered"]) if found else 0


@pytest.mark.parametrize(
    ("words", "decision", "chosen", "told"),
    [
        ("2", "take", (2,), ""),
        (" 3, 1,3 ", "take", (3, 1), ""),
        ("all", "take", (1, 2, 3, 4), ""),
        ("reject:", "reject", (), ""),
        ("Reject: too dark, all of them", "reject", (), "too dark, all of them"),
        ("new: at night: a storm", "renew", (), "at night: a storm"),
        ("new", "renew", (), ""),
    ],
)
def test_a_verdict_is_read_as_it_is_typed(
    words: str, decision: str, chosen: tuple[int, ...], told: str
) -> None:
    """Numbers choose, and words reject or ask for new ones."""
    verdict = Verdict.read(words).of(4)
    assert (verdict.decision, verdict.chosen) == (decision, chosen)
    assert told in (verdict.reason, verdict.prompt)


@pytest.mark.parametrize("words", ["", "two", "1;2", "all: of them", "-1", "1.5", "2," * 2000])
def test_words_that_choose_nothing_are_refused(words: str) -> None:
    """What is neither numbers nor a known word is no verdict."""
    with pytest.raises(InvalidRequest, match="choice = "):
        Verdict.read(words)


def test_a_review_is_checked_with_the_file() -> None:
    """Each mistake in a review is said with its place, and the nearest name."""
    text = CHOICE.replace("most: 2", "most: 0, wait: 3 weeks, otherwise: firs, questoin: x")
    with pytest.raises(BadPipeline) as caught:
        Pipeline.parse(text)
    said = str(caught.value)
    for word in ("most = 0", "wait = '3 weeks'", "otherwise = 'firs'", "Did you mean question?"):
        assert word in said
    assert "6:" in said


def test_the_chosen_ones_go_on(run: Callable[..., Any], standin: StandIn) -> None:
    """Two of three are made large, in the order of the choice, and nothing is paid twice for it."""
    state = run({"pick": "3,1"})
    assert state.is_completed(), state.message
    options, chosen = of(state, "options"), of(state, "pick")
    assert [each.sha256 for each in chosen] == [options[2].sha256, options[0].sha256]
    large = [of(state, name)[0] for name in ("big-1", "big-2")]
    assert [each.provenance.parents for each in large] == [(each.sha256,) for each in chosen]
    assert calls_of(standin, FAST) == 2
    assert report(state).spent_usd == pytest.approx(3 * 0.08 + 2 * 0.03)


def test_the_choice_is_in_the_provenance(
    run: Callable[..., Any], standin: StandIn, tmp_path: Path
) -> None:
    """Every candidate's provenance says what was asked, what was said, and whether it was meant."""
    state = run({"pick": "2"})
    store = ImageStore(folder=str(tmp_path / "store")).open()
    options = of(state, "options")
    for number, picture in enumerate(options, 1):
        name = store.name_of(picture.uri)
        beside = Picture.model_validate_json(store.load(f"{name}.json"))
        (said,) = beside.provenance.reviews
        assert said.chosen == (number == 2)
        assert (said.step, said.question, said.said) == ("pick", "Which one?", "chose 2")
        assert said.among == tuple(each.sha256 for each in options)
        assert said.flow_run_id == report(state).flow_run_id
    (chosen,) = of(state, "pick")
    assert [each.chosen for each in chosen.provenance.reviews] == [True]


def test_all_can_be_rejected(run: Callable[..., Any], standin: StandIn) -> None:
    """What comes after is skipped and not paid for, and the reason is kept."""
    state = run({"pick": "reject: too dark"})
    assert state.is_completed(), state.message
    rows = {row.step: row for row in report(state).rows}
    assert (rows["pick"].status, rows["pick"].reason) == ("rejected", "rejected: too dark")
    assert state.name == "Rejected"
    assert "pick: rejected: too dark" in str(state.message)
    assert rows["big"].status == "skipped"
    assert "${pick}" in rows["big"].reason
    assert calls_of(standin, FAST) == 0


def test_new_ones_are_made_with_other_words(run: Callable[..., Any], standin: StandIn) -> None:
    """What made the candidates makes others by the new prompt, the same in every such run."""
    choices = {"pick": "new: a mug at ${params.night}", "pick again": "1"}
    state = run(choices)
    assert state.is_completed(), state.message
    first, second = of(state, "options"), of(state, "options again")
    prompts = {each.provenance.parameters["prompt"] for each in second}
    assert prompts == {"a mug at ${params.night}"}
    seeds = {each.provenance.seed for each in [*first, *second]}
    assert len(seeds) == 6
    assert of(state, "pick again")[0].sha256 == second[0].sha256
    assert of(state, "big")[0].provenance.parents == (second[0].sha256,)
    assert calls_of(standin, SD35) == 6
    assert run(choices).is_completed()
    assert calls_of(standin, SD35) == 6


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("4", "There is no picture 4"),
        ("1,2,3", "at most 2 may be"),
        ("two", "neither which nor"),
        ("reject", "Say why all are rejected"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(
    run: Callable[..., Any], words: str, rule: str
) -> None:
    """The run says what is wrong with it, keeps what was made, and pays for nothing after it."""
    state = run({"pick": words})
    assert state.is_failed()
    assert rule in str(state.message)


def test_without_a_deployment_nobody_can_be_asked(
    run: Callable[..., Any], standin: StandIn
) -> None:
    """That is said before anything is paid for, with what to do."""
    state = run(None)
    assert state.is_failed()
    assert "no deployment started this run" in str(state.message)
    assert standin.calls()["models"] == {}


def test_a_batch_waits_for_nobody(run: Callable[..., Any], photo: str) -> None:
    """A pipeline with a review is refused there, by the review's name."""
    with pytest.raises(InvalidRequest, match="waits for a person at pick, and a batch does not"):
        run_batch(CHOICE, matrix={"photo": [photo]}, bedrock="pick", store="pick")


def test_a_budget_counts_what_the_run_paid_for_before(
    run: Callable[..., Any], standin: StandIn
) -> None:
    """New ones that would pass the budget are not made; what was made stays."""
    state = run({"pick": "new", "pick again": "1"}, max_cost=0.4)
    assert state.is_failed()
    assert "would pass max_cost" in str(state.message)
    assert calls_of(standin, SD35) <= 5


def test_a_flow_of_ones_own_asks_too(run: Callable[..., Any], photo: str) -> None:
    """A plain flow gets its verdict where it asks, and the task gives what was chosen."""
    store = ImageStore.find("pick")

    @flow
    def mine() -> list[Picture]:
        asked = Review(images=tuple(load_picture(photo, store)), question="Good?")
        return review(asked, decide(asked, "look", store=store), store=store, step="look")

    with answered({"look": Verdict.read("1")}):
        (chosen,) = mine()
    assert [(each.step, each.said) for each in chosen.provenance.reviews] == [("look", "chose 1")]
    with pytest.raises(InvalidRequest, match="look = 'review': no deployment started this run"):
        mine()


@pytest.mark.parametrize(
    ("otherwise", "decision", "chosen"),
    [("first", "take", (1,)), ("all", "take", (1, 2)), ("reject", "reject", ())],
)
def test_a_wait_ends_as_the_file_says(
    otherwise: str, decision: str, chosen: tuple[int, ...], pictures: list[Picture]
) -> None:
    """The first, as many as may be chosen, or none."""
    review = Review.model_validate(
        {"images": pictures, "most": 2, "wait": "3d", "otherwise": otherwise}
    )
    assert review.patience is not None
    assert review.patience.days == 3
    assert (review.default.decision, review.default.chosen) == (decision, chosen)
    assert review.default.problem(review, renewable=False) == ""


@pytest.fixture
def pictures() -> list[Picture]:
    """Three pictures by reference."""
    return [
        Picture(
            sha256=f"{number:064x}",
            media_type="image/png",
            width=8,
            height=8,
            size_bytes=9,
            uri=f"file:///{number}.png",
        )
        for number in range(3)
    ]
