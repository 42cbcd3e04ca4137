"""The example pipelines in deployments/pipelines: in order, planned, and run on the stand-in."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from blocks import Bedrock, ImageStore
from darkroom.picture import local_path
from darkroom.pipeline.pipeline import Pipeline
from darkroom.pipeline.schema import schema
from darkroom.pipeline.source import read
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.server import StandIn
from flows._foresee import SEEDS
from flows._given import rows_of
from flows.report import Report
from flows.run_batch import run_batch
from flows.run_pipeline import foreseen, run_pipeline
from tests.conftest import bedrock_of

pytestmark = pytest.mark.drill

FOLDER = Path(__file__).parent.parent / "deployments/pipelines"
FILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
TAG = (0, 200, 255)
"""The color of a price tag that is on one of the photos."""

WRITTEN = """\
name: autumn_banner
params:
  product: {type: image}
  scene: {type: text, default: "an oak table in autumn light"}
steps:
  cutout:   {mode: remove_background, image: ${params.product}}
  scene:    {mode: outpaint, image: ${cutout}, prompt: "${params.scene}", expand: {left: 256, right: 256}}
  options:  {mode: variation, image: ${scene}, count: 4, similarity: 0.8}
  big:      {mode: upscale, model: fast, image: ${options}}      # fans out over the four
outputs: [options, big]
"""  # noqa: E501 - as it is written where pipelines are described

Pixels = NDArray[np.float64]
Size = tuple[int, int]


class Made:
    """What a run gave: its report, and its pictures by step."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._files: dict[str, list[Path]] = {}
        for step, picture in report.pictures:
            path = local_path(picture.uri)
            assert path
            self._files.setdefault(step, []).append(path)

    def image(self, step: str, number: int = 0) -> Image.Image:
        """A picture of a step."""
        return Image.open(self._files[step][number])

    def sizes(self) -> dict[str, list[Size]]:
        """The sizes of all pictures, by step."""
        return {
            step: [Image.open(path).size for path in paths] for step, paths in self._files.items()
        }

    def skipped(self) -> set[str]:
        """The steps that were not done."""
        return {row.step for row in self.report.rows if row.status == "skipped"}


@dataclass(frozen=True)
class Example:
    """How a file is run, and what it gives.

    Attributes:
        params: Its params; those that are pictures by the names of the photos.
        usd: What it costs.
        said: How its comment says that, where not in these words.
        sizes: The sizes of the pictures that it gives by step, beside those it starts from.
        look: Looks at the pictures.
        choices: Answers to its reviews.
    """

    params: Mapping[str, Any]
    usd: float
    sizes: Mapping[str, list[Size]]
    look: Callable[[Made], None]
    said: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


def pixels(image: Image.Image, size: Size | None = None) -> Pixels:
    """The colors, rows by columns by red, green and blue, of 0 to 255."""
    return np.asarray(image.convert("RGB").resize(size or image.size), np.float64)


def apart(one: Pixels, other: Pixels, where: NDArray[np.bool_] | None = None) -> float:
    """The mean distance of two pictures, of 0 to 255, at some of their pixels or at all."""
    difference = np.abs(one - other)
    return float((difference if where is None else difference[where]).mean())


def red(image: Image.Image) -> NDArray[np.bool_]:
    """Where the red mug is."""
    colors = pixels(image)
    return np.asarray(colors[..., 0] > 1.8 * colors[..., 1:].max(axis=2))


def sheet_shows(made: Made, *steps: str) -> None:
    """The sheet has those pictures, in that order, and is not empty."""
    by_step = [picture for step, picture in made.report.pictures if step == "sheet"]
    shown = [
        picture.sha256
        for wanted in steps
        for step, picture in made.report.pictures
        if step == wanted
    ]
    assert by_step[0].provenance.parents == tuple(shown)
    assert pixels(made.image("sheet")).std() > 15


def product_stays(made: Made, scenes: list[str]) -> None:
    """The product's own pixels are in each scene, and everything around it is another."""
    cutout = made.image("cutout")
    alpha = np.asarray(cutout.getchannel("A"))
    product = pixels(cutout)
    around = []
    for name in scenes:
        scene = pixels(made.image(name))
        assert apart(product, scene, alpha == 255) < 3, name
        assert apart(pixels(made.image("flat")), scene, alpha == 0) > 8, name
        around.append(scene[alpha == 0].mean(axis=0))
    for index, color in enumerate(around):
        assert all(np.abs(color - other).max() > 8 for other in around[index + 1 :])


def shot(made: Made) -> None:
    product_stays(made, ["scene"])
    sheet_shows(made, "product", "scene", "options")
    options = [pixels(made.image("options", number)) for number in range(3)]
    assert min(apart(options[0], options[1]), apart(options[1], options[2])) > 1


def idea(made: Made) -> None:
    designs = [pixels(made.image("designs", number)) for number in range(2)]
    assert apart(designs[0], designs[1]) > 1
    for number in (1, 2):
        product = red(made.image(f"shots-{number}/cutout"))
        assert 0.05 < product.mean() < 0.8
        assert (
            apart(
                pixels(made.image(f"shots-{number}/cutout")),
                pixels(made.image(f"shots-{number}/scene")),
                product,
            )
            < 12
        )


def wide_banner(made: Made) -> None:
    product_stays(made, ["scene"])
    scene = made.image("scene")
    middle = made.image("wide").crop((256, 0, 256 + scene.width, scene.height))
    assert apart(pixels(middle), pixels(scene)) < 12
    for number in range(4):
        option, big = made.image("options", number), made.image(f"big-{number + 1}")
        assert apart(pixels(option, (512, 256)), pixels(big, (512, 256))) < 6


def banners(made: Made) -> None:
    ratios = {"16x9": 16 / 9, "1x1": 1, "4x5": 4 / 5, "9x16": 9 / 16}
    sheet_shows(made, *(f"banner_{name}" for name in ratios))
    for name, ratio in ratios.items():
        banner = made.image(f"banner_{name}")
        assert banner.width / banner.height == ratio
        assert not banner.has_transparency_data
        product = red(banner)
        rows, columns = np.nonzero(product)
        assert 0.03 < product.mean() < 0.6, name
        assert abs(columns.mean() / banner.width - 0.5) < 0.08, name
        assert abs(rows.mean() / banner.height - 0.5) < 0.12, name
        corners = pixels(banner)[:: banner.height - 1, :: banner.width - 1].reshape(-1, 3)
        assert corners.std() > 5, f"{name} is not painted to its edges"


def backgrounds(made: Made) -> None:
    scenes = ["scene_1", "scene_2", "scene_3"]
    around = np.asarray(made.image("around"))
    assert {0, 255} <= {*np.unique(around)}
    product_stays(made, scenes)
    sheet_shows(made, "photo", *scenes)


def board(made: Made) -> None:
    shown = ["core", "ultra", "large", "photo", "comic", "neon", "line_art"]
    sheet_shows(made, *shown)
    small = [pixels(made.image(step), (96, 64)) for step in shown]
    for index, one in enumerate(small):
        for other, name in zip(small[index + 1 :], shown[index + 1 :], strict=True):
            assert apart(one, other) > 1.5, (shown[index], name)


def catalogue(made: Made) -> None:
    shop = made.image("shop-1")
    assert not shop.has_transparency_data
    colors = pixels(shop)
    edges = (colors[:9], colors[-9:], colors[:, :9], colors[:, -9:])
    assert min(edge.min() for edge in edges) == 255
    assert 0.1 < red(shop).mean() < 0.7
    assert 0.3 < (colors.min(axis=2) == 255).mean() < 0.9


def restyled(made: Made) -> None:
    (chosen,) = (picture for step, picture in made.report.pictures if step == "pick")
    (medium,) = (picture for step, picture in made.report.pictures if step == "medium")
    assert chosen.sha256 == medium.sha256
    before = pixels(made.image("before"), (256, 256))
    light, strong = (pixels(made.image(step), (256, 256)) for step in ("light", "strong"))
    assert 1 < apart(before, light) < apart(before, strong)


def recolored(made: Made) -> None:
    sheet_shows(made, "photo", "recolored")
    before, after = pixels(made.image("photo")), pixels(made.image("recolored"))
    product = red(made.image("photo"))
    assert (after[product][:, 2] > after[product][:, 0]).mean() > 0.8
    assert apart(before[:40, :40], after[:40, :40]) < 3


def printed(made: Made) -> None:
    assert made.skipped() == {"from_large", "careful", "from_small-2"}
    print_ = pixels(made.image("from_small-1"), (256, 256))
    assert apart(print_, pixels(made.image("flat"), (256, 256))) < 6


def tidied(made: Made) -> None:
    sheet_shows(made, "photo", "mask", "clean")
    before, after = pixels(made.image("photo")), pixels(made.image("clean"))
    tag = np.abs(before - TAG).max(axis=2) < 40
    assert tag.sum() > 1000
    assert (np.abs(after - TAG).max(axis=2) < 60).sum() == 0
    mask = np.asarray(made.image("mask").convert("L"))
    assert mask[tag].min() == 255
    assert apart(before, after, mask == 0) < 3


def branded(made: Made) -> None:
    sheet_shows(made, "look", "photos-1", "photos-2", "branded-1", "branded-2")
    look = pixels(made.image("look")).mean(axis=(0, 1))
    for number in (1, 2):
        before, after = (
            pixels(made.image(f"{step}-{number}")).mean(axis=(0, 1))
            for step in ("photos", "branded")
        )
        assert np.abs(after - look).sum() < np.abs(before - look).sum()


S = (512, 512)
EXAMPLES = {
    "autumn_banner": Example(
        {"product": "mug"},
        0.64,
        {
            **{step: [S] for step in ("cutout", "around", "flat", "scene")},
            "wide": [(1024, 512)],
            "options": [(1456, 720)] * 4,
            **{f"big-{number}": [(5824, 2880)] for number in (1, 2, 3, 4)},
        },
        wide_banner,
    ),
    "background_swap": Example(
        {"photo": "mug"},
        0.28,
        {step: [S] for step in ("cutout", "around", "flat", "scene_1", "scene_2", "scene_3")},
        backgrounds,
    ),
    "banner_set": Example(
        {"product": "mug"},
        0.35,
        {
            "cutout": [S],
            **{step: [(1344, 756)] for step in ("wide", "banner_16x9", "frame_16x9")},
            **{step: [(1024, 1024)] for step in ("square", "banner_1x1", "frame_1x1")},
            **{step: [(896, 1120)] for step in ("feed", "banner_4x5", "frame_4x5")},
            **{step: [(756, 1344)] for step in ("story", "banner_9x16", "frame_9x16")},
        },
        banners,
    ),
    "brand_look": Example(
        {"photos": ["mug", "tagged"], "look": "look"},
        0.16,
        {"branded-1": [S], "branded-2": [S]},
        branded,
        said="$0.08 a photo",
    ),
    "catalogue_clean_up": Example(
        {"photo": "mug"},
        0.10,
        {
            "plain": [S],
            "small": [(2048, 2048)],
            "cutout-1": [(2048, 2048)],
            "white-1": [(2048, 2048)],
            "shop-1": [(2000, 2000)],
        },
        catalogue,
    ),
    "print_ready": Example(
        {"picture": "wide", "width": 1200},
        0.03,
        {
            "flat": [(640, 480)],
            "small": [(640, 480)],
            "fast": [(2560, 1920)],
            "from_small-1": [(1200, 900)],
        },
        printed,
    ),
    "product_idea": Example(
        {"product": "a red ceramic mug"},
        0.84,
        {
            "designs": [(1536, 1536)] * 2,
            "shots-1/scene": [(1024, 1024)],
            "shots-2/options": [(1024, 1024)] * 3,
        },
        idea,
    ),
    "product_shot": Example(
        {"product": "mug"},
        0.38,
        {
            **{step: [S] for step in ("cutout", "around", "flat", "scene")},
            "options": [(1024, 1024)] * 3,
        },
        shot,
    ),
    "recolor": Example(
        {"photo": "mug", "part": "mug", "color": "navy blue"},
        0.07,
        {"recolored": [S]},
        recolored,
    ),
    "restyle_with_review": Example(
        {"photo": "mug"},
        0.34,
        {
            **{step: [(1024, 1024)] for step in ("before", "light", "medium", "strong", "lined")},
            "large": [(4096, 4096)],
        },
        restyled,
        choices={"pick": "2"},
    ),
    "style_board": Example(
        {"prompt": "a blue enamel teapot on a table"},
        0.54,
        {
            "core": [(1536, 1024)],
            "ultra": [(1216, 832)],
            "large": [(1216, 832)],
            **{step: [(768, 512)] for step in ("lines", "photo", "comic", "neon", "line_art")},
        },
        board,
    ),
    "tidy_up": Example(
        {"photo": "tagged", "area": "350,20,140,90"}, 0.07, {"mask": [S], "clean": [S]}, tidied
    ),
}


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Photos by name: a red mug, the same with a price tag, one that is wide, and a green look."""
    folder = tmp_path_factory.mktemp("photos")
    mug = text_to_image("a red ceramic mug", seed=7, size=(512, 512))
    tagged = mug.copy()
    ImageDraw.Draw(tagged).rectangle((360, 30, 480, 100), fill=TAG)
    images = {
        "mug": mug,
        "tagged": tagged,
        "wide": text_to_image("a green bottle", seed=7, size=(640, 480)),
        "look": text_to_image("a green apple on a dark green background", seed=3, size=(512, 512)),
    }
    for name, image in images.items():
        image.convert("RGB").save(folder / f"{name}.jpg", quality=95)
    return {name: str(folder / f"{name}.jpg") for name in images}


@pytest.fixture
def run(prefect_api: None, standin: StandIn, tmp_path: Path) -> Callable[..., Made]:
    """Runs a pipeline with blocks that it finds under the name "examples"."""
    bedrock_of(standin).save("examples", overwrite=True)
    ImageStore(folder=str(tmp_path / "store")).save("examples", overwrite=True)

    def started(
        pipeline: str, params: Mapping[str, Any], choices: Mapping[str, str] | None = None
    ) -> Made:
        state = run_pipeline(
            pipeline,
            dict(params),
            choices=dict(choices or {}),
            bedrock="examples",
            store="examples",
            return_state=True,
        )
        assert state.is_completed(), state.message
        report = state.result()
        assert isinstance(report, Report)
        return Made(report)

    return started


def path(name: str) -> str:
    """The file of an example."""
    return str(FOLDER / f"{name}.yaml")


def given(name: str, photos: Mapping[str, str]) -> dict[str, Any]:
    """The params of an example, with the files of its photos."""
    made = Pipeline.load(path(name))

    def meant(param: str, value: Any) -> Any:
        if not made.params[param].is_picture:
            return value
        return [photos[each] for each in value] if isinstance(value, list) else photos[value]

    return {param: meant(param, value) for param, value in EXAMPLES[name].params.items()}


def commands(name: str) -> list[list[str]]:
    """The commands in the comment that a file begins with, as words."""
    head = re.match(r"(?:#.*\n)+", Path(path(name)).read_text())
    assert head, f"{name} begins without a comment"
    lines = re.sub(r"\\\n#", " ", head[0]).splitlines()
    return [shlex.split(line[1:]) for line in lines if line.startswith("#   darkroom ")]


def test_each_file_has_an_entry() -> None:
    """Every example pipeline is run by these tests, and there are at least eight."""
    assert [*EXAMPLES] == FILES
    assert len(FILES) >= 8


@pytest.mark.parametrize("name", FILES)
def test_an_example_is_in_order(name: str) -> None:
    """It is read without a problem, fits the schema for editors, and says what its params are."""
    made = Pipeline.load(path(name))
    assert made.name == name
    assert made.description
    assert all(param.description for param in made.params.values())
    jsonschema.Draft202012Validator(schema()).validate(read(Path(path(name))).data)


@pytest.mark.parametrize("name", FILES)
def test_the_commands_of_an_example_fit_it(name: str) -> None:
    """Its comment has a command that names the file, and gives every param that is needed."""
    made = Pipeline.load(path(name))
    needed = {param for param, each in made.params.items() if each.default is None}
    assert commands(name)
    for program, verb, file, *options in commands(name):
        assert (program, file) == ("darkroom", f"deployments/pipelines/{name}.yaml")
        assert verb in ("run", "batch")
        given = zip(options[::2], options[1::2], strict=False)
        told = {value.partition("=")[0] for option, value in given if option != "--choose"}
        assert told <= made.params.keys() or verb == "batch"
        assert "--rows" in options or needed <= told


@pytest.mark.parametrize("name", FILES)
def test_an_example_is_planned(
    name: str, photos: dict[str, str], bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Its plan finds no trouble, asks living models only, and costs what its comment says."""
    how: Any = {
        "bedrock": bedrock,
        "store": image_store,
        "keep": "no",
        "seeds": SEEDS,
        "again": "",
    }
    plan = foreseen(Pipeline.load(path(name)), given(name, photos), how)
    assert not plan.troubles
    assert not any(line.unpriced for line in plan.lines)
    assert sum(line.usd for line in plan.lines) == pytest.approx(EXAMPLES[name].usd)
    said = EXAMPLES[name].said or f"${EXAMPLES[name].usd:.2f}"
    assert said in Path(path(name)).read_text().partition("name:")[0]


@pytest.mark.parametrize("name", FILES)
def test_an_example_runs(name: str, photos: dict[str, str], run: Callable[..., Made]) -> None:
    """On the stand-in it gives what it should, in the sizes that it should, at the stated price."""
    made = run(path(name), given(name, photos), EXAMPLES[name].choices)
    sizes = made.sizes()
    assert {step: sizes[step] for step in EXAMPLES[name].sizes} == EXAMPLES[name].sizes
    assert made.report.spent_usd == pytest.approx(EXAMPLES[name].usd)
    EXAMPLES[name].look(made)


def test_what_is_written_about_pipelines_runs(
    photos: dict[str, str], run: Callable[..., Made]
) -> None:
    """The pipeline that the description shows runs as it is written, and makes four large ones."""
    made = run(WRITTEN, {"product": photos["mug"]})
    assert made.sizes()["scene"] == [(1024, 512)]
    assert len(made.sizes()["options"]) == 4
    assert {f"big-{number}" for number in (1, 2, 3, 4)} <= made.sizes().keys()


def test_another_choice_pays_for_that_alone(
    photos: dict[str, str], run: Callable[..., Made], standin: StandIn
) -> None:
    """With another choice the run finds all candidates, and makes only the chosen one large."""
    params = {"photo": photos["mug"], "lines": False}
    run(path("restyle_with_review"), params, {"pick": "reject: none of them"})
    standin.reset()
    made = run(path("restyle_with_review"), params, {"pick": "3"})
    assert made.skipped() == {"lined"}
    assert made.sizes()["large"] == [(4096, 4096)]
    assert made.report.spent_usd == pytest.approx(0.03)
    assert sum(each["answered"] for each in standin.calls()["models"].values()) == 1


@pytest.mark.parametrize(
    ("side", "width", "done", "usd"),
    [(900, 800, {"from_large"}, 0), (300, 800, {"small", "careful", "from_small-2"}, 0.4)],
)
def test_print_ready_takes_the_cheapest_way(
    side: int,
    width: int,
    done: set[str],
    usd: float,
    photos: dict[str, str],
    run: Callable[..., Made],
    tmp_path: Path,
) -> None:
    """A picture that is large enough costs nothing, and one that is very small the careful way."""
    file = tmp_path / "picture.jpg"
    Image.open(photos["mug"]).resize((side, side)).save(file)
    made = run(path("print_ready"), {"picture": str(file), "width": width})
    assert made.sizes().keys() == done | {"picture", "flat"}
    assert {made.sizes()[step][0] for step in done if step.startswith("from_")} == {(width, width)}
    assert made.report.spent_usd == pytest.approx(usd)


def test_recolor_is_run_over_colors(
    photos: dict[str, str], run: Callable[..., Made], tmp_path: Path
) -> None:
    """As a batch over a list of colors it gives a row, and a picture, of each."""
    state = run_batch(
        path("recolor"),
        matrix={"color": ["navy blue", "forest green"]},
        params={"photo": photos["mug"], "part": "mug"},
        out=str(tmp_path / "out"),
        page=False,
        bedrock="examples",
        store="examples",
        return_state=True,
    )
    assert state.is_completed(), state.message
    with (tmp_path / "out" / "manifest.jsonl").open() as lines:
        rows = [json.loads(line) for line in lines]
    assert [row["status"] for row in rows] == ["done", "done"]
    mug = red(Image.open(photos["mug"]))
    made = [each["uri"] for row in rows for each in row["pictures"] if each["step"] == "recolored"]
    images = [Image.open(local_path(uri) or "") for uri in made]
    colors = [np.median(pixels(image)[mug], axis=0) for image in images]
    assert [color.argmax() for color in colors] == [2, 1]  # blue, then green


def test_catalogue_clean_up_takes_a_folder(photos: dict[str, str]) -> None:
    """Each photo of a folder is a row of it."""
    made = Pipeline.load(path("catalogue_clean_up"))
    rows = list(rows_of(made, str(Path(photos["mug"]).parent), {}, {}, None))
    assert {row.values["photo"] for row in rows} == {*photos.values()}
    assert not any(row.problem for row in rows)
