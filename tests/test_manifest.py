"""What came of a batch's rows, as files that survive whatever ends the batch."""

from __future__ import annotations

import csv
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from darkroom.batch import manifest
from darkroom.batch.manifest import MAX_CELL, Manifest, read, rewrite
from darkroom.batch.row import Made, Result
from darkroom.errors import StoreFailed

ROOT = Path(__file__).parent.parent


def made(step: str, uri: str, seed: int | None = None, model: str | None = "core") -> Made:
    sizes = {"width": 64, "height": 48}
    return Made(
        step=step, uri=uri, sha256="0" * 64, media_type="image/png", seed=seed, model=model, **sizes
    )


def result(row: int, **fields: object) -> Result:
    return Result.model_validate({"row": row, "key": f"{row:x}", "status": "done", **fields})


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / manifest.CSV).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def lines(folder: Path) -> list[Result]:
    return list(read(folder / manifest.JSONL))


def test_what_is_added_is_read_back(tmp_path: Path) -> None:
    """The JSONL gives back each result as it was, and the CSV has its row, at once."""
    full = result(
        1,
        reason='½ of it,\nor "so"',
        values={"scene": "an oak table 🍂", "strength": 0.5, "tags": ["a", "b"]},
        more={"sku": "007"},
        pictures=(
            made("a", "file:///srv/a%20b.png", 7),
            made("b", "s3://bucket/b.png", None, None),
            made("c", "file:///srv/c.png", 8),
        ),
        spent_usd=0.12,
        seconds=1.5,
        cached=2,
        ended_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    with Manifest(tmp_path / "new" / "batch", ["scene", "strength", "tags", "sku"]) as open_one:
        open_one.add(full)
        open_one.add(result(2, status="failed", reason="no"))
        folder = open_one.csv.parent
        assert lines(folder) == [full, result(2, status="failed", reason="no")]
        first, second = table(folder)
    assert first == {
        "row": "1",
        "status": "done",
        "reason": '½ of it,\nor "so"',
        "files": "/srv/a b.png\ns3://bucket/b.png\n/srv/c.png",
        "models": "core\n\ncore",
        "seeds": "7\n\n8",
        "price_usd": "0.12",
        "seconds": "1.500",
        "cached": "2",
        "scene": "an oak table 🍂",
        "strength": "0.5",
        "tags": '["a", "b"]',
        "sku": "007",
    }
    assert (second["status"], second["reason"], second["scene"]) == ("failed", "no", "")


@pytest.mark.parametrize(
    ("spent", "unpriced", "said"),
    [
        (0.0, 0, "0"),
        (0.04, 0, "0.04"),
        (0.0001, 0, "0.0001"),
        (1200.0, 0, "1200"),
        (0.0, 2, "unknown"),
        (0.04, 2, "0.04 + 2 unknown"),
    ],
)
def test_an_unknown_price_is_not_nothing(spent: float, unpriced: int, said: str) -> None:
    """A price is a plain number only where all of it is known."""
    assert manifest.price(result(1, spent_usd=spent, unpriced=unpriced)) == said


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1"),
        *("＝1", "＋1", "－1", "＠x"),  # noqa: RUF001
        *("  =1", '"=1', "'=1", " \"'=1", "\u00a0=1", "\ufeff=1", "\u200b=1"),
        '=HYPERLINK("http://x","y")',
    ],
)
def test_no_text_is_a_formula(tmp_path: Path, text: str) -> None:
    """Whatever a spreadsheet could take for a formula begins with an apostrophe in the CSV."""
    given = {"values": {"scene": text, "list": [text]}, "more": {"note": text}, "reason": text}
    with Manifest(tmp_path, ["scene", "note", "list", text]) as open_one:
        open_one.add(result(1, **given))
    (row,) = table(tmp_path)
    assert row["scene"] == row["note"] == row["reason"] == f"'{text}"
    assert f"'{text}" in row
    assert lines(tmp_path)[0].values["scene"] == text


def test_plain_cells_stay_as_they_are(tmp_path: Path) -> None:
    """Numbers, even below 0, and text with such signs inside get no apostrophe."""
    given = {"weight": -1.5, "size": "3-4 = 7", "on": True, "none": None}
    with Manifest(tmp_path, list(given)) as open_one:
        open_one.add(result(1, values=given, pictures=(made("a", "file:///a.png", 12),)))
    (row,) = table(tmp_path)
    assert [row[each] for each in given] == ["-1.5", "3-4 = 7", "true", ""]
    assert row["seeds"] == "12"


def test_a_cell_is_never_too_long_for_a_spreadsheet(tmp_path: Path) -> None:
    """A megabyte of text is cut in the CSV, which says so, and is whole in the JSONL."""
    with Manifest(tmp_path, ["scene"]) as open_one:
        open_one.add(result(1, values={"scene": "x" * 1_000_000}))
    (row,) = table(tmp_path)
    assert row["scene"] == "x" * MAX_CELL + "… (1,000,000 characters)"
    assert len(row["scene"]) < 32_767
    assert len(lines(tmp_path)[0].values["scene"]) == 1_000_000


def test_a_column_with_a_name_of_ours_is_told_apart(tmp_path: Path) -> None:
    """A row's own column `status` does not hide what came of the row."""
    with Manifest(tmp_path, ["status"]) as open_one:
        open_one.add(result(1, more={"status": "sold out"}))
    (row,) = table(tmp_path)
    assert (row["status"], row["given status"]) == ("done", "sold out")


def test_threads_add_side_by_side(tmp_path: Path) -> None:
    """Rows that end at the same time are whole lines, each there once."""
    with Manifest(tmp_path, ["scene"]) as open_one, ThreadPoolExecutor(8) as pool:
        every = [result(number, values={"scene": "x" * 9_000}) for number in range(1, 201)]
        list(pool.map(open_one.add, every))
    assert sorted(each.row for each in read(tmp_path / manifest.JSONL)) == list(range(1, 201))
    assert sorted(int(each["row"]) for each in table(tmp_path)) == list(range(1, 201))


WRITER = """
import sys
from pathlib import Path
from darkroom.batch.manifest import Manifest
from darkroom.batch.row import Result
with Manifest(Path(sys.argv[1]), ["scene"]) as manifest:
    for row in range(1, 1_000_000):
        manifest.add(Result(row=row, key="k", status="done", values={"scene": "line\\n" * 400}))
        print(row, flush=True)
"""


def test_nothing_is_lost_to_a_kill(tmp_path: Path) -> None:
    """After SIGKILL every row that was added is there, and the batch goes on in the same files."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        for line in writer.stdout:
            if int(line) >= 300:
                break
        writer.kill()
        told = [int(line), *map(int, writer.stdout.read().split())][-1]
    before = [each.row for each in lines(tmp_path)]
    assert before in (list(range(1, told + 1)), list(range(1, told + 2)))
    with Manifest(tmp_path, ["scene"]) as again:
        again.add(result(2_000_000))
    assert [each.row for each in lines(tmp_path)] == [*before, 2_000_000]
    assert [int(each["row"]) for each in table(tmp_path)] == [*before, 2_000_000]


@pytest.mark.parametrize("rest", [b"", b"\0" * 100, b"\0\0\n"], ids=["cut", "zeros", "line"])
def test_a_torn_line_is_dropped(tmp_path: Path, rest: bytes) -> None:
    """What a power cut left of the last line is not read, and is gone when the files are opened."""
    with Manifest(tmp_path, ["scene"]) as open_one:
        for row in (1, 2, 3):
            open_one.add(result(row, values={"scene": 'a "quoted"\ntext'}))
    for name in (manifest.JSONL, manifest.CSV):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-9] + rest)
    assert [each.row for each in lines(tmp_path)] == [1, 2]
    with Manifest(tmp_path, ["scene"]) as again:
        again.add(result(4))
    assert [each.row for each in lines(tmp_path)] == [1, 2, 4]
    assert [each["row"] for each in table(tmp_path)] == ["1", "2", "4"]


def test_a_broken_line_within_is_an_error(tmp_path: Path) -> None:
    """What is no result before the end was not left by a kill: file and line are named."""
    path = tmp_path / manifest.JSONL
    good = result(1).model_dump_json()
    path.write_text(f'{good}\n{{"row": 0}}\n{good}\n')
    with pytest.raises(StoreFailed, match=r"manifest\.jsonl, line 2: no result"):
        lines(tmp_path)
    with pytest.raises(StoreFailed, match="line 2"):
        Manifest(tmp_path)
    assert path.read_text().count("\n") == 3


FULL = """
import resource, sys
from pathlib import Path
from darkroom.batch.manifest import Manifest
from darkroom.batch.row import Result
from darkroom.errors import StoreFailed
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
with Manifest(Path(sys.argv[1])) as manifest:
    manifest.add(Result(row=1, key="k", status="done", reason="x" * 1_000))
    try:
        manifest.add(Result(row=2, key="k", status="done", reason="x" * 9_000))
    except StoreFailed as error:
        print(error)
    manifest.add(Result(row=3, key="k", status="done"))
"""


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    """What the disk has no room for is an error that names the file; the other rows are whole."""
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    path = tmp_path / manifest.JSONL
    assert done.stdout == f"{path}: cannot be written (File too large).\n"
    assert [each.row for each in lines(tmp_path)] == [1, 3]
    assert [each["row"] for each in table(tmp_path)] == ["1", "3"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way of the folder is a clear error, for both ways of writing."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreFailed, match=r"taken/batch/manifest\.jsonl: cannot be written"):
        Manifest(tmp_path / "taken" / "batch")
    with pytest.raises(StoreFailed, match=r"taken/batch/manifest\.jsonl: cannot be written"):
        rewrite(tmp_path / "taken" / "batch", [])


def test_rewriting_puts_the_rows_in_order(tmp_path: Path) -> None:
    """Both files are made anew in the order of the rows, even from the old ones."""
    every = [result(row, values={"scene": f"no {row}"}) for row in (3, 1, 2)]
    with Manifest(tmp_path) as open_one:
        for each in every:
            open_one.add(each)
    rewrite(tmp_path, read(tmp_path / manifest.JSONL), ["scene"])
    assert lines(tmp_path) == [every[1], every[2], every[0]]
    assert [each["scene"] for each in table(tmp_path)] == ["no 1", "no 2", "no 3"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["manifest.csv", "manifest.jsonl"]


def test_a_rewriting_that_fails_changes_nothing(tmp_path: Path) -> None:
    """When the results break off, the files are as they were, and nothing else lies beside them."""

    def broken() -> Iterator[Result]:
        yield result(9)
        raise StoreFailed("gone")

    rewrite(tmp_path, [result(1)])
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(StoreFailed, match="gone"):
        rewrite(tmp_path, broken())
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


def peak(folder: Path, rows: int) -> int:
    """Bytes of memory that it took to write, read and rewrite that many rows."""
    every = (result(row, reason="x" * 500) for row in range(rows, 0, -1))
    tracemalloc.start()
    try:
        with Manifest(folder) as open_one:
            for each in every:
                open_one.add(each)
        rewrite(folder, read(folder / manifest.JSONL))
        assert sum(1 for _ in read(folder / manifest.JSONL)) == rows
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.drill
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """A further row of over 500 bytes takes the room of a few numbers, while they are sorted."""
    peak(tmp_path / "warm", 100)
    small, large = peak(tmp_path / "small", 1_000), peak(tmp_path / "large", 20_000)
    assert (large - small) / 19_000 < 160
    assert large < 4_000_000
