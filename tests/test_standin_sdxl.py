"""The stand-in's SDXL models: what they take, refuse, draw and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from darkroom.standin.server import StandIn
from tests.standin_client import WEB, Caller, encoded, half_white, noise, opened

SDXL = "stability.stable-diffusion-xl-v1"
SDXL08 = "stability.stable-diffusion-xl-v0"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


@pytest.fixture(scope="module")
def aws(standin: StandIn) -> Caller:
    return Caller(standin.url)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Measure how unlike two pictures are, 0..255."""
    mean = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(mean) / 3


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    """Box of all pixels that are not the same, to the last bit."""
    return ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox()


def prompts(text: str = "a vase", **fields: Any) -> dict[str, Any]:
    """A body for SDXL."""
    return {"text_prompts": [{"text": text}], **fields}


def artifact(aws: Caller, body: dict[str, Any], model: str = SDXL) -> Image.Image:
    """The one picture of SDXL's answer."""
    (one,) = aws.answer(model, body)["artifacts"]
    return opened(one["base64"])


SQUARE = encoded(noise(128, 128))
HALF = encoded(half_white(128, 128))
MASKED = prompts(init_image=SQUARE, mask_source="MASK_IMAGE_WHITE", mask_image=HALF)

SDXL_GOOD = [
    prompts("x" * 2000, width=640, height=1536),
    prompts(cfg_scale=0, steps=10, seed=4_294_967_295, samples=1, extras={"any": ["thing"]}),
    prompts(cfg_scale=35, steps=150, sampler="K_HEUN", clip_guidance_preset="NONE"),
    prompts(clip_guidance_preset="FAST_BLUE", sampler="K_EULER_ANCESTRAL", width=1536, height=640),
    prompts(clip_guidance_preset="SLOWEST"),
    prompts(init_image=SQUARE, image_strength=1, steps=50, style_preset="anime"),
    prompts(init_image=SQUARE, init_image_mode="STEP_SCHEDULE", step_schedule_start=0),
    prompts(
        init_image=SQUARE,
        init_image_mode="STEP_SCHEDULE",
        step_schedule_start=1,
        step_schedule_end=0.01,
    ),
    {**MASKED, "steps": 50, "style_preset": "comic-book"},
    {**MASKED, "mask_source": "MASK_IMAGE_BLACK"},
    {**MASKED, "mask_source": "INIT_IMAGE_ALPHA"},
    {"text_prompts": [{"text": "x", "weight": 0.5}, {"text": "", "weight": -1}]},
    {"text_prompts": [{"text": "x", "weight": -3}]},
]


@pytest.mark.parametrize("body", SDXL_GOOD)
def test_what_sdxls_pages_allow_is_answered(aws: Caller, body: dict[str, Any]) -> None:
    """SDXL answers with one png, the seed it was made with, and how it went."""
    answer = aws.answer(SDXL, body)

    (one,) = answer["artifacts"]
    picture = opened(one["base64"])
    assert answer["result"] == "success"
    assert one.keys() == {"seed", "base64", "finishReason"}
    assert one["finishReason"] == "SUCCESS"
    assert one["seed"] == body.get("seed", one["seed"]) > 0
    size = (128, 128) if "init_image" in body else (1024, 1024)
    assert picture.size == (body.get("width", size[0]), body.get("height", size[1]))
    assert picture.format == "PNG"


def malformed(told: str) -> str:
    return f"Malformed input request: {told}, please reformat your input and try again."


SDXL_REFUSED = [
    ({}, "#: required key [text_prompts] not found"),
    ({"prompt": "x", **prompts()}, "#: extraneous key [prompt] is not permitted"),
    ({"text_prompts": []}, "#/text_prompts: expected minimum item count: 1, found: 0"),
    ({"text_prompts": [{"weight": 1}]}, "#/text_prompts/0: required key [text] not found"),
    (prompts("x" * 2001), "#/text_prompts/0/text: expected maxLength: 2000, actual: 2001"),
    (
        {"text_prompts": [{"text": "x", "weight": "1"}]},
        "#/text_prompts/0/weight: expected type: Number, found: String",
    ),
    (prompts(cfg_scale=35.5), "#/cfg_scale: 35.5 is not less or equal to 35"),
    (prompts(cfg_scale=-1), "#/cfg_scale: -1 is not greater or equal to 0"),
    (
        prompts(clip_guidance_preset="FAST"),
        "#/clip_guidance_preset: FAST is not a valid enum value",
    ),
    (prompts(sampler="auto"), "#/sampler: auto is not a valid enum value"),
    (prompts(samples=2), "#/samples: 2 is not less or equal to 1"),
    (prompts(samples=0), "#/samples: 0 is not greater or equal to 1"),
    (prompts(seed=4_294_967_296), "#/seed: 4294967296 is not less or equal to 4294967295"),
    (prompts(seed=-1), "#/seed: -1 is not greater or equal to 0"),
    (prompts(steps=9), "#/steps: 9 is not greater or equal to 10"),
    (prompts(steps=151), "#/steps: 151 is not less or equal to 150"),
    (prompts(style_preset="none"), "#/style_preset: none is not a valid enum value"),
    (prompts(extras=[]), "#/extras: expected type: JSONObject, found: JSONArray"),
    (prompts(width=1000), "#/width: 1000 is not a multiple of 64"),
    (prompts(width=576), "#/width: 576 is not greater or equal to 640"),
    (prompts(height=1600), "#/height: 1600 is not less or equal to 1536"),
    (
        prompts(init_image_mode="STEP_SCHEDULE"),
        "#: extraneous key [init_image_mode] is not permitted",
    ),
    (prompts(init_image=SQUARE, width=1024), "#: extraneous key [width] is not permitted"),
    (
        prompts(init_image=SQUARE, init_image_mode="IMAGE"),
        "#/init_image_mode: IMAGE is not a valid enum value",
    ),
    (
        prompts(init_image=SQUARE, image_strength=1.1),
        "#/image_strength: 1.1 is not less or equal to 1",
    ),
    (
        prompts(init_image=SQUARE, step_schedule_start=1.1),
        "#/step_schedule_start: 1.1 is not less or equal to 1",
    ),
    (
        prompts(init_image=SQUARE, step_schedule_end=-0.1),
        "#/step_schedule_end: -0.1 is not greater or equal to 0",
    ),
    (
        prompts(init_image=encoded(noise(63, 64))),
        "#/init_image: the image measures 63x64 pixels, each side must be at least 64",
    ),
    (
        prompts(init_image=encoded(Image.new("1", (1088, 1024)))),
        "#/init_image: the image measures 1088x1024 pixels, 1114112 in total, "
        "the maximum is 1048576",
    ),
    (prompts(init_image="AAAA"), "#/init_image: the data is not a supported image"),
    ({**MASKED, "steps": 51}, "#/steps: 51 is not less or equal to 50"),
    ({**MASKED, "image_strength": 0.5}, "#: extraneous key [image_strength] is not permitted"),
    ({**MASKED, "mask_source": "MASK"}, "#/mask_source: MASK is not a valid enum value"),
    (
        {**MASKED, "mask_image": encoded(noise())},
        "#/mask_image: the mask measures 64x64 pixels, its image 128x128",
    ),
    (
        prompts(mask_source="MASK_IMAGE_WHITE", mask_image=HALF),
        "#: required key [init_image] not found",
    ),
    (
        prompts(init_image=SQUARE, mask_source="INIT_IMAGE_ALPHA"),
        "#: required key [mask_image] not found",
    ),
    (prompts(init_image=SQUARE, mask_image=HALF), "#: required key [mask_source] not found"),
    (prompts(steps=0, seed=-1), "2 schema violations found"),
    ([], "#: expected type: JSONObject, found: JSONArray"),
]


@pytest.mark.parametrize(("body", "told"), SDXL_REFUSED)
def test_what_sdxl_refuses(aws: Caller, body: Any, told: str) -> None:
    """What breaks a rule of SDXL is refused as malformed, with where and why."""
    assert aws.message(SDXL, body) == malformed(told)


@pytest.mark.parametrize("source", [{}, {"init_image": SQUARE}, MASKED])
def test_clip_guidance_needs_an_ancestral_sampler(aws: Caller, source: dict[str, Any]) -> None:
    """CLIP guidance with a sampler that is not ancestral is refused in every mode."""
    body = prompts(**source) if not source.get("text_prompts") else dict(source)

    message = aws.message(SDXL, {**body, "clip_guidance_preset": "SIMPLE", "sampler": "DDIM"})

    assert "clip guidance requires an ancestral sampler" in message


@pytest.mark.parametrize("size", [(1024, 896), (1536, 1536), (640, 640)])
def test_sdxl_draws_the_sizes_of_its_table_only(aws: Caller, size: tuple[int, int]) -> None:
    """Sides that are not in the table together are refused, with the table."""
    message = aws.message(SDXL, prompts(width=size[0], height=size[1]))

    assert message.startswith("invalid_sdxl_v1_dimensions\n")
    assert "1024x1024, 1152x896" in message
    assert f"we received {size[0]}x{size[1]}" in message


def test_sdxl_keeps_what_its_strength_says(aws: Caller) -> None:
    """Strength 1 keeps the input; a schedule from 0.65 is the strength of 0.35, the default."""
    source = Image.linear_gradient("L").resize((128, 128)).convert("RGB")
    body = prompts(init_image=encoded(source), seed=5)
    schedule = {**body, "init_image_mode": "STEP_SCHEDULE"}

    near, far = (artifact(aws, {**body, "image_strength": value}) for value in (1, 0))
    same = [
        artifact(aws, each)
        for each in (
            body,
            {**body, "image_strength": 0.35},
            schedule,
            {**schedule, "step_schedule_start": 0.65},
        )
    ]

    assert difference(near, source) < difference(same[0], source) < difference(far, source)
    assert all(changed(same[0], other) is None for other in same)


@pytest.mark.parametrize("source", ["MASK_IMAGE_WHITE", "MASK_IMAGE_BLACK", "INIT_IMAGE_ALPHA"])
def test_sdxls_mask_source_says_what_is_painted(aws: Caller, source: str) -> None:
    """White, black or what is transparent is painted; everything else stays to the last bit."""
    image = noise(128, 128)
    given = image.copy()
    if source == "INIT_IMAGE_ALPHA":
        given.putalpha(ImageChops.invert(half_white(128, 128)))
    body = {**MASKED, "init_image": encoded(given), "mask_source": source}

    area = changed(artifact(aws, body), image)

    left = source == "MASK_IMAGE_BLACK"
    assert area is not None
    assert (area[2] <= 64) if left else (area[0] >= 64)


def test_sdxl_avoids_what_weighs_below_zero(aws: Caller) -> None:
    """The heaviest prompt is drawn first, a negative one is not wanted, one of 0 does nothing."""
    from darkroom.standin.sdxl import prompts as read

    entries = [{"text": "a", "weight": 0.5}, {"text": "b"}, {"text": "c", "weight": -2.5}]

    assert read({"text_prompts": [*entries, {"text": "d", "weight": 0}]}) == ("b, a", "c")
    assert "artifacts" in aws.answer(SDXL, {"text_prompts": entries})


@pytest.mark.parametrize("model", [SDXL, SDXL08])
def test_sdxls_seed(aws: Caller, model: str) -> None:
    """With 0 or no seed a random one is drawn and told; the picture can be had again with it."""
    first, second = (aws.answer(model, prompts(**seed)) for seed in ({}, {"seed": 0}))
    (one,), (other,) = first["artifacts"], second["artifacts"]

    assert 0 < one["seed"] != other["seed"] > 0
    assert aws.answer(model, prompts(seed=one["seed"])) == first


def plan(standin: StandIn, kind: str) -> None:
    """Make the next call fail so."""
    WEB.post(f"{standin.url}/_standin/faults", json={"kind": kind}).raise_for_status()


@pytest.mark.parametrize("kind", ["filtered_output", "partial"])
def test_sdxls_filtered_picture_is_blurred(standin: StandIn, aws: Caller, kind: str) -> None:
    """A filtered output is an artifact that says so, with a picture that shows nothing."""
    plan(standin, kind)

    answer = aws.answer(SDXL, prompts())

    (one,) = answer["artifacts"]
    picture = opened(one["base64"])
    assert answer["result"] == "success"
    assert (one["finishReason"], picture.size) == ("CONTENT_FILTERED", (1024, 1024))
    sharp = picture.filter(ImageFilter.FIND_EDGES).crop((2, 2, 1022, 1022))
    assert max(high for _, high in sharp.getextrema()) < 40


def test_sdxls_filtered_prompt_is_an_error(standin: StandIn, aws: Caller) -> None:
    """A filtered prompt is refused in the words that users saw."""
    plan(standin, "filtered")
    told = (
        "invalid_prompts\nsagemaker_inference.errors.BaseInferenceToolkitError: "
        "(400, 'invalid_prompts', 'One or more prompts contains filtered words.')"
    )

    assert aws.message(SDXL, prompts()) == told
    assert aws.message(SDXL08, prompts("a [blocked] vase")) == told


def test_sdxls_inference_error_is_an_artifact(standin: StandIn, aws: Caller) -> None:
    """When inference fails the artifact says so, and has no picture."""
    plan(standin, "inference_error")

    (one,) = aws.answer(SDXL, prompts())["artifacts"]

    assert (one["finishReason"], one["base64"]) == ("ERROR", "")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (prompts(cfg_scale=31), "#/cfg_scale: 31 is not less or equal to 30"),
        (prompts(steps=9), "#/steps: 9 is not greater or equal to 10"),
        (prompts(steps=151), "#/steps: 151 is not less or equal to 150"),
        (prompts(seed=-1), "#/seed: -1 is not greater or equal to 0"),
        (prompts(samples=1), "#: extraneous key [samples] is not permitted"),
        (prompts(init_image=SQUARE), "#: extraneous key [init_image] is not permitted"),
        ({}, "#: required key [text_prompts] not found"),
    ],
)
def test_sdxl_0_8_has_four_fields(aws: Caller, body: Any, told: str) -> None:
    """SDXL 0.8 knows prompts, cfg_scale up to 30, steps and seed."""
    assert artifact(aws, prompts(cfg_scale=30, steps=150), SDXL08).size == (512, 512)
    assert aws.message(SDXL08, body) == malformed(told)
