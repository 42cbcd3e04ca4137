"""The command line, as its users meet it: output, errors, exit codes."""

from __future__ import annotations

import json
import logging
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from prefect.settings import PREFECT_API_URL

from blocks import ImageStore
from darkroom.folder_store import FolderStore
from darkroom.image_file import facts
from darkroom.picture import Provenance
from darkroom.store import Fresh
from flows.cli import main
from flows.cli_run import _copied
from flows.report import Report, Row
from tests.conftest import encoded
from tests.disk import mounted

Darkroom = Callable[..., "Done"]


@dataclass(frozen=True)
class Done:
    """What a command left behind; `said` is all that it printed, on one line."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        return " ".join((self.stdout + self.stderr).split())


@pytest.fixture
def darkroom(
    prefect_api: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Darkroom]:
    """Runs the command line in this process, against the tests' Prefect API."""
    monkeypatch.setenv("DARKROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    handlers = logging.getLogger().handlers[:]

    def run(*arguments: str, **env: str) -> Done:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(arguments)
        printed = capsys.readouterr()
        return Done(int(end.value.code or 0), printed.out, printed.err)

    yield run
    logging.getLogger().handlers = handlers


def test_help_names_every_command(darkroom: Darkroom) -> None:
    """The first screen lists what there is, and exits with 0."""
    done = darkroom("--help")
    assert done.returncode == 0
    words = "demo doctor gallery mask models request resume run show standin"
    for word in words.split():
        assert word in done.stdout


def test_the_version_is_the_packages_own(darkroom: Darkroom) -> None:
    """One place states the version."""
    from importlib.metadata import version

    assert darkroom("--version").stdout == f"darkroom {version('darkroom')}\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["models"], ["show", "--help"], ["run", "product_shot", "--help"]]
)
def test_light_commands_import_neither_prefect_nor_boto3(arguments: list[str]) -> None:
    """What only reads the catalog starts without the heavy libraries."""
    code = (
        "import sys; from flows.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert end.code in (0, None), end.code\n"
        "heavy = {'prefect', 'boto3', 'PIL', 'numpy', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["models"]])
def test_light_commands_answer_at_once(arguments: list[str]) -> None:
    """Under 0.3 s of the processor, or not twice what their libraries take on a slow one."""

    # They wait for nothing, so on a machine that does nothing else this is how long they take.
    def best(*command: str) -> float:
        times = []
        for _ in range(5):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], capture_output=True, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        return min(times)

    took = best("-m", "flows.cli", *arguments)
    assert took < 0.3 or took < 2 * best("-c", "import click, pydantic.main, pydantic.fields")


def test_the_defaults_in_the_help_are_the_flows() -> None:
    """Each "[default: ...]" that the help shows is what the flow's signature says."""
    import inspect
    import re

    from flows.cli import product_shot as command
    from flows.product_shot import product_shot

    known = {
        name: each.default for name, each in inspect.signature(product_shot.fn).parameters.items()
    }
    known |= {f"{step}_model": name for step, name in known.pop("models")}
    expand = known["expand"]
    known["expand"] = ",".join(f"{side}={pixels}" for side, pixels in expand if pixels)
    shown = {
        str(option.name): found[1]
        for option in command.params
        if (found := re.search(r"\[default: (.*)\]", getattr(option, "help", None) or ""))
    }
    assert len(shown) == 12
    assert shown == {name: str(known[name]) for name in shown}


def test_models_as_text_and_as_data(darkroom: Darkroom) -> None:
    """The list names living and retired models; --json has the same rows for machines."""
    text = darkroom("models").stdout
    assert "us.stability.stable-outpaint-v1:0" in text
    assert "retired on 2026-06-30" in text
    rows = json.loads(darkroom("models", "--json").stdout)
    assert {row["short"] for row in rows} >= {"core", "titan"}
    assert all(row["short"] in text for row in rows)


def test_models_can_be_asked_for_a_mode_and_a_day(darkroom: Darkroom) -> None:
    """--mode and --on narrow the list and judge it by another day."""
    rows = json.loads(
        darkroom("models", "--mode", "variation", "--on", "2026-01-01", "--json").stdout
    )
    status = {row["short"]: row["status"] for row in rows}
    assert status == {
        "sd3.5": "active",
        "sd3": "retired",
        "titan": "legacy",
        "titan-v1": "retired",
        "nova-canvas": "active",
    }


def test_a_run_prints_a_table_and_copies_its_pictures(darkroom: Darkroom, tmp_path: Path) -> None:
    """The flow runs on the stand-in; --out gets the pictures, --json the same as data."""
    photo = tmp_path / "photo.png"
    image = Image.new("RGB", (480, 480), "white")
    image.paste((20, 60, 150), (160, 120, 320, 420))
    photo.write_bytes(encoded(image))
    out = tmp_path / "out"
    arguments = ("run", "product_shot", "--standin", "--image", str(photo), "--seed", "5")
    done = darkroom(*arguments, "--variations", "1", "--expand", "none", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "01-subject.png",
        "02-cutout.png",
        "03-scene.png",
        "04-variation-1.png",
        "contact-sheet.jpg",
    ]
    for heading in ("step", "model", "size", "seed", "price", "seconds", "file"):
        assert heading in done.stdout
    assert f"Contact sheet: {out}/contact-sheet.jpg" in done.stdout
    assert "✓ scene: outpaint on us.stability.stable-image-inpaint-v1:0" in done.stderr
    assert "Traceback" not in done.stderr

    again = darkroom(*arguments, "--variations", "1", "--expand", "none", "--json")
    report = json.loads(again.stdout)
    assert report["state"] == "Completed"
    assert [row["status"] for row in report["rows"]] == ["made", *["cached"] * 3]
    assert report["spent_usd"] == 0


def test_pictures_that_cannot_be_copied_are_still_reported(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    """A folder in the way costs the copies; the table and exit code 1 remain."""
    photo = tmp_path / "photo.png"
    image = Image.new("RGB", (320, 320), "white")
    image.paste((20, 60, 150), (100, 80, 220, 280))
    photo.write_bytes(encoded(image))
    (tmp_path / "out" / "01-subject.png").mkdir(parents=True)
    done = darkroom(
        *("run", "product_shot", "--standin", "--image", str(photo), "--seed", "5"),
        *("--variations", "0", "--expand", "none", "--out", str(tmp_path / "out")),
    )
    assert done.returncode == 1
    assert "could not be copied" in done.stderr
    assert "Completed: 2 pictures" in done.stdout


def test_a_full_disk_takes_no_half_of_a_copy(darkroom: Darkroom, tmp_path: Path) -> None:
    """What does not fit is not there, and what is there is whole."""
    photo = tmp_path / "photo.png"
    image = Image.effect_noise((640, 640), 90).convert("RGB")
    image.paste((20, 60, 150), (200, 160, 440, 560))
    photo.write_bytes(encoded(image))
    size = photo.stat().st_size // 1024
    asked = ("run", "remove_background", "--standin", "--image", str(photo))
    with mounted(tmp_path, f"size={size + 16}k") as disk:
        done = darkroom(*asked, "--out", str(disk))
        assert done.returncode == 1, done.stderr
        assert "could not be copied" in done.stderr
        (left,) = disk.iterdir()
        assert left.read_bytes() == photo.read_bytes()


def test_a_picture_that_is_made_later_has_its_place(prefect_api: None, tmp_path: Path) -> None:
    """Copies are numbered by what was asked for, so a resumed run writes the same names again."""
    store = FolderStore(tmp_path / "store")
    data = encoded(Image.new("RGB", (8, 8), "red"))
    fresh = Fresh(data, facts(data, "red"), Provenance(mode="variation"))
    (picture,) = store.put("0" * 64, [fresh], folder="day/run")
    report = Report(flow_run="run")
    for number in (1, 2, 3):
        report.add(f"variation-{number}", picture, None, "made")
    report.rows[1] = Row(step="variation-2", status="filtered", reason="stopped")
    ImageStore(folder=str(store.folder)).save("copies", overwrite=True)
    report.store = "copies"
    out = tmp_path / "out"
    _copied(report, out)
    first = {each.name for each in out.iterdir()}
    assert first == {"01-variation-1.png", "03-variation-3.png"}
    report.rows[1] = Row(step="variation-2", status="made", picture=picture)
    _copied(report, out)
    assert {each.name for each in out.iterdir()} - first == {"02-variation-2.png"}


def make_bad_image(folder: Path, name: str) -> Path:
    path = folder / name
    if name == "empty.png":
        path.write_bytes(b"")
    elif name == "text.png":
        path.write_text("hello")
    elif name == "cut.jpg":
        path.write_bytes(encoded(Image.effect_noise((200, 200), 80).convert("RGB"), "JPEG")[:3000])
    elif name == "moving.gif":
        frames = [Image.new("RGB", (64, 64), color) for color in ("red", "green")]
        path.write_bytes(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    elif name == "pixel.png":
        path.write_bytes(encoded(Image.new("RGB", (1, 1), "red")))
    elif name == "huge.png":
        path.write_bytes(encoded(Image.new("RGB", (6000, 5000), "red")))
    return path


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("missing.png", 2, "there is no such file"),
        ("empty.png", 2, "the file is empty"),
        ("text.png", 2, "no image that can be read"),
        ("cut.jpg", 2, "damaged or cut off"),
        ("moving.gif", 2, "animated (2 frames)"),
        ("pixel.png", 2, "image = '1 x 1 png': Stable Image Remove Background takes sides of 64"),
        ("huge.png", 2, "9,437,184 pixels"),
    ],
)
def test_a_picture_that_cannot_be_used_is_refused_in_words(
    darkroom: Darkroom, tmp_path: Path, name: str, code: int, words: str
) -> None:
    """Each bad source file ends in one message, without a traceback and without a call."""
    path = make_bad_image(tmp_path, name)
    done = darkroom("run", "product_shot", "--standin", "--image", str(path), "--seed", "1")
    assert words in done.said
    assert done.returncode == code
    assert "Traceback" not in done.said


@pytest.mark.drill
def test_too_large_a_picture_is_shrunk_when_asked(darkroom: Darkroom, tmp_path: Path) -> None:
    """--fit shrink makes a 30-megapixel photograph fit, and says so."""
    path = tmp_path / "huge.jpg"
    image = Image.new("RGB", (6000, 5000), (235, 235, 235))
    image.paste((160, 40, 30), (2000, 1500, 4000, 4500))
    path.write_bytes(encoded(image, "JPEG"))
    done = darkroom(
        *("run", "product_shot", "--standin", "--image", str(path), "--seed", "1"),
        *("--fit", "shrink", "--variations", "0", "--expand", "none"),
    )
    assert done.returncode == 0, done.stderr
    assert "shrunk from 6000 x 5000 to 3365 x 2804" in done.said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give one of them"),
        (["--prompt", "x", "--image", "y.png"], "give one of them"),
        (["--prompt", "x", "--standin", "--bedrock", "b"], "exclude each other"),
        (["--prompt", "x", "--bogus"], "No such option"),
        (["--prompt", "x", "--variations", "many"], "not a valid integer"),
        (["--prompt", "x", "--expand", "wide"], "left=256,right=256"),
        (["--prompt", "x", "--expand", "left=0"], "at least one of left, right, up, down"),
        (["--prompt", "x", "--similarity", "2"], "similarity = 2.0: Input should be less than"),
        (["--prompt", "x", "--standin", "--subject-model", "cor"], "Did you mean core"),
        (["--prompt", "x", "--standin", "--subject-model", "inpaint"], "cannot do text_to_image"),
        (["--prompt", "x" * 10001, "--standin"], "at most 10000 characters"),
        (["--prompt", "x", "--standin", "--store", "nowhere"], "no ImageStore block of that name"),
        (["--prompt", "x", "--bedrock", "nobody"], "no Bedrock block of that name"),
        (["--prompt", "x"], "--standin uses the local stand-in"),
        (["--prompt", "x", "--standin", "--out", "/dev/null/out"], "cannot be written"),
        (["--prompt", "x", "--standin", "--scene", " "], "scene = ' ': String should have at"),
        (["--prompt", " ", "--standin"], "prompt = ' ': String should have at least 1"),
        (["--prompt", "x", "--expand", "left=5,left=6"], "each side once"),
        (["--prompt", "x", "--standin", "--seed", "-1"], "seed = -1"),
        (["--image", "https://example.com/x.jpg", "--standin"], "only local files can be read"),
    ],
)
def test_bad_usage_exits_with_2_and_says_what_to_do(
    darkroom: Darkroom, arguments: list[str], words: str
) -> None:
    """No foreseeable mistake shows a traceback or costs anything."""
    done = darkroom("run", "product_shot", *arguments)
    assert words in done.said
    assert done.returncode == 2
    assert "Traceback" not in done.said
    assert done.stdout == ""


def test_a_wrong_region_names_the_right_ones(darkroom: Darkroom) -> None:
    """Credentials for Frankfurt cannot call Core, and the message says where it is."""
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "eu-central-1"}
    done = darkroom("run", "product_shot", "--prompt", "x", **keys)
    assert done.returncode == 2
    assert "not offered in eu-central-1" in done.said
    assert "us-west-2" in done.stderr


def test_a_retired_model_names_its_successor(darkroom: Darkroom) -> None:
    """Titan on AWS is refused before the call, with the living model."""
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    done = darkroom("run", "product_shot", "--prompt", "x", "--subject-model", "titan", **keys)
    assert done.returncode == 2
    assert "use core" in done.said


def test_a_size_that_titan_does_not_have_names_the_nearest() -> None:
    """The refusal of a size is as helpful from Python."""
    from darkroom import catalog
    from darkroom.errors import InvalidRequest
    from darkroom.modes.text_to_image import TextToImage

    wish = TextToImage(prompt="x", size=(1000, 1000))
    with pytest.raises(InvalidRequest, match="nearest allowed size is 1024 x 1024"):
        wish.check(catalog.find("titan"))


@pytest.mark.parametrize("wrong", ["not-an-id", "8a7d5c1e-0000-4000-8000-000000000000"])
def test_resuming_what_does_not_exist_is_bad_usage(darkroom: Darkroom, wrong: str) -> None:
    """An id that is none, or that the server does not know, is said to be so."""
    done = darkroom("resume", wrong)
    assert done.returncode == 2
    assert "flow run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_an_error_in_words(darkroom: Darkroom) -> None:
    """The stand-in names the port and the way out."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = darkroom("standin", "--port", port)
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert "--port 0" in done.stderr
