"""How many pictures, from which seed: counts become calls, and 0 and False are values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from darkroom import catalog, client, dialects
from darkroom.errors import InvalidRequest
from darkroom.modes.base import Request
from darkroom.modes.condition import Condition
from darkroom.modes.image_to_image import ImageToImage
from darkroom.modes.inpaint import Inpaint
from darkroom.modes.outpaint import Outpaint
from darkroom.modes.style_guide import StyleGuide
from darkroom.modes.text_to_image import TextToImage
from darkroom.modes.variation import Variation
from darkroom.wire import Encoder, Task
from tests.plain import plain, shot


@pytest.mark.parametrize(
    ("name", "count", "calls"),
    [
        ("core", 1, [1]),
        ("core", 3, [1, 1, 1]),
        ("sdxl", 2, [1, 1]),
        ("sdxl-0.8", 2, [1, 1]),
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


@pytest.mark.parametrize("name", ["core", "sdxl", "titan", "nova-canvas"])
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


@pytest.mark.parametrize("name", ["core", "ultra", "sd3.5", "sd3", "sdxl", "sdxl-0.8"])
def test_seed_zero_is_refused_on_stability(name: str) -> None:
    """There 0 means any seed, so that the picture could not be made again."""
    model = catalog.find(name)
    with pytest.raises(InvalidRequest, match=r"^seed = 0: .*'any seed'; choose one from 1 on"):
        TextToImage(prompt="a mug", seed=0).check(model)


@pytest.mark.parametrize(
    ("name", "mode"), [("remove-bg", "remove_background"), ("nova-canvas", "remove_background")]
)
def test_mode_without_a_count_is_one_call(name: str, mode: str) -> None:
    """A mode whose outcome is not drawn knows no count: it is one call as it stands."""
    model = catalog.find(name)
    request = plain(model, mode)
    assert request.split(model) == [request]


def test_count_without_a_seed_is_refused() -> None:
    """A model that takes no seed would give the same picture again, and says so."""
    fast = catalog.find("fast")
    with pytest.raises(InvalidRequest, match=r"^count = 2: .*takes no seed, so all .* the same"):
        plain(fast, "upscale", count=2).split(fast)
    assert len(plain(fast, "upscale", count=1).split(fast)) == 1


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
        ("sdxl", TextToImage(prompt="a", cfg_scale=0), ("cfg_scale",), 0),
        ("sdxl", ImageToImage(prompt="a", image=shot(), similarity=0), ("image_strength",), 0),
        (
            "sdxl",
            ImageToImage(
                prompt="a", image=shot(), init_image_mode="STEP_SCHEDULE", step_schedule_end=0
            ),
            ("step_schedule_end",),
            0,
        ),
        (
            "titan",
            Condition(prompt="a", image=shot(), control_strength=0),
            ("textToImageParams", "controlStrength"),
            0,
        ),
        (
            "titan",
            Inpaint(prompt="a", image=shot(), mask=shot(), return_mask=False),
            ("inPaintingParams", "returnMask"),
            False,
        ),
        ("style-guide", StyleGuide(prompt="a", image=shot(), fidelity=0), ("fidelity",), 0),
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
    said: Any = client.body(request_, catalog.find(name), None)
    for step in path:
        said = said[step]
    assert said == value


def test_a_variation_needs_no_words() -> None:
    """A model that must be told something is told to show what is there; one picture is several."""
    wish = Variation(image=shot())  # type: ignore[call-arg]
    assert wish.images == (shot(),)
    said: Any = client.body(wish, catalog.find("sd3.5"), None)
    assert said["prompt"] == "the same subject in the same scene"
    told: Any = client.body(wish, catalog.find("titan"), None)
    assert "text" not in told["imageVariationParams"]
