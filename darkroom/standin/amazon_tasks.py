"""The tasks that Titan and Nova Canvas share; each function makes the mode for one of them.

A body is `{"taskType": ..., "<task>Params": {...}, "imageGenerationConfig": {...}}`. Which color
of a mask is edited differs by task (Nova: page "Accessing ... image generation", twice; the
request page's tab on outpainting repeats the sentence on inpainting, yet says that the two are
opposites): INPAINTING edits black, OUTPAINTING edits white.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image, ImageChops

from darkroom.standin.amazon import Line, malformed, mask, picture
from darkroom.standin.draw.paint_around import paint_around
from darkroom.standin.draw.remove_background import remove_background
from darkroom.standin.draw.text_to_image import text_to_image
from darkroom.standin.draw.vary import vary
from darkroom.standin.images import flat
from darkroom.standin.model import Mode, Order
from darkroom.standin.rules import (
    Body,
    Schema,
    choice,
    exactly_one,
    fields,
    flag,
    number,
    several,
    text,
)

MASKS: Mapping[str, Schema] = {"maskPrompt": text(1), "maskImage": text()}
ALL_CONFIG = ("width", "height", "quality", "cfgScale", "numberOfImages", "seed")


def _mode(
    line: Line,
    task: str,
    params: str,
    schema: Schema,
    config: tuple[str, ...],
    prepare: Callable[[Body, Body], Order],
) -> Mode:
    def read(body: Body) -> Order:
        return prepare(body[params], body.get("imageGenerationConfig", {}))

    required = {"taskType": choice(task), params: schema}
    optional = {"imageGenerationConfig": fields({}, {name: line.config[name] for name in config})}
    whole = fields(required, optional if config else {})
    return Mode(line.model, task, lambda body: body.get("taskType") == task, whole, read)


def text_image(
    line: Line, *, config: tuple[str, ...] = ALL_CONFIG, extra: Mapping[str, Schema] | None = None
) -> Mode:
    """TEXT_IMAGE: a prompt to pictures of exactly the size that was asked for."""

    def prepare(params: Body, config: Body) -> Order:
        size, prompt = _size(line, config), params["text"]
        negative = params.get("negativeText", "")
        return _order(
            line,
            config,
            prompt,
            lambda seed: text_to_image(prompt, seed=seed, size=size, negative_prompt=negative),
        )

    schema = fields({"text": line.text}, {"negativeText": line.text, **(extra or {})})
    return _mode(line, "TEXT_IMAGE", "textToImageParams", schema, config, prepare)


def image_variation(line: Line, *, config: tuple[str, ...] = ALL_CONFIG) -> Mode:
    """IMAGE_VARIATION: one to five pictures to pictures like them.

    Nova's list of fields has `text` as required, two other pages of Nova's guide have it as
    optional; the stand-in goes with the two.
    """

    def prepare(params: Body, config: Body) -> Order:
        size, prompt = _size(line, config), params.get("text", "")
        pointer = "#/imageVariationParams/images"
        sources = [
            flat(picture(encoded, f"{pointer}/{index}", line.image))
            for index, encoded in enumerate(params["images"])
        ]
        # Titan's default; Nova's page states none.
        similarity = params.get("similarityStrength", 0.7)
        return _order(
            line,
            config,
            prompt,
            lambda seed: vary(sources, similarity=similarity, prompt=prompt, seed=seed, size=size),
        )

    schema = fields(
        {"images": several(text(), 1, 5)},
        {"text": line.text, "negativeText": line.text, "similarityStrength": number(0.2, 1.0)},
    )
    return _mode(line, "IMAGE_VARIATION", "imageVariationParams", schema, config, prepare)


def inpainting(line: Line, *, config: tuple[str, ...], extra: Mapping[str, Schema]) -> Mode:
    """INPAINTING: what is black in the mask, or what its prompt names, is painted anew.

    `text` is optional: "if you omit this field, the model will remove elements inside the masked
    area", says Nova's page, although it labels the field as required.
    """

    def prepare(params: Body, config: Body) -> Order:
        image = picture(params["image"], "#/inPaintingParams/image", line.image)
        if "maskImage" in params:
            given = mask(params["maskImage"], "#/inPaintingParams/maskImage", image.size)
            return _repaint(line, params, config, image, ImageChops.invert(given), given)
        thing = _thing(image)
        return _repaint(line, params, config, image, thing, ImageChops.invert(thing))

    optional = {**MASKS, "text": line.text, "negativeText": line.text, **extra}
    schema = {**fields({"image": text()}, optional), **exactly_one("maskPrompt", "maskImage")}
    return _mode(line, "INPAINTING", "inPaintingParams", schema, config, prepare)


def outpainting(line: Line, *, config: tuple[str, ...], extra: Mapping[str, Schema]) -> Mode:
    """OUTPAINTING: what is white in the mask, or all but what its prompt names, is painted."""

    def prepare(params: Body, config: Body) -> Order:
        image = picture(params["image"], "#/outPaintingParams/image", line.image)
        if "maskImage" in params:
            given = mask(params["maskImage"], "#/outPaintingParams/maskImage", image.size)
        else:
            given = ImageChops.invert(_thing(image))
        return _repaint(line, params, config, image, given, given)

    optional = {
        **MASKS,
        "negativeText": line.text,
        "outPaintingMode": choice("DEFAULT", "PRECISE"),
        **extra,
    }
    required = {"image": text(), "text": line.text}
    schema = {**fields(required, optional), **exactly_one("maskPrompt", "maskImage")}
    return _mode(line, "OUTPAINTING", "outPaintingParams", schema, config, prepare)


def background_removal(line: Line) -> Mode:
    """BACKGROUND_REMOVAL: a picture to its subject, as a PNG with transparency.

    The pages say that `imageGenerationConfig` is not used here; the stand-in refuses it.
    """

    def prepare(params: Body, _config: Body) -> Order:
        image = picture(params["image"], "#/backgroundRemovalParams/image", line.image)
        return _order(line, {}, "", lambda _seed: remove_background(image))

    schema = fields({"image": text()})
    return _mode(line, "BACKGROUND_REMOVAL", "backgroundRemovalParams", schema, (), prepare)


RETURN_MASK: Mapping[str, Schema] = {"returnMask": flag()}
"""Titan's extra field of INPAINTING and OUTPAINTING."""


def _size(line: Line, config: Body) -> tuple[int, int]:
    width, height = config.get("width", line.size[0]), config.get("height", line.size[1])
    problem = line.refuse_size(width, height) if "width" in config or "height" in config else None
    if problem:
        raise malformed(f"#/imageGenerationConfig: {problem}")
    return width, height


def _thing(image: Image.Image) -> Image.Image:
    # A mask prompt names something in the picture. The stand-in cannot read pictures; its best
    # guess is what stands before the background.
    alpha = remove_background(image).getchannel("A")
    return alpha.point([0] * 128 + [255] * 128)


def _repaint(
    line: Line,
    params: Body,
    config: Body,
    image: Image.Image,
    edited: Image.Image,
    told: Image.Image,
) -> Order:
    _size(line, config)  # Titan's page lists both sides here too, yet the input's size comes back
    ground, prompt = flat(image), params.get("text", "")

    def paint(seed: int) -> Image.Image:
        painted = paint_around(ground, edited, prompt, seed=seed)
        return Image.composite(painted, ground, edited)

    # Titan's page does not print the name of the returned mask's field; this is Nova's.
    extras = {"maskImage": told} if params.get("returnMask") else {}
    return _order(line, config, prompt, paint, extras)


def _order(
    line: Line,
    config: Body,
    prompt: str,
    paint: Callable[[int], Image.Image],
    extras: Mapping[str, Image.Image] | None = None,
) -> Order:
    seed, count = config.get("seed", line.seed), config.get("numberOfImages", 1)
    return Order(prompt=prompt, seed=seed, paint=paint, count=count, extras=extras or {})
