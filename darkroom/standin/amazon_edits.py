"""The tasks of Titan and Nova Canvas that repaint a part of a picture.

Which color of a mask is edited differs by task (Nova: page "Accessing ... image generation", twice;
the request page's tab on outpainting repeats the sentence on inpainting, yet says that the two are
opposites): INPAINTING edits black, OUTPAINTING edits white. A mask prompt names what inpainting
edits, and what outpainting keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image, ImageChops

from darkroom.standin.amazon import Line, mask, order, picture, size, task
from darkroom.standin.draw.erase import erase
from darkroom.standin.draw.find_object import find_object
from darkroom.standin.draw.paint_around import paint_around
from darkroom.standin.draw.paint_in import paint_in
from darkroom.standin.draw.shadowed import with_its_shadow
from darkroom.standin.images import flat
from darkroom.standin.model import Mode, Order
from darkroom.standin.rules import Body, Schema, choice, exactly_one, fields, flag, text

MASKS: Mapping[str, Schema] = {"maskPrompt": text(1), "maskImage": text()}
RETURN_MASK: Mapping[str, Schema] = {"returnMask": flag()}
"""Titan's extra field of INPAINTING and OUTPAINTING."""

HARD = [0] * 128 + [255] * 128


def inpainting(line: Line, *, config: tuple[str, ...], extra: Mapping[str, Schema]) -> Mode:
    """INPAINTING: what is black in the mask, or what its prompt names, is painted anew.

    `text` is optional: "if you omit this field, the model will remove elements inside the masked
    area", says Nova's page, although it labels the field as required.
    """

    def prepare(params: Body, config: Body) -> Order:
        image = picture(params["image"], "#/inPaintingParams/image", line.image)
        ground, negative = flat(image), params.get("negativeText", "")
        if "maskImage" in params:
            given = mask(params["maskImage"], "#/inPaintingParams/maskImage", image.size)
        else:
            wide = with_its_shadow(named(ground, params["maskPrompt"]))
            given = ImageChops.invert(wide.point(HARD))
        edited, prompt = ImageChops.invert(given), params.get("text")

        def paint(seed: int) -> Image.Image:
            if prompt is None:
                return erase(ground, edited, seed=seed)
            return paint_in(ground, edited, prompt, seed=seed, negative_prompt=negative)

        return _repaint(line, params, config, given, paint)

    optional = {**MASKS, "text": line.text, "negativeText": line.text, **extra}
    schema = {**fields({"image": text()}, optional), **exactly_one("maskPrompt", "maskImage")}
    return task(line, "INPAINTING", "inPaintingParams", schema, config, prepare)


def outpainting(line: Line, *, config: tuple[str, ...], extra: Mapping[str, Schema]) -> Mode:
    """OUTPAINTING: what is white in the mask, or all but what its prompt names, is painted."""

    def prepare(params: Body, config: Body) -> Order:
        image = picture(params["image"], "#/outPaintingParams/image", line.image)
        ground, prompt = flat(image), params["text"]
        if "maskImage" in params:
            given = mask(params["maskImage"], "#/outPaintingParams/maskImage", image.size)
        else:
            given = ImageChops.invert(named(ground, params["maskPrompt"]))
        return _repaint(
            line,
            params,
            config,
            given,
            lambda seed: paint_around(ground, given, prompt, seed=seed),
        )

    optional = {
        **MASKS,
        "negativeText": line.text,
        "outPaintingMode": choice("DEFAULT", "PRECISE"),
        **extra,
    }
    required = {"image": text(), "text": line.text}
    schema = {**fields(required, optional), **exactly_one("maskPrompt", "maskImage")}
    return task(line, "OUTPAINTING", "outPaintingParams", schema, config, prepare)


def named(image: Image.Image, words: str) -> Image.Image:
    """Find what words name in a picture: an "L" mask, pure white on pure black, as masks are."""
    return find_object(image, words).point(HARD)


def _repaint(
    line: Line,
    params: Body,
    config: Body,
    given: Image.Image,
    paint: Callable[[int], Image.Image],
) -> Order:
    size(line, config)  # Titan's page lists both sides here too, yet the input's size comes back
    # Titan's page does not print the name of the returned mask's field; this is Nova's.
    extras = {"maskImage": given} if params.get("returnMask") else {}
    return order(line, config, params.get("text", ""), paint, extras)
