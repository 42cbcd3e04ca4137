"""The stand-in's rules: what each model takes, refuses, and draws."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from darkroom.standin.server import StandIn
from tests.standin_client import (
    CORE,
    INPAINT,
    NOVA,
    OUTPAINT,
    REMOVE,
    SD35,
    TITAN,
    ULTRA,
    Caller,
    encoded,
    grain,
    half_white,
    noise,
    opened,
    text_image,
)

CONFIG = "imageGenerationConfig"
SMALL = encoded(noise())
NOVA_SIDE = encoded(noise(320, 320))
HALF = encoded(half_white(320, 320))


@pytest.fixture(scope="module")
def aws() -> Iterator[Caller]:
    with StandIn() as standin:
        yield Caller(standin.url)


def task(name: str, params: str, config: dict[str, Any] | None = None, **values: Any) -> Any:
    """Make a body for Titan or Nova."""
    body: dict[str, Any] = {"taskType": name, params: values}
    return body if config is None else {**body, CONFIG: config}


def inpainting(config: dict[str, Any] | None = None, **values: Any) -> Any:
    return task("INPAINTING", "inPaintingParams", config, **{"image": NOVA_SIDE, **values})


def outpainting(config: dict[str, Any] | None = None, **values: Any) -> Any:
    values = {"image": NOVA_SIDE, "text": "a beach", **values}
    return task("OUTPAINTING", "outPaintingParams", config, **values)


def variation(config: dict[str, Any] | None = None, **values: Any) -> Any:
    config = {"width": 512, "height": 512} if config is None else config
    values = {"images": [NOVA_SIDE], **values}
    return task("IMAGE_VARIATION", "imageVariationParams", config, **values)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Measure how unlike two pictures are, 0..255."""
    mean = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(mean) / 3


def halves(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Cut a picture in its left and its right half."""
    width, height = image.size
    return image.crop((0, 0, width // 2, height)), image.crop((width // 2, 0, width, height))


SIZES = {
    "16:9": (1536, 864),
    "1:1": (1536, 1536),
    "21:9": (1536, 656),
}


@pytest.mark.parametrize("ratio", ["16:9", "1:1", "21:9"])
def test_core_draws_the_chosen_aspect_ratio(aws: Caller, ratio: str) -> None:
    """Core's sides are 640 to 1536 pixels in the ratio that was asked for; 1:1 is 1536 square."""
    (picture,) = aws.pictures(CORE, {"prompt": "a vase", "aspect_ratio": ratio})

    assert (picture.size, picture.format) == (SIZES[ratio], "PNG")


@pytest.mark.parametrize(
    "ratio", ["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"]
)
def test_every_aspect_ratio_is_within_the_documented_sides(ratio: str) -> None:
    """All sizes keep the ratio within 5 % and the sides within 640 to 1536 pixels."""
    from darkroom.standin.models.stable_image_core import SIZES as CORE_SIZES
    from darkroom.standin.stability_text import MEGAPIXEL

    across, down = (int(part) for part in ratio.split(":"))
    for width, height in (CORE_SIZES[ratio], MEGAPIXEL[ratio]):
        assert 640 <= min(width, height) <= max(width, height) <= 1536
        assert width / height == pytest.approx(across / down, rel=0.05)


@pytest.mark.parametrize("model", [ULTRA, SD35])
def test_ultra_and_sd35_draw_about_a_megapixel(aws: Caller, model: str) -> None:
    """Ultra and SD 3.5 answer with one picture of about a megapixel."""
    (picture,) = aws.pictures(model, {"prompt": "a vase", "aspect_ratio": "2:3"})

    assert 0.9e6 < picture.width * picture.height < 1.1e6


@pytest.mark.parametrize(
    ("model", "form"),
    [(CORE, "jpeg"), (SD35, "webp"), (SD35, "jpeg"), (REMOVE, "webp"), (REMOVE, "jpeg")],
)
def test_the_output_format_is_as_asked(aws: Caller, model: str, form: str) -> None:
    """A picture comes in the requested encoding."""
    source = {"image": SMALL} if model == REMOVE else {"prompt": "a cup", "aspect_ratio": "21:9"}

    (picture,) = aws.pictures(model, {**source, "output_format": form})

    assert picture.format == form.upper()


@pytest.mark.parametrize("seed", [{}, {"seed": 0}])
def test_stability_draws_with_a_random_seed_and_tells_it(aws: Caller, seed: dict[str, int]) -> None:
    """Without a seed, or with 0, two calls differ, and each can be had again with its seed."""
    body = {"image": SMALL, "left": 64, **seed}

    first, second = (aws.answer(OUTPAINT, body) for _ in range(2))
    again = aws.answer(OUTPAINT, {**body, "seed": first["seeds"][0]})

    assert first.keys() == {"seeds", "finish_reasons", "images"}
    assert first["finish_reasons"] == [None]
    assert 0 < first["seeds"][0] != second["seeds"][0] > 0
    assert again == first


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_amazon_draws_as_many_different_pictures_as_asked(aws: Caller, model: str) -> None:
    """`numberOfImages` gives that many pictures, no two the same, of exactly the size."""
    answer = aws.answer(model, text_image(width=320, height=704, numberOfImages=5))

    assert answer.keys() == {"images"}
    assert len(set(answer["images"])) == 5
    assert {opened(one).size for one in answer["images"]} == {(320, 704)}


@pytest.mark.parametrize(("model", "seed"), [(TITAN, 42), (NOVA, 12)])
def test_amazons_default_seeds(aws: Caller, model: str, seed: int) -> None:
    """Without a seed Titan draws with 42 and Nova with 12."""
    body = text_image(width=320, height=704)

    assert aws.answer(model, body) == aws.answer(
        model, text_image(width=320, height=704, seed=seed)
    )


def test_the_default_sizes(aws: Caller) -> None:
    """Without a size Titan draws 1408 x 1408 and Nova 1024 x 1024."""
    for model, size in ((TITAN, (1408, 1408)), (NOVA, (1024, 1024))):
        (picture,) = aws.pictures(model, task("TEXT_IMAGE", "textToImageParams", text="a cup"))
        assert picture.size == size


@pytest.mark.parametrize("model", [TITAN, NOVA, REMOVE])
def test_removing_a_background_keeps_the_size_and_gives_alpha(aws: Caller, model: str) -> None:
    """The subject comes back in the picture's size, as a PNG with an alpha channel."""
    picture = noise(400, 330)
    body: dict[str, Any] = {"image": encoded(picture)}
    if model != REMOVE:
        body = task("BACKGROUND_REMOVAL", "backgroundRemovalParams", **body)

    (cut,) = aws.pictures(model, body)

    assert (cut.size, cut.mode, cut.format) == ((400, 330), "RGBA", "PNG")


def test_outpaint_grows_the_canvas_and_keeps_the_picture(aws: Caller) -> None:
    """The answer has the sides added to it and the input in its place."""
    source = noise(96, 80)
    body = {"image": encoded(source), "left": 10, "right": 20, "up": 30, "down": 40}

    (grown,) = aws.pictures(OUTPAINT, body)

    assert grown.size == (126, 150)
    assert difference(grown.crop((20, 40, 96, 100)), source.crop((10, 10, 86, 70))) < 2


def test_inpaint_paints_white(aws: Caller) -> None:
    """Stability's inpaint paints what is white in the mask, which it resizes if need be."""
    source = noise(192, 192)
    for mask in (half_white(192, 192), half_white(96, 96)):
        body = {"prompt": "sea", "image": encoded(source), "mask": encoded(mask), "grow_mask": 0}
        (painted,) = aws.pictures(INPAINT, body)
        kept, edited = (
            difference(*pair) for pair in zip(halves(painted), halves(source), strict=True)
        )
        assert painted.size == (192, 192)
        assert kept < 3 < edited


def test_inpaint_without_a_mask_paints_what_is_transparent(aws: Caller) -> None:
    """The alpha channel stands in for a mask: transparent is painted, opaque is kept."""
    source = noise(192, 192)
    clear = source.copy()
    clear.putalpha(ImageChops.invert(half_white(192, 192)))

    (painted,) = aws.pictures(INPAINT, {"prompt": "sea", "image": encoded(clear), "grow_mask": 0})

    assert difference(halves(painted)[0], halves(source)[0]) < 3
    assert "mask is required" in aws.message(INPAINT, {"prompt": "sea", "image": SMALL})


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_amazons_inpainting_paints_black(aws: Caller, model: str) -> None:
    """INPAINTING edits what is black in the mask and leaves every other pixel as it was."""
    source = opened(NOVA_SIDE)

    (painted,) = aws.pictures(model, inpainting(maskImage=HALF, text="sea"))

    edited, kept = (difference(*pair) for pair in zip(halves(painted), halves(source), strict=True))
    assert painted.size == (320, 320)
    assert kept == 0 < 3 < edited


@pytest.mark.parametrize("model", [TITAN, NOVA])
@pytest.mark.parametrize("mode", ["DEFAULT", "PRECISE"])
def test_amazons_outpainting_paints_white(aws: Caller, model: str, mode: str) -> None:
    """OUTPAINTING edits what is white in the mask and leaves every other pixel as it was."""
    source = opened(NOVA_SIDE)

    (painted,) = aws.pictures(model, outpainting(maskImage=HALF, outPaintingMode=mode))

    kept, edited = (difference(*pair) for pair in zip(halves(painted), halves(source), strict=True))
    assert kept == 0 < 3 < edited


def test_a_mask_prompt_splits_the_picture_in_two(aws: Caller) -> None:
    """A mask prompt names what inpainting edits and what outpainting keeps."""
    (vase,) = aws.pictures(TITAN, text_image("a red vase on white"))
    body: dict[str, Any] = {"image": encoded(vase), "maskPrompt": "the vase", "text": "a green cup"}

    (inside,) = aws.pictures(TITAN, task("INPAINTING", "inPaintingParams", **body))
    (outside,) = aws.pictures(TITAN, task("OUTPAINTING", "outPaintingParams", **body))

    corner, middle = (0, 0, 60, 60), (226, 226, 286, 286)
    assert difference(inside.crop(corner), vase.crop(corner)) == 0
    assert difference(outside.crop(middle), vase.crop(middle)) == 0


def test_titan_returns_the_mask_if_asked(aws: Caller) -> None:
    """`returnMask` adds the mask to Titan's answer; Nova does not know the field."""
    body = inpainting(maskImage=HALF, returnMask=True)

    answer = aws.answer(TITAN, body)

    assert opened(answer["maskImage"]).size == (320, 320)
    assert "extraneous key [returnMask]" in aws.message(NOVA, body)


def test_strength_is_the_opposite_of_similarity(aws: Caller) -> None:
    """SD 3.5 keeps its input at strength 0 and leaves it behind at strength 1."""
    source = Image.linear_gradient("L").resize((128, 128)).convert("RGB")
    body = {"prompt": "x", "mode": "image-to-image", "image": encoded(source), "seed": 5}

    (near,), (far,) = (aws.pictures(SD35, {**body, "strength": value}) for value in (0, 1))

    back = source.resize(near.size)
    assert near.size == far.size == (1024, 1024)
    assert difference(near, back) < difference(far, back)


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_similarity_brings_a_variation_near(aws: Caller, model: str) -> None:
    """A variation at 1.0 is more like its source than one at 0.2."""
    source = Image.linear_gradient("L").resize((320, 320)).convert("RGB")
    body = {"images": [encoded(source)], "text": "x"}
    config = {"width": 512, "height": 512}

    near, far = (
        aws.pictures(model, variation(config, similarityStrength=value, **body))[0]
        for value in (1.0, 0.2)
    )

    back = source.resize((512, 512))
    assert near.size == (512, 512)
    assert difference(near, back) < difference(far, back)


GOOD = [
    (CORE, {"prompt": "", "negative_prompt": "", "seed": 1, "aspect_ratio": "9:21"}),
    (SD35, {"prompt": "x", "mode": "text-to-image", "aspect_ratio": "9:21"}),
    (OUTPAINT, {"image": SMALL, "up": 1, "creativity": 0.1, "style_preset": "3d-model"}),
    (INPAINT, {"prompt": "x", "image": SMALL, "mask": SMALL, "style_preset": "anime"}),
    (OUTPAINT, {"image": encoded(noise(160, 64)), "down": 1}),
    (OUTPAINT, {"image": encoded(noise(), "WEBP"), "down": 1}),
    (REMOVE, {"image": encoded(noise(), "JPEG")}),
    (TITAN, text_image("x" * 512, width=576, height=384, quality="premium", cfgScale=1.1)),
    (TITAN, inpainting({"width": 512, "height": 512}, maskPrompt="x", returnMask=False)),
    (TITAN, inpainting(maskImage=encoded(half_white(320, 320).convert("1")), text="x")),
    (TITAN, inpainting(maskImage=encoded(half_white(320, 320).convert("RGB")), text="x")),
    (TITAN, inpainting(maskImage=encoded(half_white(320, 320).convert("P")), text="x")),
    (TITAN, variation({"width": 320, "height": 704, "quality": "standard"})),
    (NOVA, text_image("x" * 1024, width=320, height=1280)),
    (NOVA, variation(text="x", images=[NOVA_SIDE] * 5)),
    (NOVA, variation(images=[encoded(noise(320, 320, "RGBA"))])),
    (NOVA, inpainting({"quality": "premium"}, maskImage=HALF)),
    (
        NOVA,
        {
            **text_image(width=320, height=320),
            "textToImageParams": {"text": "x", "negativeText": "y", "style": "DESIGN_SKETCH"},
        },
    ),
]


@pytest.mark.parametrize(("model", "body"), GOOD)
def test_what_the_pages_allow_is_answered(aws: Caller, model: str, body: Any) -> None:
    """Requests at the edge of what AWS's pages allow get pictures."""
    assert aws.pictures(model, body)


def changed(body: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**body, **values}


OUT = {"image": SMALL, "left": 8}
IN = {"prompt": "x", "image": SMALL, "mask": SMALL}
I2I = {"prompt": "x", "image": SMALL, "mode": "image-to-image", "strength": 0.5}

STABILITY = [
    (CORE, {}, "Missing field 'prompt'"),
    (CORE, {"prompt": "x" * 10_001}, "maxLength: 10000, actual: 10001"),
    (CORE, {"prompt": 5}, "expected type: String, found: Integer"),
    (CORE, {"prompt": "x", "output_format": "webp"}, "webp is not a valid enum value"),
    (CORE, {"prompt": "x", "output_format": "PNG"}, "not a valid enum value"),
    (CORE, {"prompt": "x", "aspect_ratio": "4:3"}, "not a valid enum value"),
    (CORE, {"prompt": "x", "seed": 4_294_967_295}, "not less or equal to 4294967294"),
    (CORE, {"prompt": "x", "seed": -1}, "not greater or equal to 0"),
    (CORE, {"prompt": "x", "seed": 1.0}, "expected type: Integer, found: BigDecimal"),
    (CORE, {"prompt": "x", "seed": True}, "expected type: Integer, found: Boolean"),
    (SD35, {"prompt": "x", "mode": "upscale"}, "not one of image-to-image, text-to-image"),
    (SD35, {"prompt": "x", "image": SMALL, "strength": 1}, "Available fields"),
    (SD35, changed(I2I, aspect_ratio="1:1"), "Available fields"),
    (SD35, changed(I2I, strength=1.1), "not less or equal to 1"),
    (SD35, {"prompt": "x", "image": SMALL, "mode": "image-to-image"}, "field 'strength'"),
    (SD35, changed(I2I, image=encoded(noise(63, 64))), "at least 64"),
    (REMOVE, {}, "Missing field 'image'"),
    (REMOVE, {"image": SMALL, "seed": 1}, "fields for remove-background are: image, output"),
    (REMOVE, {"image": SMALL, "prompt": "x"}, "Invalid field 'prompt' in request."),
    (REMOVE, {"image": [SMALL]}, "expected type: String, found: JSONArray"),
    (REMOVE, {"image": encoded(noise(64, 63))}, "at least 64"),
    (REMOVE, {"image": encoded(noise(161, 64))}, "1:2.5 and 2.5:1"),
    (REMOVE, {"image": encoded(noise(64, 161))}, "1:2.5 and 2.5:1"),
    (REMOVE, {"image": encoded(Image.new("L", (3073, 3072)))}, "maximum is 9437184"),
    (REMOVE, {"image": encoded(Image.new("1", (20_000, 20_000)))}, "pixels"),
    (REMOVE, {"image": encoded(noise(), "GIF")}, "not a supported image"),
    (REMOVE, {"image": ""}, "empty"),
    (REMOVE, {"image": "data:image/png;base64," + SMALL}, "not valid base64"),
    (REMOVE, {"image": SMALL[:-5]}, "not valid base64"),
    (REMOVE, {"image": SMALL[:2000]}, "cannot be decoded"),
    (REMOVE, {"image": "UklGRgAAAAAAAAAA"}, "not a supported image"),
    (REMOVE, {"image": SMALL, "output_format": "gif"}, "not a valid enum value"),
    (OUTPAINT, {"image": SMALL}, "At least one of left, right, up, down"),
    (OUTPAINT, {"image": SMALL, "left": 0, "up": 0}, "At least one of"),
    (OUTPAINT, changed(OUT, left=2001), "not less or equal to 2000"),
    (OUTPAINT, changed(OUT, right=-1), "not greater or equal to 0"),
    (OUTPAINT, changed(OUT, creativity=0.05), "not greater or equal to 0.1"),
    (OUTPAINT, changed(OUT, creativity=1.5), "not less or equal to 1.0"),
    (OUTPAINT, changed(OUT, negative_prompt="x"), "fields for outpaint are: image, left"),
    (OUTPAINT, changed(OUT, mask=SMALL), "Invalid field 'mask'"),
    (OUTPAINT, changed(OUT, style_preset="anim\u00e9"), "not a valid enum value"),
    (INPAINT, {"image": SMALL, "mask": SMALL}, "Missing field 'prompt'"),
    (INPAINT, changed(IN, grow_mask=21), "not less or equal to 20"),
    (INPAINT, changed(IN, mask="AAAA"), "Invalid field 'mask' in request: the data is not"),
    (INPAINT, changed(IN, strength=1), "fields for inpaint are: prompt, image, mask"),
    (INPAINT, changed(IN, prompt=None), "expected type: String, found: Null"),
]


@pytest.mark.parametrize(("model", "body", "told"), STABILITY)
def test_stability_refuses(aws: Caller, model: str, body: Any, told: str) -> None:
    """What breaks a rule of a Stability model is refused with JSON that says what."""
    assert told in json.loads(aws.message(model, body))["detail"]


@pytest.mark.parametrize("field", ["mode", "image", "strength", "style_preset", "width", "height"])
@pytest.mark.parametrize("model", [CORE, ULTRA])
def test_core_and_ultra_know_text_only(aws: Caller, model: str, field: str) -> None:
    """Core and Ultra v1:1 refuse the fields that users saw refused, in those words."""
    assert aws.message(model, {"prompt": "x", field: "y"}) == (
        '{"detail":"Invalid field in request. Available fields: '
        "['prompt', 'negative_prompt', 'seed', 'output_format', 'aspect_ratio']\"}"
    )


def malformed(told: str) -> str:
    return f"Malformed input request: {told}, please reformat your input and try again."


TEXTS = [
    (TITAN, {}, "#: required key [taskType] not found"),
    (TITAN, {"taskType": "TEXT_IMAGE"}, "#: required key [textToImageParams] not found"),
    (TITAN, {"taskType": "DRAW"}, "#/taskType: DRAW is not a valid enum value"),
    (TITAN, {**text_image(), "x": 1}, "#: extraneous key [x] is not permitted"),
    (
        TITAN,
        text_image("x" * 513),
        "#/textToImageParams/text: expected maxLength: 512, actual: 513",
    ),
    (
        NOVA,
        text_image("x" * 1025),
        "#/textToImageParams/text: expected maxLength: 1024, actual: 1025",
    ),
    (NOVA, text_image(""), "#/textToImageParams/text: expected minLength: 1, actual: 0"),
    (TITAN, text_image("", cfgScale=11), "2 schema violations found"),
    (
        NOVA,
        inpainting(maskImage=HALF, maskPrompt="x"),
        "#/inPaintingParams: 2 subschemas matched instead of one",
    ),
    (TITAN, outpainting(), "#/outPaintingParams: 0 subschemas matched instead of one"),
]


@pytest.mark.parametrize(("model", "body", "told"), TEXTS)
def test_amazons_refusals_read_as_aws_words_them(
    aws: Caller, model: str, body: Any, told: str
) -> None:
    """Where AWS's text is known, it is that text to the letter."""
    assert aws.message(model, body) == malformed(told)


SIDES = f"#/{CONFIG}/width"
AMAZON = [
    (TITAN, text_image(width=512, height=768), "512x768 is not supported"),
    (TITAN, text_image(width=1408, height=1408), "1408x1408 is not supported"),
    (TITAN, text_image(width=1024.0), f"{SIDES}: expected type: Integer, found: BigDecimal"),
    (TITAN, task("TEXT_IMAGE", "textToImageParams", {"width": 512}, text="x"), "512x1408"),
    (TITAN, text_image(numberOfImages=6), "6 is not less or equal to 5"),
    (TITAN, text_image(numberOfImages=0), "0 is not greater or equal to 1"),
    (TITAN, text_image(cfgScale=1.0), "1.0 is not greater or equal to 1.1"),
    (TITAN, text_image(cfgScale=10.5), "10.5 is not less or equal to 10"),
    (TITAN, text_image(seed=2_147_483_647), "not less or equal to 2147483646"),
    (TITAN, text_image(quality="best"), "best is not a valid enum value"),
    (TITAN, text_image(steps=5), f"#/{CONFIG}: extraneous key [steps]"),
    (TITAN, changed(text_image(), inPaintingParams={}), "extraneous key [inPaintingParams]"),
    (NOVA, text_image(width=304), f"{SIDES}: 304 is not greater or equal to 320"),
    (NOVA, text_image(width=4112), f"{SIDES}: 4112 is not less or equal to 4096"),
    (NOVA, text_image(width=1000), f"{SIDES}: 1000 is not a multiple of 16"),
    (NOVA, text_image(width=2048, height=2048), "must be less than 4194304"),
    (NOVA, text_image(width=336, height=1360), "between 1:4 and 4:1"),
    (NOVA, variation({"quality": "standard"}), "extraneous key [quality]"),
    (NOVA, inpainting({"width": 320, "height": 320}, maskImage=HALF), "2 schema violations"),
    (NOVA, outpainting({"width": 320}, maskImage=HALF), "extraneous key [width]"),
    (NOVA, outpainting(maskImage=HALF, outPaintingMode="precise"), "not a valid enum value"),
    (NOVA, outpainting(maskImage=HALF, text=""), "expected minLength: 1"),
    (NOVA, variation(images=[]), "expected minimum item count: 1, found: 0"),
    (TITAN, variation(images=[NOVA_SIDE] * 6), "expected maximum item count: 5, found: 6"),
    (TITAN, variation(images=[NOVA_SIDE, "!"]), "#/imageVariationParams/images/1: the value is"),
    (TITAN, variation(similarityStrength=0.1), "0.1 is not greater or equal to 0.2"),
    (TITAN, variation(images=[encoded(noise(320, 320), "WEBP")]), "webp is not supported"),
    (TITAN, variation(images=[encoded(noise(1424, 64))]), "at most 1408"),
    (TITAN, inpainting({"width": 100, "height": 100}, maskImage=HALF), "100x100 is not"),
    (NOVA, variation(images=[SMALL]), "at least 320"),
    (NOVA, variation(images=[encoded(noise(1300, 320))]), "1:4 and 4:1"),
    (NOVA, variation(images=[encoded(Image.new("1", (2048, 2048)))]), "maximum is 4194303"),
    (NOVA, variation(images=[encoded(Image.new("I;16", (320, 320)))]), "8 bits"),
    (NOVA, variation(images=[encoded(Image.new("RGBA", (320, 320)))]), "transparent"),
    (NOVA, inpainting(), "0 subschemas"),
    (NOVA, inpainting(maskImage=encoded(half_white(320, 336))), "320x336 pixels, its image 320x"),
    (NOVA, inpainting(maskImage=encoded(noise(320, 320))), "pure black and pure white"),
    (TITAN, inpainting(maskImage=encoded(Image.new("L", (320, 320), 254))), "pure black"),
    (TITAN, inpainting(maskImage=encoded(Image.new("RGBA", (320, 320), "white"))), "alpha"),
    (TITAN, outpainting(maskImage=encoded(Image.new("LA", (320, 320)))), "alpha channel"),
    (TITAN, inpainting(maskPrompt=""), "expected minLength: 1"),
]


@pytest.mark.parametrize(("model", "body", "told"), AMAZON)
def test_amazon_refuses(aws: Caller, model: str, body: Any, told: str) -> None:
    """What breaks a rule of Titan or Nova is refused as malformed, with where and why."""
    message = aws.message(model, body)

    assert message.startswith("Malformed input request: ")
    assert told in message


def test_titan_takes_at_most_5_megabytes(aws: Caller) -> None:
    """A picture of more than 5,000,000 bytes is refused by Titan."""
    message = aws.message(TITAN, variation(images=[encoded(grain(1400, 1200))]))

    assert "the maximum is 5000000" in message


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_background_removal_has_no_config(aws: Caller, model: str) -> None:
    """`imageGenerationConfig` does not belong to BACKGROUND_REMOVAL."""
    body = task("BACKGROUND_REMOVAL", "backgroundRemovalParams", {}, image=NOVA_SIDE)

    assert aws.message(model, body) == malformed(f"#: extraneous key [{CONFIG}] is not permitted")


@pytest.mark.parametrize("model", [TITAN, NOVA])
def test_a_jpeg_mask_must_stay_pure(aws: Caller, model: str) -> None:
    """A JPEG mask whose compression left grey pixels is refused, an even one is taken."""
    noisy = half_white(320, 320)
    noisy.paste(255, (3, 3, 9, 9))
    even = Image.new("L", (320, 320), 255)

    refused = aws.message(model, inpainting(maskImage=encoded(noisy, "JPEG", quality=50)))

    assert "pure black and pure white" in refused
    assert aws.pictures(model, inpainting(maskImage=encoded(even, "JPEG", quality=100)))


def test_a_new_mode_is_a_new_entry_only() -> None:
    """Every model of the line-up has modes, and every mode's schema is closed."""
    from darkroom.standin import lineup

    for model, modes in lineup.every().values():
        assert modes, model.id
        assert all(mode.schema["additionalProperties"] is False for mode in modes)
