"""What came of a batch's rows, as it is kept in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from darkroom.batch.records import Card, Known, Records
from darkroom.batch.row import Result
from darkroom.errors import InvalidRequest
from darkroom.folder_store import FolderStore


@pytest.fixture
def records(store: FolderStore) -> Records:
    return Records(store, "autumn")


def result(key: str, status: str = "done", attempt: int = 1, row: int = 1) -> Result:
    return Result.model_validate({"row": row, "key": key, "status": status, "attempt": attempt})


def test_a_new_batch_knows_nothing(records: Records) -> None:
    """There is no row, and a card with nothing but the name."""
    assert records.known() == {}
    assert list(records.results()) == []
    assert records.card() == Card(name="autumn")


def test_a_row_is_known_by_its_last_try(records: Records) -> None:
    """Of several tries the last one counts, though its name sorts before the others'."""
    for attempt, status in enumerate(["stopped", "filtered", "failed"], 1):
        records.add(result("ab", status, attempt))
    for attempt in range(4, 11):
        records.add(result("ab", "failed", attempt))
    records.add(result("ab", "done", 11))
    records.add(result("cd", "failed"))
    assert records.known() == {"ab": Known("done", 11), "cd": Known("failed", 1)}
    assert sorted((each.key, each.attempt) for each in records.results()) == [("ab", 11), ("cd", 1)]


def test_what_was_written_comes_back_whole(records: Records) -> None:
    """A result is read as it was, defaults and all."""
    row = result("ab", "filtered", 2, row=7).model_copy(
        update={"reason": "one: <b>", "filtered": {"one": 2}, "values": {"word": "=a, ü"}}
    )
    records.add(row)
    assert records.load("ab", Known("filtered", 2)) == row
    assert records.load("ab", Known("done", 2)) is None
    assert records.load("ef", Known("done", 1)) is None


def test_what_cannot_be_read_is_not_there(records: Records, store: FolderStore) -> None:
    """A record that somebody spoiled is skipped, and so is a file of somebody else's."""
    records.add(result("ab"))
    records.add(result("cd"))
    store.write("batches/autumn/rows/ab-done-1.json", b'{"row": 0')
    store.write("batches/autumn/rows/notes.txt", b"mine")
    assert [each.key for each in records.results()] == ["cd"]


def test_the_card_is_kept(records: Records, store: FolderStore) -> None:
    """It comes back as it was written; one that cannot be read is a new one."""
    card = Card(name="autumn", pipeline="words", times=2, again_for="run")
    records.write_card(card)
    assert Records(store, "autumn").card() == card
    store.write("batches/autumn/batch.json", b"{")
    assert records.card() == Card(name="autumn")


def test_batches_do_not_mix(store: FolderStore) -> None:
    """Batches whose names begin alike have their own rows."""
    Records(store, "autumn").add(result("ab"))
    Records(store, "autumn-2").add(result("cd"))
    assert set(Records(store, "autumn").known()) == {"ab"}
    assert set(Records(store, "autumn-2").known()) == {"cd"}


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a\\b", "a b", "ä", "x" * 81, "a\n"])
def test_a_name_that_is_no_folders_is_refused(
    store: FolderStore, name: str, tmp_path: Path
) -> None:
    """A batch's name cannot lead out of the store, nor be one that a file system lacks."""
    with pytest.raises(InvalidRequest, match="the name of a batch is made of letters"):
        Records(store, name)
    assert list(tmp_path.iterdir()) == []
