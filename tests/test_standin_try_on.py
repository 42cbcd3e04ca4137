"""The stand-in's VIRTUAL_TRY_ON of Nova Canvas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageStat

from darkroom.standin.server import StandIn
from tests.standin_client import NOVA, TITAN, Caller, encoded, half_white, noise, opened

pytestmark = pytest.mark.drill


@pytest.fixture(scope="module")
def aws() -> Iterator[Caller]:
    with StandIn() as standin:
        yield Caller(standin.url)


def square() -> Image.Image:
    """Make a dark red square in the middle of a light grey picture."""
    image = Image.new("RGB", (320, 320), (150, 160, 170))
    image.paste((150, 20, 20), (110, 110, 210, 210))
    return image


def person() -> Image.Image:
    """Make a figure of head, body in blue, two hands and legs, on white."""
    image = Image.new("RGB", (320, 480), "white")
    draw = ImageDraw.Draw(image)
    skin = (224, 172, 130)
    draw.ellipse((130, 20, 190, 95), fill=skin)
    draw.rounded_rectangle((105, 95, 215, 265), 18, fill=(40, 80, 180))
    draw.ellipse((85, 225, 112, 255), fill=skin)
    draw.ellipse((208, 225, 235, 255), fill=skin)
    draw.rectangle((115, 265, 205, 450), fill=(40, 40, 45))
    return image


PERSON = encoded(person())
SHIRT = encoded(square())
NO_MASK = {"sourceImage": PERSON, "referenceImage": SHIRT}
EVERYTHING = encoded(Image.new("L", (320, 480), 0))


def try_on(config: Any = None, **values: Any) -> dict[str, Any]:
    """Make a body of VIRTUAL_TRY_ON: of the whole picture, unless it says which mask."""
    if "maskType" not in values:
        values = {"maskType": "IMAGE", "imageBasedMask": {"maskImage": EVERYTHING}, **values}
    body = {"taskType": "VIRTUAL_TRY_ON", "virtualTryOnParams": {**NO_MASK, **values}}
    return body if config is None else {**body, "imageGenerationConfig": config}


def difference(one: Image.Image, other: Image.Image) -> float:
    """Measure how unlike two pictures are, 0..255."""
    mean = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(mean) / 3


MASKS = [
    {"maskType": "IMAGE", "imageBasedMask": {"maskImage": EVERYTHING}},
    {"maskType": "GARMENT", "garmentBasedMask": {"garmentClass": "UPPER_BODY"}},
    {
        "maskType": "GARMENT",
        "garmentBasedMask": {
            "garmentClass": "LONG_SLEEVE_SHIRT",
            "maskShape": "CONTOUR",
            "garmentStyling": {
                "longSleeveStyle": "SLEEVE_UP",
                "tuckingStyle": "TUCKED",
                "outerLayerStyle": "OPEN",
            },
        },
    },
    {"maskType": "PROMPT", "promptBasedMask": {"maskPrompt": "the blue shirt"}},
    {
        "maskType": "PROMPT",
        "promptBasedMask": {"maskPrompt": "the blue shirt", "maskShape": "CONTOUR"},
    },
]


@pytest.mark.parametrize("mask", MASKS, ids=lambda mask: str(mask["maskType"]))
def test_a_garment_is_tried_on(aws: Caller, mask: dict[str, Any]) -> None:
    """Every kind of mask puts the garment inside of it, and leaves each pixel outside alone."""
    answer = aws.answer(NOVA, try_on({"numberOfImages": 2}, **mask, returnMask=True))

    edited = opened(answer["maskImage"]).convert("L")
    assert answer.keys() == {"images", "maskImage"}
    assert {value for _, value in edited.getcolors() or []} <= {0, 255}
    assert edited.getpixel((160, 180)) == 0
    assert len(answer["images"]) == 2
    for one in answer["images"]:
        worn = opened(one).convert("RGB")
        outside = Image.composite(person(), worn, edited)
        assert worn.size == (320, 480)
        assert difference(worn, person()) > 1
        assert difference(worn, outside) == 0


@pytest.mark.parametrize(
    "garment",
    [
        *("UPPER_BODY", "LOWER_BODY", "FULL_BODY", "FOOTWEAR", "LONG_SLEEVE_SHIRT"),
        *("SHORT_SLEEVE_SHIRT", "NO_SLEEVE_SHIRT", "OTHER_UPPER_BODY", "LONG_PANTS"),
        *("SHORT_PANTS", "OTHER_LOWER_BODY", "LONG_DRESS", "SHORT_DRESS", "FULL_BODY_OUTFIT"),
        *("OTHER_FULL_BODY", "SHOES", "BOOTS", "OTHER_FOOTWEAR"),
    ],
)
def test_every_garment_class_has_its_place(aws: Caller, garment: str) -> None:
    """Each of the eighteen classes marks a part of the figure, and not all of the picture."""
    mask = {"garmentClass": garment, "maskShape": "BOUNDING_BOX"}

    answer = aws.answer(NOVA, try_on(maskType="GARMENT", garmentBasedMask=mask, returnMask=True))

    kept = ImageStat.Stat(opened(answer["maskImage"]).convert("L")).mean[0] / 255
    assert 0.2 < kept < 0.999


def test_the_shape_of_a_prompts_mask(aws: Caller) -> None:
    """By default what a prompt finds is masked as a box; CONTOUR keeps its outline."""
    masks = []
    for shape in ({}, {"maskShape": "BOUNDING_BOX"}, {"maskShape": "CONTOUR"}):
        told = {"maskPrompt": "the blue shirt", **shape}
        body = try_on(maskType="PROMPT", promptBasedMask=told, returnMask=True)
        given = opened(aws.answer(NOVA, body)["maskImage"]).convert("L")
        masks.append(ImageChops.invert(given))
    default, box, contour = masks

    assert default.tobytes() == box.tobytes()
    assert box.getbbox() == contour.getbbox()
    left, top, right, bottom = box.getbbox() or (0, 0, 0, 0)
    area = (right - left) * (bottom - top)
    assert ImageStat.Stat(box).sum[0] == 255 * area > ImageStat.Stat(contour).sum[0] > 0


@pytest.mark.parametrize(
    ("exclusion", "place"), [("preserveFace", (160, 57)), ("preserveHands", (98, 240))]
)
def test_face_and_hands_can_be_kept(aws: Caller, exclusion: str, place: tuple[int, int]) -> None:
    """What is to be kept is taken out of the mask, whatever the kind of mask; else it is not."""
    for switch, color in (("ON", 255), ("OFF", 0), ("DEFAULT", 0)):
        body = try_on(maskExclusions={exclusion: switch}, returnMask=True)
        answer = aws.answer(NOVA, body)
        mask, worn = opened(answer["maskImage"]).convert("L"), opened(answer["images"][0])
        assert mask.getpixel(place) == color
        assert mask.getpixel((160, 180)) == 0
        if color:
            assert worn.convert("RGB").getpixel(place) == person().getpixel(place)


def test_a_seamless_merge_touches_every_part(aws: Caller) -> None:
    """SEAMLESS changes what is not masked slightly; BALANCED and DETAILED do not at all."""
    source, mask = noise(320, 480), Image.new("L", (320, 480), 255)
    mask.paste(0, (100, 300, 220, 420))
    images = {"sourceImage": encoded(source), "imageBasedMask": {"maskImage": encoded(mask)}}
    far = (0, 0, 320, 200)

    changes = {}
    for style in ("BALANCED", "SEAMLESS", "DETAILED"):
        body = try_on(maskType="IMAGE", mergeStyle=style, **images)
        (worn,) = aws.pictures(NOVA, body)
        changes[style] = difference(worn.crop(far), source.crop(far))

    assert changes["BALANCED"] == changes["DETAILED"] == 0
    assert 0 < changes["SEAMLESS"] < 60


GARMENT = {"garmentClass": "SHOES"}
HALF = encoded(half_white(320, 320))
REFUSED = [
    (try_on({"width": 320, "height": 320}), "2 schema violations found"),
    (try_on(text="x"), "extraneous key [text]"),
    (try_on(maskType="MASK"), "MASK is not a valid enum value"),
    (try_on(mergeStyle="NONE"), "NONE is not a valid enum value"),
    (try_on(returnMask="true"), "expected type: Boolean, found: String"),
    (try_on(maskExclusions={"preserveFeet": "ON"}), "extraneous key [preserveFeet]"),
    (try_on(maskExclusions={"preserveFace": "YES"}), "preserveFace: YES is not a valid enum"),
    (try_on(maskType="GARMENT"), "required key [garmentBasedMask] not found"),
    (try_on(maskType="PROMPT"), "required key [promptBasedMask] not found"),
    (
        try_on(maskType="GARMENT", imageBasedMask={"maskImage": HALF}),
        "required key [garmentBasedMask] not found",
    ),
    (try_on(garmentBasedMask=GARMENT), "extraneous key [garmentBasedMask] is not permitted"),
    (
        try_on(
            maskType="GARMENT", garmentBasedMask=GARMENT, promptBasedMask={"maskPrompt": "shoes"}
        ),
        "extraneous key [promptBasedMask] is not permitted",
    ),
    (
        try_on(maskType="GARMENT", garmentBasedMask={"garmentClass": "HAT"}),
        "#/virtualTryOnParams/garmentBasedMask/garmentClass: HAT is not a valid enum value",
    ),
    (try_on(maskType="GARMENT", garmentBasedMask={}), "required key [garmentClass]"),
    (try_on(maskType="PROMPT", promptBasedMask={"maskPrompt": ""}), "minLength: 1"),
    (try_on(imageBasedMask={"maskImage": HALF}), "320x320 pixels, its image 320x480"),
    (
        try_on(imageBasedMask={"maskImage": encoded(noise(320, 480))}),
        "imageBasedMask/maskImage: the mask may only have pure black and pure white",
    ),
    (try_on(referenceImage=encoded(noise(64, 64))), "#/virtualTryOnParams/referenceImage:"),
]


@pytest.mark.parametrize(("body", "told"), REFUSED)
def test_what_breaks_a_rule_is_refused(aws: Caller, body: Any, told: str) -> None:
    """What the pages do not allow is refused as malformed, with where and why."""
    message = aws.message(NOVA, body)

    assert message.startswith("Malformed input request: ")
    assert told in message


@pytest.mark.parametrize("model", [TITAN, "amazon.titan-image-generator-v1"])
def test_titan_has_no_try_on(aws: Caller, model: str) -> None:
    """VIRTUAL_TRY_ON is Nova's alone."""
    assert "#/taskType: VIRTUAL_TRY_ON is not a valid enum value" in aws.message(model, try_on())
