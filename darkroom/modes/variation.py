"""Variation: more pictures like one that is there."""

from __future__ import annotations

from pydantic import Field

from darkroom.modes.base import OutputFormat, Seeded
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder, Task


class Variation(Seeded):
    """Make pictures that resemble others.

    Attributes:
        images: What to vary: one picture, or up to five where the model mixes them.
        similarity: 1 is like the source, 0 ignores it.
        prompt: What to show.
        negative_prompt: What not to show.
        size: Width and height in pixels, for models that take them.
        quality: "standard" or "premium" (Titan, Nova).
        cfg_scale: How closely to follow the prompt (Titan, Nova; 1.1 to 10).
        output_format: Encoding of the answer, where the model lets one choose.
    """

    images: tuple[Picture, ...] = Field(min_length=1, description="What to vary.")
    similarity: float = Field(0.7, ge=0, le=1, description="1 is like the source, 0 ignores it.")
    prompt: str | None = Field(None, min_length=1, description="What to show.")
    negative_prompt: str | None = Field(None, min_length=1, description="What not to show.")
    size: tuple[int, int] | None = Field(None, description="Width and height in pixels.")
    quality: str | None = None
    cfg_scale: float | None = None
    output_format: OutputFormat | None = None

    def stability(self, encode: Encoder) -> Body:
        """Image-to-image, whose strength runs the other way: 0 keeps the source."""
        return {
            # The field's own default is text-to-image.
            "mode": "image-to-image",
            "image": encode(self.images[0]),
            "strength": round(1 - self.similarity, 6),
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "seed": self.seed,
            "output_format": self.output_format,
        }

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "images": [encode(image) for image in self.images],
            "similarityStrength": self.similarity,
            "text": self.prompt,
            "negativeText": self.negative_prompt,
        }
        return Task("IMAGE_VARIATION", "imageVariationParams", params, self.size or (1024, 1024))
