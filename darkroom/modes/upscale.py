"""Upscale: the same picture with more pixels."""

from __future__ import annotations

from pydantic import Field

from darkroom import fields
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.fields import OutputFormat
from darkroom.modes.base import Seeded
from darkroom.wire import Body, Encoder


class Upscale(Seeded):
    """Give a picture more pixels.

    The service answers with at most 16,777,216 bytes, and callers report that larger PNGs are
    refused after they were made. So the format is always said, JPEG unless another is wanted, and
    a PNG is refused here where it cannot fit.
    """

    image: fields.Image
    prompt: fields.Prompt = None
    negative_prompt: fields.NegativePrompt = None
    creativity: float | None = Field(
        None, description="How inventive the added detail is (conservative, creative: 0.1 to 0.5)."
    )
    style_preset: fields.StylePreset = None
    output_format: OutputFormat = Field("jpeg", description="Encoding of the answer.")

    def check(self, model: Model) -> None:
        super().check(model)
        limit = model.limit(self.mode, "png")
        if limit and self.output_format == "png" and not limit.allows(*self.image.size):
            raise InvalidRequest.of(
                "output_format",
                "png",
                f"{model.name} cannot answer with a PNG this large: it takes {limit.size_rule} "
                "for one",
                "Use jpeg or webp.",
            )

    def stability(self, encode: Encoder) -> Body:
        return {"image": encode(self.image), "creativity": self.creativity}
