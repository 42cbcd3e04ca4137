"""Color guided: a picture from words in given colors."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder, Task

Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class ColorGuided(Seeded):
    """Make a picture from a prompt in up to ten given colors, laid out like another if wanted."""

    prompt: fields.Prompt = None
    colors: tuple[Color, ...] = Field(
        min_length=1, examples=[["#1b4d3e", "#f4e9d8"]], description="One to ten, as #RRGGBB."
    )
    reference_image: Picture | None = Field(
        None, description="A picture whose subject and layout to follow."
    )
    negative_prompt: fields.NegativePrompt = None
    size: fields.Size = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "colors": list(self.colors),
            "referenceImage": encode(self.reference_image) if self.reference_image else None,
        }
        size = self.size or (1024, 1024)
        return Task("COLOR_GUIDED_GENERATION", "colorGuidedGenerationParams", params, size)
