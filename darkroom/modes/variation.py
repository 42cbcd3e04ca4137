"""Variation: more pictures like one that is there."""

from __future__ import annotations

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder, Task


class Variation(Seeded):
    """Make pictures that resemble one, or up to five mixed where the model can."""

    images: tuple[Picture, ...] = Field(min_length=1, description="What to vary.")
    similarity: fields.Similarity = 0.7
    prompt: fields.Prompt = None
    negative_prompt: fields.NegativePrompt = None
    size: fields.Size = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        """Image-to-image, whose strength runs the other way: 0 keeps the source."""
        return {
            # The field's own default is text-to-image.
            "mode": "image-to-image",
            "image": encode(self.images[0]),
            "strength": round(1 - self.similarity, 6),
        }

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "images": [encode(image) for image in self.images],
            "similarityStrength": self.similarity,
        }
        return Task("IMAGE_VARIATION", "imageVariationParams", params, self.size or (1024, 1024))
