"""A comparison, run: what each combination gives, what is refused, and what it may cost."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from prefect.artifacts import Artifact
from prefect.client.schemas.objects import State

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.standin.server import StandIn
from flows._compared import HEADINGS, ComparisonReport
from flows._ended import report_of
from flows.compare_models import compare_models
from tests.conftest import bedrock_of, encoded
from tests.test_cli import Darkroom, darkroom

pytestmark = pytest.mark.drill

__all__ = ["darkroom"]  # the fixture

Compare = Callable[..., State[Any]]


@pytest.fixture
def compare(prefect_api: None, standin: StandIn, tmp_path: Path) -> Compare:
    """Compares with blocks that it finds under the name "compared"."""
    bedrock_of(standin, allow_retired=True).save("compared", overwrite=True)
    ImageStore(folder=str(tmp_path / "store")).save("compared", overwrite=True)

    def started(**how: Any) -> State[Any]:
        state: State[Any] = compare_models(
            bedrock="compared", store="compared", **how, return_state=True
        )
        return state

    return started


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A small picture in a file."""
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(Image.new("RGB", (320, 320), "teal")))
    return str(path)


def report(state: State[Any]) -> ComparisonReport:
    found = report_of(state)
    assert isinstance(found, ComparisonReport), found
    return found


def outcomes(state: State[Any]) -> dict[str, str]:
    return {row.step: row.status for row in report(state).rows}


def answered(standin: StandIn) -> int:
    return sum(each["answered"] for each in standin.calls()["models"].values())


def test_models_and_sizes_are_compared(compare: Compare, standin: StandIn, tmp_path: Path) -> None:
    """A picture of each combination but the one that is refused; a sheet, a table, and a plan."""
    how = {"prompt": "a teal mug", "models": ["titan", "sd3.5"], "sizes": ["1:1", "16:9"]}
    state = compare(**how)
    assert outcomes(state) == {
        "titan 1:1": "made", "titan 16:9": "refused", "sd3.5 1:1": "made", "sd3.5 16:9": "made"
    }  # fmt: skip
    assert state.name == "PartialSuccess"
    assert state.message == "3 of 4 pictures, about $0.17; refused: titan 16:9"
    made = report(state)
    cells = [dict(zip(HEADINGS, cells, strict=True)) for cells in made.cells()]
    assert [cell["outcome"] for cell in cells] == ["made", "refused", "made", "made"]
    assert cells[0]["size"] == "1024x1024"
    assert cells[0]["price"] == "$0.01"
    assert float(cells[0]["seconds"]) >= 0
    assert "takes sizes, and none of them has just these proportions" in cells[1]["file"]
    assert len({cell["seed"] for cell in cells if cell["seed"]}) == 1
    assert made.sheet
    with Image.open(io.BytesIO(ImageStore.load("compared").open().read(made.sheet))) as sheet:
        assert sheet.width > 2 * 320  # two columns, behind the names of the rows
        assert sheet.height > 2 * 320
    for name in ("contact-sheet", "gallery", "table", "plan"):
        assert Artifact.get(f"compare-models-{name}"), name
    assert answered(standin) == 3
    again = compare(**how)
    assert [*outcomes(again).values()] == ["cached", "refused", "cached", "cached"]
    assert report(again).sheet == made.sheet
    assert answered(standin) == 3


def test_what_fails_or_is_filtered_leaves_the_others_alone(
    compare: Compare, standin: StandIn
) -> None:
    """Each says why; the run goes on, and is a partial success."""
    standin.fail(kind="access_denied", model="stability.stable-image-core*", times=9)
    standin.fail(kind="filtered", model="amazon.titan*", times=9)
    state = compare(prompt="a mug", models=["core", "titan", "sd3.5"], seeds=[3])
    assert [*outcomes(state).values()] == ["failed", "filtered", "made"]
    assert state.name == "PartialSuccess"
    assert state.message
    assert "failed: core; filtered: titan" in state.message
    assert "don't have access" in report(state).rows[0].reason


def test_nothing_made_is_a_failure(compare: Compare, standin: StandIn) -> None:
    """The message has what went wrong for each."""
    standin.fail(kind="access_denied", times=9)
    state = compare(prompt="a mug", models=["sd3.5"])
    assert state.is_failed()
    assert state.message
    assert state.message.startswith("sd3.5: ")


def test_a_comparison_costs_no_more_than_it_may(compare: Compare, standin: StandIn) -> None:
    """The plan is refused before anything is paid."""
    state = compare(prompt="a mug", models=["core", "ultra"], max_cost=0.1)
    assert state.is_failed()
    with pytest.raises(InvalidRequest, match=r"max_cost = 0\.1: the plan costs about \$0\.18"):
        state.result()
    assert answered(standin) == 0


def test_a_comparison_that_no_model_can_do_is_refused(
    compare: Compare, standin: StandIn, photo: str
) -> None:
    """It says of each why; so it does of a model that nobody knows, and of a missing picture."""
    for how, told in (
        ({"models": ["core"], "styles": ["anime"]}, "core: style_preset = 'anime'"),
        ({"models": ["cor", "ultra"]}, "Did you mean core"),
        ({"models": ["upscale"], "image": "/nowhere/mug.png"}, "upscale"),
        ({"image": "/nowhere/mug.png"}, "there is no such file"),
        ({"image": photo, "models": ["core"]}, "core: Stable Image Core"),
    ):
        with pytest.raises(InvalidRequest, match=told):
            compare(prompt="a mug", **how).result()
    assert answered(standin) == 0


def test_a_picture_is_compared_by_any_mode_that_takes_one(
    compare: Compare, standin: StandIn, photo: str
) -> None:
    """The picture is brought in once, and further fields of the mode are given to all models."""
    state = compare(
        image=photo,
        mode="search_and_replace",
        prompt="a vase",
        fields={"search_prompt": "the mug"},
        models=["search-replace", "titan"],
    )
    assert outcomes(state) == {"image": "made", "search-replace": "made", "titan": "made"}
    assert state.name == "Completed", state.message
    for row in report(state).rows[1:]:
        assert row.picture
        assert row.picture.provenance.parameters["search_prompt"] == "the mug"


def test_the_command_compares(darkroom: Darkroom, tmp_path: Path) -> None:
    """It plans, makes, prints data or a table, copies the pictures; 1 where one is refused."""
    asked = ("run", "compare_models", "--prompt", "a mug", "--standin", "--model", "titan")
    asked = (*asked, "--size", "512x512", "--size", "21:9")
    plan = darkroom(*asked, "--plan")
    assert plan.returncode == 1
    assert "1 call to pay for" in plan.stdout
    assert "titan 21:9: refused: aspect_ratio = '21:9'" in plan.stdout
    done = darkroom(*asked, "--json", "--out", str(tmp_path / "out"))
    assert done.returncode == 1, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["status"] for row in rows] == ["made", "refused"]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["01-titan-512x512.png", "contact-sheet.jpg"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ((), "prompt, image: give one of them"),
        (("--prompt", "x", "--size", "big"), 'Write "1024x768"'),
        (("--prompt", "x", "--field", "stile=anime"), "Did you mean style?"),
        (("--prompt", "x", "--field", "style"), "NAME=VALUE is expected"),
    ],
)
def test_bad_usage_is_said_and_is_2(darkroom: Darkroom, more: tuple[str, ...], told: str) -> None:
    """Before Prefect is waited for, and without a traceback."""
    done = darkroom("run", "compare_models", "--standin", *more)
    assert done.returncode == 2
    assert told in done.said
    assert "Traceback" not in done.said
