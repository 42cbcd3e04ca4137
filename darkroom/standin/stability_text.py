"""A prompt to a picture, as Stable Image Core, Ultra and Stable Diffusion 3 take it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.model import Mode, Order
from darkroom.standin.rules import Body, Schema, choice, fields
from darkroom.standin.stability import ASPECT_RATIO, PROMPT, SEED, order

Sizes: TypeAlias = Mapping[str, tuple[int, int]]

MEGAPIXEL: Sizes = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "9:16": (768, 1344),
    "21:9": (1536, 640),
    "9:21": (640, 1536),
    "3:2": (1216, 832),
    "2:3": (832, 1216),
    "5:4": (1088, 896),
    "4:5": (896, 1088),
}
"""About a megapixel; AWS prints the pixels of no aspect ratio, these are Stability AI's usual."""


def generation(
    model: str,
    sizes: Sizes,
    *,
    formats: tuple[str, ...] = ("jpeg", "png"),
    extra: Mapping[str, Schema] | None = None,
    meant: Callable[[Body], bool] = lambda _body: True,
) -> Mode:
    """Make the mode for a model that draws these sizes, in these formats, png by default."""

    def prepare(body: Body) -> Order:
        prompt, negative = body["prompt"], body.get("negative_prompt", "")
        size = sizes[body.get("aspect_ratio", "1:1")]
        return order(
            body,
            lambda seed: text_to_image(prompt, seed=seed, size=size, negative_prompt=negative),
        )

    optional = {
        "negative_prompt": PROMPT,
        "seed": SEED,
        "output_format": choice(*formats),
        "aspect_ratio": ASPECT_RATIO,
        **(extra or {}),
    }
    return Mode(model, "text-to-image", meant, fields({"prompt": PROMPT}, optional), prepare)
