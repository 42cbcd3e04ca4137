"""What each mode makes of a picture, for the descriptions of its deployment: before, and after."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from blocks.standin import in_process_standin
from darkroom import catalog, client, modes
from darkroom.folder_store import FolderStore
from darkroom.image_file import facts, png
from darkroom.picture import Picture, Provenance
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.store import Fresh

SIDE = 512

Fields = Mapping[str, Any]


class Studio:
    """Makes pictures with the stand-in, through the client that everything uses."""

    def __init__(self, folder: Path) -> None:
        self._store = FolderStore(folder)
        self._bedrock = in_process_standin()

    def kept(self, image: Image.Image) -> Picture:
        """A picture of one's own."""
        data = png(image)
        fresh = Fresh(data, facts(data, "own"), Provenance(mode="own"))
        return self._store.put(fresh.facts.sha256, [fresh], folder="own")[0]

    def made(self, mode: str, model: str | None, fields: Fields) -> list[Image.Image]:
        """What a mode makes."""
        row = catalog.find(model) if model else catalog.default(mode, {*fields})
        seed = {"seed": 7} if "seed" in row.takes(mode).fields else {}
        request = modes.find(mode).model_validate({**seed, **fields})
        answer = client.invoke(
            self._bedrock.client_of(row),
            request,
            row,
            load=self._store.read,
            region=self._bedrock.region_of(row),
            allow_retired=True,
        )
        return [Image.open(BytesIO(each.data)) for each in answer.pictures]


def drawn(show: Callable[[str, list[Image.Image]], None]) -> None:
    """Make a picture with every mode, and show it beside what it was made of."""
    mug = text_to_image("a red ceramic mug on an oak table", seed=7, size=(SIDE, SIDE))
    look = text_to_image("a green apple, watercolor painting", seed=3, size=(SIDE, SIDE))
    person = text_to_image("a woman in a white shirt, full body", seed=5, size=(SIDE, SIDE))
    shirt = text_to_image("a blue striped shirt", seed=5, size=(SIDE, SIDE))
    mask = Image.new("L", mug.size)
    ImageDraw.Draw(mask).rectangle((60, 120, 440, 480), fill=255)
    few = mug.resize((40, 40)).resize(mug.size, Image.Resampling.NEAREST)
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        one, style, area = studio.kept(mug), studio.kept(look), studio.kept(mask)
        wearer, garment = studio.kept(person), studio.kept(shirt)
        green = {"search_prompt": "mug", "prompt": "a green bottle"}
        recolor = {"image": one, "search_prompt": "mug", "prompt": "deep blue"}
        tried = {"image": wearer, "reference_image": garment, "garment_class": "UPPER_BODY"}
        wanted: dict[str, tuple[list[Image.Image], str | None, Fields]] = {
            "color_guided": ([], "titan", {"prompt": "a mug", "colors": ["#1d6f5f", "#f2c14e"]}),
            "condition": ([mug], "structure", {"image": one, "prompt": "a blue glass mug"}),
            "erase_object": ([mug], "erase", {"image": one, "mask": area}),
            "image_to_image": ([mug], None, {"image": one, "prompt": "oil", "similarity": 0.5}),
            "inpaint": ([mug], None, {"image": one, "mask": area, "prompt": "a glass vase"}),
            "outpaint": ([mug], None, {"image": one, "expand": {"left": 128, "right": 128}}),
            "remove_background": ([mug], None, {"image": one}),
            "search_and_recolor": ([mug], None, recolor),
            "search_and_replace": ([mug], None, {"image": one, **green}),
            "style_guide": ([look], None, {"image": style, "prompt": "a mug"}),
            "style_transfer": ([mug, look], None, {"image": one, "style_image": style}),
            "text_to_image": ([], None, {"prompt": "a brass desk lamp on an oak table"}),
            "upscale": ([few], "fast", {"image": one}),
            "variation": ([mug], "titan", {"images": [one], "count": 3, "similarity": 0.6}),
            "virtual_try_on": ([person, shirt], "nova-canvas", tried),
        }
        assert wanted.keys() == set(modes.names())
        for mode, (before, model, fields) in wanted.items():
            show(mode, [*before, *studio.made(mode, model, fields)])
