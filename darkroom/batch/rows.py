"""The rows of a batch: columns, file names and listed values fill the params of a pipeline.

Whatever is wrong with all rows is said when they are opened, before any is done; what is wrong with
one row is that row's `problem`, and stops nothing. For this a file is read through once when it is
opened, and again each time its rows are asked for; it is never held in memory.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.batch.row import Row
from darkroom.batch.rows_csv import CsvTable
from darkroom.batch.rows_folder import FolderTable
from darkroom.batch.rows_json import JsonTable
from darkroom.batch.rows_parquet import ParquetTable
from darkroom.batch.rows_table import (
    MOST_CELL,
    Nothing,
    Record,
    Table,
    as_text,
    listed,
    meant,
    nearest,
)
from darkroom.batch.rows_value import Place, blank, converted
from darkroom.errors import InvalidRequest
from darkroom.picture import Picture

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param

MOST_COMBINATIONS = 100_000
_KEPT = 1000
"""Characters that are kept of a cell that does not fit."""

_CLOSE = 0.75
"""How near a column's name is to a param's where it is taken for a slip: 1 is the same."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that can be read again and again; `len()` is how many there are.

    A row's values have the defaults of params that it leaves empty, other than of pictures. Where
    a row has a problem, its values are there as far as they could be read.

    Attributes:
        table: Where they come from.
        params: What they fill.
        place: Where their pictures are looked for.
        fixed: What fills params in all rows.
        defaults: What fills those that a row leaves empty.
        lists: Values by param: each row is taken with every combination of them.
        more: Columns that fill no param, and are kept.
        warnings: What a user should know before the batch is run.
    """

    table: Table
    params: Mapping[str, Param]
    place: Place
    fixed: Mapping[str, Any]
    defaults: Mapping[str, Any]
    lists: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    more: tuple[str, ...] = ()
    warnings: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.table) * math.prod(map(len, self.lists.values()))

    def __iter__(self) -> Iterator[Row]:
        base = {**self.defaults, **self.fixed}
        number = 0
        for record in self.table.records():
            row = self._row(base, record)
            for combination in itertools.product(*self.lists.values()):
                number += 1
                values = {**row.values, **dict(zip(self.lists, combination, strict=True))}
                yield replace(row, number=number, values=values)

    def _row(self, base: Mapping[str, Any], record: Record) -> Row:
        values, more, problems = dict(base), dict(record.more), [record.problem]
        if record.problem:
            return Row(1, values, more, record.problem)
        for name, cell in record.cells.items():
            try:
                problems.append(self._fill(values, more, name, cell))
            except RecursionError:
                problems.append(f"{name}: this is nested too deeply.")
        for name, param in self.params.items():
            given = name in values or name in self.lists
            if not given and param.default is None and blank(param, record.cells.get(name)):
                problems.append(f"{name}: the row gives none, and there is no default.")
        return Row(1, values, more, " ".join(filter(None, problems)))

    def _fill(self, values: dict[str, Any], more: dict[str, str], name: str, cell: Any) -> str:
        """Put a cell where it belongs; gives what is wrong with it, or ""."""
        param = self.params.get(name)
        try:
            _check_length(name, cell)
            if param is None:
                more[name] = as_text(cell)
            elif not blank(param, cell):
                values[name] = converted(name, param, cell, self.place)
        except InvalidRequest as error:
            kept = as_text(cell)[:_KEPT]
            if param is None:
                more[name] = kept
            else:
                values[name] = kept
            return str(error)
        return ""


def _check_length(name: str, cell: Any) -> None:
    if isinstance(cell, str) and len(cell) > MOST_CELL:
        rule = f"a cell has at most {MOST_CELL:,} characters"
        raise InvalidRequest.of(name, cell, rule, "Shorten it.")


def open_rows(
    source: Path,
    params: Mapping[str, Param],
    *,
    fixed: Mapping[str, Any] | None = None,
    pictures: Path | None = None,
    later: Collection[str] = (),
) -> Rows:
    """Open a file of rows (CSV, TSV, JSON lines, JSON, Parquet) or a folder of pictures.

    Args:
        source: The file or folder.
        params: What its columns fill by their names, or its pictures.
        fixed: What fills params in all rows, as `parse_values` gives it.
        pictures: The folder that relative paths of pictures start from, and that they may not lead
            out of; None for that of the file.
        later: Params that `crossed` will fill.

    Raises:
        InvalidRequest: It cannot be read, has no rows, leaves a param empty, or fills one twice.
    """
    fixed = fixed or {}
    for name in (*fixed, *later):
        _known(name, fixed.get(name), params)
    if pictures and not pictures.is_dir():
        raise InvalidRequest.of("pictures", str(pictures), "there is no such folder")
    if source.is_dir():
        table: Table = FolderTable.open(source, params, {*fixed, *later})
        place = Place.within(source, *([pictures] if pictures else []))
    else:
        table = _file(source, params)
        place = Place.within(pictures or source.parent)
    _once(table, fixed, later)
    filled = {*table.columns, *fixed, *later}
    if table.columns:  # else no line of it can be read, and each has its problem
        _complete(table, params, filled)
    others = tuple(name for name in table.columns if name not in params)
    warnings = [*table.warnings, *_slips(table, params, filled)]
    more = (*table.more, *others)
    return Rows(table, params, place, fixed, _defaults(params), more=more, warnings=warnings)


def matrix(
    values: Mapping[str, Sequence[Any]],
    params: Mapping[str, Param],
    *,
    fixed: Mapping[str, Any] | None = None,
    folder: Path,
) -> Rows:
    """Every combination of listed values, in their order: the first param changes slowest.

    Args:
        values: Texts by param.
        params: What they fill.
        fixed: What fills params in all rows, as `parse_values` gives it.
        folder: What relative paths of pictures start from.

    Raises:
        InvalidRequest: A value does not fit, a param is unknown, empty or filled twice, or there
            are too many combinations.
    """
    fixed = fixed or {}
    for name in fixed:
        _known(name, fixed[name], params)
    for name in values:
        _known(name, values[name], params)
    _once(Nothing(), fixed, values)
    _complete(Nothing(), params, {*fixed, *values})
    rows = Rows(Nothing(), params, Place(folder), fixed, _defaults(params))
    return crossed(rows, values, params, folder=folder)


def crossed(
    rows: Rows, values: Mapping[str, Sequence[Any]], params: Mapping[str, Param], *, folder: Path
) -> Rows:
    """Each row with every combination of listed values, which come as in `matrix`.

    Raises:
        InvalidRequest: As `matrix`.
    """
    lists = {}
    place = Place(folder)
    for name, several in values.items():
        param = _known(name, several, params)
        if isinstance(several, str) or not several:
            raise InvalidRequest.of(name, several, "a list of values is expected")
        lists[name] = [converted(name, param, each, place) for each in several]
    total = math.prod(map(len, lists.values()))
    if total > MOST_COMBINATIONS:
        lengths = " x ".join(f"{len(each)} {name}" for name, each in lists.items())
        most = f"and at most {MOST_COMBINATIONS:,} are done at once"
        raise InvalidRequest(f"{lengths} are {total:,} combinations, {most}. List fewer values.")
    _once(rows.table, rows.fixed, lists)
    return replace(rows, lists=lists)


def parse_values(
    given: Mapping[str, Any], params: Mapping[str, Param], folder: Path
) -> dict[str, Any]:
    """What a command line gives params, as their types; pictures by absolute path.

    Args:
        given: Texts, or lists of them, by param.
        params: What they fill.
        folder: What relative paths of pictures start from; others may be anywhere.

    Raises:
        InvalidRequest: A param is unknown, or a value does not fit.
    """
    place, found = Place(folder), {}
    for name, value in given.items():
        param = _known(name, value, params)
        if isinstance(value, list | tuple):
            if param.type != "images" and len(value) != 1:
                raise InvalidRequest.of(name, value, "one value is expected", "Give it once.")
            value = value[0] if len(value) == 1 else value
        found[name] = value if _stored(value) else converted(name, param, value, place)
    return found


def key_of(values: Mapping[str, Any], params: Mapping[str, Param], pipeline_hash: str) -> str:
    """Name what a row asks for: SHA-256, in hex, of the pipeline and the values.

    A picture counts by its path, size and time of change: it is not read.
    """
    said = {
        name: _fingerprint(value) if name in params and params[name].is_picture else value
        for name, value in values.items()
    }
    text = json.dumps([pipeline_hash, said], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _fingerprint(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_fingerprint(each) for each in value]
    if isinstance(value, Picture):
        return [value.uri, value.sha256]
    if not isinstance(value, str):
        return value
    try:
        found = os.stat(value)  # noqa: PTH116  a Path costs more than the call
    except (OSError, ValueError):
        return [value, None, None]
    return [value, found.st_size, found.st_mtime_ns]


def _stored(value: Any) -> bool:
    """Whether a value is pictures of the store, which have no path to look for."""
    several = value if isinstance(value, list | tuple) else [value]
    return bool(several) and all(isinstance(each, Picture) for each in several)


def _defaults(params: Mapping[str, Param]) -> dict[str, Any]:
    """The defaults as their types; where those of pictures are is the pipeline's business."""
    place = Place(Path())
    return {
        name: converted(name, param, param.default, place)
        for name, param in params.items()
        if param.default is not None and not param.is_picture
    }


def _file(source: Path, params: Mapping[str, Param]) -> Table:
    if not source.exists():
        told = "there is no such file or folder"
        raise InvalidRequest(f"{source}: {told}. Name a CSV file, or a folder of pictures.")
    match source.suffix.lower():
        case ".csv" | ".tsv" | ".tab":
            return CsvTable.open(source, params)
        case ".jsonl" | ".ndjson" | ".json":
            return JsonTable.open(source, params)
        case ".parquet":
            return ParquetTable.open(source)
    known = ".csv, .tsv, .jsonl, .ndjson, .json and .parquet"
    remedy = f"Name a file that ends in one of {known}, or a folder of pictures."
    if source.suffix.lower() in (".xlsx", ".xls", ".ods"):
        remedy = "Save the sheet as CSV (in Excel: CSV UTF-8)."
    raise InvalidRequest(f"{source}: files of rows are known by their names. {remedy}")


def _known(name: str, value: Any, params: Mapping[str, Param]) -> Param:
    if name not in params:
        has = f"It has {listed(params)}." if params else "It has none."
        remedy = f"{has}{meant(name, params)}"
        raise InvalidRequest.of(name, value, "the pipeline has no such param", remedy)
    return params[name]


def _once(table: Table, fixed: Collection[str], lists: Collection[str]) -> None:
    """Refuse a param that is filled in two ways."""
    ways = {
        f"a column of {table.name}": table.columns,
        "-p or --image, for all rows": fixed,
        "--matrix": lists,
    }
    seen: dict[str, str] = {}
    for way, names in ways.items():
        for name in names:
            if name in seen:
                told = f"{name} is filled twice: by {seen[name]}, and by {way}"
                raise InvalidRequest(f"{told}. Take one of them away.")
            seen[name] = way


def _complete(table: Table, params: Mapping[str, Param], filled: Collection[str]) -> None:
    """Refuse rows that leave a param empty which has no default."""
    missing = [name for name in params if params[name].default is None and name not in filled]
    if not missing:
        return
    others = [name for name in table.columns if name not in params]
    hints = [f"Is {near} meant for {name}?" for name in missing if (near := nearest(name, others))]
    has = f"Its columns are {listed(table.columns)}." if table.columns else ""
    if isinstance(table, FolderTable):
        has = f"Its pictures fill {table.param}."
    option = "--image {}=FILE" if params[missing[0]].is_picture else "-p {}=VALUE"
    remedy = f"Give it for all rows ({option.format(missing[0])})"
    remedy += ", or as a column." if not isinstance(table, Nothing) else ", or list its values."
    told = f"{table.name}: nothing fills {listed(missing)}, and there is no default."
    raise InvalidRequest(" ".join(filter(None, [told, has, *hints, remedy])))


def _slips(table: Table, params: Mapping[str, Param], filled: Collection[str]) -> Iterator[str]:
    """Columns whose names are nearly those of params that have their default."""
    left = [name for name in params if name not in filled]
    for column in table.columns:
        if column not in params and (near := nearest(column, left, _CLOSE)):
            yield (
                f"{table.name}: the column {column} fills no param, and {near} has its default in "
                f"all rows. If {near} is meant, rename the column."
            )
