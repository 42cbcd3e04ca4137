"""Text to image: a picture from words alone."""

from __future__ import annotations

from pydantic import Field

from darkroom.modes.base import OutputFormat, Seeded
from darkroom.wire import Body, Encoder, Task


class TextToImage(Seeded):
    """Make pictures from a prompt.

    Attributes:
        prompt: What to show.
        negative_prompt: What not to show.
        aspect_ratio: Proportions such as "16:9", for models that choose the size themselves.
        size: Width and height in pixels, for models that take them.
        style: Nova Canvas' visual style.
        quality: "standard" or "premium" (Titan, Nova).
        cfg_scale: How closely to follow the prompt (Titan, Nova; 1.1 to 10).
        output_format: Encoding of the answer, where the model lets one choose.
    """

    prompt: str = Field(min_length=1, description="What to show.")
    negative_prompt: str | None = Field(None, min_length=1, description="What not to show.")
    aspect_ratio: str | None = Field(None, examples=["16:9"], description="Proportions.")
    size: tuple[int, int] | None = Field(None, description="Width and height in pixels.")
    style: str | None = None
    quality: str | None = None
    cfg_scale: float | None = None
    output_format: OutputFormat | None = None

    def stability(self, encode: Encoder) -> Body:
        return {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "aspect_ratio": self.aspect_ratio,
            "seed": self.seed,
            "output_format": self.output_format,
        }

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "text": self.prompt,
            "negativeText": self.negative_prompt,
            "style": self.style,
        }
        # Titan's own default size is not in its table of sizes, so a size is always sent.
        return Task("TEXT_IMAGE", "textToImageParams", params, self.size or (1024, 1024))
