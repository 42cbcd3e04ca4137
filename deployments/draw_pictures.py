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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from PIL import Image

from darkroom import catalog
from darkroom.image_file import facts
from darkroom.image_file import png as png_of
from darkroom.period import Period
from darkroom.picture import Picture, Provenance
from darkroom.pipeline.drawing import png
from darkroom.pipeline.pipeline import Pipeline
from darkroom.standin.server import StandIn
from darkroom.usage import Ledger
from deployments.draw_modes import drawn
from flows._charts import charts
from tasks.picture import opaque

HERE = Path(__file__).parent
WIDE = 480
"""Pixels: no more than the narrower of Prefect's two UIs has for a description."""

CORE = "stability.stable-image-core-v1:1"
MODELS = (CORE, "stability.stable-image-ultra-v1:1", "stability.sd3-5-large-v1:0")
SUBJECTS = ("a brass desk lamp", "a teal ceramic mug", "a glass vase", "a leather suitcase")
SCENES = ("on an oak table", "at the beach", "in the snow")


def main() -> None:
    """Draw all of them."""
    sheet = Image.open(HERE / "pictures" / "product_shot.jpg").convert("RGB")
    _save("product_shot", sheet)
    _save("run_pipeline", _graph("autumn_banner"))
    with StandIn() as standin:
        rows = [f"{subject} {scene}" for scene in SCENES for subject in SUBJECTS]
        _save("run_batch", _grid([_drawn(standin, words, 11) for words in rows], 6))
        looks = [_drawn(standin, SUBJECTS[1], seed, model) for model in MODELS for seed in (7, 11)]
        _save("compare_models", _grid(looks, 6))
        _save("answer_review", _grid([_drawn(standin, SUBJECTS[2], seed) for seed in range(4)], 4))
    _save("usage_report", _chart())
    drawn(lambda mode, images: _save(mode, _row(images)))


def _drawn(standin: StandIn, prompt: str, seed: int, model: str = CORE) -> Image.Image:
    answer = httpx.post(
        f"{standin.url}/model/{model}/invoke",
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


def _row(images: Sequence[Image.Image]) -> Image.Image:
    """Pictures of any size side by side, on what shows where they are transparent."""
    side = min(WIDE // len(images), WIDE // 4)
    sheet = Image.new("RGB", (side * len(images), side), "white")
    for number, image in enumerate(images):
        small = opaque(png_of(image), side - 2)
        place = (number * side + (side - small.width) // 2, (side - small.height) // 2)
        sheet.paste(small, place)
    return sheet


def _chart() -> Image.Image:
    """The first chart of the report on a week that never was."""
    end = datetime(2026, 11, 8, tzinfo=UTC)
    ledger = Ledger(Period.of("7d", now=end), "studio")
    shot = facts(png_of(Image.new("RGB", (8, 8))), "shot")
    for number in range(60):
        row = catalog.find(("core", "sd3.5", "outpaint")[number % 3])
        how = Provenance(
            mode=next(iter(row.modes)),
            model=row.id,
            price_usd=row.price((1024, 1024)),
            request_id=str(number),
            made_at=end - timedelta(hours=1 + number * number % 166),
        )
        ledger.add_picture(Picture(**dict(shot), uri="file:///shot", provenance=how), "week")
    return Image.open(io.BytesIO(next(charts(ledger.usage())).png)).convert("RGB")


def _save(name: str, image: Image.Image) -> None:
    image.thumbnail((WIDE, WIDE))
    image.save(HERE / "pictures" / "small" / f"{name}.webp", "WEBP", quality=55, method=6)


if __name__ == "__main__":
    main()
