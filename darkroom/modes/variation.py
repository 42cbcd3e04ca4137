"""Variation: more pictures like one that is there."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder, Task

AGAIN = "the same subject in the same scene"
"""What is said to models that must be told something, where nothing is wished."""


class Variation(Seeded):
    """Make pictures that resemble one, or up to five mixed where the model can."""

    also: ClassVar[dict[str, str]] = {"image": "images"}

    images: tuple[Picture, ...] = Field(min_length=1, description="What to vary.")
    similarity: fields.Similarity = 0.7
    prompt: str | None = Field(
        None, min_length=1, description="What to show. Empty: what is there already."
    )
    negative_prompt: fields.NegativePrompt = None
    size: fields.Size = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    output_format: fields.Format = None

    @model_validator(mode="before")
    @classmethod
    def _one_is_several(cls, data: Any) -> Any:
        """Take `image` as well, and a picture by itself."""
        if not isinstance(data, dict):
            return data
        names = {name: cls.also.get(name, name) for name in data}
        found = {names[name]: value for name, value in data.items()}
        if len(found) == len(data) and isinstance(found.get("images"), Picture):
            found["images"] = (found["images"],)
        return found if len(found) == len(data) else data

    def stability(self, encode: Encoder) -> Body:
        """Image-to-image, whose strength runs the other way: 0 keeps the source."""
        return {
            # The field's own default is text-to-image.
            "mode": "image-to-image",
            "image": encode(self.images[0]),
            "prompt": self.prompt or AGAIN,
            "strength": round(1 - self.similarity, 6),
        }

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "images": [encode(image) for image in self.images],
            "similarityStrength": self.similarity,
        }
        return Task("IMAGE_VARIATION", "imageVariationParams", params, self.size or (1024, 1024))
