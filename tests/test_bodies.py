"""Our request bodies against those transcribed from AWS's pages, in `bodies/`.

Each file there gives a request in neutral terms and the body that a page of AWS shows for it. It
names pictures: `$image` and `$other` go as they are stored, the rest says what was done to them.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pybase64
import pytest
from PIL import Image

from darkroom import catalog, client, modes, wire
from darkroom.image_file import facts
from darkroom.picture import Picture
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of, encoded

BODIES = sorted((Path(__file__).parent / "bodies").glob("*.json"))
SIZE = (352, 320)


def noise(channels: int, seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (*SIZE[::-1], channels), dtype=np.uint8)


# A mask as painting programs save it: greys in three channels, and an alpha channel.
GREYS = np.tile(np.linspace(0, 255, SIZE[0]).astype(np.uint8), (SIZE[1], 1))
MASK = np.dstack([GREYS, GREYS, GREYS, noise(1, 3)])
FILES: dict[str, bytes] = {
    "$image": encoded(Image.fromarray(noise(3, 1))),
    "$other": encoded(Image.fromarray(noise(3, 2)), "JPEG"),
    "$mask": encoded(Image.fromarray(MASK)),
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


def pixels(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(image)


def same_greys(image: Image.Image) -> None:
    assert image.mode == "L"
    assert (pixels(image) == GREYS).all()


def pure(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The one channel of a mask that Titan and Nova take: pure, opaque, RGB."""
    assert image.mode == "RGB"
    found = pixels(image)
    assert set(np.unique(found)) <= {0, 255}
    assert (found[..., 0] == found[..., 1]).all()
    assert (found[..., 0] == found[..., 2]).all()
    return found[..., 0]


def pure_greys(image: Image.Image) -> None:
    assert (pure(image) == np.where(GREYS >= 128, 255, 0)).all()


def grown(image: Image.Image, left: int, right: int, up: int, down: int) -> None:
    assert image.mode == "RGB"
    assert image.size == (SIZE[0] + left + right, SIZE[1] + up + down)
    kept = pixels(image)[up : up + SIZE[1], left : left + SIZE[0]]
    assert (kept == noise(3, 1)).all()


def new_only(image: Image.Image, left: int, right: int, up: int, down: int) -> None:
    wanted = np.full((SIZE[1] + up + down, SIZE[0] + left + right), 255)
    wanted[up : up + SIZE[1], left : left + SIZE[0]] = 0
    assert (pure(image) == wanted).all()


EDITED: dict[str, Callable[..., None]] = {
    "$mask as greys": same_greys,
    "$mask pure": pure_greys,
    "$image grown by": grown,
    "$mask of what is new by": new_only,
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
        if wanted in FILES:
            assert data == FILES[wanted], where
            return
        name = wanted.rstrip("0123456789 ")
        sides = [int(word) for word in wanted[len(name) :].split()]
        EDITED[name](Image.open(io.BytesIO(data)), *sides)
    else:
        assert body == wanted, where
        assert isinstance(body, bool) == isinstance(wanted, bool), where


def transcribed(path: Path) -> tuple[dict[str, Any], modes.Request, catalog.Model]:
    page = json.loads(path.read_text("utf-8"))
    request = modes.find(page["mode"])(**with_pictures(page["request"]))
    return page, request, catalog.find(page["model"])


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_body_is_what_aws_shows(path: Path) -> None:
    """A request says exactly what AWS's page says for it, to the last field and pixel."""
    page, request, model = transcribed(path)
    compare(json.loads(wire.dumps(client.body(request, model, load))), page["body"])


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_standin_accepts_the_body(path: Path, standin: StandIn) -> None:
    """The stand-in, written from the same pages by itself, answers the body with its pictures."""
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
