"""Rows from JSON: one object a line, or a list of objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom.batch.rows_table import Record, check_text, opened
from darkroom.errors import InvalidRequest

_MOST_LINE = 20_000_000
_MOST_LIST = 100_000_000
_MOST_COLUMNS = 1000
_DEEP = "it is nested too deeply"


@dataclass(frozen=True)
class JsonTable:
    """A file of objects.

    Attributes:
        path: The file.
        columns: All keys that any object has; of very many those that are asked for.
        rows: How many there are, broken ones too.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int
    warnings: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path, wanted: Collection[str]) -> JsonTable:
        """Look through a file once; `wanted` are keys that its objects may have.

        Raises:
            InvalidRequest: It is not UTF-8, has no rows, or (a list) is no JSON.
        """
        check_text(path)
        columns: dict[str, None] = {}
        rows = 0
        warnings: tuple[str, ...] = ()
        for record in _records(path):
            rows += 1
            for key in record.cells:
                if len(columns) < _MOST_COLUMNS or key in wanted:
                    columns[key] = None
                elif key not in columns:
                    warnings = (f"{path} has more than {_MOST_COLUMNS:,} keys: not all are known.",)
        if not rows:
            raise InvalidRequest(f"{path}: there is no row in it.")
        return cls(path, tuple(columns), rows, warnings)

    @property
    def name(self) -> str:
        return str(self.path)

    def __len__(self) -> int:
        return self.rows

    def records(self) -> Iterator[Record]:
        yield from _records(self.path)


def _records(path: Path) -> Iterator[Record]:
    return _of_list(path) if path.suffix.lower() == ".json" else _of_lines(path)


def _of_lines(path: Path) -> Iterator[Record]:
    with opened(path, newline="\n") as file:
        number = 0
        while line := file.readline(_MOST_LINE):
            number += 1
            if len(line) == _MOST_LINE and not line.endswith("\n"):
                while (rest := file.readline(_MOST_LINE)) and not rest.endswith("\n"):
                    pass
                told = f"has more than {_MOST_LINE:,} characters"
                yield Record(problem=f"line {number}: {told}.")
            elif line.strip():
                yield _of_line(number, line)


def _of_line(number: int, line: str) -> Record:
    try:
        return _record(f"line {number}", _loaded(line))
    except json.JSONDecodeError as error:
        told = f"this is no JSON: {error.msg} (column {error.colno})"
    except RecursionError:
        told = _DEEP
    except ValueError as error:
        told = str(error)
    return Record(problem=f"line {number}: {told}.")


def _of_list(path: Path) -> Iterator[Record]:
    if path.stat().st_size > _MOST_LIST:
        told = f"a JSON list of more than {_MOST_LIST // 1_000_000} MB is not read"
        raise InvalidRequest(f"{path}: {told}. Write JSON lines (.jsonl): one object a line.")
    with opened(path, newline="\n") as file:
        text = file.read()
    try:
        found = _loaded(text)
    except json.JSONDecodeError as error:
        place = f"{path}, line {error.lineno}"
        told = f"this is no JSON: {error.msg} (column {error.colno})"
        raise InvalidRequest(f"{place}: {told}.") from error
    except RecursionError as error:
        raise InvalidRequest(f"{path}: {_DEEP}.") from error
    except ValueError as error:
        raise InvalidRequest(f"{path}: {error}.") from error
    if not isinstance(found, list):
        raise InvalidRequest(f"{path}: a list of objects is expected: [{{…}}, {{…}}].")
    for number, each in enumerate(found, 1):
        yield _record(f"item {number}", each)


def _record(place: str, found: Any) -> Record:
    if isinstance(found, dict):
        return Record(found)
    what = {list: "a list", str: "a text", type(None): "null"}.get(type(found), f"{found!r:.40}")
    return Record(
        problem=f'{place}: an object is expected, such as {{"a": 1}}, and this is {what}.'
    )


def _loaded(text: str) -> Any:
    found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    if "\\u" in text:
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("it has half a character (a lone surrogate, \\ud800)") from error
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number that JSON has: use null or a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"it has the key {twice[:40]} more than once")
    return found
