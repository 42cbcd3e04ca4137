"""The stand-in's Titan v1, Titan v2 and Nova Canvas: the tasks that they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from darkroom.standin.server import StandIn
from tests.standin_client import (
    NOVA,
    TITAN,
    Caller,
    encoded,
    half_white,
    noise,
    opened,
    text_image,
)

TITAN_V1 = "amazon.titan-image-generator-v1"
BOTH_V1 = [TITAN_V1, f"{TITAN_V1}:0"]
ALL = [TITAN_V1, TITAN, NOVA]
SMALL = {"width": 320, "height": 704}
NOVA_SIDE = encoded(noise(320, 320))
HALF = encoded(half_white(320, 320))
GREY = (150, 160, 170)


@pytest.fixture(scope="module")
def aws() -> Iterator[Caller]:
    with StandIn() as standin:
        yield Caller(standin.url)


def square() -> Image.Image:
    """Make a dark red square in the middle of a light grey picture."""
    image = Image.new("RGB", (320, 320), GREY)
    image.paste((150, 20, 20), (110, 110, 210, 210))
    return image


REFERENCE = encoded(square())


def task(name: str, params: str, config: Any = None, **values: Any) -> dict[str, Any]:
    """Make a body."""
    body: dict[str, Any] = {"taskType": name, params: values}
    return body if config is None else {**body, "imageGenerationConfig": config}


def conditioned(config: Any = SMALL, **values: Any) -> dict[str, Any]:
    values = {"text": "a vase", "conditionImage": NOVA_SIDE, **values}
    return task("TEXT_IMAGE", "textToImageParams", config, **values)


def colored(config: Any = SMALL, **values: Any) -> dict[str, Any]:
    values = {"text": "a vase", "colors": ["#C02020"], **values}
    name, params = "COLOR_GUIDED_GENERATION", "colorGuidedGenerationParams"
    return task(name, params, config, **values)


def inpainting(image: Image.Image, **values: Any) -> dict[str, Any]:
    return task("INPAINTING", "inPaintingParams", None, image=encoded(image), **values)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Measure how unlike two pictures are, 0..255."""
    mean = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(mean) / 3


def malformed(told: str) -> str:
    return f"Malformed input request: {told}, please reformat your input and try again."


@pytest.mark.parametrize("model", BOTH_V1)
@pytest.mark.parametrize(
    "body",
    [
        text_image("x" * 512, **SMALL, quality="premium", cfgScale=10, numberOfImages=2),
        inpainting(noise(320, 320), maskImage=HALF, text="sea", returnMask=True),
        task(
            "OUTPAINTING",
            "outPaintingParams",
            {"seed": 3},
            image=NOVA_SIDE,
            maskPrompt="the vase",
            text="a beach",
            outPaintingMode="PRECISE",
        ),
        task("IMAGE_VARIATION", "imageVariationParams", SMALL, images=[NOVA_SIDE]),
    ],
    ids=lambda body: body["taskType"],
)
def test_titan_v1_has_four_tasks_under_both_its_ids(
    aws: Caller, model: str, body: dict[str, Any]
) -> None:
    """Text to image, inpainting, outpainting and variation are answered, by either id."""
    count = body.get("imageGenerationConfig", {}).get("numberOfImages", 1)

    assert len(aws.pictures(model, body)) == count


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (conditioned(), "extraneous key [conditionImage]"),
        (colored(), "COLOR_GUIDED_GENERATION is not a valid enum value"),
        (task("BACKGROUND_REMOVAL", "backgroundRemovalParams", image=NOVA_SIDE), "BACKGROUND"),
        (text_image(width=512, height=768), "512x768 is not supported"),
    ],
)
def test_titan_v1_lacks_what_came_later(aws: Caller, body: dict[str, Any], told: str) -> None:
    """Conditioning, colors and background removal are refused by Titan v1."""
    assert told in aws.message(TITAN_V1, body)


@pytest.mark.parametrize("model", [TITAN, NOVA])
@pytest.mark.parametrize("mode", ["CANNY_EDGE", "SEGMENTATION"])
def test_a_picture_conditions_another(aws: Caller, model: str, mode: str) -> None:
    """A condition image guides the layout, in the size that was asked for; strength matters."""
    body = conditioned(conditionImage=encoded(square()), controlMode=mode)
    bare = task("TEXT_IMAGE", "textToImageParams", SMALL, text="a vase")

    (guided,), (free,) = aws.pictures(model, body), aws.pictures(model, bare)

    (tight,), (loose,) = (
        aws.pictures(
            model, conditioned(controlMode=mode, controlStrength=value, conditionImage=REFERENCE)
        )
        for value in (1.0, 0)
    )
    assert guided.size == (320, 704)
    assert difference(guided, free) > 1
    assert difference(tight, loose) > 1


def test_the_defaults_of_conditioning(aws: Caller) -> None:
    """Without them `controlMode` is CANNY_EDGE and `controlStrength` is 0.7."""
    said = conditioned(controlMode="CANNY_EDGE", controlStrength=0.7)

    assert aws.answer(TITAN, conditioned()) == aws.answer(TITAN, said)


def test_colors_guide_a_picture(aws: Caller) -> None:
    """A picture has the colors that were asked for, in the size that was asked for."""
    for model in (TITAN, NOVA):
        (red,), (blue,) = (
            aws.pictures(model, colored(colors=[color])) for color in ("#d01010", "#1010D0")
        )
        assert red.size == blue.size == (320, 704)
        warm, cold = (ImageStat.Stat(each.convert("RGB")).mean for each in (red, blue))
        assert warm[0] - warm[2] > cold[0] - cold[2] + 10


def test_a_reference_guides_beside_the_colors(aws: Caller) -> None:
    """A reference image changes what is drawn in the same colors."""
    (alone,), (guided,) = (
        aws.pictures(TITAN, colored(**extra)) for extra in ({}, {"referenceImage": REFERENCE})
    )

    assert difference(alone, guided) > 1


@pytest.mark.parametrize("model", ALL)
def test_inpainting_without_text_removes_what_is_masked(aws: Caller, model: str) -> None:
    """Where the square was there is background; all else is as it was, to the last bit."""
    image = square()
    mask = Image.new("L", image.size, 255)
    mask.paste(0, (100, 100, 220, 220))

    (erased,) = aws.pictures(model, inpainting(image, maskImage=encoded(mask)))
    (painted,) = aws.pictures(model, inpainting(image, maskImage=encoded(mask), text="a red cup"))

    middle = (140, 140, 180, 180)
    blank = Image.new("RGB", (40, 40), GREY)
    assert difference(erased.crop(middle), blank) < 12
    assert difference(painted.crop(middle), blank) > difference(erased.crop(middle), blank)
    for result in (erased, painted):
        assert difference(result.crop((0, 0, 320, 100)), image.crop((0, 0, 320, 100))) == 0


def test_a_mask_prompt_finds_what_it_names(aws: Caller) -> None:
    """The returned mask is black where the named thing is and white elsewhere, and pure."""
    answer = aws.answer(TITAN, inpainting(square(), maskPrompt="the red square", returnMask=True))

    mask = opened(answer["maskImage"]).convert("L")
    assert mask.getpixel((160, 160)) == 0
    assert mask.getpixel((10, 10)) == 255
    assert {value for _, value in mask.getcolors() or []} == {0, 255}


def test_outpainting_keeps_what_the_mask_prompt_names(aws: Caller) -> None:
    """With a mask prompt OUTPAINTING repaints all but the thing; its mask is white there."""
    params = {"image": REFERENCE, "maskPrompt": "the red square", "text": "on a beach"}
    body = task("OUTPAINTING", "outPaintingParams", None, **params, returnMask=True)

    answer = aws.answer(TITAN, body)

    mask = opened(answer["maskImage"]).convert("L")
    (picture,) = (opened(one) for one in answer["images"])
    middle = (140, 140, 180, 180)
    assert (mask.getpixel((160, 160)), mask.getpixel((10, 10))) == (0, 255)
    assert difference(picture.crop(middle), square().crop(middle)) == 0
    assert difference(picture, square()) > 3


REFUSED = [
    (TITAN, conditioned(controlStrength=1.1), "1.1 is not less or equal to 1.0"),
    (TITAN, conditioned(controlMode="SKETCH"), "SKETCH is not a valid enum value"),
    (TITAN, conditioned(conditionImage="AAAA"), "#/textToImageParams/conditionImage: the data"),
    (TITAN, conditioned(conditionImage=encoded(noise(1424, 64))), "at most 1408"),
    (NOVA, conditioned(conditionImage=encoded(noise(64, 64))), "at least 320"),
    (TITAN, conditioned({"width": 512, "height": 100}), "512x100 is not supported"),
    (TITAN, colored(colors=[]), "expected minimum item count: 1, found: 0"),
    (NOVA, colored(colors=["#000000"] * 11), "expected maximum item count: 10, found: 11"),
    (
        NOVA,
        colored(colors=["#00FF00", "red"]),
        "#/colorGuidedGenerationParams/colors/1: string [red] does not match pattern "
        "^#[0-9a-fA-F]{6}$",
    ),
    (TITAN, colored(colors=["#12345"]), "[#12345] does not match"),
    (TITAN, colored(colors=["#123456\n"]), "does not match"),
    (TITAN, colored(colors=[255]), "colors/0: expected type: String, found: Integer"),
    (TITAN, colored(colors="#123456"), "expected type: JSONArray, found: String"),
    (NOVA, colored(referenceImage=encoded(noise(64, 64))), "Params/referenceImage: the image"),
    (NOVA, colored(style="DESIGN_SKETCH"), "extraneous key [style]"),
]


@pytest.mark.parametrize(("model", "body", "told"), REFUSED)
def test_what_breaks_a_rule_is_refused(aws: Caller, model: str, body: Any, told: str) -> None:
    """What the pages do not allow is refused as malformed, with where and why."""
    message = aws.message(model, body)

    assert message.startswith("Malformed input request: ")
    assert told in message


@pytest.mark.parametrize("model", [TITAN, NOVA])
@pytest.mark.parametrize("control", [{"controlMode": "CANNY_EDGE"}, {"controlStrength": 0.5}])
def test_a_control_without_a_picture_is_refused(
    aws: Caller, model: str, control: dict[str, Any]
) -> None:
    """`controlMode` and `controlStrength` mean nothing without a `conditionImage`."""
    body = task("TEXT_IMAGE", "textToImageParams", SMALL, text="x", **control)

    assert aws.message(model, body) == malformed(
        "#/textToImageParams: property [conditionImage] is required"
    )


def test_the_new_tasks_can_be_filtered(aws: Caller) -> None:
    """[blocked] in a prompt is filtered in every task that has one."""
    for body in (conditioned(text="[blocked]"), colored(text="a [Blocked] vase")):
        assert "blocked by our content filters" in aws.message(NOVA, body)


@pytest.mark.parametrize("model", ALL)
def test_a_jpeg_mask_of_full_quality_is_taken(aws: Caller, model: str) -> None:
    """A JPEG whose pixels are still pure black and white is as good as a PNG."""
    mask = Image.new("L", (320, 320), 255)
    mask.paste(0, (160, 0, 320, 320))  # along the blocks that JPEG compresses one by one
    body = inpainting(square(), maskImage=encoded(mask, "JPEG", quality=100), text="sea")

    (painted,) = aws.pictures(model, body)

    assert difference(painted.crop((0, 0, 160, 320)), square().crop((0, 0, 160, 320))) == 0
