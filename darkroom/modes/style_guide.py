"""Style guide: a picture from words in the style of another."""

from __future__ import annotations

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder


class StyleGuide(Seeded):
    """Make a picture from a prompt in the style of another picture."""

    image: Picture = Field(description="The picture whose style to follow.")
    prompt: fields.Prompt = None
    fidelity: float | None = Field(None, description="How closely to follow the style; 0 to 1.")
    aspect_ratio: fields.AspectRatio = None
    negative_prompt: fields.NegativePrompt = None
    style_preset: fields.StylePreset = None
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        return {"image": encode(self.image), "fidelity": self.fidelity}
