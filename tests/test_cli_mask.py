"""`darkroom mask`: from a picture's file to a mask's file, in words and without Prefect."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from darkroom.errors import InvalidRequest
from flows import cli
from flows.cli_mask import mask

Command = Callable[..., Result]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph of 400 x 300 pixels: teal, with a green half."""
    image = Image.new("RGB", (400, 300), "teal")
    image.paste("#00ff00", (200, 0, 400, 300))
    path = tmp_path / "photo.jpg"
    image.save(path, quality=95, subsampling=0)
    return path


@pytest.fixture
def cutout(tmp_path: Path) -> Path:
    """A picture of 40 x 30 pixels whose left half is transparent."""
    image = Image.new("RGBA", (40, 30), "teal")
    image.paste((0, 0, 0, 0), (0, 0, 20, 30))
    path = tmp_path / "cutout.png"
    image.save(path)
    return path


def ask(*arguments: object) -> Result:
    """Run the command; it must have ended well."""
    result = CliRunner().invoke(
        mask, [str(each) for each in arguments], standalone_mode=False, catch_exceptions=False
    )
    assert result.return_value == 0
    return result


def grey(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("PNG", "L")
        return np.asarray(image)


def test_without_a_name_the_mask_lies_beside_the_picture(photo: Path) -> None:
    """The name is said, with how much is white and what white means."""
    result = ask(photo, "--box", "100,120,300,90")
    made = grey(photo.with_name("photo.mask.png"))
    assert made.shape == (300, 400)
    assert made[120:210, 100:].all()
    assert int(made.sum()) == 300 * 90 * 255
    assert f"{photo.parent}/photo.mask.png: 400 x 300, 22.5 % white. White is repainted." in (
        result.stdout
    )
    assert result.stderr == ""


def test_all_kinds_of_shapes_add_up(photo: Path, tmp_path: Path) -> None:
    """Boxes, ellipses, polygons and colors are one mask, minus what is taken away."""
    out = tmp_path / "m.png"
    ask(
        *(photo, "--out", out, "--box", "0,0,10,10", "--box", "90%,90%,10%,10%"),
        *("--ellipse", "50,100,40,40", "--polygon", "10,200 60,200 10,290"),
        *("--color", "#00ff00", "--tolerance", "12", "--softness", 0),
        *("--subtract", "box:300,0,50,50", "--subtract", "ellipse:300,100,40,40"),
        *("--subtract", "polygon:300,200 350,200 300,290", "--subtract", "color:white"),
    )
    made = grey(out)
    white = [(5, 5), (275, 390), (120, 70), (210, 20), (150, 250)]
    black = [(20, 20), (25, 325), (120, 320), (210, 310), (150, 150), (285, 55)]
    assert [made[place] for place in white] == [255] * len(white)
    assert [made[place] for place in black] == [0] * len(black)


def test_grow_feather_and_invert(photo: Path, tmp_path: Path) -> None:
    """What is repainted grows, also when it is all but the shape; feathering makes greys."""
    out = tmp_path / "m.png"
    ask(photo, "--box", "0,0,200,300", "--invert", "--grow", 8, "--out", out)
    assert (grey(out)[100] == np.repeat([0, 255], [192, 208])).all()
    ask(photo, "--box", "0,0,200,300", "--grow", -8, "--out", out, "--force")
    assert (grey(out)[100] == np.repeat([255, 0], [192, 208])).all()
    ask(photo, "--box", "0,0,200,300", "--feather", 4, "--out", out, "--force")
    assert len(np.unique(grey(out))) > 10


def test_transparency_is_a_shape_too(cutout: Path, tmp_path: Path) -> None:
    """--alpha is what is transparent, --opaque the rest; each can be taken away."""
    out = tmp_path / "m.png"
    for arguments, left, right in [
        (["--alpha"], 255, 0),
        (["--opaque"], 0, 255),
        (["--box", "0,0,40,30", "--subtract", "alpha"], 0, 255),
        (["--box", "0,0,40,30", "--subtract", "opaque"], 255, 0),
    ]:
        ask(cutout, *arguments, "--out", out, "--force")
        assert (grey(out)[10] == np.repeat([left, right], 20)).all()


@pytest.mark.parametrize("name", ["p.png", "p.jpg", "p.webp"])
def test_a_preview_shows_the_mask_over_the_picture(photo: Path, tmp_path: Path, name: str) -> None:
    """What is repainted is tinted, the rest is the picture; the format is that of the name."""
    result = ask(photo, "--box", "50,50,100,100", "--preview", tmp_path / name)
    assert f"{tmp_path / name}: the mask over the picture" in result.stdout
    with Image.open(tmp_path / name) as shown:
        assert shown.size == (400, 300)
        pixels = np.asarray(shown.convert("RGB")).astype(int)
    assert abs(pixels[100, 100] - (128, 64, 128)).max() < 12
    assert abs(pixels[250, 100] - (0, 128, 128)).max() < 12


def test_a_photograph_on_its_side_gets_an_upright_mask(tmp_path: Path) -> None:
    """The mask measures what the models see, and the turn is said."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "teal").save(tmp_path / "side.jpg", exif=exif)
    result = ask(tmp_path / "side.jpg", "--box", "0,0,40,6")
    made = grey(tmp_path / "side.mask.png")
    assert made.shape == (60, 40)
    assert made[:6].all()
    assert not made[6:].any()
    assert "turned upright" in result.stderr


def test_json_has_all_that_was_made(photo: Path, tmp_path: Path) -> None:
    """For machines: paths, size, the share of white, the edits, and what is odd."""
    preview = tmp_path / "p.png"
    result = ask(photo, "--box", "0,0,25%,50%", "--feather", 2, "--preview", preview, "--json")
    data = json.loads(result.stdout)
    assert data["mask"] == str(tmp_path / "photo.mask.png")
    assert data["preview"] == str(preview)
    assert (data["width"], data["height"]) == (400, 300)
    assert data["white"] == pytest.approx(0.125, abs=0.001)
    assert data["edits"][0].startswith("Combined(shapes=(Box(left=0, top=0, width='25%'")
    assert data["edits"][1] == "Feather(pixels=2.0)"
    assert data["notes"] == data["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "words", "percent"),
    [
        (["--color", "red"], "all black: nothing would be repainted", "0.0 %"),
        (["--box", "0,0,100%,100%"], "all white: nothing of the picture would be kept", "100.0 %"),
        (["--box", "50,50,2,2", "--feather", "9"], "nowhere more than half white", "0.0 %"),
    ],
)
def test_a_mask_that_says_nothing_gets_a_warning(
    photo: Path, arguments: list[str], words: str, percent: str
) -> None:
    """It is written all the same, and the warning goes where it does not disturb data."""
    result = ask(photo, *arguments, "--json")
    assert words in result.stderr
    assert words in json.loads(result.stdout)["warnings"][0]
    assert percent in ask(photo, *arguments, "--force").stdout
    assert photo.with_name("photo.mask.png").exists()


def test_files_that_are_there_are_not_overwritten(photo: Path, tmp_path: Path) -> None:
    """Neither the mask nor the preview, unless forced; and never the picture itself."""
    kept = tmp_path / "kept.png"
    kept.write_bytes(b"precious")
    source = photo.rename(tmp_path / "photo.png")
    shape = ("--box", "0,0,9,9")
    for arguments in (["--out", kept], ["--preview", kept]):
        with pytest.raises(InvalidRequest, match=r"there already.*--force"):
            ask(source, *shape, *arguments)
        assert kept.read_bytes() == b"precious"
        assert not (tmp_path / "photo.mask.png").exists()
    before = source.read_bytes()
    for arguments in (["--out", source], ["--preview", source]):
        with pytest.raises(InvalidRequest, match="it is the picture itself"):
            ask(source, *shape, *arguments, "--force")
    assert source.read_bytes() == before
    ask(source, *shape, "--out", kept, "--force")
    assert grey(kept)[5, 5] == 255


@pytest.fixture
def darkroom(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """The whole command line with `mask` in it: gives the exit code and all that was printed."""
    monkeypatch.setitem(cli.darkroom.commands, "mask", mask)

    def run(*arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(["mask", *(str(each) for each in arguments)])
        printed = capsys.readouterr()
        return int(end.value.code or 0), " ".join((printed.out + printed.err).split())

    return run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "at least one of box, ellipse, polygon, alpha and color"),
        (["--invert"], "at least one of box"),
        (["--box", "1,2,3"], "four numbers are expected, not 3"),
        (["--box", "1,2,3,wide"], "'wide' is no number"),
        (["--box", "400,0,5,5"], "box = '400,0,5,5': it lies wholly outside of the picture"),
        (["--ellipse", "0,0,0,5"], "ellipse = '0,0,0,5': width and height must be more than 0"),
        (["--polygon", "0,0 5,5"], "it needs three different points or more"),
        (["--polygon", "0,0 5,5 5"], "one number is left over"),
        (["--color", "greenish"], "color = 'greenish': no such color"),
        (["--color", "lime", "--tolerance", "-1"], "tolerance = -1.0"),
        (["--color", "lime", "--tolerance", "nan"], "tolerance = nan"),
        (["--box", "0,0,9,9", "--tolerance", "5"], "tolerance = 5.0: it is of a color"),
        (["--box", "0,0,9,9", "--feather", "-1"], "feather = -1.0: 0 to 1000 pixels"),
        (["--box", "0,0,9,9", "--feather", "nan"], "feather = nan"),
        (["--box", "0,0,9,9", "--grow", "1.5"], "not a valid integer"),
        (["--box", "0,0,9,9", "--subtract", "9,9,9,9"], 'Write it as "box:10,10,50,50"'),
        (["--box", "0,0,9,9", "--subtract", "circle:9,9,9,9"], "a shape and its numbers"),
        (["--box", "0,0,9,9", "--subtract", "alpha:5"], "a shape and its numbers"),
        (["--box", "0,0,9,9", "--subtract", "box:400,0,9,9"], "wholly outside"),
        (["--alpha"], "nothing in the picture is transparent"),
        (["--alpha", "--opaque"], "together they are all of the picture"),
        (["--box", "0,0,9,9", "--out", "m.jpg"], "a mask is a PNG"),
        (["--box", "0,0,9,9", "--preview", "m.gif"], "Let it end in .png or .jpg"),
        (["--box", "0,0,9,9", "--out", "/dev/null/m.png"], "cannot be written"),
        (["--box", "0,0,9,9", "--out", "m.png", "--preview", "./m.png"], "the file of the mask"),
        (["--bogus"], "No such option"),
    ],
)
def test_bad_usage_exits_with_2_and_says_what_is_wrong(
    darkroom: Callable[..., tuple[int, str]],
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    """No foreseeable mistake shows a traceback or leaves a file."""
    monkeypatch.chdir(photo.parent)
    code, said = darkroom(photo, *arguments)
    assert words in said
    assert code == 2
    assert "Traceback" not in said
    assert [path.name for path in photo.parent.iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.png", "there is no such file"),
        ("text.png", "no image that can be read"),
        ("", "this is a folder"),
        ("https://example.com/x.jpg", "only local files can be read"),
    ],
)
def test_a_picture_that_cannot_be_read_is_refused_in_words(
    darkroom: Callable[..., tuple[int, str]], tmp_path: Path, name: str, words: str
) -> None:
    """Each bad source ends in one message."""
    (tmp_path / "text.png").write_text("hello")
    source = name if "://" in name else tmp_path / name
    code, said = darkroom(source, "--box", "0,0,9,9", "--out", tmp_path / "m.png")
    assert words in said
    assert code == 2
    assert "Traceback" not in said
    assert not (tmp_path / "m.png").exists()


def test_the_help_says_what_white_means_and_the_defaults_are_right() -> None:
    """The first line says it, the examples stand as written, and the defaults are the code's."""
    from darkroom.shape import SOFTNESS, TOLERANCE

    said = CliRunner().invoke(mask, ["--help"]).stdout
    assert "white is repainted, black is kept" in said
    assert "darkroom mask photo.jpg --box 100,120,300,200 --grow 8" in said
    text = " ".join(said.split())
    assert f"100 apart. [default: {TOLERANCE:g}]" in text
    assert f"fades to black. [default: {SOFTNESS:g}]" in text


def test_neither_prefect_nor_boto3_is_needed(photo: Path) -> None:
    """The module loads without Pillow, and the command runs without Prefect and boto3."""
    code = (
        "import sys; sys.modules['prefect'] = sys.modules['boto3'] = None\n"
        "from flows.cli_mask import mask\n"
        "assert not {'PIL', 'pydantic', 'numpy'} & set(sys.modules)\n"
        "mask(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(photo), "--box", "0,0,9,9"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert photo.with_name("photo.mask.png").exists()
