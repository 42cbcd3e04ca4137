"""Condition: a new picture that follows the lines or the areas of another."""

from __future__ import annotations

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.wire import Body, Encoder, Task


class Condition(Seeded):
    """Make a picture from a prompt on the lines or areas of another picture.

    Which of them is the model's choice on Stability AI's services (`structure`, or `sketch` for
    drawings), and `control_mode` on Titan and Nova.
    """

    image: fields.Image
    prompt: fields.Prompt = None
    control_mode: str | None = Field(
        None,
        examples=["SEGMENTATION"],
        description="What to follow: CANNY_EDGE (lines) or SEGMENTATION (areas) (Titan, Nova).",
    )
    control_strength: fields.ControlStrength = None
    negative_prompt: fields.NegativePrompt = None
    style: fields.Style = None
    style_preset: fields.StylePreset = None
    size: fields.Size = None
    quality: fields.Quality = None
    cfg_scale: fields.CfgScale = None
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        return {"image": encode(self.image), "control_strength": self.control_strength}

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {
            "conditionImage": encode(self.image),
            "controlMode": self.control_mode,
            "controlStrength": self.control_strength,
            "style": self.style,
        }
        return Task("TEXT_IMAGE", "textToImageParams", params, self.size or (1024, 1024))
