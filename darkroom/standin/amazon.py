"""What Titan and Nova Canvas have in common: how they refuse, how they answer, what fields mean.

A body is `{"taskType": ..., "<task>Params": {...}, "imageGenerationConfig": {...}}`. Written from
the user guide's page "Amazon Titan Image Generator G1 models" and Nova's pages "Image generation
request and response structure", "Accessing ... image generation" and "Image generation error
handling".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from darkroom.standin import images
from darkroom.standin.model import Mode, Order, Reason
from darkroom.standin.refusal import Refusal, invalid
from darkroom.standin.rules import Body, Schema, Violation, choice, fields

BLACK_OR_WHITE = {(0, 0, 0), (255, 255, 255)}


@dataclass(frozen=True)
class Amazon:
    """How Amazon's own models refuse and answer.

    Attributes:
        blocked_prompt: What the content filter says about a prompt.
        empties: Whether `images` is there, though empty, when every picture was blocked. Titan's
            page says "one of" for `images` and `error`; Nova's does not say.
        response_cap: The size limit of InvokeModel itself; no smaller one is documented.
    """

    blocked_prompt: str
    empties: bool
    response_cap: int = 25_000_000

    def unmatched(self, modes: Sequence[Mode], body: Body) -> Refusal:
        """Refuse a `taskType` that the model does not have."""
        if "taskType" not in body:
            return malformed("#: required key [taskType] not found")
        return malformed(f"#/taskType: {body['taskType']} is not a valid enum value")

    def malformed(self, mode: Mode, found: Sequence[Violation]) -> Refusal:
        """Refuse a body: one violation is told, several are only counted, as AWS does."""
        if len(found) > 1:
            return malformed(f"{len(found)} schema violations found")
        return malformed(f"{found[0].pointer}: {found[0].text}")

    def too_large(self, size: int) -> Refusal:
        """Refuse to send an answer above the cap; no report of AWS's text was found."""
        return invalid(
            f"Response payload size {size} bytes exceeds the maximum allowed size of "
            f"{self.response_cap} bytes"
        )

    def blocked(self, reason: Reason) -> dict[str, Any]:
        """Answer as the page on errors says: inputs are refused, outputs are left out.

        Raises:
            Refusal: The prompt or a picture was blocked, or inference failed.
        """
        if reason == "prompt":
            raise invalid(self.blocked_prompt)
        if reason == "input image":
            raise invalid(
                "This request has been blocked by our content filters. "
                "Please adjust your input image to submit a new request."
            )
        if reason == "inference error":
            raise Refusal("ModelErrorException", "The model failed to process the request.")
        error = "All of the generated images have been blocked by our content filters."
        return {"images": [], "error": error} if self.empties else {"error": error}

    def answer(self, order: Order, pictures: Sequence[str], extras: Body) -> dict[str, Any]:
        """Wrap the pictures; when there are fewer than ordered, `error` says so."""
        if not pictures:
            return self.blocked("output image")
        body: dict[str, Any] = {"images": list(pictures), **extras}
        if len(pictures) < order.count:
            body["error"] = "Some of the generated images have been blocked by our content filters."
        return body


@dataclass(frozen=True)
class Line:
    """What one of Amazon's models asks for, where they differ.

    Attributes:
        model: Its id.
        text: The schema of a prompt.
        config: The schemas of `imageGenerationConfig`'s fields.
        size: Width and height when none is given.
        seed: The seed when none is given.
        refuse_size: Says what is wrong with a width and a height, if anything is.
        image: What an input picture must be like.
    """

    model: str
    text: Schema
    config: Mapping[str, Schema]
    size: tuple[int, int]
    seed: int
    refuse_size: Callable[[int, int], str | None]
    image: images.Limits


def malformed(told: str) -> Refusal:
    """Make the refusal that these models give for a body they cannot take."""
    return invalid(f"Malformed input request: {told}, please reformat your input and try again.")


def picture(encoded: str, pointer: str, limits: images.Limits) -> Image:
    """Decode a picture, or refuse it.

    AWS's texts about pictures were not found; these follow its texts about everything else.
    """
    try:
        return images.read(encoded, limits)
    except images.Flaw as flaw:
        raise malformed(f"{pointer}: {flaw}") from flaw


def mask(encoded: str, pointer: str, size: tuple[int, int]) -> Image:
    """Decode a mask: as large as its image, only pure black and white, no alpha channel."""
    image = picture(encoded, pointer, images.Limits(formats=("png", "jpeg")))
    if image.size != size:
        told = "the mask measures {}x{} pixels, its image {}x{}".format(*image.size, *size)
        raise malformed(f"{pointer}: {told}")
    if image.has_transparency_data:
        raise malformed(f"{pointer}: the mask must not have an alpha channel")
    colors = image.convert("RGB").getcolors(maxcolors=2)
    if colors is None or not {color for _, color in colors} <= BLACK_OR_WHITE:
        raise malformed(f"{pointer}: the mask may only have pure black and pure white pixels")
    return image.convert("L")


def task(
    line: Line,
    name: str,
    params: str,
    schema: Schema,
    config: tuple[str, ...],
    prepare: Callable[[Body, Body], Order],
) -> Mode:
    """Make the mode for one `taskType`.

    Args:
        line: The model.
        name: The value of `taskType`.
        params: The field that has the task's own fields.
        schema: What those may look like.
        config: The fields of `imageGenerationConfig` that it takes; without any it takes no such
            object.
        prepare: Makes the order from the task's own fields and from `imageGenerationConfig`.
    """

    def read(body: Body) -> Order:
        return prepare(body[params], body.get("imageGenerationConfig", {}))

    required = {"taskType": choice(name), params: schema}
    optional = {"imageGenerationConfig": fields({}, {key: line.config[key] for key in config})}
    whole = fields(required, optional if config else {})
    return Mode(line.model, name, lambda body: body.get("taskType") == name, whole, read)


def size(line: Line, config: Body) -> tuple[int, int]:
    """Read width and height, or refuse them."""
    width, height = config.get("width", line.size[0]), config.get("height", line.size[1])
    problem = line.refuse_size(width, height) if "width" in config or "height" in config else None
    if problem:
        raise malformed(f"#/imageGenerationConfig: {problem}")
    return width, height


def order(
    line: Line,
    config: Body,
    prompt: str,
    paint: Callable[[int], Image],
    extras: Mapping[str, Image] | None = None,
) -> Order:
    """Order as many pictures as were asked for, from the seed that was asked for on."""
    seed, count = config.get("seed", line.seed), config.get("numberOfImages", 1)
    return Order(prompt=prompt, seed=seed, paint=paint, count=count, extras=extras or {})
