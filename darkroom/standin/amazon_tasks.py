"""The tasks of Titan and Nova Canvas that make new pictures, and the one that cuts one out.

Each function makes the mode for one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from PIL.Image import Image

from darkroom.standin.amazon import Line, malformed, order, picture, size, task
from darkroom.standin.draw.color_guided import color_guided as guided_by_color
from darkroom.standin.draw.condition import condition
from darkroom.standin.draw.remove_background import remove_background
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.draw.vary import vary
from darkroom.standin.images import flat
from darkroom.standin.model import Mode, Order
from darkroom.standin.rules import Body, Schema, choice, fields, number, several, text

ALL_CONFIG = ("width", "height", "quality", "cfgScale", "numberOfImages", "seed")
CONTROLS: Mapping[str, Literal["canny", "segmentation"]] = {
    "CANNY_EDGE": "canny",
    "SEGMENTATION": "segmentation",
}
CONDITION: Mapping[str, Schema] = {
    "conditionImage": text(),
    "controlMode": choice(*CONTROLS),
    "controlStrength": number(0, 1.0),
}
COLOR = "^#[0-9a-fA-F]{6}$"


def text_image(
    line: Line,
    *,
    config: tuple[str, ...] = ALL_CONFIG,
    extra: Mapping[str, Schema] | None = None,
    conditioned: bool = True,
) -> Mode:
    """TEXT_IMAGE: a prompt to pictures of exactly the size that was asked for.

    Args:
        line: The model.
        config: The fields of `imageGenerationConfig` that it takes.
        extra: Further fields.
        conditioned: Whether a picture can guide the layout; its two controls mean nothing without
            it, and are refused.
    """

    def prepare(params: Body, config: Body) -> Order:
        wanted, prompt = size(line, config), params["text"]
        negative = params.get("negativeText", "")
        if "conditionImage" in params:
            return _conditioned(line, params, config)
        if params.keys() & CONDITION.keys():
            raise malformed("#/textToImageParams: property [conditionImage] is required")
        return order(
            line,
            config,
            prompt,
            lambda seed: text_to_image(prompt, seed=seed, size=wanted, negative_prompt=negative),
        )

    optional = {"negativeText": line.text, **(CONDITION if conditioned else {}), **(extra or {})}
    schema = fields({"text": line.text}, optional)
    return task(line, "TEXT_IMAGE", "textToImageParams", schema, config, prepare)


def _conditioned(line: Line, params: Body, config: Body) -> Order:
    encoded = params["conditionImage"]
    source = flat(picture(encoded, "#/textToImageParams/conditionImage", line.image))
    wanted, prompt = size(line, config), params["text"]
    kind = CONTROLS[params.get("controlMode", "CANNY_EDGE")]
    strength, negative = params.get("controlStrength", 0.7), params.get("negativeText", "")

    def paint(seed: int) -> Image:
        return condition(
            source,
            prompt,
            kind=kind,
            strength=strength,
            seed=seed,
            size=wanted,
            negative_prompt=negative,
        )

    return order(line, config, prompt, paint)


def color_guided(line: Line, *, config: tuple[str, ...] = ALL_CONFIG) -> Mode:
    """COLOR_GUIDED_GENERATION: a prompt and one to ten colors to pictures in these colors."""
    pointer = "#/colorGuidedGenerationParams"

    def prepare(params: Body, config: Body) -> Order:
        wanted, prompt, colors = size(line, config), params["text"], params["colors"]
        for index, color in enumerate(colors):
            if not re.fullmatch(COLOR, color):
                told = f"string [{color}] does not match pattern {COLOR}"
                raise malformed(f"{pointer}/colors/{index}: {told}")
        encoded, negative = params.get("referenceImage"), params.get("negativeText", "")
        reference = None
        if encoded is not None:
            reference = flat(picture(encoded, f"{pointer}/referenceImage", line.image))

        def paint(seed: int) -> Image:
            return guided_by_color(
                colors,
                prompt,
                seed=seed,
                size=wanted,
                reference=reference,
                negative_prompt=negative,
            )

        return order(line, config, prompt, paint)

    schema = fields(
        {"text": line.text, "colors": several(text(), 1, 10)},
        {"negativeText": line.text, "referenceImage": text()},
    )
    name, params = "COLOR_GUIDED_GENERATION", "colorGuidedGenerationParams"
    return task(line, name, params, schema, config, prepare)


def image_variation(line: Line, *, config: tuple[str, ...] = ALL_CONFIG) -> Mode:
    """IMAGE_VARIATION: one to five pictures to pictures like them.

    Nova's list of fields has `text` as required, two other pages of Nova's guide have it as
    optional; the stand-in goes with the two.
    """

    def prepare(params: Body, config: Body) -> Order:
        wanted, prompt = size(line, config), params.get("text", "")
        pointer = "#/imageVariationParams/images"
        sources = [
            flat(picture(encoded, f"{pointer}/{index}", line.image))
            for index, encoded in enumerate(params["images"])
        ]
        # Titan's default; Nova's page states none.
        similarity = params.get("similarityStrength", 0.7)
        return order(
            line,
            config,
            prompt,
            lambda seed: vary(
                sources, similarity=similarity, prompt=prompt, seed=seed, size=wanted
            ),
        )

    schema = fields(
        {"images": several(text(), 1, 5)},
        {"text": line.text, "negativeText": line.text, "similarityStrength": number(0.2, 1.0)},
    )
    return task(line, "IMAGE_VARIATION", "imageVariationParams", schema, config, prepare)


def background_removal(line: Line) -> Mode:
    """BACKGROUND_REMOVAL: a picture to its subject, as a PNG with transparency.

    The pages say that `imageGenerationConfig` is not used here; the stand-in refuses it.
    """

    def prepare(params: Body, _config: Body) -> Order:
        image = picture(params["image"], "#/backgroundRemovalParams/image", line.image)
        return order(line, {}, "", lambda _seed: remove_background(image))

    schema = fields({"image": text()})
    return task(line, "BACKGROUND_REMOVAL", "backgroundRemovalParams", schema, (), prepare)
