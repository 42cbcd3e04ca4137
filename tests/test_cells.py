"""The README's table of models and modes, cell by cell: each is called through boto3."""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from darkroom import catalog, client, modes
from darkroom.image_file import facts, png
from darkroom.modes.outpaint import Expand
from darkroom.picture import Picture
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.server import StandIn
from tests.conftest import bedrock_of

pytestmark = pytest.mark.drill

README = Path(__file__).parent.parent / "README.md"


def cells() -> list[Any]:
    """Every cell of the table that is marked as working: short name and mode."""
    lines = [line for line in README.read_text("utf-8").splitlines() if line.startswith("| ")]
    (head,) = (line for line in lines if line.startswith("| model |"))
    names = [each.strip().replace("<br>", "_") for each in head.strip("|").split("|")]
    found = []
    for line in lines[lines.index(head) + 1 :]:
        values = [each.strip() for each in line.strip("|").split("|")]
        short = re.search(r"\(`(.*)`\)", values[0])
        if short and len(values) == len(names):
            marked = [name for name, value in zip(names, values, strict=True) if value == "✓"]
            found += [pytest.param(short[1], mode, id=f"{short[1]}-{mode}") for mode in marked]
    return found


@cache
def stored(words: str, side: int = 1024, kind: str = "PNG") -> tuple[Picture, bytes]:
    """A drawn picture, and its bytes."""
    image = text_to_image(words, seed=3, size=(side, side))
    data = mask_of(image) if kind == "mask" else png(image)
    return Picture(**dict(facts(data)), uri=f"file:///{words} {kind}"), data


def mask_of(image: Image.Image) -> bytes:
    """White in the middle, where the subject stands."""
    mask = Image.new("L", image.size)
    width, height = image.size
    mask.paste(255, (width // 4, height // 4, width - width // 4, height - height // 4))
    return png(mask)


MUG, MASK, SHIRT = ("a teal mug", 1024), ("a teal mug", 1024, "mask"), ("a red shirt", 1024)
GIVEN: dict[str, Any] = {
    "prompt": "a yellow vase",
    "search_prompt": "the mug",
    "colors": ("#1b4d3e", "#f4e9d8"),
    "similarity": 0.6,
    "expand": Expand(left=64, right=32),
    "image": MUG,
    "images": MUG,
    "mask": MASK,
    "style_image": SHIRT,
    "reference_image": SHIRT,
}


def test_the_table_has_every_cell_of_the_catalog() -> None:
    """What is called below is all that the catalog says."""
    listed = {tuple(each.values) for each in cells()}
    known = {(row.short, mode) for row in catalog.models().values() for mode in row.modes}
    assert listed == known
    assert len({name for name, _ in listed}) == 24
    assert len({mode for _, mode in listed}) == 15


@pytest.mark.parametrize(("name", "mode"), cells())
def test_cell(standin: StandIn, name: str, mode: str) -> None:
    """The model answers the mode with a picture of the stated format and a plausible size."""
    row = catalog.find(name)
    takes, kind = row.modes[mode], modes.find(mode)
    wanted = [*takes.required, *takes.one_of[:1]]
    if mode in ("inpaint", "erase_object") and "mask" in takes.fields:
        wanted.append("mask")
    # Upscalers take up to a megapixel; a small one is quicker.
    side = 256 if mode == "upscale" else 1024
    held: dict[str, bytes] = {}
    fields: dict[str, Any] = {}
    for field in dict.fromkeys(wanted):
        value = GIVEN[field]
        if field in kind.picture_fields():
            picture, data = stored(value[0], side, *value[2:])
            held[picture.sha256] = data
            value = (picture,) if field == "images" else picture
        fields[field] = value
    if "seed" in takes.fields:
        fields["seed"] = 7
    block = bedrock_of(standin, row.regions[0], allow_retired=True)
    answer = client.invoke(
        block.client_of(row),
        kind(**fields),
        row,
        load=lambda picture: held[picture.sha256],
        region=row.regions[0],
        allow_retired=True,
    )
    (made,) = answer.pictures
    assert answer.missing == ""
    assert answer.request_id
    if "seed" in takes.fields:
        assert made.seed == 7
    with Image.open(io.BytesIO(made.data)) as image:
        image.load()
        assert image.format == ("JPEG" if mode == "upscale" else "PNG")
        assert image.size == made.facts.size
    assert made.facts.alpha == (mode == "remove_background")
    width, height = made.facts.size
    if mode == "outpaint" and "expand" in fields:
        assert (width, height) == (1024 + 96, 1024)
    elif mode == "upscale":
        assert width * height >= 1024 * 1024
    elif mode in ("inpaint", "erase_object", "remove_background") or "search" in mode:
        assert (width, height) == (1024, 1024)
    else:
        assert min(width, height) >= 512
