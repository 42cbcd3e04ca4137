"""Nova Canvas's VIRTUAL_TRY_ON: a garment, or any object, from one picture put into another.

From Nova's pages "Virtual try-on" and "Image generation request and response structure". Masks edit
what is black, as in INPAINTING. The pages print no default for the mask's shape by garment, nor for
`mergeStyle` and `returnMask`; the stand-in takes DEFAULT, BALANCED and false. Nor do they say what
DEFAULT means for an exclusion; here it keeps nothing, as OFF does. Body poses are always kept,
because nothing that the stand-in draws moves a person.
"""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from darkroom.standin.amazon import Line, malformed, mask, order, picture, task
from darkroom.standin.amazon_edits import HARD, named
from darkroom.standin.draw.remove_background import remove_background
from darkroom.standin.draw.try_on import body_region, try_on
from darkroom.standin.images import flat
from darkroom.standin.model import Mode, Order
from darkroom.standin.rules import Body, Schema, choice, fields, flag, text

GARMENT_CLASS = choice(
    *("UPPER_BODY", "LOWER_BODY", "FULL_BODY", "FOOTWEAR", "LONG_SLEEVE_SHIRT"),
    *("SHORT_SLEEVE_SHIRT", "NO_SLEEVE_SHIRT", "OTHER_UPPER_BODY", "LONG_PANTS", "SHORT_PANTS"),
    *("OTHER_LOWER_BODY", "LONG_DRESS", "SHORT_DRESS", "FULL_BODY_OUTFIT", "OTHER_FULL_BODY"),
    *("SHOES", "BOOTS", "OTHER_FOOTWEAR"),
)
SHAPE = choice("CONTOUR", "BOUNDING_BOX", "DEFAULT")
SWITCH = choice("ON", "OFF", "DEFAULT")
STYLING = fields(
    {},
    {
        "longSleeveStyle": choice("SLEEVE_DOWN", "SLEEVE_UP"),
        "tuckingStyle": choice("UNTUCKED", "TUCKED"),
        "outerLayerStyle": choice("CLOSED", "OPEN"),
    },
)
MASKS: Mapping[str, Schema] = {
    "imageBasedMask": fields({"maskImage": text()}),
    "garmentBasedMask": fields(
        {"garmentClass": GARMENT_CLASS}, {"maskShape": SHAPE, "garmentStyling": STYLING}
    ),
    "promptBasedMask": fields({"maskPrompt": text(1)}, {"maskShape": SHAPE}),
}
MASK_OF: Mapping[str, str] = {
    "IMAGE": "imageBasedMask",
    "GARMENT": "garmentBasedMask",
    "PROMPT": "promptBasedMask",
}
BLENDS: Mapping[str, float] = {"BALANCED": 0.5, "SEAMLESS": 0.8, "DETAILED": 0.3}
"""How much of the source's light the garment takes on, for each `mergeStyle`."""

POINTER = "#/virtualTryOnParams"
# Where skin lies in YCbCr, whatever its tone, and how far down a person face and hands are.
BLUE_OF_SKIN, RED_OF_SKIN = (77, 127), (133, 173)
FACE, HANDS = (0.0, 0.22), (0.38, 0.64)


def virtual_try_on(line: Line, *, config: tuple[str, ...]) -> Mode:
    """VIRTUAL_TRY_ON: the reference's garment on the source, one to five times.

    `maskType` names the one mask that must be there; the other two must not.
    """

    def prepare(params: Body, config: Body) -> Order:
        _check_mask(params)
        source = flat(picture(params["sourceImage"], f"{POINTER}/sourceImage", line.image))
        garment = picture(params["referenceImage"], f"{POINTER}/referenceImage", line.image)
        edited = _edited(params, source)
        kept = _kept(source, params.get("maskExclusions", {}))
        edited = ImageChops.subtract(edited, kept) if kept else edited
        style = params.get("mergeStyle", "BALANCED")
        extras = {"maskImage": ImageChops.invert(edited)} if params.get("returnMask") else {}

        def paint(seed: int) -> Image.Image:
            worn = try_on(source, garment, edited, seed=seed, blend=BLENDS[style])
            return _without_seam(worn, edited) if style == "SEAMLESS" else worn

        return order(line, config, "", paint, extras)

    schema = fields(
        {"sourceImage": text(), "referenceImage": text(), "maskType": choice(*MASK_OF)},
        {
            **MASKS,
            "maskExclusions": fields(
                {},
                {"preserveBodyPose": SWITCH, "preserveHands": SWITCH, "preserveFace": SWITCH},
            ),
            "mergeStyle": choice(*BLENDS),
            "returnMask": flag(),
        },
    )
    return task(line, "VIRTUAL_TRY_ON", "virtualTryOnParams", schema, config, prepare)


def _check_mask(params: Body) -> None:
    wanted = MASK_OF[params["maskType"]]
    if wanted not in params:
        raise malformed(f"{POINTER}: required key [{wanted}] not found")
    for other in MASKS:
        if other in params and other != wanted:
            raise malformed(f"{POINTER}: extraneous key [{other}] is not permitted")


def _edited(params: Body, source: Image.Image) -> Image.Image:
    told = params[MASK_OF[params["maskType"]]]
    if params["maskType"] == "IMAGE":
        given = mask(told["maskImage"], f"{POINTER}/imageBasedMask/maskImage", source.size)
        return ImageChops.invert(given)
    if params["maskType"] == "GARMENT":
        garment, styling = told["garmentClass"], told.get("garmentStyling", {})
        if garment == "LONG_SLEEVE_SHIRT" and styling.get("longSleeveStyle") == "SLEEVE_UP":
            garment = "SHORT_SLEEVE_SHIRT"  # rolled up, it covers no more of the arm
        return body_region(source, garment, told.get("maskShape", "DEFAULT")).point(HARD)
    found = named(source, told["maskPrompt"])
    box = found.getbbox()
    if box and told.get("maskShape", "BOUNDING_BOX") != "CONTOUR":
        found.paste(255, box)
    return found


def _kept(image: Image.Image, exclusions: Body) -> Image.Image | None:
    """Find face and hands, where they are to be kept, by the color of skin and their height."""
    wanted = [name for name in ("preserveFace", "preserveHands") if exclusions.get(name) == "ON"]
    box = remove_background(image).getchannel("A").getbbox() if wanted else None
    if box is None:
        return None
    _, blue, red = image.convert("YCbCr").split()
    skin = ImageChops.darker(blue.point(_between(BLUE_OF_SKIN)), red.point(_between(RED_OF_SKIN)))
    kept = Image.new("L", image.size)
    if "preserveFace" in wanted:
        face = _band(skin, box, FACE).getbbox()
        if face:  # eyes, mouth and all
            ImageDraw.Draw(kept).ellipse(face, fill=255)
    if "preserveHands" in wanted:
        kept = ImageChops.lighter(kept, _band(skin, box, HANDS).filter(ImageFilter.MaxFilter(5)))
    return kept


def _between(limits: tuple[int, int]) -> list[int]:
    return [255 if limits[0] <= value <= limits[1] else 0 for value in range(256)]


def _band(
    skin: Image.Image, figure: tuple[int, int, int, int], part: tuple[float, float]
) -> Image.Image:
    left, top, right, bottom = figure
    first, last = (round(top + share * (bottom - top)) for share in part)
    band = Image.new("L", skin.size)
    band.paste(skin.crop((left, first, right, last)), (left, first))
    return band


def _without_seam(image: Image.Image, edited: Image.Image) -> Image.Image:
    """Soften the edge of what was painted; as the page says, every pixel changes slightly."""
    edge = ImageChops.difference(
        edited.filter(ImageFilter.MaxFilter(9)), edited.filter(ImageFilter.MinFilter(9))
    ).filter(ImageFilter.BoxBlur(4))
    soft = Image.blend(image, image.filter(ImageFilter.GaussianBlur(0.6)), 0.5)
    return Image.composite(image.filter(ImageFilter.GaussianBlur(3)), soft, edge)
