"""Requests that nobody thought of: what our classes accept, the service's rules accept.

Two rule sets that share no code are held against each other. For every model and mode, requests are
drawn with values inside and outside of the limits. Whatever `Request.check` lets pass must be
accepted by the stand-in's rules, which are written from AWS's pages; so whatever these refuse, our
classes have refused before. The end of the tests prints how many requests were drawn.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from darkroom import catalog, client, modes, wire
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.image_file import facts
from darkroom.modes.base import Request
from darkroom.picture import Picture
from darkroom.standin import invoke, lineup
from darkroom.standin.refusal import Refusal

pytestmark = pytest.mark.drill

EXAMPLES = 60
"""Requests for each model and mode."""

CELLS = [(row.id, mode) for row in catalog.models().values() for mode in row.modes]
_bytes: dict[str, bytes] = {}


@cache
def picture(width: int, height: int, kind: str, alpha: bool) -> Picture:
    """A picture with something in it: a disc on a plain ground, as large as wanted."""
    image = Image.new("RGBA" if alpha else "RGB", (width, height), "#cfc8bb")
    disc = Image.new("L", (width, height))
    disc.paste(255, (width // 4, height // 4, width - width // 4, height - height // 4))
    image.paste("#1f7a70", mask=disc)
    if alpha:
        image.putalpha(disc)
    out = io.BytesIO()
    image.save(out, kind)
    known = facts(out.getvalue())
    _bytes[known.sha256] = out.getvalue()
    return Picture(**dict(known), uri=f"file:///{known.sha256}")


def load(wanted: Picture) -> bytes:
    return _bytes[wanted.sha256]


SIDES = st.sampled_from([31, 32, 63, 64, 160, 320, 400, 512, 640, 1024, 1408, 1409, 1537])
SIZES = st.one_of(
    st.tuples(SIDES, SIDES),
    st.sampled_from([(1024, 1024), (512, 512), (640, 640), (1152, 896), (640, 1536), (320, 320)]),
)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Small and large, long and square, in each format, with and without transparency."""
    kind = draw(st.sampled_from(["PNG", "PNG", "JPEG", "WEBP"]))
    alpha = kind != "JPEG" and not draw(st.integers(0, 3))
    width, height = draw(SIZES)
    return picture(width, height, kind, alpha)


def texts(longest: int) -> st.SearchStrategy[str]:
    """Words, and texts of a length at the limits."""
    few = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
    lengths = st.sampled_from([1, longest - 1, longest, longest + 1])
    return st.one_of(st.just("a teal mug"), few, lengths.map(lambda length: "x" * length))


LONGEST = {"amazon.titan": 512, "amazon.nova": 1024, "stability.stable-diffusion": 2000}
WORDS = {
    "aspect_ratio": ["1:1", "16:9", "9:21", "4:3", "wide"],
    "quality": ["standard", "premium", "best"],
    "style": ["PHOTOREALISM", "MAXIMALISM", "photorealism"],
    "style_preset": ["anime", "tile-texture", "ANIME"],
    "output_format": ["png", "jpeg", "webp"],
    "out_painting_mode": ["DEFAULT", "PRECISE", "precise"],
    "control_mode": ["CANNY_EDGE", "SEGMENTATION", "DEPTH"],
    "sampler": ["DDIM", "K_DPM_2_ANCESTRAL", "K_EULER_ANCESTRAL", "K_EULER", "auto"],
    "clip_guidance_preset": ["NONE", "FAST_BLUE", "SLOWEST", "FAST"],
    "init_image_mode": ["IMAGE_STRENGTH", "STEP_SCHEDULE", "strength"],
}
NUMBERS: dict[str, list[float]] = {
    "cfg_scale": [-1, 0, 1.0, 1.1, 7.5, 10, 10.1, 30, 30.5, 35, 36],
    "steps": [9, 10, 30, 50, 51, 150, 151],
    "grow_mask": [-1, 0, 5, 20, 21],
    "similarity": [0, 0.1, 0.2, 0.55, 1],
    "seed": [0, 1, 42, 2147483646, 2147483647, 4294967294, 4294967295],
    "count": [1, 1, 2, 5, 6],
}
ZERO_TO_ONE = [-0.1, 0, 0.05, 0.1, 0.3, 0.5, 0.51, 0.9, 1, 1.1]
COLORS = st.sampled_from(["#ff0000", "#00FF7f", "#123456", "red", "#fff", "#12345g"])


def likely(name: str, kind: type[Request], row: Model) -> st.SearchStrategy[Any] | None:
    """Values of the fields that are otherwise seldom right."""
    if name == "images":
        return st.lists(st.just(picture(640, 640, "PNG", False)), min_size=1, max_size=1)
    if name in kind.picture_fields():
        sides = [(1024, 1024), (1216, 832)] if row.dialect == "sdxl" else [(640, 640), (400, 320)]
        shape = st.sampled_from(sides)
        return st.builds(picture, shape.map(min), shape.map(min), st.just("PNG"), st.booleans())
    if name == "size":
        return st.just((1024, 1024))
    if name == "seed":
        return st.integers(1, 2147483646)
    if name == "colors":
        return st.just(["#ff0000", "#00ff7f"])
    if name.endswith("prompt"):
        return st.just("a teal mug")
    return None


@cache
def properties(kind: type[Request]) -> dict[str, Any]:
    """The JSON Schema of each field."""
    found: dict[str, Any] = kind.model_json_schema()["properties"]
    return found


def value_of(name: str, kind: type[Request], row: Model) -> st.SearchStrategy[Any]:
    """Values for a field, good ones and bad ones."""
    if name in kind.picture_fields():
        one = pictures()
        return st.lists(one, min_size=1, max_size=6) if name == "images" else one
    if name in WORDS:
        return st.sampled_from(WORDS[name])
    if name in NUMBERS:
        return st.sampled_from(NUMBERS[name])
    if name == "size":
        return SIZES
    if name == "expand":
        sides = st.sampled_from([0, 0, 1, 64, 200, 2000, 2001])
        return st.fixed_dictionaries(dict.fromkeys(("left", "right", "up", "down"), sides))
    if name == "colors":
        return st.lists(COLORS, min_size=1, max_size=11)
    if name == "weighted_prompts":
        weighted = st.fixed_dictionaries(
            {"text": texts(2000), "weight": st.sampled_from([-1, 0, 0.5, 1, 2.5])}
        )
        return st.lists(weighted, min_size=1, max_size=4)
    if name == "extras":
        return st.just({"hires_fix": True})
    if name == "return_mask":
        return st.booleans()
    schema = properties(kind)[name]
    for option in (schema, *schema.get("anyOf", [])):
        if "enum" in option:
            return st.sampled_from(option["enum"])
        if option.get("type") == "number":
            return st.sampled_from(ZERO_TO_ONE)
    longest = next((most for start, most in LONGEST.items() if row.id.startswith(start)), 10000)
    return texts(longest)


@st.composite
def wishes(draw: st.DrawFn, row: Model, mode: str) -> dict[str, Any]:
    """Fields for a request of `mode`: those that the model needs, and some that it may take."""
    kind, takes = modes.find(mode), row.takes(mode)
    names = list(takes.required)
    if takes.one_of:
        names.append(draw(st.sampled_from(takes.one_of)))
    others = [name for name in takes.fields if name not in names]
    names += draw(st.lists(st.sampled_from(others), max_size=4, unique=True)) if others else []
    fields = {}
    for name in names:
        known = likely(name, kind, row)
        usual = known if known is not None and draw(st.integers(0, 3)) else None
        fields[name] = draw(value_of(name, kind, row) if usual is None else usual)
    image, mask = fields.get("image"), fields.get("mask")
    if isinstance(image, Picture) and mask and draw(st.integers(0, 4)):
        fields["mask"] = picture(*image.size, "PNG", False)  # mostly as large as its image
    return fields


def accepted_by_the_service(row: Model, body: dict[str, Any]) -> None:
    """Raise `Refusal` where the stand-in's rules refuse `body`; nothing is drawn."""
    invoke._order(lineup.find(row.call_id, row.regions[0]), wire.dumps(body))


# Threads that other tests left behind (Prefect's) draw numbers too, and hypothesis blames us.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.parametrize(("model", "mode"), CELLS)
def test_what_we_accept_the_service_accepts(
    model: str, mode: str, record_property: Callable[[str, object], None]
) -> None:
    """No request passes our checks and breaks a rule of the service."""
    row = catalog.find(model)
    kind = modes.find(mode)
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,  # the same requests everywhere, so that CI finds what we find
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(wishes(row, mode))
    def tried(fields: dict[str, Any]) -> None:
        seen["drawn"] += 1
        try:
            request = kind.model_validate(fields)
            parts = request.split(row)
            bodies = [client.body(part, row, load) for part in parts]
        except (ValidationError, InvalidRequest):
            seen["refused by us"] += 1
            return
        seen["accepted by both"] += 1
        for body in bodies:
            try:
                accepted_by_the_service(row, body)
            except Refusal as refusal:
                raise AssertionError(f"{refusal.message}: {wire.elided(body)}") from refusal

    tried()
    record_property("requests", dict(seen))  # added up by tests/conftest.py
    # Neither side may be empty: a rule set that refuses all, or none, would pass as well.
    assert seen["accepted by both"] >= 3
    assert seen["refused by us"] >= 1 or not row.limits
