"""Search and recolor: find a thing by its name, and give it another color."""

from __future__ import annotations

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.wire import Body, Encoder


class SearchAndRecolor(Seeded):
    """Find what `search_prompt` names, and give it the colors that `prompt` says."""

    image: fields.Image
    search_prompt: str = Field(min_length=1, description="What to look for in the picture.")
    prompt: fields.Prompt = None
    negative_prompt: fields.NegativePrompt = None
    grow_mask: fields.GrowMask = None
    style_preset: fields.StylePreset = None
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        return {"image": encode(self.image), "select_prompt": self.search_prompt}
