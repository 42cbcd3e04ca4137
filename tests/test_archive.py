"""What is in a store is read back: all that is good, and why the rest is left out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from darkroom.archive import Entry, Trouble, entries
from darkroom.errors import StoreFailed
from darkroom.folder_store import FolderStore
from darkroom.store import Store
from tests.s3 import aws, bucket_of, fresh


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3."""
    with aws() as url:
        yield url


@pytest.fixture(params=["folder", "s3"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store of each kind, empty."""
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    name = f"archive-{abs(hash(request.node.name)) % 10**9}"
    return bucket_of(request.getfixturevalue("s3"), name, "campaigns").open()


def put(store: Store, number: int, folder: str = "2026-11-21/blue-lion") -> str:
    """Store a picture; gives its name."""
    (picture,) = store.put(f"{number:064x}", [fresh(number)], folder=folder)
    return store.name_of(picture.uri) or ""


def good(store: Store, since: date | None = None) -> list[str]:
    """The names of the pictures in a store, where nothing is left out."""
    found = list(entries(store, since))
    assert not [each for each in found if isinstance(each, Trouble)]
    return [each.name for each in found]


def left_out(store: Store) -> dict[str, str]:
    """What is left out of a store, and why."""
    return {each.name: each.why for each in entries(store) if isinstance(each, Trouble)}


def test_every_picture_is_found_with_its_provenance(any_store: Store) -> None:
    """All pictures come in order by name, as they were stored, wherever in the store they are."""
    folders = ["2026-11-20/a", "2026-11-21/a", "2026-11-21/b", "batches/autumn/pictures", ""]
    for number, folder in enumerate(folders):
        any_store.put(f"{number:064x}", [fresh(number)], folder=folder)
    found = [each for each in entries(any_store) if isinstance(each, Entry)]
    assert [each.picture.provenance.seed for each in found] == [4, 0, 1, 2, 3]
    assert all(any_store.read(each.picture) for each in found)
    assert all(each.picture.uri == any_store.uri_of(each.name) for each in found)
    assert {each.day for each in found} == {date(2026, 11, 21)}


def test_earlier_days_are_not_opened(store: FolderStore) -> None:
    """Pictures of days before the first one wanted are left out, and their folders not opened."""
    put(store, 1, "2026-11-19/a")
    batch, kept = put(store, 3, "batches/autumn/pictures"), put(store, 2, "2026-11-20/a")
    (store.folder / "2026-11-19" / "a" / "half.png.json").write_text("{")
    assert good(store, date(2026, 11, 20)) == [kept, batch]
    assert good(store, date(2026, 11, 22)) == []


def test_entries_come_as_they_are_asked_for(store: FolderStore) -> None:
    """The first pictures come before the folders of later days are opened."""
    first, last = put(store, 1, "2026-11-19/a"), put(store, 2, "2026-11-21/a")
    for number in range(3, 40):
        put(store, number, "2026-11-20/a")
    found = entries(store)
    assert getattr(next(found), "name", "") == first
    late = put(store, 99, "2026-11-21/b")
    assert [each.name for each in found][-2:] == [last, late]


def test_what_stands_beside_a_picture_is_no_picture(store: FolderStore) -> None:
    """Masks and answers that are kept beside pictures, hidden files and others pass unnoticed."""
    name = put(store, 1)
    for end in (".mask.png", ".response.json"):
        store.write(name + end, b"{}")
    for other in ("notes.txt", "2026-11-21/blue-lion/._x.png", ".git/x.png", "manifest.jsonl"):
        store.write(other, b"x")
    assert good(store) == [name]


def test_damage_takes_nothing_else_with_it(store: FolderStore) -> None:
    """Each damaged or foreign file is named with the reason, and all good pictures come."""
    kept = [put(store, number) for number in (1, 2)]
    run = store.folder / "2026-11-21" / "blue-lion"
    whole = json.loads((store.folder / f"{kept[0]}.json").read_text())
    damaged = {
        "half": b'{"uri": "file:///x',
        "coding": b'{"uri": "\xff\xfe"}',
        "list": b"[1, 2]",
        "deep": b"[" * 100_000,
        "wrong": json.dumps(whole | {"width": "wide"}).encode(),
    }
    for name, said in damaged.items():
        (run / f"{name}.png").write_bytes(b"x")
        (run / f"{name}.png.json").write_bytes(said)
    (run / "gone.png.json").write_text(json.dumps(whole))
    (run / "alone.png").write_bytes(b"x")
    (run / "holiday.JPEG").write_bytes(b"x")
    (run / "x.png").mkdir()
    (run / "loop").symlink_to(store.folder)
    (run / "self.png").symlink_to("self.png")
    (run / "self.png.json").symlink_to("self.png.json")
    before = sorted(path.as_posix() for path in store.folder.rglob("*"))
    told = {
        name.removeprefix("2026-11-21/blue-lion/"): why for name, why in left_out(store).items()
    }
    assert [each.name for each in entries(store) if isinstance(each, Entry)] == sorted(kept)
    assert told.pop("half.png.json").startswith("EOF while parsing")
    assert "invalid unicode" in told.pop("coding.png.json")
    assert told.pop("list.png.json") == "it does not say how a picture came to be"
    assert "recursion" in told.pop("deep.png.json")
    assert told.pop("wrong.png.json").startswith("width: Input should be a valid integer")
    assert told.pop("gone.png.json") == "the picture that it tells of is gone"
    assert told.pop("alone.png") == "nothing beside it says how it came to be"
    assert told.pop("holiday.JPEG") == "nothing beside it says how it came to be"
    assert told.pop("x.png/") == "a folder with the name of a picture"
    assert "is a link to a folder that it is in itself" in told.pop("loop/")
    assert "Too many levels" in told.pop("self.png.json")
    assert not told
    assert sorted(path.as_posix() for path in store.folder.rglob("*")) == before


def test_a_name_that_no_encoding_knows(store: FolderStore) -> None:
    """A file whose name is no text is left out under a name that can be printed."""
    put(store, 1)
    for name in (b"caf\xe9.png", b"\x1b[31m.png"):
        (store.folder / os.fsdecode(name)).write_bytes(b"x")
    assert sorted(left_out(store)) == ["?[31m.png", "caf?.png"]


def test_what_a_later_version_wrote_is_read(store: FolderStore) -> None:
    """Fields that are not known here are handed on, and all that is known is read."""
    name = put(store, 1)
    path = store.folder / f"{name}.json"
    told = json.loads(path.read_text())
    told["provenance"]["chosen_by"] = {"name": "Ada"}
    path.write_text(json.dumps(told | {"colors": 256}))
    (found,) = entries(store)
    assert isinstance(found, Entry)
    assert found.further == {"colors": 256, "chosen_by": {"name": "Ada"}}
    assert found.picture.provenance.seed == 1
    assert found.day == datetime(2026, 11, 21, tzinfo=UTC).date()


def test_a_moved_store_tells_where_its_pictures_are_now(store: FolderStore, tmp_path: Path) -> None:
    """A picture's place is where it was found, not where it was when it was made."""
    name = put(store, 1)
    moved = FolderStore(store.folder.rename(tmp_path / "elsewhere"))
    (found,) = entries(moved)
    assert isinstance(found, Entry)
    assert found.picture.uri == moved.uri_of(name)


def test_a_store_that_cannot_be_listed(tmp_path: Path) -> None:
    """A store that is not there is empty; one that cannot be listed is an error."""
    assert list(entries(FolderStore(tmp_path / "nothing"))) == []
    (tmp_path / "self").symlink_to("self")
    with pytest.raises(StoreFailed, match="cannot be listed"):
        list(entries(FolderStore(tmp_path / "self")))
