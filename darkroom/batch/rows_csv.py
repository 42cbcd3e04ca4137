"""Rows from a CSV file, whatever program wrote it."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from darkroom.batch.rows_table import Record, check_text, opened, unique
from darkroom.errors import InvalidRequest

_MOST_READ = 10_000_000
"""Characters of a cell that are read at all: a quote that is never closed swallows no more."""

_MOST_LINE = 2 * _MOST_READ


@dataclass(frozen=True)
class CsvTable:
    """A CSV file with a header.

    Attributes:
        path: The file.
        delimiter: Comma, semicolon or tab.
        columns: The header's names; one without a name is called by its place.
        rows: How many there are under the header.
    """

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    rows: int
    more: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path, wanted: Collection[str]) -> CsvTable:
        """Look through a file once; `wanted` are names that its header may have.

        Raises:
            InvalidRequest: It is not UTF-8, has no header or no rows, names columns alike, or has a
                quote that is not closed.
        """
        check_text(path)
        delimiter, columns = _header(path, wanted)
        unique(str(path), columns)
        rows = sum(1 for _ in _cells(path, delimiter)) - 1
        if not rows:
            raise InvalidRequest(f"{path}: there is a header, and no row under it.")
        return cls(path, delimiter, columns, rows)

    @property
    def name(self) -> str:
        return str(self.path)

    def __len__(self) -> int:
        return self.rows

    def records(self) -> Iterator[Record]:
        found = _cells(self.path, self.delimiter)
        if _named(next(found, (0, []))[1]) != self.columns:
            raise InvalidRequest(f"{self.path} has another header than before. Start again.")
        for line, cells in found:
            if len(cells) == len(self.columns):
                yield Record(dict(zip(self.columns, cells, strict=True)))
            else:
                yield Record(problem=self._uneven(line, len(cells)))

    def _uneven(self, line: int, cells: int) -> str:
        sign = {",": "comma", ";": "semicolon", "\t": "tab"}[self.delimiter]
        return (
            f"line {line}: {cells} {'cell' if cells == 1 else 'cells'}, and the header has "
            f'{len(self.columns)}. Put a cell with a {sign} in it between quotes: "…".'
        )


def _header(path: Path, wanted: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """The delimiter with which the header says most, and the header's names."""
    found: list[tuple[int, int, str, tuple[str, ...]]] = []
    refused: list[InvalidRequest] = []
    for delimiter in "\t,;" if path.suffix.lower() in (".tsv", ".tab") else ",;\t":
        try:
            _, cells = next(_cells(path, delimiter), (0, []))
        except InvalidRequest as error:
            refused.append(error)
            continue
        names = _named(cells)
        if any(cells):
            found.append((len({*names} & {*wanted}), len(names), delimiter, names))
    if not found:
        empty = InvalidRequest(f"{path}: the file is empty. Its first line names the columns.")
        raise (refused or [empty])[0]
    _, _, delimiter, names = max(found, key=lambda each: each[:2])
    return delimiter, names


def _named(cells: list[str]) -> tuple[str, ...]:
    return tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, 1))


def _cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The line at which each row starts, and its cells; blank lines are none."""
    # The limit is one for the whole process: it is raised and never lowered, so that nobody else's
    # reading is refused for it.
    csv.field_size_limit(max(csv.field_size_limit(), _MOST_READ))
    with opened(path, newline="") as file:
        reader = csv.reader(_lines(path, file), delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise InvalidRequest(
                    f"{path}, line {line}: {error}. Close every quote that is opened, and double "
                    f'those within a quoted cell: "a 5"" screen".'
                ) from error
            if cells is None:
                return
            if cells:
                yield line, cells


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    number = 0
    while line := file.readline(_MOST_LINE):
        number += 1
        if len(line) == _MOST_LINE and not line.endswith(("\r", "\n")):
            told = f"has more than {_MOST_LINE:,} characters"
            raise InvalidRequest(f"{path}, line {number}: {told}. Is this a CSV file?")
        yield line
