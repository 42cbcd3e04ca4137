"""Style transfer: a picture in the style of another, its composition kept."""

from __future__ import annotations

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Seeded
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder


class StyleTransfer(Seeded):
    """Give a picture the style of another, and keep its composition.

    AWS's page explains `style_strength` and `composition_fidelity` with the sentence that belongs
    to the strength of image-to-image; they are taken at their names: more is more.
    """

    image: fields.Image
    style_image: Picture = Field(description="The picture whose style to take.")
    prompt: fields.Prompt = None
    style_strength: float | None = Field(None, description="How much of the style; 0 to 1.")
    composition_fidelity: float | None = Field(
        None, description="How closely to keep the composition; 0 to 1."
    )
    change_strength: float | None = Field(
        None, description="How much the picture may change; 0.1 to 1."
    )
    negative_prompt: fields.NegativePrompt = None
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        return {
            "init_image": encode(self.image),
            "style_image": encode(self.style_image),
            "style_strength": self.style_strength,
            "composition_fidelity": self.composition_fidelity,
            "change_strength": self.change_strength,
        }
