"""Limits: every rule in the catalog is kept, and every refusal says what, why and the way on."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from darkroom import catalog, client, dialects, modes
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.limits import Limit
from darkroom.modes import Request
from darkroom.modes.outpaint import Expand, Outpaint
from darkroom.modes.text_to_image import TextToImage
from darkroom.modes.variation import Variation
from darkroom.picture import Picture
from darkroom.standin.server import StandIn
from darkroom.wire import Encoder, Task
from tests.conftest import bedrock_of, encoded

FORMATS = ("png", "jpeg", "webp")


def shot(width: int = 640, height: int = 640, kind: str = "png", **facts: Any) -> Picture:
    """A picture, as far as its facts go."""
    said: dict[str, Any] = {"sha256": "0" * 64, "size_bytes": 1000, "uri": "file:///it", **facts}
    return Picture(width=width, height=height, media_type=f"image/{kind}", **said)


PLAIN: dict[str, Any] = {
    "prompt": "a mug",
    "negative_prompt": "steam",
    "image": shot(),
    "images": (shot(),),
    "mask": shot(),
    "expand": Expand(left=8),
    "similarity": 0.5,
    "seed": 7,
    "count": 2,
    "size": (1024, 1024),
    "aspect_ratio": "1:1",
    "style": "PHOTOREALISM",
    "style_preset": "anime",
    "quality": "premium",
    "cfg_scale": 5.0,
    "creativity": 0.5,
    "grow_mask": 3,
    "out_painting_mode": "PRECISE",
    "output_format": "png",
}
"""A value for each neutral field that every model which takes the field allows."""


def plain(model: Model, mode: str, **changes: Any) -> Request:
    """A request that `model` takes, with changes that nobody has looked at yet."""
    takes = model.modes[mode]
    fields = [*takes.required, *takes.one_of[:1]]
    if changes.keys() & set(takes.one_of):
        fields = list(takes.required)
    request = modes.find(mode)(**{field: PLAIN[field] for field in fields})
    if "mask" in fields and "image" in changes:
        changes = {"mask": changes["image"], **changes}
    return request.model_copy(update=changes)


@dataclass(frozen=True)
class Case:
    """A value at a bound; `says` is what its refusal must tell, empty where it is allowed."""

    value: Any
    says: tuple[str, ...] = ()


def numbers(limit: Limit, step: float) -> Iterator[Case]:
    for bound, outside in ((limit.ge, -step), (limit.le, step)):
        if bound is not None:
            kind = type(step)
            yield Case(kind(bound))
            yield Case(kind(bound - outside))
            wrong = kind(bound + outside)
            yield Case(wrong, (str(wrong), f"{bound:.10g}", limit.remedy))
    if isinstance(step, float):
        yield Case(math.nan, ("nan",))
        yield Case(math.inf, ("inf",))


def texts(limit: Limit) -> Iterator[Case]:
    if limit.max_length is not None:
        yield Case("x" * limit.max_length)
        told = (f"at most {limit.max_length} characters", "1 too many", "Shorten it.")
        yield Case("x" * (limit.max_length + 1), (*told, f"({limit.max_length + 1} characters)"))
    if limit.min_length:
        yield Case("x" * limit.min_length)
        yield Case("x" * (limit.min_length - 1), (f"at least {limit.min_length} characters",))


def words(limit: Limit) -> Iterator[Case]:
    for word in limit.one_of:
        yield Case(word)
    for wrong in ("nonsense", "", f"{limit.one_of[0]} "):
        yield Case(wrong, (repr(wrong), *limit.one_of))


def rectangles(limit: Limit) -> Iterator[tuple[tuple[int, int], tuple[str, ...]]]:
    """Sizes at each bound, of which the refused ones break one rule only."""
    step = limit.multiple_of or 1
    low = limit.min_side or step
    found: list[tuple[tuple[int, int], tuple[str, ...]]] = []
    if limit.min_side:
        found += [((low, low), ()), ((low + step, low), ())]
        found += [((low - step, low), (f"sides of {low} ",))]
    if limit.max_side:
        high = limit.max_side
        other = max(low, math.ceil(high / (limit.max_ratio or high) / step) * step)
        rule = f"to {high} pixels"
        if not limit.max_pixels or high * other <= limit.max_pixels:
            found += [((high, other), ()), ((high - step, other), ())]
        found += [((high + step, other + step), (rule,))]
    if limit.max_pixels:
        side = math.isqrt(limit.max_pixels) // step * step
        rule = f"at most {limit.max_pixels:,} pixels"
        found += [((side, side), ()), ((side + step, side + step), (rule,))]
        if step == 1:
            found += [((side, limit.max_pixels // side), ())]
    if limit.max_ratio:
        long = int(low * limit.max_ratio) // step * step
        found += [((low, long), ()), ((low, long + step), (f"at most {limit.max_ratio:g}:1",))]
    if limit.multiple_of:
        found += [((low + step, low + 1), (f"multiples of {step}",))]
    for (width, height), says in found:
        yield (width, height), says
        yield (height, width), says


def sizes(limit: Limit) -> Iterator[Case]:
    for size in limit.sizes:
        yield Case(size)
        told = ("sizes only", "The nearest allowed size is {} x {}.".format(*size))
        wrong = (size[0] + 1, size[1])
        yield Case(wrong, (*told, "{} x {}".format(*wrong)))
    if not limit.sizes:
        for size, says in rectangles(limit):
            near = ("{} x {}".format(*size), "The nearest allowed size is") if says else ()
            yield Case(size, (*says, *near))
    for wrong in ((0, 0), (0, 512), (-16, 512), (10**9, 1)):
        yield Case(wrong, ("{} x {}".format(*wrong), "The nearest allowed size is"))


def pictures(limit: Limit) -> Iterator[Case]:
    for size, says in rectangles(limit):
        remedy = ("{} x {} png".format(*size), "picture") if says else ()
        yield Case(shot(*size), (*says, *remedy))
    for kind in FORMATS:
        allowed = not limit.formats or kind in limit.formats
        yield Case(shot(kind=kind), () if allowed else (kind, *limit.formats))
    opaque = ("with transparency", "opaque pictures only", "Flatten")
    yield Case(shot(alpha=True), opaque if limit.opaque else ())
    if limit.max_bytes:
        most = limit.max_bytes
        told = (f"{most + 1:,} bytes", f"at most {most:,} bytes", "smaller picture")
        yield Case(shot(size_bytes=most))
        yield Case(shot(size_bytes=most + 1), told)


def lists(limit: Limit) -> Iterator[Case]:
    for case in pictures(limit):
        yield Case((case.value,), case.says)
    if limit.max_length:
        yield Case((shot(),) * limit.max_length)
        told = f"at most {limit.max_length} pictures"
        wrong = limit.max_length + 1
        yield Case((shot(),) * wrong, (f"{wrong} pictures", told, "1 too many"))


def sides(limit: Limit) -> Iterator[Case]:
    for side in Expand.model_fields:
        for case in numbers(limit, 1):
            says = (f"expand.{side}", *case.says) if case.says else ()
            yield Case(Expand(**{side: case.value}), says)


def cases(kind: type[Request], field: str, limit: Limit) -> Iterator[Case]:
    if field == "size":
        yield from sizes(limit)
    elif field == "image":
        yield from pictures(limit)
    elif field == "images":
        yield from lists(limit)
    elif field == "expand":
        yield from sides(limit)
    elif limit.one_of:
        yield from words(limit)
    elif "float" in str(kind.model_fields[field].annotation):
        yield from numbers(limit, 0.001)
    elif limit.ge is not None or limit.le is not None:
        yield from numbers(limit, 1)
    else:
        yield from texts(limit)


def walk() -> Iterator[Any]:
    for model in catalog.models().values():
        for mode, takes in model.modes.items():
            for field in takes.fields:
                if (limit := model.limits.get(field)) and limit != Limit():
                    found = list(cases(modes.find(mode), field, limit))
                    assert any(case.says for case in found), (model.id, mode, field)
                    yield pytest.param(
                        model, mode, field, found, id=f"{model.short}-{mode}-{field}"
                    )


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


SQUARE = encoded(Image.new("RGB", (640, 640), "teal"))
STRICTER = {("seed", 0), ("output_format", "jpeg")}
"""What the service takes and we do not: any seed, and a cut-out without transparency."""


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
    [each for each in walk() if each.values[2] not in ("image", "images")],
)
def test_bounds_are_those_of_the_service(
    standin: StandIn, model: Model, mode: str, field: str, found: list[Case]
) -> None:
    """The stand-in, whose rules were written from AWS's pages by themselves, agrees on each."""
    for case in found:
        if isinstance(case.value, float) and not math.isfinite(case.value):
            continue  # not JSON
        if case.says and (field, case.value) in STRICTER:
            continue
        said = dialects.find(model.dialect).body(
            plain(model, mode, **{field: case.value}), Encoder(lambda _: SQUARE)
        )
        standin.reset()
        standin.fail("filtered_output")  # reached only by a body that is in order, and quick
        taken = accepts(runtime(standin, model.regions[0]), model.call_id, said)
        assert taken is not bool(case.says), case


def test_every_limit_is_about_a_field() -> None:
    """No rule in the catalog is dead for a misspelt field."""
    known = {field for mode in modes.names() for field in modes.find(mode).model_fields}
    for model in catalog.models().values():
        assert set(model.limits) <= known


def test_every_field_of_the_catalog_is_neutral() -> None:
    """What a model takes in a mode are fields of that mode."""
    for model in catalog.models().values():
        for mode, takes in model.modes.items():
            assert set(takes.fields) <= set(modes.find(mode).model_fields)


# ── what a model takes, and needs ────────────────────────────────────────────────────────────────


def not_taken() -> Iterator[Any]:
    for model in catalog.models().values():
        for mode, takes in model.modes.items():
            for field in sorted(modes.find(mode).model_fields.keys() - {*takes.fields, "fit"}):
                yield pytest.param(model, mode, field, id=f"{model.short}-{mode}-{field}")


@pytest.mark.parametrize(("model", "mode", "field"), list(not_taken()))
def test_field_that_a_model_does_not_take_is_refused(model: Model, mode: str, field: str) -> None:
    """Nothing is dropped in silence: the field and the model are named, and one that takes it."""
    able = [other.label for other in catalog.models_for(mode) if field in other.modes[mode].fields]
    with pytest.raises(InvalidRequest) as refused:
        plain(model, mode, **{field: PLAIN[field]}).check(model)
    text = str(refused.value)
    assert text.startswith(f"{field} = ")
    assert f"{model.name} takes no {field}" in text
    if {"size", "aspect_ratio"} - {field} <= set(model.modes[mode].fields):
        assert "the nearest is" in text
    else:
        assert "Leave it out" in text
        assert all(name in text for name in able)


def needed() -> Iterator[Any]:
    for model in catalog.models().values():
        for mode, takes in model.modes.items():
            for field in takes.required:
                yield pytest.param(model, mode, field, id=f"{model.short}-{mode}-{field}")


@pytest.mark.parametrize(("model", "mode", "field"), list(needed()))
def test_missing_field_is_named(model: Model, mode: str, field: str) -> None:
    """A request without what the model needs says which field that is."""
    with pytest.raises(InvalidRequest, match=f"^{field} = None: .*needs it for {mode}"):
        plain(model, mode, **{field: None}).check(model)


@pytest.mark.parametrize("name", ["titan", "nova-canvas"])
def test_one_of_several_fields_is_needed(name: str) -> None:
    """To outpaint, Titan and Nova need a mask or an expanse; both at once are fine."""
    model = catalog.find(name)
    with pytest.raises(InvalidRequest, match=r"^mask or expand: .* needs one of them"):
        plain(model, "outpaint", mask=None).check(model)
    plain(model, "outpaint", mask=shot(), expand=Expand(up=8)).check(model)


@pytest.mark.parametrize("name", ["inpaint", "titan", "nova-canvas"])
def test_mask_measures_what_its_image_does(name: str) -> None:
    """A mask of another size is refused with both sizes."""
    model = catalog.find(name)
    with pytest.raises(InvalidRequest, match=r"^mask = '640 x 641'.* 640 x 640\. .*resize it"):
        plain(model, "outpaint", mask=shot(640, 641)).check(model)


@pytest.mark.parametrize(
    ("name", "image", "grows", "told"),
    [
        ("titan", (1400, 700), {"left": 9}, "1409 x 700"),
        ("nova-canvas", (2000, 2000), {"down": 98}, "2000 x 2098"),
        ("nova-canvas", (320, 640), {"up": 641}, "320 x 1281"),
    ],
)
def test_grown_canvas_keeps_the_limits(
    name: str, image: tuple[int, int], grows: dict[str, int], told: str
) -> None:
    """Where the canvas is grown here, what is sent must be within the model's limits as a whole."""
    model = catalog.find(name)
    side, pixels = next(iter(grows.items()))
    plain(model, "outpaint", image=shot(*image), expand=Expand(**{side: pixels - 1})).check(model)
    with pytest.raises(InvalidRequest, match=f"^expand = '{told} in all': .*Expand by less"):
        plain(model, "outpaint", image=shot(*image), expand=Expand(**grows)).check(model)


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


# ── how many, and from which seed ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "count", "calls"),
    [
        ("core", 1, [1]),
        ("core", 3, [1, 1, 1]),
        ("titan", 5, [5]),
        ("titan", 6, [5, 1]),
        ("nova-canvas", 12, [5, 5, 2]),
    ],
)
def test_count_above_a_call_becomes_several_calls(name: str, count: int, calls: list[int]) -> None:
    """As many pictures as wanted, in calls that the model takes, with consecutive seeds."""
    model = catalog.find(name)
    parts = TextToImage(prompt="a mug", count=count, seed=11).split(model)
    assert [part.count for part in parts] == calls
    assert [part.seed for part in parts] == [11 + sum(calls[:index]) for index in range(len(calls))]
    for part in parts:
        part.check(model)


@pytest.mark.parametrize("name", ["core", "titan", "nova-canvas"])
def test_seeds_go_round_at_the_largest(name: str) -> None:
    """After the largest seed comes the least, so that no call of several is out of range."""
    model = catalog.find(name)
    limit = model.limits["seed"]
    assert limit.le is not None
    assert limit.ge is not None
    last, least = int(limit.le), int(limit.ge)
    step = int(model.limits["count"].le or 1)
    parts = TextToImage(prompt="a mug", count=3 * step, seed=last).split(model)
    assert [part.seed for part in parts] == [last, least + step - 1, least + 2 * step - 1]
    for part in parts:
        part.check(model)


def test_seed_above_the_largest_is_not_turned_round() -> None:
    """Only the seeds that are counted up go round; one that was asked for is refused."""
    core = catalog.find("core")
    for part in TextToImage(prompt="a mug", count=2, seed=4294967295).split(core):
        with pytest.raises(InvalidRequest, match="4294967294"):
            part.check(core)


def test_no_seed_stays_none() -> None:
    """Where no seed is given, splitting gives none."""
    parts = TextToImage(prompt="a mug", count=2).split(catalog.find("core"))
    assert [part.seed for part in parts] == [None, None]


@pytest.mark.parametrize("name", ["core", "ultra", "sd3.5"])
def test_seed_zero_is_refused_on_stability(name: str) -> None:
    """There 0 means any seed, so that the picture could not be made again."""
    model = catalog.find(name)
    with pytest.raises(InvalidRequest, match=r"^seed = 0: .*'any seed'; choose one from 1 on"):
        TextToImage(prompt="a mug", seed=0).check(model)


# ── 0 and False are values ───────────────────────────────────────────────────────────────────────


class Flagged(Request):
    """A mode of a test's own."""

    flag: bool | None = None
    number: int | None = None

    def stability(self, encode: Encoder) -> dict[str, Any]:
        return {"flag": self.flag, "number": self.number}

    def amazon(self, encode: Encoder) -> Task:
        return Task("TEXT_IMAGE", "textToImageParams", self.stability(encode))


def test_zero_and_false_are_given() -> None:
    """Only None is nothing."""
    assert Flagged(flag=False, number=0).given() == {"flag": False, "number": 0}
    assert Flagged().given() == {}


@pytest.mark.parametrize("dialect", ["stability", "amazon"])
def test_zero_and_false_are_said(dialect: str) -> None:
    """Each dialect sends 0 and False, and leaves out what is None."""
    spoken = dialects.find(dialect)
    said = json.dumps(spoken.body(Flagged(flag=False, number=0), Encoder()))
    assert '"flag": false' in said
    assert '"number": 0' in said
    assert "flag" not in json.dumps(spoken.body(Flagged(), Encoder()))


@pytest.mark.parametrize(
    ("name", "request_", "path", "value"),
    [
        ("titan", TextToImage(prompt="a", seed=0), ("imageGenerationConfig", "seed"), 0),
        ("sd3.5", Variation(prompt="a", images=(shot(),), similarity=0), ("strength",), 1),
        ("sd3.5", Variation(prompt="a", images=(shot(),), similarity=1), ("strength",), 0),
        (
            "inpaint",
            Outpaint(prompt="a", image=shot(), mask=shot(), grow_mask=0),
            ("grow_mask",),
            0,
        ),
    ],
)
def test_zero_reaches_the_body(
    name: str, request_: Request, path: tuple[str, ...], value: float
) -> None:
    """A 0 that was asked for, or that follows, is in the body."""
    said: Any = client.body(request_, catalog.find(name))
    for step in path:
        said = said[step]
    assert said == value


# ── a new model is a table ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Adds the given TOML to the catalog."""

    def add(text: str | bytes) -> Path:
        path = tmp_path / "more.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setenv("DARKROOM_CATALOG", str(path))
        return path

    return add


PAINTER = """
[models."acme.painter-v1:0"]
name = "Acme Painter"
short = "painter"
dialect = "stability"
limits = ["stability", { prompt = { max_length = 9 } }]
regions = ["us-east-1"]
profile = "us"
launch = 2026-11-01
modes.text_to_image = { required = ["prompt"], optional = ["seed", "aspect_ratio"] }
"""


def test_new_model_is_one_table(more: Any) -> None:
    """A model of a known dialect is listed, found, checked and spoken to by its table alone."""
    more(PAINTER)
    model = catalog.find("painter")
    assert model in catalog.models_for("text_to_image")
    assert model.call_id == "us.acme.painter-v1:0"
    request = TextToImage(prompt="a mug", seed=3, aspect_ratio="16:9")
    said = client.body(request, model)
    assert said == {"prompt": "a mug", "seed": 3, "aspect_ratio": "16:9"}
    with pytest.raises(InvalidRequest, match="Acme Painter takes at most 9 characters"):
        client.body(TextToImage(prompt="ten letter"), model)
    with pytest.raises(InvalidRequest, match="Acme Painter takes from 1 to 4294967294"):
        client.body(TextToImage(prompt="a mug", seed=0), model)


def test_new_model_of_amazons_dialect_is_one_table(more: Any) -> None:
    """The same holds for the other dialect, with limits of the table's own."""
    more(
        """
        [limits.canvas]
        count = { le = 2 }
        [models."amazon.canvas-v2:0"]
        name = "Canvas 2"
        short = "canvas2"
        dialect = "amazon"
        limits = ["canvas"]
        regions = ["us-east-1"]
        launch = 2026-11-01
        modes.text_to_image = { required = ["prompt"], optional = ["count", "seed", "size"] }
        """
    )
    model = catalog.find("canvas2")
    request = TextToImage(prompt="a mug", count=3, seed=0, size=(640, 480))
    assert [part.count for part in request.split(model)] == [2, 1]
    assert client.body(request.split(model)[1], model) == {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": {"text": "a mug"},
        "imageGenerationConfig": {"width": 640, "height": 480, "numberOfImages": 1, "seed": 2},
    }


def test_row_of_a_known_id_replaces_it(more: Any) -> None:
    """The file may say otherwise about a model that is known."""
    more(PAINTER.replace("acme.painter-v1:0", "stability.stable-image-core-v1:1"))
    assert catalog.find("stability.stable-image-core-v1:1").name == "Acme Painter"


def test_count_is_split_where_the_mode_takes_none(more: Any) -> None:
    """A model that gives several pictures in other modes gives one where it takes no count."""
    more(PAINTER.replace('["stability",', '["stability", { count = { le = 5 } },'))
    parts = TextToImage(prompt="a mug", count=2, seed=1).split(catalog.find("painter"))
    assert [(part.count, part.seed) for part in parts] == [(1, 1), (1, 2)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not = [toml", "no TOML"),
        (b"name = '\xff'", "no TOML"),
        ("model = {}", "model: Extra inputs"),
        ("models = 3", "models: Input should be"),
        (PAINTER.replace('short = "painter"\n', ""), r"acme\.painter-v1:0: short: Field required"),
        (PAINTER.replace("short =", "shrt ="), "shrt: Extra inputs"),
        (PAINTER.replace("2026-11-01", '"soon"'), "launch: "),
        (PAINTER.replace('["stability",', '["stabilty",'), r"no \[limits\.stabilty\] .*stability"),
        (PAINTER.replace('["stability",', "[5,"), r"no \[limits\.5\]"),
        (PAINTER.replace("max_length", "max_lenght"), "limits.prompt.max_lenght: Extra inputs"),
        (PAINTER.replace("required =", "needs ="), "modes.text_to_image.needs: Extra inputs"),
        (PAINTER.replace('regions = ["us-east-1"]', 'regions = "us"'), "regions: "),
    ],
)
def test_malformed_catalog_says_where(more: Any, text: str | bytes, told: str) -> None:
    """A mistake in the file is an error that names the place, in one line."""
    more(text)
    with pytest.raises(InvalidRequest, match=told) as refused:
        catalog.models()
    assert isinstance(text, bytes) or "TOML" in told or "\n" not in str(refused.value)


def test_shared_limits_may_be_named_without_a_list(more: Any) -> None:
    """A single name of shared limits holds as a list of one does."""
    more(PAINTER.replace('["stability", { prompt = { max_length = 9 } }]', '"stability"'))
    assert catalog.find("painter").limits["seed"].ge == 1


def test_missing_catalog_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DARKROOM_CATALOG that is not there is said, and not passed over."""
    path = tmp_path / "none.toml"
    monkeypatch.setenv("DARKROOM_CATALOG", str(path))
    with pytest.raises(InvalidRequest, match=r"none\.toml: the catalog cannot be read"):
        catalog.find("core")


def test_unknown_dialect_is_named(more: Any) -> None:
    """A table for a dialect that nobody speaks is refused when it is to be spoken."""
    more(PAINTER.replace('"stability"\n', '"klingon"\n', 1))
    with pytest.raises(InvalidRequest, match="klingon"):
        client.body(TextToImage(prompt="a mug"), catalog.find("painter"))
