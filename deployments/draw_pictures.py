"""Draws the small pictures of the deployments' descriptions, from the current code.

    .venv/bin/python -m deployments.draw_pictures

They go into Prefect's database with each deployment, and into every list of deployments that the
dashboard asks for: a few kilobytes each.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path

import httpx
from PIL import Image

from darkroom.pipeline.drawing import png
from darkroom.pipeline.pipeline import Pipeline
from darkroom.standin.server import StandIn

HERE = Path(__file__).parent
WIDE = 480
"""Pixels: no more than the narrower of Prefect's two UIs has for a description."""

CORE = "stability.stable-image-core-v1:1"
SUBJECTS = ("a brass desk lamp", "a teal ceramic mug", "a glass vase", "a leather suitcase")
SCENES = ("on an oak table", "at the beach", "in the snow")


def main() -> None:
    """Draw all of them."""
    sheet = Image.open(HERE / "pictures" / "product_shot.jpg").convert("RGB")
    _save("product_shot", sheet)
    _save("run_pipeline", _graph("autumn_banner"))
    with StandIn() as standin:
        _save("run_mode", _grid([_drawn(standin, words, 7) for words in SUBJECTS], 4))
        rows = [f"{subject} {scene}" for scene in SCENES for subject in SUBJECTS]
        _save("run_batch", _grid([_drawn(standin, words, 11) for words in rows], 6))


def _drawn(standin: StandIn, prompt: str, seed: int) -> Image.Image:
    answer = httpx.post(
        f"{standin.url}/model/{CORE}/invoke",
        content=json.dumps({"prompt": prompt, "seed": seed}),
        headers={"Authorization": "Bearer any", "Content-Type": "application/json"},
        timeout=60,
    )
    (data,) = answer.raise_for_status().json()["images"]
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def _graph(name: str) -> Image.Image:
    pipeline = Pipeline.load(HERE / "pipelines" / f"{name}.yaml")
    return Image.open(io.BytesIO(png(pipeline))).convert("RGB")


def _grid(images: Sequence[Image.Image], columns: int) -> Image.Image:
    side = WIDE // columns
    sheet = Image.new("RGB", (WIDE, side * -(-len(images) // columns)), "white")
    for number, image in enumerate(images):
        place = (number % columns * side, number // columns * side)
        sheet.paste(image.resize((side - 2, side - 2)), place)
    return sheet


def _save(name: str, image: Image.Image) -> None:
    image.thumbnail((WIDE, WIDE))
    image.save(HERE / "pictures" / "small" / f"{name}.webp", "WEBP", quality=55, method=6)


if __name__ == "__main__":
    main()
