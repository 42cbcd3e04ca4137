"""What every source of rows gives: records of named cells, as often as they are asked for."""

from __future__ import annotations

import codecs
import difflib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TextIO

from darkroom.errors import InvalidRequest

MOST_CELL = 1_000_000
"""Characters of a cell."""

_BLOCK = 1 << 16
_SAVE = (
    "Save it as UTF-8 (Excel: CSV UTF-8), or convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW."
)


@dataclass(frozen=True)
class Record:
    """One row as its source has it.

    Attributes:
        cells: By column; texts, or what JSON and Parquet have.
        more: What the source itself says about the row.
        problem: Why it cannot be read; "" if it can.
    """

    cells: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class Table(Protocol):
    """A source of rows that was looked through once: what is wrong with all of it has been said."""

    @property
    def name(self) -> str:
        """What to call it in messages."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns; of objects all keys that any has."""

    @property
    def more(self) -> tuple[str, ...]:
        """What the source itself says about its rows."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know, and what stops nothing."""

    def __len__(self) -> int: ...

    def records(self) -> Iterator[Record]:
        """The rows from the first on, read anew."""


@dataclass(frozen=True)
class Nothing:
    """The table of one row without cells."""

    name: str = "the matrix"
    columns: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return 1

    def records(self) -> Iterator[Record]:
        yield Record()


def check_text(path: Path) -> None:
    """Look through a file of text once.

    Raises:
        InvalidRequest: It cannot be read or is not UTF-8; line and byte are named.
    """
    rest, line, offset, start = b"", 1, 0, b""
    try:
        with path.open("rb") as file:
            while True:
                block = file.read(_BLOCK)
                start = start or block[:2]
                data = rest + block
                used = codecs.utf_8_decode(data, "strict", not block)[1]
                line += data.count(b"\n", 0, used)
                rest, offset = data[used:], offset + used
                if not block:
                    return
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        place = f"{path}, line {line}: byte {offset + error.start + 1:,} of the file"
        what = f"(0x{data[error.start]:02X}) is not UTF-8"
        kind = ", and the file seems to be UTF-16" if start in (b"\xff\xfe", b"\xfe\xff") else ""
        raise InvalidRequest(f"{place} {what}{kind}. {_SAVE}") from error
    except OSError as error:
        raise InvalidRequest(f"{path}: cannot be read ({error.strerror}).") from error


@contextmanager
def opened(path: Path, newline: str) -> Iterator[TextIO]:
    """Open a file of text, with or without a byte order mark."""
    try:
        with path.open(encoding="utf-8-sig", newline=newline) as file:
            yield file
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path} is not UTF-8. {_SAVE}") from error
    except OSError as error:
        raise InvalidRequest(f"{path}: cannot be read ({error.strerror}).") from error


def as_text(cell: Any) -> str:
    """A cell as it is kept for the manifest; "" for none."""
    if cell is None:
        return ""
    if isinstance(cell, bytes):
        return f"{len(cell):,} bytes"
    if isinstance(cell, bool | int | float | list | dict):
        cell = json.dumps(cell, ensure_ascii=False, default=str)
    # A file's name may have bytes that are no text.
    return str(cell).encode("utf-8", "backslashreplace").decode()


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known name that is nearest, whatever its case; "" if none is near."""
    folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold()[:60], folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else ""


def meant(name: str, known: Iterable[str]) -> str:
    """The hint that another name may be meant; "" if none is near."""
    found = nearest(name, known)
    return f" Did you mean {found}?" if found else ""


def listed(names: Collection[str]) -> str:
    """Names in a message: the first twenty, each cut to a readable length."""
    shown = [name if len(name) <= 40 else f"{name[:40]}…" for name in list(names)[:20]]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")


def unique(name: str, columns: Collection[str]) -> None:
    """Raise `InvalidRequest` where two columns have one name."""
    twice = [each for each, count in Counter(columns).items() if count > 1]
    if twice:
        raise InvalidRequest(
            f"{name}: the header has {listed(twice)} more than once. "
            "Rename or remove the columns that are too many."
        )
