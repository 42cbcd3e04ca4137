"""The stand-in's Stability AI models beyond the first ones: what each takes, refuses and draws."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from darkroom.standin import stability_styles
from darkroom.standin.server import StandIn
from tests.standin_client import Caller, encoded, half_white, noise, opened

CORE0 = "stability.stable-image-core-v1:0"
ULTRA0 = "stability.stable-image-ultra-v1:0"
SD3 = "stability.sd3-large-v1:0"
SDXL = "stability.stable-diffusion-xl-v1"
SDXL08 = "stability.stable-diffusion-xl-v0"
INPAINT = "us.stability.stable-image-inpaint-v1:0"
ERASE = "us.stability.stable-image-erase-object-v1:0"
REPLACE = "us.stability.stable-image-search-replace-v1:0"
RECOLOR = "us.stability.stable-image-search-recolor-v1:0"
SKETCH = "us.stability.stable-image-control-sketch-v1:0"
STRUCTURE = "us.stability.stable-image-control-structure-v1:0"
GUIDE = "us.stability.stable-image-style-guide-v1:0"
TRANSFER = "us.stability.stable-style-transfer-v1:0"
FAST = "us.stability.stable-fast-upscale-v1:0"
CREATIVE = "us.stability.stable-creative-upscale-v1:0"
CONSERVATIVE = "us.stability.stable-conservative-upscale-v1:0"
OUTPAINT = "us.stability.stable-outpaint-v1:0"

SMALL = encoded(noise())
GREEN = encoded(ImageChops.multiply(noise(96, 64), Image.new("RGB", (96, 64), (56, 255, 84))))
LONG = "x" * 10_001
CAP = 16_777_216


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module")
def aws(standin: StandIn) -> Caller:
    return Caller(standin.url)


@pytest.fixture
def vase() -> Image.Image:
    """A red vase on grey paper: flat colors, so that what changes can be measured."""
    image = Image.new("RGB", (256, 256), (205, 206, 208))
    ImageDraw.Draw(image).ellipse((84, 56, 172, 216), fill=(186, 32, 40))
    return image.filter(ImageFilter.GaussianBlur(0.8))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Measure how unlike two pictures are, 0..255."""
    mean = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(mean) / 3


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """Box of all pixels that are not the same, to the last bit."""
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox()


def color(image: Image.Image, box: tuple[int, int, int, int]) -> list[float]:
    """Mean red, green and blue of a part of a picture."""
    return list(ImageStat.Stat(image.convert("RGB").crop(box)).mean)


def box_mask(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """A black mask with a white box; its right and lower edge are not part of it."""
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


def drawn(aws: Caller, model: str, body: dict[str, Any]) -> Image.Image:
    """The one picture of an answer."""
    (picture,) = aws.pictures(model, body)
    return picture


# What is taken and refused.

BODIES: dict[str, dict[str, Any]] = {
    INPAINT: {"prompt": "a cup", "image": SMALL, "mask": SMALL},
    ERASE: {"image": SMALL, "mask": SMALL},
    REPLACE: {"prompt": "a cup", "image": SMALL, "search_prompt": "the vase"},
    RECOLOR: {"prompt": "blue", "image": SMALL, "select_prompt": "the vase"},
    SKETCH: {"prompt": "a cup", "image": SMALL},
    STRUCTURE: {"prompt": "a cup", "image": SMALL},
    GUIDE: {"prompt": "a cup", "image": SMALL},
    TRANSFER: {"init_image": SMALL, "style_image": SMALL},
    FAST: {"image": SMALL},
    CREATIVE: {"prompt": "a cup", "image": SMALL, "output_format": "jpeg"},
    CONSERVATIVE: {"prompt": "a cup", "image": SMALL, "output_format": "jpeg"},
}
SLOW = {CREATIVE, CONSERVATIVE}
QUICK = [(model, body) for model, body in BODIES.items() if model not in SLOW]

GOOD = [
    (CORE0, {"prompt": "", "negative_prompt": "y", "seed": 4_294_967_294, "aspect_ratio": "21:9"}),
    (ULTRA0, {"prompt": "x", "mode": "text-to-image", "output_format": "jpeg"}),
    (ULTRA0, {"prompt": "x", "image": SMALL, "aspect_ratio": "9:21"}),
    (ULTRA0, {"prompt": "x", "image": SMALL, "mode": "image-to-image", "strength": 0}),
    (SD3, {"prompt": "x", "mode": "text-to-image", "aspect_ratio": "9:16", "seed": 0}),
    (
        SD3,
        {
            "prompt": "x",
            "mode": "image-to-image",
            "image": encoded(noise(640, 1536)),
            "strength": 1,
            "negative_prompt": "y",
        },
    ),
    *QUICK,
    (INPAINT, {**BODIES[INPAINT], "grow_mask": 20, "negative_prompt": "x", "seed": 1}),
    (INPAINT, {**BODIES[INPAINT], "mask": encoded(noise(10, 300, "RGBA"), "WEBP")}),
    (ERASE, {**BODIES[ERASE], "grow_mask": 0, "seed": 0, "output_format": "webp"}),
    (REPLACE, {**BODIES[REPLACE], "prompt": "", "grow_mask": 20, "style_preset": "anime"}),
    (REPLACE, {**BODIES[REPLACE], "image": encoded(noise(160, 64, "RGBA"))}),
    (RECOLOR, {**BODIES[RECOLOR], "grow_mask": 0, "style_preset": "line-art"}),
    (SKETCH, {**BODIES[SKETCH], "control_strength": 0, "style_preset": "tile-texture"}),
    (STRUCTURE, {**BODIES[STRUCTURE], "control_strength": 1, "negative_prompt": "x"}),
    (STRUCTURE, {**BODIES[STRUCTURE], "image": encoded(noise(64, 160), "JPEG")}),
    (GUIDE, {**BODIES[GUIDE], "fidelity": 1, "aspect_ratio": "21:9", "seed": 7}),
    (TRANSFER, {**BODIES[TRANSFER], "prompt": LONG, "negative_prompt": ""}),
    (
        TRANSFER,
        {
            **BODIES[TRANSFER],
            "composition_fidelity": 0,
            "style_strength": 0,
            "change_strength": 0.1,
        },
    ),
    (FAST, {"image": encoded(noise(32, 32, "L")), "output_format": "webp"}),
    (FAST, {"image": encoded(noise(1536, 32)), "output_format": "jpeg"}),
]


@pytest.mark.parametrize(("model", "body"), GOOD)
def test_what_the_pages_allow_is_answered(aws: Caller, model: str, body: dict[str, Any]) -> None:
    """Requests at the edge of what AWS's pages allow get one picture, in the format asked for."""
    answer = aws.answer(model, body)

    (picture,) = (opened(one) for one in answer["images"])
    assert answer.keys() == {"seeds", "finish_reasons", "images"}
    assert answer["finish_reasons"] == [None]
    assert picture.format == body.get("output_format", "png").upper()
    assert answer["seeds"] == [body["seed"]] if body.get("seed") else answer["seeds"][0] > 0


@pytest.mark.parametrize("model", BODIES)
def test_the_services_are_called_by_profile_in_three_regions(aws: Caller, model: str) -> None:
    """An image service answers its `us.` id in the US regions, nowhere else, no bare id."""
    for region in ("us-east-1", "us-east-2", "us-west-2"):
        assert "Missing field" in aws.message(model, {}, region)

    assert "invalid" in aws.message(model, {}, "eu-west-1")
    assert "with on-demand throughput isn\u2019t supported" in aws.message(model[3:], {})


@pytest.mark.parametrize(
    ("model", "regions"),
    [
        *((model, {"us-west-2"}) for model in (CORE0, ULTRA0, SD3)),
        *((model, {"us-east-1", "us-west-2"}) for model in (SDXL, SDXL08)),
    ],
)
def test_the_models_are_called_by_their_id(aws: Caller, model: str, regions: set[str]) -> None:
    """The retired models answer their bare id where they were offered; they have no profile."""
    for region in ("us-east-1", "us-east-2", "us-west-2"):
        unknown = aws.message(model, {}, region) == "The provided model identifier is invalid."
        assert unknown == (region not in regions)

    assert "identifier is invalid" in aws.message(f"us.{model}", {})


@pytest.mark.parametrize("model", BODIES)
def test_the_services_name_the_fields_that_they_know(aws: Caller, model: str) -> None:
    """An unknown field is refused by its name, with the list of those that the service knows."""
    told = json.loads(aws.message(model, {**BODIES[model], "text_prompts": []}))["detail"]

    named, _, known = told.partition(" in request. Available fields for ")
    assert named == "Invalid field 'text_prompts'"
    assert set(BODIES[model]) <= set(known.partition(" are: ")[2].split(", "))


def test_the_refusals_that_users_reported(aws: Caller) -> None:
    """For Control Sketch and Ultra v1:0 the service's own list of fields is known."""
    sketch = json.loads(aws.message(SKETCH, {**BODIES[SKETCH], "text_prompts": []}))
    ultra = json.loads(aws.message(ULTRA0, {"prompt": "x", "width": 1024}))

    assert set(sketch["detail"].partition(" are: ")[2].split(", ")) == {
        *("image", "prompt", "control_strength", "negative_prompt", "seed", "output_format"),
        "style_preset",
    }
    assert sketch["detail"].startswith(
        "Invalid field 'text_prompts' in request. Available fields for control-sketch are: image"
    )
    assert ultra["detail"] == (
        "Invalid field in request. Available fields: ['prompt', 'negative_prompt', 'mode', "
        "'strength', 'seed', 'output_format', 'image', 'aspect_ratio']"
    )


REQUIRED = [
    (model, field)
    for model, body in BODIES.items()
    for field in body
    if field not in ("mask", "output_format")
]


@pytest.mark.parametrize(("model", "field"), REQUIRED)
def test_required_fields(aws: Caller, model: str, field: str) -> None:
    """A service refuses a body without one of the fields that it must have."""
    body = {name: value for name, value in BODIES[model].items() if name != field}

    assert f"Missing field '{field}'" in aws.message(model, body)


IMAGES = [(model, field) for model, field in REQUIRED if field.endswith("image")]


@pytest.mark.parametrize(("model", "field"), IMAGES)
def test_what_a_picture_may_be(aws: Caller, model: str, field: str) -> None:
    """A picture is a png, jpeg or webp in plain base64, within the service's sides and pixels."""
    side, most = (32, 1_048_576) if model == FAST else (64, 1_048_576)
    if model not in (FAST, CREATIVE):
        most = 9_437_184
    large = Image.new("1", (3073, 3072) if most > 2_000_000 else (1025, 1024))
    flaws = {
        encoded(noise(side - 1, side)): f"each side must be at least {side}",
        encoded(noise(side, side - 1)): f"each side must be at least {side}",
        encoded(large): f"the maximum is {most}",
        encoded(noise(), "GIF"): "not a supported image",
        "data:image/png;base64," + SMALL: "not valid base64",
        "": "empty",
    }
    if model == FAST:
        flaws[encoded(noise(1537, 32))] = "each side must be at most 1536"
    elif model != CREATIVE:
        flaws[encoded(noise(161, 64))] = "between 1:2.5 and 2.5:1"

    for picture, told in flaws.items():
        assert told in aws.message(model, {**BODIES[model], field: picture})


BEYOND = [
    ("seed", -1, "not greater or equal to 0"),
    ("seed", 4_294_967_295, "not less or equal to 4294967294"),
    ("output_format", "gif", "not a valid enum value"),
    ("prompt", LONG, "maxLength: 10000, actual: 10001"),
    ("negative_prompt", LONG, "maxLength: 10000, actual: 10001"),
    ("search_prompt", LONG, "maxLength: 10000, actual: 10001"),
    ("select_prompt", LONG, "maxLength: 10000, actual: 10001"),
    ("grow_mask", 21, "not less or equal to 20"),
    ("grow_mask", -1, "not greater or equal to 0"),
    ("style_preset", "anim\u00e9", "not a valid enum value"),
    ("aspect_ratio", "4:3", "not a valid enum value"),
    ("control_strength", 1.01, "not less or equal to 1"),
    ("control_strength", -0.01, "not greater or equal to 0"),
    ("fidelity", 1.01, "not less or equal to 1"),
    ("fidelity", -0.01, "not greater or equal to 0"),
    ("composition_fidelity", 1.01, "not less or equal to 1"),
    ("composition_fidelity", -0.01, "not greater or equal to 0"),
    ("style_strength", 1.01, "not less or equal to 1"),
    ("style_strength", -0.01, "not greater or equal to 0"),
    ("change_strength", 1.01, "not less or equal to 1"),
    ("change_strength", 0.09, "not greater or equal to 0.1"),
    ("creativity", 0.51, "not less or equal to 0.5"),
    ("creativity", 0.09, "not greater or equal to 0.1"),
]
EDITED = {"prompt", "negative_prompt", "seed", "output_format"}
KNOWN: dict[str, set[str]] = {
    INPAINT: EDITED | {"grow_mask", "style_preset"},
    ERASE: {"seed", "output_format", "grow_mask"},
    REPLACE: EDITED | {"search_prompt", "grow_mask", "style_preset"},
    RECOLOR: EDITED | {"select_prompt", "grow_mask", "style_preset"},
    SKETCH: EDITED | {"control_strength", "style_preset"},
    STRUCTURE: EDITED | {"control_strength", "style_preset"},
    GUIDE: EDITED | {"aspect_ratio", "fidelity", "style_preset"},
    TRANSFER: (EDITED - {"prompt"}) | {"composition_fidelity", "style_strength", "change_strength"},
    FAST: {"output_format"},
    CREATIVE: EDITED | {"creativity", "style_preset"},
    CONSERVATIVE: EDITED | {"creativity"},
}


@pytest.mark.parametrize("model", KNOWN)
def test_each_field_has_its_bounds_or_is_not_known(aws: Caller, model: str) -> None:
    """A value beyond a field's bound is refused for that, on the services that have the field."""
    for field, value, told in BEYOND:
        if (model, field) == (TRANSFER, "prompt"):
            continue  # the page gives it no length
        message = json.loads(aws.message(model, {**BODIES[model], field: value}))["detail"]
        expected = told if field in KNOWN[model] else "Available fields"
        assert expected in message, (field, value)


PICTURE = {"prompt": "x", "mode": "image-to-image", "strength": 0.5}
INPUT = encoded(Image.new("1", (640, 640)))
REFUSED = [
    (CORE0, {"prompt": "x", "mode": "text-to-image"}, "Available fields"),
    (CORE0, {"prompt": "x", "output_format": "webp"}, "webp is not a valid enum value"),
    (CORE0, {"prompt": "x", "seed": 4_294_967_295}, "not less or equal to 4294967294"),
    (ULTRA0, {}, "Missing field 'prompt'"),
    (ULTRA0, {"image": SMALL}, "Missing field 'prompt'"),
    (ULTRA0, {"prompt": "x", "mode": "image-to-image"}, "Missing field 'image'"),
    (ULTRA0, {"prompt": "x", "mode": "upscale"}, "not one of text-to-image, image-to-image"),
    (ULTRA0, {"prompt": "x", "mode": "text-to-image", "image": SMALL}, "'image' in request: it is"),
    (ULTRA0, {"prompt": "x", "strength": 0.5}, "'strength' in request: it is for image-to-image"),
    (ULTRA0, {"prompt": "x", "image": SMALL, "strength": 1.1}, "not less or equal to 1"),
    (ULTRA0, {"prompt": "x", "output_format": "webp"}, "webp is not a valid enum value"),
    (ULTRA0, {"prompt": LONG}, "maxLength: 10000"),
    (SD3, {"prompt": "x", "output_format": "webp"}, "webp is not a valid enum value"),
    (SD3, {"prompt": "x", "seed": 4_294_967_295}, "not less or equal to 4294967294"),
    (SD3, {"prompt": "x", "image": INPUT, "strength": 0.5}, "Available fields"),
    (SD3, PICTURE, "Missing field 'image'"),
    (SD3, {**PICTURE, "image": INPUT, "aspect_ratio": "1:1"}, "Available fields"),
    (SD3, {**PICTURE, "image": INPUT, "strength": -0.1}, "not greater or equal to 0"),
    (SD3, {**PICTURE, "image": INPUT, "output_format": "webp"}, "not a valid enum value"),
    (SD3, {**PICTURE, "image": encoded(Image.new("1", (639, 700)))}, "at least 640"),
    (SD3, {**PICTURE, "image": encoded(Image.new("1", (1537, 700)))}, "at most 1536"),
    (ERASE, {"image": SMALL}, "a mask is required"),
    (ERASE, {"image": SMALL, "mask": "AAAA"}, "Invalid field 'mask' in request: the data is not"),
]


@pytest.mark.parametrize(("model", "body", "told"), REFUSED)
def test_what_the_older_models_refuse(aws: Caller, model: str, body: Any, told: str) -> None:
    """What breaks a rule is refused with JSON that says what."""
    assert told in json.loads(aws.message(model, body))["detail"]


# What the edits draw.


@pytest.mark.parametrize("model", [INPAINT, ERASE])
@pytest.mark.parametrize("grow", [0, 7, 20])
def test_an_edit_stays_within_the_grown_mask(
    aws: Caller, vase: Image.Image, model: str, grow: int
) -> None:
    """Nothing changes farther from the mask than `grow_mask`, to the last bit."""
    box = (70, 44, 186, 228)
    body = {"image": encoded(vase), "mask": encoded(box_mask(vase.size, box)), "grow_mask": grow}
    if model == INPAINT:
        body["prompt"] = "a green cup"

    area = changed(drawn(aws, model, body), vase)

    assert area is not None
    assert area[0] >= box[0] - grow
    assert area[1] >= box[1] - grow
    assert area[2] <= box[2] + grow
    assert area[3] <= box[3] + grow


def test_a_mask_grows_by_so_many_pixels() -> None:
    """A grown mask is white where it was, grey beyond, and black farther away than its growth."""
    from darkroom.standin.stability_masks import grown

    mask = box_mask((80, 80), (35, 38, 45, 42))
    for pixels in (0, 1, 2, 5, 13, 20):
        wide = grown(mask, pixels)
        assert wide.crop((35, 38, 45, 42)).getextrema() == (255, 255)
        assert wide.getbbox() == (35 - pixels, 38 - pixels, 45 + pixels, 42 + pixels)


def test_a_grey_mask_paints_in_part(aws: Caller, vase: Image.Image) -> None:
    """Half grey changes a picture less than white does, and more than black."""
    body = {"prompt": "a green cup", "image": encoded(vase), "grow_mask": 0, "seed": 3}

    white, grey = (
        difference(drawn(aws, INPAINT, {**body, "mask": encoded(mask)}), vase)
        for mask in (Image.new("L", vase.size, level) for level in (255, 96))
    )

    assert 0 < grey < white


def test_the_mask_wins_over_transparency(aws: Caller, vase: Image.Image) -> None:
    """Without a mask what is transparent is erased; with one, what is white in it."""
    clear = vase.copy()
    clear.putalpha(ImageChops.invert(half_white(*vase.size)))
    left = ImageChops.invert(half_white(*vase.size))

    body = {"image": encoded(clear), "grow_mask": 0}
    by_alpha = drawn(aws, ERASE, body)
    by_mask = drawn(aws, ERASE, {**body, "mask": encoded(left)})

    assert changed(by_alpha.crop((0, 0, 128, 256)), vase.crop((0, 0, 128, 256))) is None
    assert changed(by_mask.crop((0, 0, 128, 256)), vase.crop((0, 0, 128, 256))) is not None


def test_erasing_leaves_no_trace(aws: Caller, vase: Image.Image) -> None:
    """What is erased has the color of what is around it."""
    mask = box_mask(vase.size, (76, 48, 180, 224))

    erased = drawn(aws, ERASE, {"image": encoded(vase), "mask": encoded(mask)})

    red, green, blue = color(erased, (90, 70, 166, 200))
    assert max(abs(red - 205), abs(green - 206), abs(blue - 208)) < 12


def test_replacing_changes_what_is_found(aws: Caller, vase: Image.Image) -> None:
    """The thing that is searched for is painted over, its surroundings are kept."""
    body = {"image": encoded(vase), "search_prompt": "the vase", "prompt": "a green cup"}

    replaced = drawn(aws, REPLACE, body)

    assert difference(replaced.crop((90, 70, 166, 200)), vase.crop((90, 70, 166, 200))) > 20
    for corner in ((0, 0, 40, 40), (216, 0, 256, 40)):
        assert changed(replaced.crop(corner), vase.crop(corner)) is None


def test_recoloring_changes_the_hue_of_what_is_found(aws: Caller, vase: Image.Image) -> None:
    """The thing that is selected takes the color of the prompt, its surroundings are kept."""
    body = {"image": encoded(vase), "select_prompt": "the vase", "prompt": "a blue vase"}

    colored = drawn(aws, RECOLOR, body)

    red, _, blue = color(colored, (110, 90, 146, 180))
    assert blue > red + 20
    for corner in ((0, 0, 40, 40), (216, 0, 256, 40)):
        assert changed(colored.crop(corner), vase.crop(corner)) is None


def contours(image: Image.Image) -> Image.Image:
    """Where a picture has edges, blurred so that near is near."""
    edges = image.convert("L").filter(ImageFilter.FIND_EDGES).crop((4, 4, 252, 252))
    return edges.point([min(255, 6 * level) for level in range(256)]).filter(
        ImageFilter.GaussianBlur(3)
    )


@pytest.mark.parametrize("model", [SKETCH, STRUCTURE])
def test_control_strength_holds_to_the_source(aws: Caller, vase: Image.Image, model: str) -> None:
    """The contours are nearer to the source's at strength 1 than at 0; the size is the source's."""
    body = {"image": encoded(vase), "prompt": "a glass bottle on a table", "seed": 4}

    tight, loose = (drawn(aws, model, {**body, "control_strength": value}) for value in (1, 0))

    assert tight.size == loose.size == vase.size
    near, far = (difference(contours(one), contours(vase)) for one in (tight, loose))
    assert near < far


def test_fidelity_brings_the_style_nearer(aws: Caller) -> None:
    """A style guide's colors are those of its picture, more so with more fidelity."""
    body = {"image": GREEN, "prompt": "a vase", "seed": 4, "aspect_ratio": "2:3"}

    near, far = (drawn(aws, GUIDE, {**body, "fidelity": value}) for value in (1, 0))

    assert near.size == far.size == (832, 1216)
    (near_red, near_green, _), (far_red, far_green, _) = (
        color(one, (0, 0, 832, 1216)) for one in (near, far)
    )
    assert near_green - near_red > far_green - far_red + 10


def test_a_style_is_transferred_to_the_first_picture(aws: Caller, vase: Image.Image) -> None:
    """Style transfer keeps the size of `init_image` and takes the colors of `style_image`."""
    body = {"init_image": encoded(vase.resize((200, 256))), "style_image": GREEN}

    moved = drawn(aws, TRANSFER, body)

    red, green, _ = color(moved, (0, 0, 200, 256))
    assert moved.size == (200, 256)
    assert green - red > 20


@pytest.mark.parametrize("preset", sorted(stability_styles.LOOKS))
def test_every_style_preset_shows(vase: Image.Image, preset: str) -> None:
    """Each preset changes a picture, and leaves its size, mode and alpha."""
    clear = vase.copy()
    clear.putalpha(half_white(*vase.size))

    plain, with_alpha = (stability_styles.styled(one, preset) for one in (vase, clear))

    assert (plain.size, plain.mode) == (vase.size, "RGB")
    assert difference(plain, vase) > 0.2
    assert changed(with_alpha.getchannel("A"), clear.getchannel("A")) is None


def test_the_presets_are_those_that_the_services_know() -> None:
    """There is a look for each `style_preset`, and none besides."""
    from darkroom.standin.stability import STYLE_PRESET

    assert set(stability_styles.LOOKS) == set(STYLE_PRESET["enum"])
    assert len(stability_styles.LOOKS) == 17


@pytest.mark.parametrize("model", [INPAINT, OUTPAINT])
def test_a_style_preset_leaves_what_is_kept(aws: Caller, vase: Image.Image, model: str) -> None:
    """A style is given to what is painted, and to nothing else."""
    body: dict[str, Any] = {"image": encoded(vase), "prompt": "sea", "seed": 2}
    if model == INPAINT:
        body |= {"mask": encoded(half_white(*vase.size)), "grow_mask": 0}
        kept = painted = (0, 0, 128, 256)
        painted = (128, 0, 256, 256)
    else:
        body |= {"right": 64}
        kept, painted = (20, 20, 180, 236), (256, 0, 320, 256)

    plain, styled = (
        drawn(aws, model, {**body, **style}) for style in ({}, {"style_preset": "anime"})
    )

    assert changed(plain.crop(kept), styled.crop(kept)) is None
    assert changed(plain.crop(painted), styled.crop(painted)) is not None


# What the upscalers draw.


@pytest.mark.parametrize("size", [(32, 32), (48, 80)])
def test_fast_upscale_makes_each_side_4_times_as_long(aws: Caller, size: tuple[int, int]) -> None:
    """The fast upscaler's answer has 4 times the sides and looks like its input."""
    source = noise(*size).filter(ImageFilter.GaussianBlur(4))

    large = drawn(aws, FAST, {"image": encoded(source)})

    assert large.size == (size[0] * 4, size[1] * 4)
    assert difference(large.resize(size), source) < 12


@pytest.mark.parametrize(
    ("model", "side"), [(CREATIVE, 3150), (CONSERVATIVE, 3112)], ids=["creative", "conservative"]
)
def test_the_other_upscalers_have_one_size(aws: Caller, model: str, side: int) -> None:
    """Whatever the input, the answer has about that many pixels, in the input's proportions."""
    body = {**BODIES[model], "image": encoded(noise(100, 80).filter(ImageFilter.GaussianBlur(5)))}

    large = drawn(aws, model, body)

    assert large.format == "JPEG"
    assert large.width * large.height == pytest.approx(side * side, rel=0.01)
    assert large.width / large.height == pytest.approx(100 / 80, rel=0.01)
    assert difference(large.resize((100, 80)), opened(body["image"])) < 20


def test_an_upscale_keeps_transparency(aws: Caller) -> None:
    """A picture with an alpha channel comes back with one, as a png."""
    source = noise(64, 64)
    source.putalpha(half_white(64, 64))

    large = drawn(aws, FAST, {"image": encoded(source)})

    assert large.mode == "RGBA"
    left, right = (large.getchannel("A").getpixel((x, 128)) for x in (20, 236))
    assert (left, right) == (0, 255)


@pytest.mark.drill
@pytest.mark.parametrize(("model", "size"), [(CREATIVE, 64), (CONSERVATIVE, 1024), (FAST, 1024)])
def test_a_png_of_a_large_upscale_never_fits(aws: Caller, model: str, size: int) -> None:
    """Even of a plain white picture the png is larger than any Stability answer may be."""
    image = encoded(Image.new("L", (size, size), 255))
    body = {**BODIES[model], "image": image, "output_format": "png"}

    told = json.loads(aws.message(model, body))["detail"]

    assert told.startswith("Response payload size ")
    assert told.endswith(f" bytes exceeds the maximum allowed size of {CAP} bytes")


@pytest.mark.drill
def test_a_png_of_a_small_pictures_conservative_upscale_fits(
    aws: Caller, vase: Image.Image
) -> None:
    """A conservative upscale of 256 x 256 pixels comes as png."""
    body = {"prompt": "a vase", "image": encoded(vase)}

    assert drawn(aws, CONSERVATIVE, body).format == "PNG"


# What Ultra v1:0 and SD3 Large draw.


@pytest.mark.parametrize("model", [ULTRA0, SD3])
def test_strength_is_the_opposite_of_similarity(aws: Caller, model: str) -> None:
    """At strength 0 the input comes back, at 1 it does not; the proportions are the input's."""
    source = Image.linear_gradient("L").resize((1024, 800)).convert("RGB")
    body = {**PICTURE, "image": encoded(source), "seed": 5}

    near, far = (drawn(aws, model, {**body, "strength": value}) for value in (0, 1))

    assert near.size == far.size
    assert near.width / near.height == pytest.approx(1.28, rel=0.03)
    assert difference(near, source.resize(near.size)) < difference(far, source.resize(far.size))


def test_ultras_strength_is_0_35_unless_given(aws: Caller) -> None:
    """Ultra v1:0 draws the same with a strength of 0.35 as with none."""
    body = {"prompt": "x", "image": encoded(noise(128, 128)), "seed": 5}

    assert aws.answer(ULTRA0, body) == aws.answer(ULTRA0, {**body, "strength": 0.35})
