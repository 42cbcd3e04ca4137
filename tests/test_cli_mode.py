"""Every mode as a command: `darkroom request MODE` and `darkroom run MODE`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pybase64
import pytest
from PIL import Image

from darkroom import modes
from tests.conftest import encoded
from tests.test_cli import Darkroom, darkroom

__all__ = ["darkroom"]  # the fixture


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small picture in a file."""
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(Image.new("RGB", (640, 400), "teal")))
    return path


@pytest.mark.parametrize("group", ["request", "run"])
def test_every_mode_is_a_command(darkroom: Darkroom, group: str) -> None:
    """The group's help lists all modes, and each mode's help its fields."""
    done = darkroom(group, "--help")
    assert done.returncode == 0
    assert modes.names()
    for mode in modes.names():
        assert f"  {mode} " in done.stdout
        said = darkroom(group, mode, "--help").stdout
        for field in modes.find(mode).model_fields:
            assert f"--{field.replace('_', '-')}" in said, (mode, field)


def test_request_prints_the_body_and_sends_nothing(darkroom: Darkroom, photo: Path) -> None:
    """The body alone goes to standard output; pictures are elided to their hashes."""
    asked = ("request", "search_and_replace", "--image", str(photo), "--model", "titan")
    done = darkroom(*asked, "--search-prompt", "mug", "--prompt", "a vase", "--seed", "4")
    assert done.returncode == 0
    body = json.loads(done.stdout)
    assert body["inPaintingParams"]["maskPrompt"] == "mug"
    assert body["inPaintingParams"]["image"].startswith("sha256:")
    assert body["imageGenerationConfig"]["seed"] == 4
    assert "amazon.titan-image-generator-v2:0" in done.stderr
    assert "use search-replace" in done.said


def test_request_prints_the_pictures_if_asked(darkroom: Darkroom, photo: Path) -> None:
    """--full prints the base64 that would be sent."""
    body = json.loads(darkroom("request", "upscale", "--image", str(photo), "--full").stdout)
    assert pybase64.b64decode(body["image"]) == photo.read_bytes()
    assert body["output_format"] == "jpeg"


def test_request_does_to_sources_what_a_run_does(darkroom: Darkroom, tmp_path: Path) -> None:
    """A picture is shrunk or flattened before it is shown, and what was done is said."""
    huge = tmp_path / "huge.png"
    huge.write_bytes(encoded(Image.new("RGB", (2000, 1000), "teal")))
    asked = ("request", "upscale", "--image", str(huge), "--full")
    refused = darkroom(*asked)
    assert refused.returncode == 2
    assert "--fit shrink" in refused.said
    done = darkroom(*asked, "--fit", "shrink")
    assert "shrunk from 2000 x 1000 to 1448 x 724" in done.said
    sent = pybase64.b64decode(json.loads(done.stdout)["image"])
    with Image.open(io.BytesIO(sent)) as image:
        assert image.size == (1448, 724)
    clear = tmp_path / "clear.png"
    clear.write_bytes(encoded(Image.new("RGBA", (400, 400), (0, 0, 0, 0))))
    done = darkroom(
        *("request", "variation", "--images", str(clear), "--model", "nova-canvas", "--full"),
        *("--prompt", "a mug", "--background", "red"),
    )
    assert "flattened on red" in done.said
    sent = pybase64.b64decode(json.loads(done.stdout)["imageVariationParams"]["images"][0])
    with Image.open(io.BytesIO(sent)) as image:
        assert image.getpixel((5, 5)) == (255, 0, 0)


def test_request_shows_every_call(darkroom: Darkroom) -> None:
    """A count above a call's is several bodies with consecutive seeds."""
    done = darkroom(
        "request", "text_to_image", "--prompt", "a mug", "--count", "3", "--seed", "5", "--json"
    )
    calls = json.loads(done.stdout)
    assert [call["body"]["seed"] for call in calls] == [5, 6, 7]
    assert {call["modelId"] for call in calls} == {"stability.stable-image-core-v1:1"}


def test_every_kind_of_option_reaches_the_body(darkroom: Darkroom) -> None:
    """Sizes, sides, weights, colors, switches and JSON, as they are typed."""
    weights = ("--weighted-prompts", "fog=-0.5", "--weighted-prompts", "a=b c")
    done = darkroom(
        *("request", "text_to_image", "--model", "sdxl", "--prompt", "a mug", *weights),
        *("--size", "1152x896", "--extras", '{"a": 1}', "--steps", "20"),
    )
    body = json.loads(done.stdout)
    assert (body["width"], body["height"], body["steps"]) == (1152, 896, 20)
    assert body["text_prompts"] == [
        {"text": "a mug"},
        {"text": "fog", "weight": -0.5},
        {"text": "a=b c", "weight": 1.0},
    ]
    assert body["extras"] == {"a": 1}
    colors = ("--colors", "#ff0000", "--colors", "#00ff00")
    done = darkroom("request", "color_guided", "--model", "titan", "--prompt", "x", *colors)
    assert json.loads(done.stdout)["colorGuidedGenerationParams"]["colors"] == [
        "#ff0000",
        "#00ff00",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("text_to_image",), "prompt = None: Stable Image Core needs it"),
        (("text_to_image", "--prompt", "x", "--size", "big"), 'Write it as "1024x768"'),
        (("text_to_image", "--prompt", "x", "--model", "cor"), "Did you mean core"),
        (("text_to_image", "--prompt", "x", "--steps", "20", "--model", "core"), "takes no steps"),
        (("text_to_image", "--prompt", "x", "--extras", "{"), "it is no JSON"),
        (("text_to_image", "--prompt", "x", "--extras", '{"a": NaN}'), "not JSON compliant"),
        (("upscale", "--image", "missing.png"), "there is no such file"),
        (("outpaint", "--image", "{photo}", "--expand", "left"), "each side once"),
        (("outpaint", "--image", "{photo}", "--expand", "left=0"), "must be more than 0"),
        (("color_guided", "--prompt", "x"), "colors: Field required"),
        (("inpaint", "--image", "{photo}", "--prompt", "x"), "unless the picture has transparency"),
        (("inpaint", "--image", "{photo}", "--mask-prompt", "x"), "takes no mask_prompt"),
    ],
)
def test_bad_usage_is_said_and_is_2(
    darkroom: Darkroom, photo: Path, arguments: tuple[str, ...], told: str
) -> None:
    """A field, its value, the rule and the way on; no traceback."""
    done = darkroom("request", *(each.replace("{photo}", str(photo)) for each in arguments))
    assert done.returncode == 2
    assert told in done.said
    assert "Traceback" not in done.said


def test_run_makes_what_a_mode_is_asked_for(
    darkroom: Darkroom, photo: Path, tmp_path: Path
) -> None:
    """One's own picture comes in, the mode's pictures come out, each with its own seed."""
    out = tmp_path / "out"
    done = darkroom(
        *("run", "search_and_recolor", "--image", str(photo), "--search-prompt", "the wall"),
        *("--prompt", "red", "--count", "2", "--seed", "7", "--standin", "--json"),
        *("--raw", "--out", str(out)),
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [row["step"] for row in report["rows"]] == [
        "image",
        "search_and_recolor-1",
        "search_and_recolor-2",
    ]
    assert [row["picture"]["provenance"]["seed"] for row in report["rows"]] == [None, 7, 8]
    assert report["spent_usd"] == pytest.approx(0.14)
    names = sorted(path.name for path in out.iterdir())
    assert names == [
        "01-image.png",
        "02-search_and_recolor-1.png",
        "02-search_and_recolor-1.png.response.json",
        "03-search_and_recolor-2.png",
        "03-search_and_recolor-2.png.response.json",
        "contact-sheet.jpg",
    ]


def test_run_refuses_what_is_wrong_before_anything_is_paid(darkroom: Darkroom, photo: Path) -> None:
    """Exit code 2, and what to do; a retired model names its successor."""
    done = darkroom("run", "upscale", "--image", str(photo), "--standin", "--model", "creative")
    assert done.returncode == 2
    assert "prompt = None: Stable Image Creative Upscale needs it" in done.said
    done = darkroom("run", "upscale", "--standin")
    assert done.returncode == 2
    assert "image: Field required" in done.said
