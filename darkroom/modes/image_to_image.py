"""Image to image: a picture made anew after a prompt."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from darkroom import fields
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.fields import Diffusion
from darkroom.modes.base import Seeded
from darkroom.wire import Body, Encoder

HALFWAY = 0.5
Part = Annotated[float | None, Field(ge=0, le=1)]


class ImageToImage(Diffusion, Seeded):
    """Make a picture anew, after a prompt, as near to it as `similarity` says.

    The source's influence on SDXL can be said by the steps at which it begins and ends instead
    (`init_image_mode` STEP_SCHEDULE). AWS's page names the two and does not specify them; their
    range, 0 to 1, is from Stability AI's own reference of the same model (REST API v1).
    """

    image: fields.Image
    prompt: fields.Prompt = None
    similarity: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="1 is like the source, 0 ignores it. Empty: 0.5, unless a step schedule "
            "says it.",
        ),
    ] = None
    negative_prompt: fields.NegativePrompt = None
    init_image_mode: str | None = Field(
        None, description="How SDXL is told of the similarity: IMAGE_STRENGTH or STEP_SCHEDULE."
    )
    step_schedule_start: Part = Field(None, description="Where SDXL's schedule begins; 0 to 1.")
    step_schedule_end: Part = Field(None, description="Where SDXL's schedule ends; 0 to 1.")
    style_preset: fields.StylePreset = None
    cfg_scale: fields.CfgScale = None
    output_format: fields.Format = None

    says_itself: ClassVar[frozenset[str]] = frozenset({"similarity"})

    @model_validator(mode="before")
    @classmethod
    def _explicit(cls, data: Any) -> Any:
        """Say the similarity always, so that it is sent, hashed and kept in provenance."""
        scheduled = isinstance(data, dict) and data.get("init_image_mode") == "STEP_SCHEDULE"
        if isinstance(data, dict) and data.get("similarity") is None and not scheduled:
            return {**data, "similarity": HALFWAY}
        return data

    def check(self, model: Model) -> None:
        super().check(model)
        scheduled = self.init_image_mode == "STEP_SCHEDULE"
        for name in ("step_schedule_start", "step_schedule_end"):
            if getattr(self, name) is not None and not scheduled:
                raise InvalidRequest.of(
                    name, getattr(self, name), "it needs init_image_mode STEP_SCHEDULE"
                )
        if scheduled and self.similarity is not None:
            raise InvalidRequest.of(
                "similarity", self.similarity, "the step schedule says it", "Leave one of them out."
            )
        start, end = self.step_schedule_start, self.step_schedule_end
        if start is not None and end is not None and start < end:
            raise InvalidRequest.of(
                "step_schedule_end", end, f"the schedule runs down from its start, {start}"
            )

    def stability(self, encode: Encoder) -> Body:
        """Its strength runs the other way: 0 keeps the source."""
        return {
            # The field's own default is text-to-image; AWS's sample forgets it.
            "mode": "image-to-image",
            "image": encode(self.image),
            "strength": None if self.similarity is None else round(1 - self.similarity, 6),
        }

    def sdxl(self, encode: Encoder) -> Body:
        return {
            "init_image": encode(self.image),
            "init_image_mode": self.init_image_mode,
            "image_strength": self.similarity,
            "step_schedule_start": self.step_schedule_start,
            "step_schedule_end": self.step_schedule_end,
        }
