"""The flagship flow, end to end on the stand-in."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State
from prefect.exceptions import ParameterTypeError
from prefect.settings import PREFECT_TASKS_REFRESH_CACHE, temporary_settings

from blocks import Bedrock, ImageStore
from darkroom.errors import DarkroomError, RunFailed
from darkroom.modes.outpaint import Expand
from darkroom.picture import Picture, local_path
from darkroom.standin.server import StandIn
from flows._ended import report_of
from flows.product_shot import Models, product_shot
from flows.report import Report
from tests.conftest import bedrock_of, encoded

# A smaller subject than Core's: less to draw.
SMALL: dict[str, Any] = {"seed": 7, "models": Models(subject="sd3.5")}
CORE, SD35 = "stability.stable-image-core-v1:1", "stability.sd3-5-large-v1:0"


@pytest.fixture(scope="module")
def lamp(
    prefect_api: None, standin_server: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Report, Path]:
    """A run to look at from all sides: its report, and the folder of its store."""
    folder = tmp_path_factory.mktemp("lamp")
    for block in (bedrock_of(standin_server, allow_retired=True), ImageStore(folder=str(folder))):
        block.save("lamp", overwrite=True)
    given = {"bedrock": "lamp", "store": "lamp", "variations": 1, "expand": None, **SMALL}
    return ran(product_shot(prompt="a lamp", return_state=True, **given)), folder


@pytest.fixture
def saved(prefect_api: None, standin: StandIn, image_store: ImageStore) -> dict[str, str]:
    """Blocks for the flow, saved under their names."""
    bedrock_of(standin, allow_retired=True).save("shot", overwrite=True)
    bedrock_of(standin, "us-east-1", allow_retired=True).save("shot-east", overwrite=True)
    image_store.save("shot", overwrite=True)
    return {"bedrock": "shot", "store": "shot"}


def ran(state: State[Report]) -> Report:
    report = report_of(state)
    assert isinstance(report, Report), report
    return report


def pixels(picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    path = local_path(picture.uri)
    assert path is not None
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"), dtype=np.int16)


def by_step(report: Report) -> dict[str, Picture]:
    return dict(report.pictures)


def test_a_prompt_becomes_a_product_in_a_scene(standin: StandIn, saved: dict[str, str]) -> None:
    """Each step does what it says, and the product's pixels stay what they were."""
    report = ran(product_shot(prompt="a red mug", seed=7, return_state=True, **saved))
    made = by_step(report)
    assert list(made) == [
        "subject",
        "cutout",
        "scene",
        "wider",
        "variation-1",
        "variation-2",
        "variation-3",
    ]
    assert made["cutout"].alpha
    assert made["wider"].size == (made["scene"].width + 512, made["scene"].height)

    subject, cut, scene, wide = (pixels(made[step]) for step in list(made)[:4])
    product = cut[..., 3] == 255
    assert 0.05 < product.mean() < 0.8
    assert np.array_equal(scene[product][:, :3], subject[product][:, :3])
    around = cut[..., 3] == 0
    assert np.abs(scene[around][:, :3] - subject[around][:, :3]).mean() > 8
    assert np.array_equal(wide[:, 256:-256], scene)

    seeds = [made[f"variation-{number}"].provenance.seed for number in (1, 2, 3)]
    assert seeds == [7, 8, 9]
    assert report.spent_usd == pytest.approx(0.04 + 0.07 + 0.07 + 0.06 + 3 * 0.08)
    assert report.sheet is not None
    calls = {model: count["answered"] for model, count in standin.calls()["models"].items()}
    assert sum(calls.values()) == 7


def test_lineage_goes_back_to_the_first_picture(lamp: tuple[Report, Path]) -> None:
    """Each picture names its parents, down to the generated one that has none."""
    report, folder = lamp
    known = {
        picture.sha256: picture
        for path in folder.rglob("*.png.json")
        for picture in [Picture.model_validate_json(path.read_bytes())]
    }
    seen, waiting = [], [by_step(report)["variation-1"].sha256]
    while waiting:
        here = known[waiting.pop()]
        seen.append(here.provenance.mode)
        waiting.extend(here.provenance.parents)
    assert seen[:2] == ["variation", "outpaint"]
    assert {"background_mask", "flatten", "remove_background", "text_to_image"} <= set(seen)


def test_the_second_run_with_the_same_seed_pays_nothing(
    standin: StandIn, saved: dict[str, str]
) -> None:
    """Every paid step is cached, and the report says so."""
    for _ in range(2):
        report = ran(
            product_shot(prompt="a bowl", variations=1, return_state=True, **(saved | SMALL))
        )
    paid = [row.status for row in report.rows]
    assert paid == ["cached"] * 5
    assert len(standin.calls()["models"]) == 4
    assert report.spent_usd == 0
    received = {each["received"] for each in standin.calls()["models"].values()}
    assert received <= {1, 2}  # SD3.5 makes the subject and the variation


def test_ones_own_picture_takes_the_place_of_the_prompt(
    standin: StandIn, saved: dict[str, str], tmp_path: Path
) -> None:
    """A photograph is brought in, cut out and set in a scene; no subject is generated."""
    photo = tmp_path / "own photo.png"
    photo.write_bytes(_photo())
    report = ran(
        product_shot(
            image=str(photo), scene="on a marble counter", variations=1, return_state=True, **saved
        )
    )
    made = by_step(report)
    assert made["subject"].provenance.parameters == {"file": "own photo.png"}
    assert made["subject"].size == made["cutout"].size == (640, 480)
    assert CORE not in standin.calls()["models"]


def _photo() -> bytes:
    image = Image.new("RGB", (640, 480), (236, 234, 230))
    image.paste((30, 90, 160), (240, 150, 400, 400))
    return encoded(image)


@pytest.mark.parametrize("model", ["titan", "nova-canvas"])
def test_amazon_models_grow_and_paint_in_one_call(
    standin: StandIn, saved: dict[str, str], tmp_path: Path, model: str
) -> None:
    """Titan and Nova get the grown canvas and its mask at once, and keep the product."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(_photo())
    report = ran(
        product_shot(
            image=str(photo),
            scene="on an oak table",
            expand=Expand(left=64, up=32),
            variations=2,
            models=Models(cutout=model, scene=model, variation=model),
            seed=5,
            return_state=True,
            **{**saved, "bedrock": "shot-east"},
        )
    )
    made = by_step(report)
    assert "wider" not in made
    assert made["scene"].size == (704, 512)
    cut, scene = pixels(made["cutout"]), pixels(made["scene"])
    product = cut[..., 3] == 255
    assert np.array_equal(scene[32:, 64:][product][:, :3], cut[product][:, :3])
    assert [row.step for row in report.rows][-2:] == ["variation-1", "variation-2"]
    (calls,) = standin.calls()["models"].values()
    assert calls["answered"] == 3  # cut-out, scene, and both variations in one call


def test_a_picture_without_a_subject_fails_in_words(saved: dict[str, str], tmp_path: Path) -> None:
    """Nothing stands out of a plain picture: the run says so, and keeps what it made."""
    plain = tmp_path / "plain.png"
    plain.write_bytes(encoded(Image.new("RGB", (320, 320), "#999999")))
    state = product_shot(image=str(plain), variations=0, return_state=True, **saved)
    report = ran(state)
    assert state.is_failed()
    assert "no background was found around its subject" in str(state.message)
    assert list(by_step(report)) == ["subject", "cutout"]
    assert report.sheet is not None


def test_what_the_store_finds_is_not_spent_again(standin: StandIn, saved: dict[str, str]) -> None:
    """With Prefect's own cache set aside the report still knows what was not paid for."""
    given = {**saved, **SMALL, "variations": 0, "expand": None, "return_state": True}
    first = ran(product_shot(prompt="a bowl", **given))
    with temporary_settings({PREFECT_TASKS_REFRESH_CACHE: True}):
        again = ran(product_shot(prompt="a bowl", **given))
    assert first.spent_usd > 0
    assert again.spent_usd == 0
    assert [row.status for row in again.rows] == ["cached"] * 3
    assert all(each["received"] == 1 for each in standin.calls()["models"].values())


def test_a_filtered_variation_costs_only_itself(standin: StandIn, saved: dict[str, str]) -> None:
    """What was made is kept, and the final state says what was stopped."""
    standin.fail("filtered_output", model=SD35, after=2, times=1)
    state = product_shot(prompt="a jar", expand=None, return_state=True, **(saved | SMALL))
    report = ran(state)
    assert state.name == "PartialSuccess"
    assert "stopped by the content filter: variation-" in str(state.message)
    assert len(report.of("filtered")) == 1
    assert len(report.pictures) == 5
    assert report.sheet is not None


def test_a_failed_step_keeps_what_was_made(standin: StandIn, saved: dict[str, str]) -> None:
    """The flow run is Failed, names the step, and its report has the pictures so far."""
    standin.fail("access_denied", model="stability.stable-image-inpaint*", times=9)
    state = product_shot(prompt="a jar", return_state=True, **(saved | SMALL))
    report = ran(state)
    assert state.is_failed()
    assert str(state.message).startswith("scene: ")
    assert list(by_step(report)) == ["subject", "cutout"]
    assert [row.step for row in report.of("failed")] == ["scene"]
    with pytest.raises(RunFailed, match=r"^scene: .*kept: 2 pictures") as raised:
        product_shot(prompt="a jar", **(saved | SMALL))
    assert list(by_step(raised.value.report)) == ["subject", "cutout"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "give one of them"),
        ({"prompt": "x", "image": "y.png"}, "give one of them"),
        ({"prompt": "x" * 10001}, r"prompt.*at most 10000 characters"),
        ({"prompt": "x", "variations": 21}, "less than or equal to 20"),
        ({"prompt": "x", "similarity": 1.5}, "less than or equal to 1"),
        ({"prompt": "x", "models": Models(scene="core")}, "Models that can: "),
        ({"prompt": "x", "models": Models(scene="outpaint")}, "cannot paint around a mask"),
        ({"prompt": "x", "models": Models(subject="cor")}, "Did you mean core"),
        ({"prompt": "x", "seed": 0}, "The service takes 0 as"),
        ({"prompt": "x", "expand": Expand(left=2001)}, r"expand.left = 2001.*at most 2000"),
        ({"prompt": "x", "scene": " "}, "at least 1 character"),
        ({"prompt": "x", "background": "ultragreen"}, "background = 'ultragreen'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_paid(
    standin: StandIn, saved: dict[str, str], given: dict[str, object], words: str
) -> None:
    """The error names what is wrong, and no call was made."""
    with pytest.raises((DarkroomError, ParameterTypeError), match=words):
        product_shot(**given, **saved)
    assert standin.calls()["models"] == {}


def test_the_run_shows_its_pictures(lamp: tuple[Report, Path]) -> None:
    """Image artifacts for all pictures, a gallery, a sheet and a table belong to the flow run."""
    report, _ = lamp
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[report.flow_run_id]))
        )
    kinds = {str(each.key): each.type for each in found}
    assert kinds == {
        "product-shot-subject": "image",
        "product-shot-cutout": "image",
        "product-shot-scene": "image",
        "product-shot-variation-1": "image",
        "product-shot-contact-sheet": "image",
        "product-shot-gallery": "markdown",
        "product-shot-table": "table",
    }
    (gallery,) = (each for each in found if each.key == "product-shot-gallery")
    assert str(gallery.data).count("<img ") == 4


def test_the_contact_sheet_shows_every_picture(lamp: tuple[Report, Path]) -> None:
    """The sheet is one picture, large enough for all, and no tile of it is empty paper."""
    report, _ = lamp
    assert report.sheet is not None
    path = local_path(report.sheet.uri)
    assert path is not None
    with Image.open(io.BytesIO(path.read_bytes())) as sheet:
        for column in range(len(report.pictures)):
            tile = sheet.crop((24 + column * 404, 84, 24 + column * 404 + 380, 84 + 380))
            assert np.asarray(tile).std() > 10


def test_nothing_saved_and_no_credentials_says_both_ways_on(prefect_api: None) -> None:
    """Without credentials and without naming the stand-in the error says what to do."""
    with pytest.raises(DarkroomError, match=r"(?s)aws configure.*--standin"):
        product_shot(prompt="x")


def test_the_standin_is_a_name_that_needs_no_saving(prefect_api: None, tmp_path: Path) -> None:
    """bedrock="standin" starts the stand-in in this process; pictures go to the default folder."""
    report = ran(
        product_shot(
            prompt="a ball",
            bedrock="standin",
            variations=0,
            expand=None,
            return_state=True,
            **SMALL,
        )
    )
    assert len(report.pictures) == 3
    assert all(picture.provenance.endpoint == "standin" for _, picture in report.pictures)
    assert isinstance(Bedrock.find("standin"), Bedrock)
