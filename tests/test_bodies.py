"""Our request bodies against those transcribed from AWS's pages, in `bodies/`.

Each file there gives a request in neutral terms and the body that a page of AWS shows for it. It
names pictures: `$image`, `$other` and `$cut-out` go as they are stored, and what is done to one of
them follows its name. `$large`, `$large-mask` and `$large-cut-out` have a size that SDXL takes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pybase64
import pytest
from PIL import Image

from darkroom import catalog, client, modes, wire
from darkroom.errors import ContentFiltered
from darkroom.image_file import facts
from darkroom.modes.base import Request
from darkroom.picture import Picture
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of, encoded

Pixels: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

BODIES = sorted((Path(__file__).parent / "bodies").glob("*.json"))
SMALL, LARGE = (352, 320), (1152, 896)


def noise(size: tuple[int, int], channels: int, seed: int) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (*size[::-1], channels), dtype=np.uint8)


def mask(size: tuple[int, int]) -> Pixels:
    """A mask as painting programs save it: greys in three channels, and an alpha channel."""
    greys = np.tile(np.linspace(0, 255, size[0]).astype(np.uint8), (size[1], 1))
    return np.dstack([greys, greys, greys, noise(size, 1, 3)])


STORED: dict[str, Pixels] = {
    "$image": noise(SMALL, 3, 1),
    "$other": noise(SMALL, 3, 2),
    "$cut-out": noise(SMALL, 4, 4),
    "$mask": mask(SMALL),
    "$large": noise(LARGE, 3, 1),
    "$large-cut-out": noise(LARGE, 4, 4),
    "$large-mask": mask(LARGE),
}
FILES: dict[str, bytes] = {
    name: encoded(Image.fromarray(array), "JPEG")
    if name == "$other"
    else encoded(Image.fromarray(array), compress_level=1)
    for name, array in STORED.items()
}
PICTURES = {
    name: Picture(**dict(facts(data)), uri=f"file:///{name[1:]}") for name, data in FILES.items()
}
BY_HASH = {picture.sha256: FILES[name] for name, picture in PICTURES.items()}


def load(picture: Picture) -> bytes:
    return BY_HASH[picture.sha256]


def with_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_pictures(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(with_pictures(item) for item in value)
    return PICTURES.get(value, value) if isinstance(value, str) else value


def pixels(image: Image.Image) -> Pixels:
    return np.asarray(image)


def grey(image: Image.Image) -> Pixels:
    """The one channel of a mask that may have greys."""
    assert image.mode == "L"
    return pixels(image)


def pure(image: Image.Image) -> Pixels:
    """The one channel of a mask that Titan and Nova take: pure, opaque, RGB."""
    assert image.mode == "RGB"
    found = pixels(image)
    assert set(np.unique(found)) <= {0, 255}
    assert (found[..., 0] == found[..., 1]).all()
    assert (found[..., 0] == found[..., 2]).all()
    return found[..., 0]


def as_greys(image: Image.Image, source: Pixels) -> None:
    assert (grey(image) == source[..., 0]).all()


def inverted(image: Image.Image, source: Pixels) -> None:
    assert (grey(image) == 255 - source[..., 0]).all()


def as_a_mask(image: Image.Image, source: Pixels) -> None:
    """White where the picture is transparent."""
    assert (grey(image) == 255 - source[..., 3]).all()


def pure_white_kept(image: Image.Image, source: Pixels) -> None:
    assert (pure(image) == np.where(source[..., 0] >= 128, 255, 0)).all()


def pure_white_black(image: Image.Image, source: Pixels) -> None:
    assert (pure(image) == np.where(source[..., 0] >= 128, 0, 255)).all()


def grown(image: Image.Image, source: Pixels, left: int, right: int, up: int, down: int) -> None:
    high, wide = source.shape[:2]
    assert image.mode == "RGB"
    assert image.size == (wide + left + right, high + up + down)
    assert (pixels(image)[up : up + high, left : left + wide] == source).all()


def new_only(image: Image.Image, source: Pixels, left: int, right: int, up: int, down: int) -> None:
    high, wide = source.shape[:2]
    wanted = np.full((high + up + down, wide + left + right), 255)
    wanted[up : up + high, left : left + wide] = 0
    assert (pure(image) == wanted).all()


EDITED: dict[str, Callable[..., None]] = {
    "as greys": as_greys,
    "inverted": inverted,
    "as a mask": as_a_mask,
    "pure": pure_white_kept,
    "pure, inverted": pure_white_black,
    "grown by": grown,
    "of what is new by": new_only,
}


def compare(body: Any, wanted: Any, where: str = "body") -> None:
    """Assert that `body` is `wanted`, whose pictures stand there by name."""
    if isinstance(wanted, dict):
        assert body.keys() == wanted.keys(), where
        for key in wanted:
            compare(body[key], wanted[key], f"{where}.{key}")
    elif isinstance(wanted, list):
        assert len(body) == len(wanted), where
        for index, (one, other) in enumerate(zip(body, wanted, strict=True)):
            compare(one, other, f"{where}[{index}]")
    elif isinstance(wanted, str) and wanted.startswith("$"):
        data = pybase64.b64decode(body, validate=True)
        name, _, edit = wanted.partition(" ")
        if not edit:
            assert data == FILES[name], where
            return
        words = edit.rstrip("0123456789 ")
        sides = [int(word) for word in edit[len(words) :].split()]
        EDITED[words](Image.open(io.BytesIO(data)), STORED[name], *sides)
    else:
        assert body == wanted, where
        assert isinstance(body, bool) == isinstance(wanted, bool), where


def transcribed(path: Path) -> tuple[dict[str, Any], Request, catalog.Model]:
    page = json.loads(path.read_text("utf-8"))
    request = modes.find(page["mode"])(**with_pictures(page["request"]))
    return page, request, catalog.find(page["model"])


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_body_is_what_aws_shows(path: Path) -> None:
    """A request says exactly what AWS's page says for it, to the last field and pixel."""
    page, request, model = transcribed(path)
    compare(json.loads(wire.dumps(client.body(request, model, load))), page["body"])


def called(path: Path, standin: StandIn) -> tuple[Request, client.Answer]:
    _, request, model = transcribed(path)
    bedrock = bedrock_of(standin, model.regions[0], allow_retired=True)
    answer = client.invoke(
        bedrock.get_client(),
        request,
        model,
        load=load,
        region=model.regions[0],
        allow_retired=True,
    )
    return request, answer


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_standin_accepts_the_body(path: Path, standin: StandIn) -> None:
    """The stand-in, written from the same pages by itself, finds the body in order."""
    standin.fail("filtered_output")  # reached only by a body that is in order, and quick
    with pytest.raises(ContentFiltered):
        called(path, standin)


def one_of_each() -> list[Path]:
    """One body of each model and mode, the one with the most fields."""
    found: dict[tuple[str, str], tuple[int, Path]] = {}
    for path in BODIES:
        page = json.loads(path.read_text("utf-8"))
        cell, fields = (page["model"], page["mode"]), len(page["request"])
        if fields > found.get(cell, (0, path))[0]:
            found[cell] = (fields, path)
    return [path for _, path in found.values()]


@pytest.mark.drill
@pytest.mark.parametrize("path", one_of_each(), ids=lambda path: path.stem)
def test_standin_answers_the_body(path: Path, standin: StandIn) -> None:
    """Every mode of every model gives its pictures, as many as were asked for."""
    request, answer = called(path, standin)
    assert len(answer.pictures) == getattr(request, "count", 1)
    assert answer.missing == ""


def test_every_model_and_mode_has_a_page() -> None:
    """Every mode of every model in the catalog is held to a page of AWS, and nothing else is."""
    listed = {(model.id, mode) for model in catalog.models().values() for mode in model.modes}
    pages = [json.loads(path.read_text("utf-8")) for path in BODIES]
    assert {(page["model"], page["mode"]) for page in pages} == listed


def test_every_field_is_in_a_page() -> None:
    """Every field that the catalog lets a model take is said in a body from AWS's pages."""
    shown: dict[tuple[str, str], set[str]] = {}
    for path in BODIES:
        page = json.loads(path.read_text("utf-8"))
        shown.setdefault((page["model"], page["mode"]), set()).update(page["request"])
    taken = {
        (model.id, mode): set(takes.fields)
        for model in catalog.models().values()
        for mode, takes in model.modes.items()
    }
    assert shown == taken


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_page_is_named(path: Path) -> None:
    """Every transcribed body says which of AWS's pages it is from."""
    page = json.loads(path.read_text("utf-8"))
    assert "docs/" in page["source"]
    assert page.keys() <= {"source", "model", "mode", "note", "request", "body"}
