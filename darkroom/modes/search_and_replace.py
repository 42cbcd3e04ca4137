"""Search and replace: find a thing by its name, and put another in its place."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.wire import Body, Encoder, Task

Sought = Annotated[str, Field(min_length=1, description="What to look for in the picture.")]


class SearchAndReplace(Seeded):
    """Find what `search_prompt` names, and paint what `prompt` says in its place.

    On Titan and Nova it is INPAINTING by mask prompt.
    """

    repaints_black: ClassVar[bool] = True

    image: fields.Image
    search_prompt: Sought
    prompt: fields.Prompt = None
    negative_prompt: fields.NegativePrompt = None
    grow_mask: fields.GrowMask = None
    style_preset: fields.StylePreset = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    return_mask: fields.ReturnMask = None
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        return {"image": encode(self.image), "search_prompt": self.search_prompt}

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {"image": encode(self.image), "maskPrompt": self.search_prompt}
        return Task("INPAINTING", "inPaintingParams", params)
