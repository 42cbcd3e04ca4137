"""Plain requests: for each mode and model one that the model takes, to be changed in one thing."""

from __future__ import annotations

from typing import Any

from darkroom import modes
from darkroom.catalog import Model
from darkroom.fields import WeightedPrompt
from darkroom.modes.base import Request
from darkroom.modes.outpaint import Expand
from darkroom.picture import Picture


def shot(width: int = 1024, height: int = 1024, kind: str = "png", **facts: Any) -> Picture:
    """A picture, as far as its facts go; every model takes it as it is by default."""
    said: dict[str, Any] = {"sha256": "0" * 64, "size_bytes": 1000, "uri": "file:///it", **facts}
    return Picture(width=width, height=height, media_type=f"image/{kind}", **said)


PLAIN: dict[str, Any] = {
    "prompt": "a mug",
    "weighted_prompts": (WeightedPrompt(text="a mug", weight=0.5),),
    "negative_prompt": "steam",
    "search_prompt": "the mug",
    "image": shot(),
    "images": (shot(),),
    "reference_image": shot(),
    "style_image": shot(),
    "mask": shot(),
    "mask_prompt": "the mug",
    "mask_source": "MASK_IMAGE_BLACK",
    "return_mask": False,
    "expand": Expand(left=8),
    "similarity": 0.5,
    "init_image_mode": "IMAGE_STRENGTH",
    "step_schedule_start": 0.6,
    "step_schedule_end": 0.1,
    "seed": 7,
    "count": 2,
    "size": (1024, 1024),
    "aspect_ratio": "1:1",
    "style": "PHOTOREALISM",
    "style_preset": "anime",
    "quality": "premium",
    "cfg_scale": 5.0,
    "creativity": 0.5,
    "control_mode": "SEGMENTATION",
    "control_strength": 0.5,
    "fidelity": 0.5,
    "style_strength": 0.5,
    "composition_fidelity": 0.5,
    "change_strength": 0.5,
    "grow_mask": 3,
    "out_painting_mode": "PRECISE",
    "output_format": "png",
    "colors": ("#1b4d3e", "#F4E9D8"),
    "clip_guidance_preset": "FAST_BLUE",
    "sampler": "K_EULER_ANCESTRAL",
    "steps": 30,
    "extras": {"a": 1},
    "garment_class": "SHOES",
    "mask_shape": "CONTOUR",
    "long_sleeve_style": "SLEEVE_UP",
    "tucking_style": "TUCKED",
    "outer_layer_style": "OPEN",
    "preserve_body_pose": "ON",
    "preserve_hands": "OFF",
    "preserve_face": "DEFAULT",
    "merge_style": "DETAILED",
}
"""A value for each neutral field that the models which take the field allow."""


def plain(model: Model, mode: str, **changes: Any) -> Request:
    """A request that `model` takes, with `changes` that nobody has looked at yet.

    What a changed field cannot be without comes along, and a mask measures what its image does.
    """
    takes = model.modes[mode]
    fields = [*takes.required, *takes.one_of[:1]]
    if changes.keys() & set(takes.one_of):
        fields = list(takes.required)
    if mode in ("inpaint", "erase_object") and "mask" in takes.optional:
        fields.append("mask")  # or else the picture must have transparency
    if "mask" in fields and "image" in changes:
        changes = {"mask": changes["image"], **changes}
    request = modes.find(mode)(**{field: PLAIN[field] for field in fields})
    return request.model_copy(update={**_beside(mode, changes), **changes})


def _beside(mode: str, changes: dict[str, Any]) -> dict[str, Any]:
    """What must be said, or not, because of what else is."""
    if changes.get("init_image_mode") == "STEP_SCHEDULE":
        return {"similarity": None}
    if "clip_guidance_preset" in changes:
        return {"sampler": PLAIN["sampler"]}
    if mode == "upscale" and changes.get("output_format") == "png":
        return {"image": shot(512, 512)}
    return {}
