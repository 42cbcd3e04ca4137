"""Limits: every rule in the catalog is kept, and every refusal says what, why and the way on."""

from __future__ import annotations

import json
import math
from functools import cache
from typing import Any

import pytest
from PIL import Image

from darkroom import catalog, dialects, modes
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.limits import Limit
from darkroom.modes.outpaint import Expand
from darkroom.picture import Picture
from darkroom.standin.server import StandIn
from darkroom.wire import Encoder
from tests.bounds import PICTURES, Case, rectangles, walk
from tests.conftest import bedrock_of, encoded
from tests.plain import plain, shot


@pytest.mark.parametrize(("model", "mode", "field", "found"), list(walk()))
def test_limit_holds_at_its_bounds(model: Model, mode: str, field: str, found: list[Case]) -> None:
    """A value at or inside of a bound is taken; just outside, the refusal tells all about it."""
    for case in found:
        request = plain(model, mode, **{field: case.value})
        if not case.says:
            request.check(model)
            continue
        with pytest.raises(InvalidRequest) as refused:
            request.check(model)
        text = str(refused.value)
        assert text.startswith(field)
        assert model.name in text
        for said in case.says:
            assert said in text


SQUARES = {side: encoded(Image.new("RGB", (side, side), "teal")) for side in (320, 640)}
"""Pictures as small as the models take them: Nova 320 pixels, SD3 Large 640."""
STRICTER: dict[str, tuple[Any, ...]] = {
    # 0 is any seed; two of Stability AI's pages have a largest seed that others do not.
    "seed": (0, 4294967295),
    # A cut-out without transparency; a PNG that is larger than the largest answer.
    "output_format": ("jpeg", "png"),
}
"""What the service takes and we do not."""
UNBOUNDED = {("style-transfer", "prompt")}
"""Texts whose length the pages limit for all other services."""


@cache
def runtime(standin: StandIn, region: str) -> Any:
    """One client for each region: to make one takes longer than to call."""
    return bedrock_of(standin, region).get_client()


def accepts(boto: Any, model_id: str, said: dict[str, Any]) -> bool:
    """Whether the service finds a body in order, all else apart."""
    try:
        boto.invoke_model(modelId=model_id, body=json.dumps(said))["body"].read()
    except boto.exceptions.ValidationException:
        return False
    return True


@pytest.mark.parametrize(
    ("model", "mode", "field", "found"),
    [each for each in walk() if each.values[2] not in (*PICTURES, "images")],
)
def test_bounds_are_those_of_the_service(
    standin: StandIn, model: Model, mode: str, field: str, found: list[Case]
) -> None:
    """The stand-in, whose rules were written from AWS's pages by themselves, agrees on each."""
    square = SQUARES[640 if model.short == "sd3" else 320]
    for case in found:
        if isinstance(case.value, float) and not math.isfinite(case.value):
            continue  # not JSON
        if case.says and case.value in STRICTER.get(field, ()):
            continue
        if case.says and (model.short, field) in UNBOUNDED:
            continue
        said = dialects.find(model.dialect).body(
            plain(model, mode, **{field: case.value}), Encoder(lambda _: square)
        )
        sent = {name: value for name, value in said.items() if name not in model.omits}
        standin.reset()
        standin.fail("filtered_output")  # reached only by a body that is in order, and quick
        taken = accepts(runtime(standin, model.regions[0]), model.call_id, sent)
        assert taken is not bool(case.says), case


OF_A_PICTURE = {"image", "canvas", "png"}
"""What a rule may be about that is no field of the mode: its pictures, those that it is told of."""


def test_every_limit_is_about_a_field() -> None:
    """No rule in the catalog is dead for a misspelt field, or for one that is never taken."""
    known = {field for mode in modes.names() for field in modes.find(mode).model_fields}
    for model in catalog.models().values():
        assert set(model.limits) <= known | OF_A_PICTURE
        for takes in model.modes.values():
            assert set(takes.limits) <= {*takes.fields, *OF_A_PICTURE}
            assert all(limit != Limit() for limit in takes.limits.values())


def test_every_field_of_the_catalog_is_neutral() -> None:
    """What a model takes in a mode are fields of that mode, each named once."""
    for model in catalog.models().values():
        for mode, takes in model.modes.items():
            assert set(takes.fields) <= set(modes.find(mode).model_fields)
            assert len(takes.fields) == len(set(takes.fields))


# ── of one mode, of the canvas, of a PNG ─────────────────────────────────────────────────────────


def test_mode_may_have_limits_of_its_own() -> None:
    """A mode's rule stands in place of the model's, and for that mode only."""
    sdxl = catalog.find("sdxl")
    plain(sdxl, "text_to_image", steps=150).check(sdxl)
    plain(sdxl, "inpaint", steps=50).check(sdxl)
    with pytest.raises(InvalidRequest, match=r"^steps = 51: SDXL 1\.0 takes from 10 to 50"):
        plain(sdxl, "inpaint", steps=51).check(sdxl)


@pytest.mark.parametrize(("size", "allowed"), [((50, 100), True), ((49, 102), False)])
def test_least_pixels_are_said(size: tuple[int, int], allowed: bool) -> None:
    """A picture whose sides are long enough may still be too small as a whole."""
    limit = Limit(min_side=10, min_pixels=5000)
    assert limit.allows(*size) is allowed
    if not allowed:
        with pytest.raises(InvalidRequest, match=r"^image = '49 x 102 png': .* at least 5,000 pix"):
            limit.check("image", shot(*size), "It")


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        pytest.param(model, limit, id=model.short)
        for model in catalog.models().values()
        if (limit := model.limit("outpaint", "canvas"))
    ],
)
def test_canvas_holds_at_its_bounds(model: Model, limit: Limit) -> None:
    """A canvas that is grown here is held to the model's limits as a whole."""
    image = model.limit("outpaint", "image")
    assert image
    refused = 0
    for (width, height), says in rectangles(limit):
        if width <= 8 or not image.allows(width - 8, height):
            continue
        request = plain(model, "outpaint", image=shot(width - 8, height), expand=Expand(left=8))
        if not says:
            request.check(model)
            continue
        refused += 1
        with pytest.raises(InvalidRequest) as told:
            request.check(model)
        text = str(told.value)
        assert text.startswith(f"expand = '{width} x {height} in all': {model.name} takes ")
        assert all(each in text for each in (*says, "Expand by less"))
    assert refused


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        pytest.param(model, limit, id=model.short)
        for model in catalog.models().values()
        if (limit := model.limit("upscale", "png"))
    ],
)
def test_png_that_cannot_be_answered_is_refused(model: Model, limit: Limit) -> None:
    """What is too large to come back as PNG is refused before it is paid, and taken as JPEG."""
    refused = 0
    for size, says in rectangles(limit):
        request = plain(model, "upscale", image=shot(*size), output_format="png")
        if not says:
            request.check(model)
            continue
        refused += 1
        with pytest.raises(InvalidRequest, match=r"^output_format = 'png': .* Use jpeg or webp\.$"):
            request.check(model)
        for kind in ("jpeg", "webp"):
            plain(model, "upscale", image=shot(*size), output_format=kind).check(model)
    assert refused


# ── remedies ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("picture", "remedy"),
    [
        (shot(1409, 1000), "Ask for `fit: shrink`"),
        (shot(size_bytes=5_000_001), "Save it as JPEG"),
    ],
)
def test_remedy_for_a_picture_is_one_that_helps(picture: Picture, remedy: str) -> None:
    """To shrink is advised where that makes the picture fit, and nowhere else."""
    titan = catalog.find("titan")
    with pytest.raises(InvalidRequest, match=remedy):
        plain(titan, "remove_background", image=picture).check(titan)


def test_shrinking_is_not_advised_where_it_cannot_help() -> None:
    """A picture that is too large and too narrow stays too narrow."""
    nova = catalog.find("nova-canvas")
    with pytest.raises(InvalidRequest, match="pad or resize this one"):
        plain(nova, "remove_background", image=shot(4097, 320)).check(nova)


# ── the nearest that is allowed ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "field", "value", "near"),
    [
        ("titan", "size", (1000, 1000), "1024 x 1024"),
        ("titan", "size", (1920, 1080), "1408 x 768"),
        ("titan", "size", (1080, 1920), "768 x 1408"),
        ("titan", "size", (600, 400), "576 x 384"),
        ("nova-canvas", "size", (1000, 500), "992 x 496"),
        ("nova-canvas", "size", (100, 100), "320 x 320"),
        ("nova-canvas", "size", (8192, 8192), "2032 x 2032"),
        ("nova-canvas", "size", (320, 4096), "320 x 1280"),
        ("core", "aspect_ratio", "17:9", "16:9"),
        ("core", "aspect_ratio", "1920:1080", "16:9"),
        ("core", "aspect_ratio", "3:1", "21:9"),
        ("sd3.5", "aspect_ratio", "1:3", "9:21"),
        ("ultra", "size", (1080, 1920), "9:16"),
        ("ultra", "size", (500, 500), "1:1"),
        ("titan", "aspect_ratio", "1:1", "1024 x 1024"),
        ("nova-canvas", "aspect_ratio", "16:9", "1024 x 576"),
        ("nova-canvas", "style", "design_sketch", "DESIGN_SKETCH"),
        ("core", "output_format", "jpg", "jpeg"),
    ],
)
def test_nearest_allowed_value_is_named(name: str, field: str, value: Any, near: str) -> None:
    """A wrong size, ratio or word is answered with the one that was probably meant."""
    model = catalog.find(name)
    with pytest.raises(InvalidRequest) as refused:
        plain(model, "text_to_image", **{field: value}).check(model)
    assert near in str(refused.value).partition("nearest")[2]


@pytest.mark.parametrize("value", ["", "wide", "16:0", "0:9", "-16:9", "16:9:1", "1.5:1", "٣:٢"])
@pytest.mark.parametrize("name", ["core", "nova-canvas", "titan"])
def test_ratio_that_is_none_is_refused_in_words(name: str, value: str) -> None:
    """Whatever stands in place of a ratio, the answer is a refusal."""
    model = catalog.find(name)
    with pytest.raises(InvalidRequest, match=r"^aspect_ratio = "):
        plain(model, "text_to_image", aspect_ratio=value).check(model)


@pytest.mark.parametrize("name", ["titan", "nova-canvas"])
def test_nearest_size_is_allowed(name: str) -> None:
    """The size that a refusal names is taken, and an allowed size is its own nearest."""
    limit = catalog.find(name).limits["size"]
    some = (1, 319, 320, 333, 640, 1024, 1408, 2047, 2048, 4096, 5000)
    for size in [(width, height) for width in some for height in some]:
        near = limit.nearest(*size)
        assert limit.allows(*near)
        assert not limit.allows(*size) or near == size
