"""Text to image: a picture from words alone."""

from __future__ import annotations

from darkroom import fields
from darkroom.fields import Diffusion
from darkroom.modes.base import Seeded
from darkroom.wire import Body, Encoder, Task


class TextToImage(Diffusion, Seeded):
    """Make pictures from a prompt."""

    prompt: fields.Prompt = None
    negative_prompt: fields.NegativePrompt = None
    aspect_ratio: fields.AspectRatio = None
    size: fields.Size = None
    style: fields.Style = None
    style_preset: fields.StylePreset = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        return {}

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {"style": self.style}
        # Titan's own default size is not in its table of sizes, so a size is always sent.
        return Task("TEXT_IMAGE", "textToImageParams", params, self.size or (1024, 1024))

    def sdxl(self, encode: Encoder) -> Body:
        width, height = self.size or (None, None)
        return {"width": width, "height": height}
