"""A batch: rows apart from each other, written down as they end, resumed, held to a budget."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import State

from blocks import ImageStore
from darkroom.batch.manifest import JSONL, read
from darkroom.batch.row import Result
from darkroom.errors import InvalidRequest, StoreFailed
from darkroom.image_file import png
from darkroom.picture import local_path
from darkroom.standin.server import StandIn
from flows._ended import report_of
from flows._listing import BatchReport
from flows._order import Order
from flows._tally import Tally, watch
from flows.run_batch import run_batch
from tests.conftest import bedrock_of
from tests.disk import mounted

pytestmark = pytest.mark.drill

CORE = "stability.stable-image-core-v1:1"
REMOVE = "stability.stable-image-remove-background-v1:0"
SD35 = "stability.sd3-5-large-v1:0"
FAST = "stability.stable-fast-upscale-v1:0"

WORDS = """
name: words
params: {word: {default: mug}}
steps:
  one: {mode: text_to_image, prompt: "a ${params.word}"}
"""
TWO = """
name: two
params: {word: {default: mug}}
steps:
  one: {mode: text_to_image, prompt: "a ${params.word}"}
  two: {mode: image_to_image, image: "${one}", prompt: "blue ${params.word}", similarity: 0.5}
"""
PHOTOS = """
name: photos
params: {photo: {type: image}}
steps:
  cutout: {mode: remove_background, image: "${params.photo}"}
"""


@pytest.fixture(scope="module")
def tiny() -> Iterator[StandIn]:
    """A stand-in that answers at once, with small prepared pictures."""
    with StandIn(canned="64x64") as server:
        yield server


@pytest.fixture(scope="module")
def place(prefect_api: None, tiny: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the store; it and the stand-in are found as the blocks "batch"."""
    folder = tmp_path_factory.mktemp("batch") / "store"
    bedrock_of(tiny).save("batch", overwrite=True)
    ImageStore(folder=str(folder)).save("batch", overwrite=True)
    return folder


@pytest.fixture
def slow(place: Path) -> Iterator[StandIn]:
    """A stand-in that takes a second for a call, and is found as "slow"."""
    with StandIn(canned="64x64", latency=1.0) as server:
        bedrock_of(server).save("slow", overwrite=True)
        yield server


@pytest.fixture
def service(tiny: StandIn) -> Iterator[StandIn]:
    """That stand-in, with nothing counted and no fault pending."""
    tiny.reset()
    yield tiny
    tiny.reset()


class Batches:
    """Runs batches of the name "b", with blocks that are found as "batch"."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder, self.store = folder, store

    @property
    def shown(self) -> Path:
        """The batch's own folder in the store."""
        return self.store / "batches" / "b"

    def forget(self) -> None:
        """Empty the store."""
        shutil.rmtree(self.store, ignore_errors=True)

    def __call__(self, pipeline: str, rows: str | Path | None = None, **how: Any) -> State[Any]:
        """Run one; rows are the path of a file, or the text of a CSV."""
        if isinstance(rows, str):
            (self.folder / "rows.csv").write_text(rows)
            rows = self.folder / "rows.csv"
        how = {"name": "b", "bedrock": "batch", "store": "batch", "page": False, **how}
        given = str(rows) if rows else None
        state: State[Any] = run_batch(pipeline, given, **how, return_state=True)
        return state

    def lines(self) -> list[Result]:
        """The lines of the manifest."""
        text = (self.shown / "manifest.jsonl").read_text()
        return [Result.model_validate_json(line) for line in text.splitlines()]

    def table(self) -> list[dict[str, str]]:
        """The manifest's CSV."""
        with (self.shown / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def statuses(self) -> list[str]:
        return [each.status for each in self.lines()]


@pytest.fixture
def batch(place: Path, service: StandIn, tmp_path: Path) -> Batches:
    """Runs batches against the stand-in, in an empty store."""
    batches = Batches(tmp_path, place)
    batches.forget()
    return batches


def seeds(batch: Batches) -> set[int | None]:
    return {made.seed for line in batch.lines() for made in line.pictures}


def report(state: State[Any]) -> BatchReport:
    found = report_of(state)
    assert isinstance(found, BatchReport), found
    return found


def answered(standin: StandIn) -> dict[str, int]:
    models = standin.calls()["models"]
    return {name: each["answered"] for name, each in models.items() if each["answered"]}


def received(standin: StandIn) -> int:
    return sum(each["received"] for each in standin.calls()["models"].values())


def bodies(standin: StandIn, model: str) -> list[str]:
    """A hash of each body that a model was sent; two are the same only with the same seed."""
    log = standin.calls(log=True)["log"]
    return [each["sha256"] for each in log if each["model"] == model]


def refusal(state: State[Any]) -> str:
    """Why a batch was refused before anything was paid."""
    error = state.result(raise_on_failure=False)
    assert state.is_failed()
    assert isinstance(error, InvalidRequest), error
    return str(error)


@pytest.fixture
def watched() -> Iterator[Callable[[Callable[[Tally, Result | None], None]], None]]:
    """Has a function told how the batch of this test goes."""
    tokens = []
    yield lambda told: tokens.append(watch.set(told))
    for token in tokens:
        watch.reset(token)


def test_every_row_ends_in_the_manifest(batch: Batches, service: StandIn) -> None:
    """A line for each row has its status, files that are there, model, seed, price and seconds."""
    state = batch(TWO, "word,article\ncup,A-1\nbowl,=1+1\n", page=True)
    assert state.is_completed(), state.message
    assert state.name == "Completed"
    assert answered(service) == {CORE: 2, SD35: 2}
    first, _ = batch.lines()
    assert (first.row, first.status, first.reason, first.attempt) == (1, "done", "", 1)
    assert first.values == {"word": "cup"}
    assert first.more == {"article": "A-1"}
    assert (first.calls, first.cached, first.unpriced) == (2, 0, 0)
    assert first.spent_usd == pytest.approx(0.04 + 0.08)
    assert first.seconds > 0
    assert first.ended_at
    (made,) = first.pictures
    assert (made.step, made.model, made.price_usd, made.cached) == ("two", SD35, 0.08, False)
    assert made.seed
    path = local_path(made.uri)
    assert path
    assert path.is_file()
    assert path.is_relative_to(batch.shown / "pictures")
    rows = batch.table()
    assert rows[0] | {"seconds": ""} == {
        "row": "1",
        "status": "done",
        "reason": "",
        "files": str(path),
        "models": SD35,
        "seeds": str(made.seed),
        "price_usd": "0.12",
        "seconds": "",
        "cached": "0",
        "word": "cup",
        "article": "A-1",
    }
    assert float(rows[0]["seconds"]) == pytest.approx(first.seconds, abs=0.001)
    assert rows[1]["article"] == "'=1+1"
    said = report(state)
    assert (said.name, said.rows, said.done, said.calls, said.spent_usd) == ("b", 2, 2, 4, 0.24)
    assert said.manifest == str(batch.shown / "manifest.csv")
    page = Path(said.page).read_text()
    assert page.count("<article data-status=") == 2
    assert "A-1" in page


def test_a_row_that_goes_wrong_touches_no_other(batch: Batches, service: StandIn) -> None:
    """A filtered, a refused and a broken row end as such, with the reason; all others are done."""
    service.fail("filtered", after=1)
    service.fail("access_denied")
    state = batch(WORDS, "word\ncup\nbowl\njug\n" + "x" * 10_001 + "\npot\n", at_once=1, page=True)
    assert state.name == "PartialSuccess"
    assert batch.statuses() == ["done", "filtered", "failed", "failed", "done"]
    lines = batch.lines()
    assert "one: " in lines[1].reason
    assert "access" in lines[2].reason
    assert "10000" in lines[3].reason.replace(",", "")
    assert [len(line.pictures) for line in lines] == [1, 0, 0, 0, 1]
    assert [line.spent_usd for line in lines] == [0.04, 0, 0, 0, 0.04]
    said = report(state)
    assert (said.done, said.filtered, said.failed, said.stopped) == (2, 1, 2, 0)
    assert answered(service) == {CORE: 2}
    page = Path(said.page).read_text()
    statuses = {word: page.count(f'<article data-status="{word}"') for word in lines_of(lines)}
    assert statuses == {"done": 2, "filtered": 1, "failed": 2}


def lines_of(lines: list[Result]) -> set[str]:
    return {line.status for line in lines}


def test_a_batch_of_which_no_row_is_done_has_failed(batch: Batches, service: StandIn) -> None:
    """The flow run's state says it, and its message where the manifest is."""
    service.fail("access_denied", times=2)
    state = batch(WORDS, "word\ncup\nbowl\n")
    assert state.is_failed()
    assert "0 of 2 rows done, 2 failed" in str(state.message)
    assert "manifest.csv" in str(state.message)
    assert report(state).failed == 2


def test_a_rows_line_is_there_while_others_still_run(
    batch: Batches, service: StandIn, watched: Callable[[Any], None]
) -> None:
    """When a row has ended, both files have it, and what is still under way is missing."""
    seen: list[tuple[int, int]] = []

    def told(tally: Tally, result: Result | None) -> None:
        if result:
            seen.append((len(batch.lines()), len(batch.table())))

    watched(told)
    assert batch(WORDS, "word\ncup\nbowl\njug\n", at_once=1).is_completed()
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_rows_are_under_way_side_by_side(batch: Batches, slow: StandIn) -> None:
    """As many as asked for are called at once, and never more."""
    rows = "word\n" + "".join(f"w{each}\n" for each in range(6))
    assert batch(WORDS, rows, at_once=3, bedrock="slow").is_completed()
    assert slow.calls(window=0.99)["busiest"] == {CORE: 3}


def test_rows_that_repeat_are_paid_once(batch: Batches, service: StandIn) -> None:
    """Each has a line that says which row it is as, and counts; only the first one costs."""
    state = batch(WORDS, "word,id\ncup,1\nbowl,2\ncup,3\ncup,4\n")
    assert answered(service) == {CORE: 2}
    lines = batch.lines()
    assert [each.status for each in lines] == ["done"] * 4
    assert [each.more["id"] for each in lines] == ["1", "2", "3", "4"]
    assert [each.reason for each in lines] == ["", "", "as row 1", "as row 1"]
    assert [each.spent_usd for each in lines] == [0.04, 0.04, 0, 0]
    assert lines[0].pictures == lines[2].pictures == lines[3].pictures
    said = report(state)
    assert (said.rows, said.done, said.calls, said.spent_usd) == (4, 4, 2, 0.08)


def test_a_second_run_repeats_nothing(batch: Batches, service: StandIn) -> None:
    """The same name finds all rows done: no call, no price, and the manifest as it was."""
    batch(WORDS, "word\ncup\nbowl\n")
    before = batch.lines()
    state = batch(WORDS, "word\ncup\nbowl\n", max_cost=0)
    assert state.is_completed(), state.message
    assert received(service) == 2
    said = report(state)
    assert (said.done, said.before, said.calls, said.spent_usd) == (2, 2, 0, 0)
    assert batch.lines() == before


def test_only_what_is_asked_for_is_tried_again(batch: Batches, service: StandIn) -> None:
    """Without `retry` nothing is; "failed" and "filtered" do theirs; "all" finds what was made."""
    rows = "word\ncup\nbowl\njug\n"
    service.fail("filtered", after=1)
    service.fail("access_denied")
    batch(WORDS, rows, at_once=1)
    assert batch.statuses() == ["done", "filtered", "failed"]
    batch(WORDS, rows)
    assert received(service) == 3
    said = report(batch(WORDS, rows, retry="failed"))
    assert batch.statuses() == ["done", "filtered", "done"]
    assert (said.calls, said.before, said.done, said.filtered) == (1, 2, 2, 1)
    batch(WORDS, rows, retry="filtered")
    assert batch.statuses() == ["done", "done", "done"]
    assert [line.attempt for line in batch.lines()] == [1, 2, 2]
    assert received(service) == 5
    said = report(batch(WORDS, rows, retry="all"))
    assert (said.calls, said.cached, said.before) == (0, 3, 0)
    assert received(service) == 5


def test_a_filtered_row_gets_another_seed(batch: Batches, service: StandIn) -> None:
    """Its retry asks the filtered step with another seed, and for nothing that was made."""
    service.fail("filtered", model=SD35)
    batch(TWO, "word\ncup\n")
    assert batch.statuses() == ["filtered"]
    batch(TWO, "word\ncup\n", retry="filtered")
    assert batch.statuses() == ["done"]
    assert answered(service) == {CORE: 1, SD35: 1}
    (line,) = batch.lines()
    assert (line.calls, line.cached) == (1, 1)
    filtered, other = bodies(service, SD35)
    assert filtered != other


def test_what_was_filtered_gets_another_seed_whatever_failed_since(
    batch: Batches, service: StandIn
) -> None:
    """A row that failed after it was filtered is not asked for with the filtered seed again."""
    service.fail("filtered")
    batch(WORDS, "word\ncup\n")
    service.fail("access_denied")
    batch(WORDS, "word\ncup\n", retry="filtered")
    assert batch.statuses() == ["failed"]
    batch(WORDS, "word\ncup\n", retry="failed")
    (line,) = batch.lines()
    assert (line.status, line.attempt, line.filtered) == ("done", 3, {"one": 1})
    filtered, denied, made = bodies(service, CORE)
    assert filtered != denied == made


def test_changed_rows_do_only_what_changed(batch: Batches, service: StandIn) -> None:
    """A new row is asked for, a row that is gone leaves the manifest, others get their numbers."""
    batch(WORDS, "word\ncup\nbowl\njug\n")
    state = batch(WORDS, "word\njug\npot\ncup\n")
    assert answered(service) == {CORE: 4}
    assert [(each.row, each.values["word"]) for each in batch.lines()] == [
        (1, "jug"), (2, "pot"), (3, "cup")
    ]  # fmt: skip
    assert (report(state).before, report(state).calls) == (2, 1)


def test_a_changed_pipeline_asks_only_for_what_differs(batch: Batches, service: StandIn) -> None:
    """A step whose words changed is made anew for all rows; those before it are found."""
    batch(TWO, "word\ncup\nbowl\n")
    state = batch(TWO.replace("blue", "green"), "word\ncup\nbowl\n")
    assert answered(service) == {CORE: 2, SD35: 4}
    assert (report(state).calls, report(state).cached, report(state).before) == (2, 2, 0)
    assert batch.statuses() == ["done", "done"]


def test_again_makes_new_pictures_once(batch: Batches, service: StandIn) -> None:
    """All rows are made anew with other seeds, and whoever resumes that pays for nothing."""
    rows = "word\ncup\nbowl\n"
    batch(WORDS, rows)
    first = {each.pictures[0].seed for each in batch.lines()}
    service.fail("access_denied", after=1)
    batch(WORDS, rows, again=True, at_once=1)
    assert batch.statuses() == ["done", "failed"]
    batch(WORDS, rows, retry="failed")
    assert batch.statuses() == ["done", "done"]
    assert answered(service) == {CORE: 4}
    second = {each.pictures[0].seed for each in batch.lines()}
    assert not first & second
    batch(WORDS, rows, retry="all")
    assert answered(service) == {CORE: 4}


def test_again_that_is_refused_changes_nothing(batch: Batches, service: StandIn) -> None:
    """The budget refuses to make all anew: the batch is as done as it was."""
    batch(WORDS, "word\ncup\n")
    assert "max_cost" in refusal(batch(WORDS, "word\ncup\n", again=True, max_cost=0.01))
    state = batch(WORDS, "word\ncup\n")
    assert report(state).before == 1
    assert answered(service) == {CORE: 1}


def test_a_budget_below_the_plan_refuses_the_batch(batch: Batches, service: StandIn) -> None:
    """Three pictures at four cents are not begun for a dime, nor for nothing."""
    rows = "word\ncup\nbowl\njug\n"
    assert "max_cost = 0.1" in refusal(batch(WORDS, rows, max_cost=0.1))
    assert "max_cost = 0" in refusal(batch(WORDS, rows, max_cost=0))
    assert received(service) == 0
    assert batch(WORDS, rows, max_cost=0.12).is_completed()


def test_an_unknown_price_is_said_and_no_budget_holds_it(
    batch: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted apart in rows and report, never as 0; with a budget the batch is refused."""
    extra = batch.folder / "catalog.toml"
    extra.write_text(f'[models."{CORE}"]\nprices = []\n')
    monkeypatch.setenv("DARKROOM_CATALOG", str(extra))
    assert "the plan has 1 call of unknown price" in refusal(batch(TWO, "word\ncup\n", max_cost=9))
    state = batch(TWO, "word\ncup\n")
    assert state.is_completed(), state.message
    assert (report(state).spent_usd, report(state).unpriced) == (0.08, 1)
    assert (batch.lines()[0].spent_usd, batch.lines()[0].unpriced) == (0.08, 1)
    assert batch.table()[0]["price_usd"] == "0.08 + 1 unknown"
    assert "$0.08 + 1 call of unknown price" in str(state.message)


def test_a_budget_stops_a_batch_before_the_call_that_would_pass_it(
    batch: Batches, service: StandIn, watched: Callable[[Any], None]
) -> None:
    """What was made stays, later rows are not begun, and a run without the budget ends it."""
    rows = "word\n" + "".join(f"w{each}\n" for each in range(6))
    batch(WORDS, rows)
    mine = TWO.replace("name: two", "name: words")

    def told(tally: Tally, result: Result | None) -> None:
        # The plan counted these as there: somebody deletes them while the batch runs.
        if result and result.row == 2:
            for path in (batch.shown / "pictures").glob("text_to_image*.png"):
                path.unlink()

    watched(told)
    state = batch(mine, rows, at_once=1, max_cost=6 * 0.08)
    assert state.is_failed()
    assert answered(service) == {CORE: 6 + 3, SD35: 2 + 2}
    statuses = batch.statuses()
    assert statuses == ["done", "done", "done", "done", "stopped"]
    assert "max_cost" in batch.lines()[-1].reason
    assert batch.lines()[-1].spent_usd == 0.04
    said = report(state)
    assert (said.done, said.stopped) == (4, 2)
    assert said.spent_usd <= 6 * 0.08
    assert said.reason.startswith("Stopped by the budget: ")
    assert "Stopped by the budget" in str(state.message)
    said = report(batch(mine, rows))
    assert (said.done, said.stopped, said.before) == (6, 0, 4)
    assert answered(service) == {CORE: 6 + 4, SD35: 6}


def test_a_matrix_is_every_combination(batch: Batches, service: StandIn) -> None:
    """Listed values are rows by themselves, and with a file, which they multiply."""
    text = WORDS.replace("word: {default: mug}", "word: {default: mug}, hue: {default: red}")
    text = text.replace("a ${params.word}", "a ${params.hue} ${params.word}")
    state = batch(text, matrix={"word": ["cup", "bowl"], "hue": ["red", "blue"]})
    assert state.is_completed(), state.message
    assert [tuple(each.values.values()) for each in batch.lines()] == [
        ("cup", "red"), ("cup", "blue"), ("bowl", "red"), ("bowl", "blue")
    ]  # fmt: skip
    assert answered(service) == {CORE: 4}
    batch(text, "word\ncup\njug\n", matrix={"hue": ["blue"]})
    assert [each.values["word"] for each in batch.lines()] == ["cup", "jug"]
    assert answered(service) == {CORE: 5}


def test_a_folder_of_pictures_is_a_row_each(batch: Batches, service: StandIn) -> None:
    """Every picture fills the param; a file that is none is a failed row."""
    photos = batch.folder / "photos"
    photos.mkdir()
    for name in ("a", "b"):
        noise = Image.effect_noise((128, 128), 80).convert("RGB")
        (photos / f"{name}.png").write_bytes(png(noise))
    (photos / "c.png").write_bytes(b"no picture")
    state = batch(PHOTOS, photos)
    assert batch.statuses() == ["done", "done", "failed"], batch.lines()
    assert answered(service) == {REMOVE: 2}
    assert state.name == "PartialSuccess"
    assert Path(str(batch.lines()[0].values["photo"])).name == "a.png"
    # A picture that changed is another row; one that is mended is tried without being asked to.
    (photos / "c.png").write_bytes(png(Image.effect_noise((128, 128), 70).convert("RGB")))
    batch(PHOTOS, photos)
    assert batch.statuses() == ["done", "done", "done"]
    assert answered(service) == {REMOVE: 3}


def test_bad_cells_are_failed_rows(batch: Batches, service: StandIn) -> None:
    """Climbing paths, missing files and bad values fail their rows alone, and say what is wrong."""
    photos = batch.folder / "photos"
    photos.mkdir()
    secret = png(Image.effect_noise((128, 128), 80).convert("RGB"))
    (batch.folder / "secret.png").write_bytes(secret)
    (photos / "in.png").write_bytes(secret)
    rows = photos / "rows.csv"
    rows.write_text(
        f"photo,scale\nin.png,0.5\n../secret.png,0.5\n{batch.folder}/secret.png,0.5\n"
        "gone.png,0.5\nin.png,much\n,0.5\n"
    )
    text = PHOTOS.replace("{type: image}", "{type: image}, scale: {type: number, default: 1}")
    text += '  small: {do: resize, image: "${cutout}", width: 32, when: "${params.scale} > 0.1"}\n'
    state = batch(text, rows)
    lines = batch.lines()
    assert [each.status for each in lines] == ["done"] + ["failed"] * 5
    assert all(each.reason.startswith("photo") for each in lines[1:4]), lines
    assert "scale" in lines[4].reason
    assert "photo" in lines[5].reason
    assert answered(service) == {REMOVE: 1}
    assert report(state).failed == 5
    assert report(batch(text, rows)).before == 6


def test_what_is_wrong_with_all_rows_is_refused(batch: Batches, service: StandIn) -> None:
    """No rows, a column that is missing, a name that is a path: the batch is not begun."""
    assert "rows, matrix" in refusal(batch(WORDS))
    assert "photo" in refusal(batch(PHOTOS, "word\ncup\n"))
    assert "name = '../b'" in refusal(batch(WORDS, "word\ncup\n", name="../b"))
    assert not list(batch.folder.rglob("manifest.*"))


def test_the_run_shows_plan_progress_and_result(batch: Batches, service: StandIn) -> None:
    """Its artifacts are the plan, one progress that ends full with all counts, and the report."""
    service.fail("filtered", after=1)
    service.fail("access_denied")
    state = batch(WORDS, "word\ncup\nbowl\njug\npot\n", at_once=1, name="shown")
    plan = Artifact.get("words-plan")
    assert plan
    assert "4 calls to pay for" in str(plan.data)
    chosen = ArtifactFilterFlowRunId(any_=[report(state).flow_run_id])
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(flow_run_id=chosen))
    (progress,) = [each for each in found if each.type == "progress"]
    assert progress.key == "shown-progress"
    assert progress.data == 100
    told = "2 of 4 rows done, 1 failed, 1 filtered, $0.08 spent"
    assert told in str(progress.description).replace("\\", "")
    (result,) = [each for each in found if each.key == "shown-batch"]
    assert "manifest.csv" in str(result.data).replace("\\", "")


def test_two_batches_of_a_name_exclude_each_other(batch: Batches, service: StandIn) -> None:
    """While one runs, another one of its name is refused, and leaves it as it is."""
    (batch.folder / "rows.csv").write_text("word\ncup\n")
    order = Order(
        pipeline=WORDS, rows=str(batch.folder / "rows.csv"), name="b", bedrock="batch",
        store="batch",
    )  # fmt: skip
    with order.batch().held():
        told = refusal(batch(WORDS, "word\ncup\n", again=True))
    assert "name = 'b': a batch of this name is being done by another process" in told
    assert received(service) == 0
    assert not (batch.shown / "batch.json").exists()
    assert batch(WORDS, "word\ncup\n").is_completed()


def test_pictures_and_lists_go_where_they_are_told(batch: Batches) -> None:
    """`out` has the manifest and the page; `pictures` is where relative paths start from."""
    photos, out = batch.folder / "photos", batch.folder / "out"
    photos.mkdir()
    (photos / "in.png").write_bytes(png(Image.effect_noise((128, 128), 80).convert("RGB")))
    state = batch(PHOTOS, "photo\nin.png\n", pictures=str(photos), out=str(out), page=True)
    assert state.is_completed(), state.message
    assert {each.name for each in out.iterdir()} == {
        "manifest.csv", "manifest.jsonl", "gallery.html"
    }  # fmt: skip
    assert report(state).page == str(out / "gallery.html")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 30 MB."""
    with mounted(tmp_path, "size=30m") as disk:
        yield disk


def test_a_store_that_fills_up_loses_nothing(batch: Batches, small_disk: Path) -> None:
    """Rows for which there is no room fail before they are paid, and are done when there is."""
    batch.store = small_disk / "store"
    ImageStore(folder=str(batch.store)).save("small", overwrite=True)
    rows = "word\n" + "".join(f"w{each}\n" for each in range(8))
    with StandIn(canned="1024x1024") as large:
        bedrock_of(large).save("large", overwrite=True)
        how = {"bedrock": "large", "store": "small"}
        state = batch(WORDS, rows, at_once=1, **how)
        said = report(state)
        assert 1 <= said.done < 8
        assert said.done + said.failed == 8
        assert answered(large) == {CORE: said.done}
        full = batch.lines()[-1]
        assert "are free, and an answer can take 25 MB" in full.reason
        subprocess.run(["mount", "-o", "remount,size=90m", str(small_disk)], check=True)
        assert report(batch(WORDS, rows, retry="failed", **how)).done == 8
        assert answered(large) == {CORE: 8}
    assert batch.statuses() == ["done"] * 8


def fill(path: Path) -> None:
    """Write a file until its disk is full."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def test_a_row_that_cannot_be_put_on_record_is_done_again(
    batch: Batches, service: StandIn, small_disk: Path, watched: Callable[[Any], None]
) -> None:
    """A disk that is full to its last byte fails rows, which the next run does by itself."""
    batch.store, filler = small_disk / "store", small_disk / "filler"
    ImageStore(folder=str(batch.store)).save("small", overwrite=True)

    def told(tally: Tally, result: Result | None) -> None:
        if result and result.row == 2:
            fill(filler)

    watched(told)
    rows, out = "word\ncup\nbowl\njug\npot\n", batch.folder / "out"
    how = {"store": "small", "out": str(out), "at_once": 1}
    state = batch(WORDS, rows, **how)
    assert state.name == "PartialSuccess", state.message
    lines = list(read(out / JSONL))
    assert [each.status for each in lines] == ["done", "done", "failed", "failed"]
    assert "not on record: " in lines[2].reason
    assert "No space left on device" in lines[2].reason
    filler.unlink()
    assert (report(batch(WORDS, rows, **how)).before, report(state).failed) == (2, 2)
    assert [each.status for each in read(out / JSONL)] == ["done"] * 4
    assert answered(service) == {CORE: 4}


def test_a_list_that_cannot_be_written_stops_no_row(
    batch: Batches, service: StandIn, small_disk: Path, watched: Callable[[Any], None]
) -> None:
    """Where the manifest finds no room all rows are done and on record, and the end says it."""
    filler = small_disk / "filler"

    def told(tally: Tally, result: Result | None) -> None:
        if result and result.row == 1:
            fill(filler)

    watched(told)
    rows, how = "word\ncup\n" + "x" * 5000 + "\njug\n", {"out": str(small_disk), "at_once": 1}
    error = batch(WORDS, rows, **how).result(raise_on_failure=False)
    assert isinstance(error, StoreFailed)
    assert "No space left on device" in str(error)
    assert answered(service) == {CORE: 3}
    filler.unlink()
    assert report(batch(WORDS, rows, **how)).before == 3
    assert [each.status for each in read(small_disk / JSONL)] == ["done"] * 3


def test_a_store_that_cannot_be_written_is_an_error(batch: Batches, small_disk: Path) -> None:
    """A disk that is full before the batch begins is said, and nothing is begun."""
    ImageStore(folder=str(small_disk / "store")).save("small", overwrite=True)
    (small_disk / "filler").write_bytes(b"x" * 20_000_000)
    state = batch(WORDS, "word\ncup\n", store="small")
    assert isinstance(state.result(raise_on_failure=False), StoreFailed)
    assert "an answer can take 25 MB" in str(state.message)
