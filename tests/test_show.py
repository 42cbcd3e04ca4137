"""`darkroom show`: how a picture came to be, wherever the picture is now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from darkroom.archive import Entry
from darkroom.folder_store import FolderStore
from darkroom.picture import Picture, Reviewed, local_path
from darkroom.pipeline.pipeline import Pipeline
from darkroom.store import Fresh
from darkroom.told import lines_of
from flows.cli import main
from tests.conftest import encoded
from tests.s3 import fresh

Ask = Callable[..., Result]


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def _command(context: click.Context) -> None:
    main(context.args)


def said(words: list[str]) -> Result:
    """What the command line says to these words."""
    return CliRunner().invoke(_command, ["--", *words])


@pytest.fixture
def stored(store: FolderStore) -> Picture:
    """A picture in a store."""
    return store.put("ab" * 32, [fresh(7)], folder="2026-11-21/blue-lion")[0]


@pytest.fixture
def file(stored: Picture) -> Path:
    """Its file."""
    path = local_path(stored.uri)
    assert path
    return path


@pytest.fixture
def ask(store: FolderStore) -> Ask:
    """Runs `darkroom show` with the store's folder; gives what it wrote."""
    store.folder.mkdir(exist_ok=True)

    def asked(*arguments: object, code: int = 0) -> Result:
        words = ["show", *map(str, arguments), "--folder", str(store.folder)]
        result = said(words)
        assert result.exit_code == code, result.output
        return result

    return asked


def test_what_stands_beside_a_picture_is_shown(ask: Ask, file: Path) -> None:
    """Mode, model, parameters, seed and hash are shown, each with its name."""
    shown = ask(file).stdout
    for line in (
        f"file              {file}",
        "mode              text_to_image",
        "prompt            an oak table",
        "own seed          7",
        "price             unknown",
        f"(from {file.name}.json beside it)",
    ):
        assert line in shown
    assert ask(f"{file}.json").stdout == shown
    assert ask(file.as_uri()).stdout == shown


def test_data_for_machines(ask: Ask, file: Path, stored: Picture) -> None:
    """With --json it is the picture as data, with what tells it."""
    told = json.loads(ask(file, "--json").stdout)
    assert told.pop("told_by") == f"{file.name}.json beside it"
    assert (told.pop("further"), told.pop("remarks")) == ({}, [])
    assert Picture.model_validate(told) == stored


def test_a_copy_is_found_in_the_store(ask: Ask, file: Path, tmp_path: Path) -> None:
    """A copy with another name and nothing beside it is known by its bytes."""
    copy = shutil.copy(file, tmp_path / "holiday.png")
    told = json.loads(ask(copy, "--json").stdout)
    assert told["told_by"].startswith("the store at file:")
    assert told["provenance"]["seed"] == 7
    file.rename(renamed := file.with_name("renamed.png"))
    file.with_name(f"{file.name}.json").rename(f"{renamed}.json")
    assert json.loads(ask(copy, "--json").stdout)["provenance"]["seed"] == 7


def test_a_text_in_a_png_tells_where_no_store_does(
    ask: Ask, file: Path, tmp_path: Path, store: FolderStore
) -> None:
    """A copy with text in it is found in the store, and where that is gone its text tells."""
    before = file.read_bytes()
    out = tmp_path / "out.png"
    assert ask(file, "--embed", out).stdout == f"{out}\n"
    assert file.read_bytes() == before
    assert "the store at" in json.loads(ask(out, "--json").stdout)["told_by"]
    shutil.rmtree(store.folder)
    store.folder.mkdir()
    told = json.loads(ask(out, "--json").stdout)
    assert told["told_by"] == "the text in it"
    assert told["provenance"]["parameters"] == {"prompt": "an oak table"}
    assert Pipeline.parse(ask(out, "--recipe").stdout).steps["text_to_image"].model == "sd3.5"


def test_text_is_never_written_over_a_picture(ask: Ask, file: Path, tmp_path: Path) -> None:
    """A file that is there stays, and a JPEG is refused with what to do."""
    before = file.read_bytes()
    assert "it cannot be written (File exists)" in ask(file, "--embed", file, code=2).output
    assert file.read_bytes() == before
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encoded(Image.new("RGB", (8, 8)), "JPEG"))
    shutil.copy(f"{file}.json", f"{photo}.json")
    assert "only a PNG takes text" in ask(photo, "--embed", tmp_path / "x.png", code=2).output
    assert not (tmp_path / "x.png").exists()


def test_a_recipe_is_a_pipeline(ask: Ask, file: Path, store: FolderStore) -> None:
    """The recipe names the mode, and a source by its place in the store now."""
    how = fresh(8).provenance.model_copy(
        update={
            "mode": "upscale",
            "model": "stability.stable-fast-upscale-v1:0",
            "parameters": {"image": {"sha256": fresh(7).facts.sha256, "uri": "file:///gone.png"}},
            "parents": (fresh(7).facts.sha256,),
        }
    )
    (big,) = store.put("cd" * 32, [Fresh(fresh(8).data, fresh(8).facts, how)], folder="run")
    step = Pipeline.parse(ask(big.where, "--recipe").stdout)
    assert list(step.steps) == ["upscale"]
    assert step.params["image"].default == str(file)
    both = Pipeline.parse(ask(big.where, "--recipe", "all").stdout)
    assert list(both.steps) == ["text_to_image", "upscale"]
    assert not both.params


def test_a_changed_picture_is_said_to_be(ask: Ask, file: Path) -> None:
    """Where the file is not the one that was stored, what is known is shown with a warning."""
    file.write_bytes(encoded(Image.new("RGB", (9, 9))))
    result = ask(file)
    assert "own seed          7" in result.stdout
    assert f"it is not the one that {file.name}.json tells of" in result.stderr


def test_a_rescued_picture_is_known(ask: Ask, tmp_path: Path) -> None:
    """What was saved outside of a store, with its provenance alone beside it, is shown as well."""
    path = tmp_path / "1-abc.png"
    path.write_bytes(fresh(3).data)
    path.with_name("1-abc.png.json").write_text(fresh(3).provenance.model_dump_json())
    told = json.loads(ask(path, "--json").stdout)
    assert (told["provenance"]["seed"], told["width"]) == (3, 16)


def test_what_nobody_knows(ask: Ask, tmp_path: Path) -> None:
    """A picture of unknown origin fails with the three places that were looked at."""
    path = tmp_path / "holiday.png"
    path.write_bytes(encoded(Image.new("RGB", (9, 9))))
    path.with_name("holiday.png.json").write_text('{"half')
    told = ask(path, code=1).output
    assert "nothing tells how it came to be" in told
    assert "holiday.png.json cannot be read: EOF while parsing" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["/nowhere/x.png"], "cannot be read (No such file or directory)"),
        (["/etc/hostname"], "this is no image"),
        (["s3://bucket/x.png"], "is not in the store at file:"),
        (["x.png", "--json", "--recipe"], "exclude each other"),
        (["x.png", "--store", "a"], "exclude each other"),
    ],
)
def test_bad_usage(ask: Ask, arguments: list[str], told: str) -> None:
    """What cannot be shown is refused in words."""
    result = said(["show", *arguments, "--folder", str(Path.cwd())])
    assert told in result.output
    assert result.exit_code == (1 if "s3:" in arguments[0] else 2)
    assert "Traceback" not in result.output


def test_what_people_said_and_what_is_not_known_here(stored: Picture) -> None:
    """Reviews are told in words, and fields of a later version as they are."""
    said = Reviewed(
        step="pick", chosen=True, said="the blue one", at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    )
    how = stored.provenance.model_copy(update={"reviews": (said,)})
    entry = Entry("a.png", stored.model_copy(update={"provenance": how}), {"mood": ["calm"]})
    told = dict(lines_of(entry))
    assert told["review"] == "chosen at pick, 2026-11-22 09:30: the blue one"
    assert told["mood"] == '["calm"]'
