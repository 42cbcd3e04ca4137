"""Rows from a Parquet file, where pyarrow is installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom.batch.rows_table import Record, unique
from darkroom.errors import InvalidRequest

_AT_ONCE = 256
"""Rows: few enough that cells of a megabyte fit."""


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file.

    Attributes:
        path: The file.
        columns: Those of its schema.
        rows: How many it says it has.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int
    warnings: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @classmethod
    def open(cls, path: Path) -> ParquetTable:
        """Read a file's schema.

        Raises:
            InvalidRequest: pyarrow is not installed, or the file is no Parquet or has no rows.
        """
        with _opened(path) as file:
            columns, rows = tuple(file.schema_arrow.names), file.metadata.num_rows
        unique(str(path), columns)
        if not rows:
            raise InvalidRequest(f"{path}: there is no row in it.")
        return cls(path, columns, rows)

    @property
    def name(self) -> str:
        return str(self.path)

    def __len__(self) -> int:
        return self.rows

    def records(self) -> Iterator[Record]:
        with _opened(self.path) as file:
            for batch in file.iter_batches(batch_size=_AT_ONCE):
                for cells in batch.to_pylist():
                    yield Record(cells)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        # By its name, because it is 140 MB that few installations have.
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        told = "a Parquet file is read by pyarrow, which is not installed"
        remedy = "Install it: pip install pyarrow. Or write the rows as CSV or JSON lines."
        raise InvalidRequest(f"{path}: {told}. {remedy}") from error
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (arrow.ArrowException, OSError) as error:
        raise InvalidRequest(
            f"{path}: this is no Parquet file that can be read ({error})."
        ) from error
