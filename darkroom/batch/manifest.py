"""The manifest: what came of a batch's rows, as two files that are written as it goes.

    manifest.jsonl      one `Result` a line, with everything that is known
    manifest.csv        the same for spreadsheets: the row, what came of it, and what it was given

The JSONL is the one that counts: the CSV is made from it whenever the manifest is opened.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
import tempfile
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from pydantic import ValidationError

from darkroom.batch.row import Result
from darkroom.errors import StoreFailed
from darkroom.folder_store import PART
from darkroom.picture import local_path

JSONL = "manifest.jsonl"
CSV = "manifest.csv"

HEADINGS = (
    "row",
    "status",
    "reason",
    "files",
    "models",
    "seeds",
    "price_usd",
    "seconds",
    "cached",
)
"""The CSV's first columns; those of the rows follow.

`files`, `models` and `seeds` have one line for each picture, in the same order: nothing else is
sure not to be in a path, and spreadsheets show the lines of a cell as lines.
"""

MAX_CELL = 32_000
"""Characters of a CSV cell: Excel takes 32,767, and spills what is more into cells of its own."""

# What spreadsheets take for the start of a formula: "CSV Injection" by OWASP. Some of them drop
# spaces and quotes, or what cannot be seen, before they look.
_FORMULA = re.compile("[\t\r\n\0]|[\\s\"'\u200b-\u200f\u2060\ufeff]*[-=+@＝＋－＠]")  # noqa: RUF001

# Excel reads a CSV without this mark in the code page of its country. Python's utf-8-sig and what
# else reads tables (pandas, DuckDB, LibreOffice) take it for what it is.
_BOM = "\ufeff"


class Manifest:
    """The two files of a batch, to which what came of a row is added as soon as it is known.

    What was added survives the end of the process, however it ends. What a kill or a power cut
    left half written is dropped when the files are opened again. Safe for threads; one process at
    a time.

    Args:
        folder: Where the files are; made if it is missing.
        columns: What the rows are given, in order: names of `Result.values` and `Result.more`. The
            CSV has only these, the JSONL has all.

    Raises:
        StoreFailed: A file cannot be written, or holds something else.
    """

    def __init__(self, folder: Path, columns: Sequence[str] = ()) -> None:
        self.jsonl, self.csv = folder / JSONL, folder / CSV
        self._columns = tuple(columns)
        self._lock = threading.Lock()
        with _writing(self.jsonl):
            folder.mkdir(parents=True, exist_ok=True)
            self.jsonl.touch()
            _repair(self.jsonl)
        _write_csv(self.csv, read(self.jsonl), self._columns)
        with _writing(self.jsonl):
            self._lines = self.jsonl.open("ab", buffering=0)
        with _writing(self.csv):
            self._table = self.csv.open("ab", buffering=0)

    def add(self, result: Result) -> None:
        """Append what came of a row to both files.

        Raises:
            StoreFailed: A file cannot take it: what was in it stays, and nothing is half written.
        """
        line, table = _line(result), _csv(_cells(result, self._columns)).encode()
        with self._lock:
            _append(self._lines, self.jsonl, line)
            _append(self._table, self.csv, table)

    def close(self) -> None:
        """Close the files; nothing can be added afterwards."""
        self._lines.close()
        self._table.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def read(path: Path) -> Iterator[Result]:
    """The results in a JSONL file, one after the other, without a last line that is half written.

    Raises:
        StoreFailed: It cannot be read, or a line before the last is no result.
    """
    try:
        with path.open("rb") as file:
            wrong = ""
            for number, line in enumerate(file, 1):
                if wrong:  # and it was not the last one
                    raise StoreFailed(wrong)
                if not line.endswith(b"\n"):
                    return
                try:
                    result = Result.model_validate_json(line)
                except ValidationError as error:
                    why = error.errors(include_input=False, include_url=False)[0]["msg"]
                    wrong = (
                        f"{path}, line {number}: no result of a row ({why}). "
                        "Move the file away: the batch writes a new one."
                    )
                    continue
                yield result
    except OSError as error:
        raise StoreFailed(f"{path}: cannot be read ({error.strerror}).") from error


def rewrite(folder: Path, results: Iterable[Result], columns: Sequence[str] = ()) -> None:
    """Make both files anew, in the order of the rows; each is there at once, or as it was.

    The results may come in any order: they wait on the disk, so that memory holds a number a row.
    A `Manifest` that is open on the folder must be closed first.

    Args:
        folder: Where the files are; made if it is missing.
        results: What came of the rows.
        columns: As for `Manifest`.

    Raises:
        StoreFailed: A file cannot be written.
    """
    starts, rows = array("Q"), array("Q")
    with whole(folder / JSONL) as file, tempfile.TemporaryFile(dir=folder) as waiting:
        for result in results:
            rows.append(result.row)
            starts.append(waiting.tell())
            waiting.write(_line(result))
        for index in sorted(range(len(rows)), key=rows.__getitem__):
            waiting.seek(starts[index])
            file.write(waiting.readline())
    _write_csv(folder / CSV, read(folder / JSONL), columns)


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes the place of `path` in one step, once all of it is on the disk.

    Raises:
        StoreFailed: It cannot be written; what was there stays.
    """
    part = path.with_name(f".{secrets.token_hex(8)}{PART}")
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def text_cell(text: str) -> str:
    """A CSV cell that is text to every spreadsheet: not a formula, and not too long.

    What looks like a formula gets an apostrophe before it, which spreadsheets take as the sign of a
    text.
    """
    if _FORMULA.match(text):
        text = f"'{text}"
    if len(text) > MAX_CELL:
        text = f"{text[:MAX_CELL]}… ({len(text):,} characters)"
    return text


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreFailed(f"{path}: cannot be written ({error.strerror or error}).") from error


def _repair(path: Path) -> None:
    """Cut off a last line that is not whole."""
    with path.open("r+b") as file:
        start = end = 0
        last = b""
        for last in file:
            start, end = end, end + len(last)
        if last and not (last.endswith(b"\n") and _is_json(last)):
            file.truncate(start)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _append(file: IO[bytes], path: Path, data: bytes) -> None:
    """Write all of `data`, or nothing."""
    with _writing(path):
        length = os.fstat(file.fileno()).st_size
        try:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
        except OSError:
            with suppress(OSError):
                file.truncate(length)
            raise


def _line(result: Result) -> bytes:
    return result.model_dump_json().encode() + b"\n"


def _write_csv(path: Path, results: Iterable[Result], columns: Sequence[str]) -> None:
    # A row's own column that has the name of one of ours is told apart by a word before it.
    names = [f"given {name}" if name in HEADINGS else name for name in columns]
    with whole(path) as file:
        file.write((_BOM + _csv([*HEADINGS, *map(text_cell, names)])).encode())
        for result in results:
            file.write(_csv(_cells(result, columns)).encode())


def _csv(cells: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _cells(result: Result, columns: Sequence[str]) -> list[object]:
    """The row's cells; what is text to a spreadsheet is made safe, what is a number stays one."""
    pictures = result.pictures
    given = {**result.more, **result.values}
    return [
        result.row,
        result.status,
        text_cell(result.reason),
        text_cell("\n".join(str(local_path(each.uri) or each.uri) for each in pictures)),
        text_cell(_each(each.model for each in pictures)),
        _each(each.seed for each in pictures),
        price(result),
        f"{result.seconds:.3f}",
        result.cached,
        *(_value(given.get(name)) for name in columns),
    ]


def _each(values: Iterable[object]) -> str:
    """One line for each; nothing at all where none has any."""
    lines = ["" if value is None else str(value) for value in values]
    return "\n".join(lines) if any(lines) else ""


def _value(value: Any) -> object:
    """A value of the row as a cell: text, a number, or what JSON makes of it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return text_cell(value)
    said = json.dumps(value, ensure_ascii=False)
    return said if isinstance(value, (bool, int, float)) else text_cell(said)


def price(result: Result) -> str:
    """US dollars that a row cost, as a plain number; what is not known of it is said in words.

    "0.12", "0.12 + 2 unknown" or "unknown": a sum over the column then fails, or leaves these out,
    instead of being wrong.
    """
    known = f"{result.spent_usd:.6f}".rstrip("0").rstrip(".")
    if not result.unpriced:
        return known
    return f"{known} + {result.unpriced} unknown" if result.spent_usd else "unknown"
