"""The fields that several modes share: their types, and the words that forms and `--help` show.

What holds for every model stands here; what a model takes beyond that stands in the catalog.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from darkroom.picture import Picture

OutputFormat = Literal["png", "jpeg", "webp"]

Prompt = Annotated[str | None, Field(min_length=1, description="What to show.")]
NegativePrompt = Annotated[str | None, Field(min_length=1, description="What not to show.")]
Image = Annotated[Picture, Field(description="The picture to work on.")]
Mask = Annotated[
    Picture | None,
    Field(description="White is repainted, black is kept; as large as the picture."),
]
MaskPrompt = Annotated[
    str | None,
    Field(min_length=1, description="Names what the mask shall cover (Titan, Nova)."),
]
Similarity = Annotated[float, Field(ge=0, le=1, description="1 is like the source, 0 ignores it.")]
AspectRatio = Annotated[
    str | None,
    Field(examples=["16:9"], description="Proportions, for models that choose the size."),
]
Size = Annotated[
    tuple[int, int] | None,
    Field(examples=[[1024, 1024]], description="Width and height in pixels."),
]
Format = Annotated[
    OutputFormat | None,
    Field(description="Encoding of the answer, where the model lets one choose."),
]
Quality = Annotated[
    str | None, Field(examples=["premium"], description='"standard" or "premium" (Titan, Nova).')
]
CfgScale = Annotated[
    float | None,
    Field(description="How closely to follow the prompt (Titan, Nova: 1.1 to 10; SDXL: 0 to 35)."),
]
Style = Annotated[
    str | None, Field(examples=["PHOTOREALISM"], description="Nova Canvas' visual style.")
]
StylePreset = Annotated[
    str | None, Field(examples=["photographic"], description="Stability AI's visual style.")
]
GrowMask = Annotated[
    int | None,
    Field(description="Pixels by which the service widens what it repaints (Stability; 0 to 20)."),
]
ControlStrength = Annotated[
    float | None, Field(description="How closely to follow the picture; 0 to 1.")
]
ReturnMask = Annotated[
    bool | None,
    Field(description="Keep the mask that was used, beside the picture: white was repainted."),
]


class WeightedPrompt(BaseModel):
    """A text and how much it counts: 1 is plain, less counts less, negative is what not to show."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1, description="What to show, or not to.")
    weight: float = Field(1.0, allow_inf_nan=False, description="1 is plain, below 0 is unwanted.")


class Diffusion(BaseModel):
    """What SDXL alone takes, in each of its modes.

    Sources: "Stability.ai Diffusion 1.0 text to image", "image to image", "image to image
    (masking)".
    """

    weighted_prompts: tuple[WeightedPrompt, ...] | None = Field(
        None,
        min_length=1,
        description="Further texts with weights (SDXL). The prompt weighs 1, the negative one -1.",
    )
    clip_guidance_preset: str | None = Field(
        None, examples=["FAST_BLUE"], description="CLIP guidance (SDXL), with an ancestral sampler."
    )
    sampler: str | None = Field(
        None, examples=["K_DPM_2_ANCESTRAL"], description="Sampler of the diffusion (SDXL)."
    )
    steps: int | None = Field(None, description="Diffusion steps (SDXL); above 50 costs double.")
    extras: dict[str, JsonValue] | None = Field(
        None, description="Passed on to the engine as they are (SDXL); AWS documents none."
    )

    @field_validator("extras")
    @classmethod
    def _in_json(cls, value: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        json.dumps(value, allow_nan=False)  # says what JSON cannot
        return value
