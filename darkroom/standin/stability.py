"""What the Stability AI models have in common: how they refuse, how they answer, what fields mean.

Written from the user guide's pages "Stability AI Image Services", "Stable Image Core", "Stable
Image Ultra" and "Stability.ai Stable Diffusion 3.5 Large" (request and response).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from darkroom.standin import images
from darkroom.standin.model import Mode, Order, Reason
from darkroom.standin.refusal import Refusal, invalid
from darkroom.standin.rules import Body, Schema, Violation, choice, fields, text, whole

WEST: frozenset[str] = frozenset({"us-west-2"})
US: frozenset[str] = frozenset({"us-east-1", "us-east-2", "us-west-2"})

PROMPT = text(longest=10_000)
# The pages of Core, Ultra and SD3 Large print 4294967295, the others 4294967294: the smaller one
# is safe with all of them.
MAX_SEED = 4_294_967_294
SEED = whole(0, MAX_SEED)
ANY_FORMAT = choice("jpeg", "png", "webp")
ASPECT_RATIO = choice("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
STYLE_PRESET = choice(
    *("3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance"),
    *("fantasy-art", "isometric", "line-art", "low-poly", "modeling-compound", "neon-punk"),
    *("origami", "photographic", "pixel-art", "tile-texture"),
)
SERVICE_IMAGE = images.Limits(min_side=64, max_pixels=9_437_184, ratio=2.5)
"""What the image services ask of `image` (page "Stability AI Image Services")."""


@dataclass(frozen=True)
class Stability:
    """How Stability AI's models refuse and answer.

    The texts for unknown fields and for answers that are too large are as users report them. For
    everything else no report was found, so those texts are made in their likeness.

    Attributes:
        names_mode: Whether the refusal of an unknown field names field and service, as the image
            services do, or lists the known fields only, as the older models do.
    """

    names_mode: bool
    response_cap: int = 16_777_216

    def unmatched(self, modes: Sequence[Mode], body: Body) -> Refusal:
        """Refuse a body whose `mode` is none of the model's."""
        known = ", ".join(mode.name for mode in modes)
        return detail(f"Invalid field 'mode' in request: {body.get('mode')} is not one of {known}")

    def malformed(self, mode: Mode, found: Sequence[Violation]) -> Refusal:
        """Refuse a body for one thing that is wrong with it, an unknown field first."""
        first = min(found, key=lambda one: one.keyword != "additionalProperties")
        if first.keyword == "additionalProperties":
            return self._unknown(first.field, mode)
        if first.keyword == "required":
            return detail(f"Missing field '{first.field}' in request.")
        return flawed(first.field, first.text)

    def _unknown(self, field: str, mode: Mode) -> Refusal:
        known = list(mode.schema["properties"])
        if not self.names_mode:
            return detail(f"Invalid field in request. Available fields: {known}")
        return detail(
            f"Invalid field '{field}' in request. "
            f"Available fields for {mode.name} are: {', '.join(known)}"
        )

    def too_large(self, size: int) -> Refusal:
        """Refuse to send an answer above the cap."""
        return detail(
            f"Response payload size {size} bytes exceeds the maximum allowed size of "
            f"{self.response_cap} bytes"
        )

    def blocked(self, reason: Reason) -> dict[str, Any]:
        """Answer a filtered call: HTTP 200 and the reason, no pictures, no seeds."""
        inference = reason == "inference error"
        return {"finish_reasons": ["Inference error" if inference else f"Filter reason: {reason}"]}

    def answer(self, order: Order, pictures: Sequence[str], extras: Body) -> dict[str, Any]:
        """Wrap the picture and the seed that it was made with."""
        if not pictures:
            return self.blocked("output image")
        return {
            "seeds": [order.seed],
            "finish_reasons": [None],
            "images": list(pictures),
            **extras,
        }


GENERATION = Stability(names_mode=False)
"""Core, Ultra, Stable Diffusion 3 and 3.5."""

SERVICE = Stability(names_mode=True)
"""The image services."""


def detail(message: str) -> Refusal:
    """Make a refusal as these models word it: JSON within the message."""
    return invalid(json.dumps({"detail": message}, ensure_ascii=False, separators=(",", ":")))


def flawed(field: str, told: str) -> Refusal:
    """Refuse a field's value."""
    return detail(f"Invalid field '{field}' in request: {told}")


def picture(body: Body, field: str, limits: images.Limits) -> Image:
    """Decode a field's picture, or refuse it."""
    try:
        return images.read(body[field], limits)
    except images.Flaw as flaw:
        raise flawed(field, str(flaw)) from flaw


def seed(body: Body) -> int:
    """Choose the seed: the one asked for, or a random one for 0 or none, as the pages say."""
    return body.get("seed") or random.randint(1, MAX_SEED)


def order(body: Body, paint: Callable[[int], Image]) -> Order:
    """Make the order of one picture, in the format asked for; png if none is."""
    return Order(
        prompt=body.get("prompt", ""),
        seed=seed(body),
        paint=paint,
        form=body.get("output_format", "png"),
    )


def service(
    model: str,
    name: str,
    required: Mapping[str, Schema],
    optional: Mapping[str, Schema],
    prepare: Callable[[Body], Order],
) -> Mode:
    """Make the one mode of an image service, whose pictures come in any of the three formats.

    Args:
        model: Its id, without a region prefix.
        name: What its refusals call it.
        required: Schemas of the fields that it must have.
        optional: Schemas of further fields, `output_format` aside.
        prepare: Applies the rules that a schema cannot say and makes the order.
    """
    schema = fields(required, {**optional, "output_format": ANY_FORMAT})
    return Mode(model, name, lambda _body: True, schema, prepare)
