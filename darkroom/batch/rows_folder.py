"""Rows from a folder of pictures: each picture is one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from darkroom.batch.rows_table import Record, as_text, listed
from darkroom.errors import InvalidRequest

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp"),
    *(".avif", ".bmp", ".gif", ".tif", ".tiff"),
)
"""Of files that are taken for pictures."""

_DIGITS = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class FolderTable:
    """The pictures that lie directly in a folder, as they were when it was opened.

    Attributes:
        name: The folder.
        param: What each picture fills.
        files: Their names, in the order of a person: 2.png before 10.png.
        warnings: Which other files are left out.
    """

    name: str
    param: str
    files: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    more: tuple[str, ...] = ("file",)

    @classmethod
    def open(cls, folder: Path, params: Mapping[str, Param], given: Collection[str]) -> FolderTable:
        """Look into a folder; `given` are the params that something else fills.

        Raises:
            InvalidRequest: There is no picture in it, or not one param for them.
        """
        param = _param(folder, params, given)
        try:
            files = [each.name for each in folder.iterdir() if not each.is_dir()]
        except OSError as error:
            raise InvalidRequest(f"{folder}: cannot be read ({error.strerror}).") from error
        seen = sorted((each for each in files if not each.startswith(".")), key=natural)
        pictures = tuple(each for each in seen if _suffix(each) in SUFFIXES)
        if not pictures:
            known = ", ".join(SUFFIXES)
            told = "there is no picture in this folder (folders in it are not looked into)"
            raise InvalidRequest(f"{folder}: {told}. Pictures end in {known}.")
        others = [as_text(each) for each in seen if _suffix(each) not in SUFFIXES]
        warnings = [f"{folder}: left out as no pictures: {listed(others)}."] if others else []
        return cls(str(folder), param, pictures, tuple(warnings))

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.param,)

    def __len__(self) -> int:
        return len(self.files)

    def records(self) -> Iterator[Record]:
        for name in self.files:
            yield Record({self.param: name}, {"file": as_text(name)})


def natural(name: str) -> tuple[list[str | int], str]:
    """A sort key by which 2.png comes before 10.png."""
    parts = _DIGITS.split(name.casefold())
    # Every second part is a number; a name's own zeros decide between 2.png and 02.png.
    return [int(part[:4000]) if place % 2 else part for place, part in enumerate(parts)], name


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _param(folder: Path, params: Mapping[str, Param], given: Collection[str]) -> str:
    free = [name for name in params if params[name].type == "image" and name not in given]
    found = [name for name in free if params[name].default is None] or free
    if len(found) == 1:
        return found[0]
    if found:
        told = f"a folder of pictures fills one param, and {' and '.join(found)} are to be filled"
        remedy = (
            f"Name a file for all but one (--image {found[-1]}=FILE), or give a CSV with a column "
            "for each (--rows FILE.csv)."
        )
    else:
        told = "the pipeline has no param of type image that these pictures could fill"
        remedy = "Give its rows as CSV (--rows FILE.csv)."
    raise InvalidRequest(f"{folder}: {told}. {remedy}")
