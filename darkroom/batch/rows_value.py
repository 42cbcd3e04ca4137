"""Cells turned into what params are: numbers, words, and the paths of pictures."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.batch.rows_table import meant
from darkroom.errors import InvalidRequest
from darkroom.picture import local_path

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param

_INTEGER = re.compile(r"([+-]?[0-9]+)(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_RULES = {
    "text": "text is expected",
    "integer": "a whole number is expected, such as 3",
    "number": "a number is expected, with a point, such as 0.5",
    "boolean": "true, false, yes, no, 1 or 0 is expected",
}


@dataclass(frozen=True)
class Place:
    """Where the pictures that a row names are looked for.

    Attributes:
        folder: What relative paths start from.
        roots: Folders, with all links resolved, that no path may lead out of; without any, every
            file will do that can be read.
    """

    folder: Path
    roots: tuple[str, ...] = ()

    @classmethod
    def within(cls, folder: Path, *roots: Path) -> Place:
        """Paths start from a folder and stay in it, or in one of `roots`."""
        return cls(folder.absolute(), tuple(os.path.realpath(each) for each in (folder, *roots)))

    def file(self, name: str, value: Any) -> str:
        """The absolute path of the picture that a param is given, with all links resolved.

        Raises:
            InvalidRequest: There is no such file, or it is not to be read from here.
        """
        if not isinstance(value, str) or not value.strip():
            raise InvalidRequest.of(name, value, "the path of a picture is expected")
        try:
            path = self._path(name, value)
            real = os.path.realpath(path)
            real.encode()
            self._stays(name, value, path, real)
            mode = os.stat(real).st_mode  # noqa: PTH116  a Path costs more than the call
        except UnicodeEncodeError as error:
            raise InvalidRequest.of(name, value, "its name is not UTF-8", "Rename it.") from error
        except (FileNotFoundError, NotADirectoryError) as error:
            rule = f"there is no such file in {self.folder}"
            raise InvalidRequest.of(name, value, rule) from error
        except (OSError, ValueError) as error:
            rule = f"it cannot be read ({getattr(error, 'strerror', None) or error})"
            raise InvalidRequest.of(name, value, rule) from error
        if not stat.S_ISREG(mode):
            rule = "this is a folder" if stat.S_ISDIR(mode) else "this is no file"
            raise InvalidRequest.of(name, value, rule, "Name one picture.")
        if not os.access(real, os.R_OK):
            raise InvalidRequest.of(name, value, "you may not read this file")
        return real

    def _path(self, name: str, value: str) -> str:
        text = value.strip()
        if self.roots:
            # A name in a folder may begin with a space; around a cell's text they mean nothing.
            whole = os.path.join(self.folder, value)  # noqa: PTH118  as above
            if text != value and os.path.lexists(whole):
                return whole
        else:
            text = str(local_path(text) or os.path.expanduser(text))  # noqa: PTH111  never raises
        if "://" in text or text.startswith(("file:", "data:", "s3:")):
            rule = "the path of a local file is expected, and no address"
            raise InvalidRequest.of(name, value, rule, "Download it first, and name the file.")
        return os.path.join(self.folder, text)  # noqa: PTH118  as above

    def _stays(self, name: str, value: str, path: str, real: str) -> None:
        if not self.roots or any(_inside(real, root) for root in self.roots):
            return
        folder = self.roots[-1]
        written = os.path.abspath(path)  # noqa: PTH100  links are not to be followed
        linked = any(_inside(written, each) for each in (str(self.folder), *self.roots))
        rule = f"it {'is a link that leads' if linked else 'leads'} out of {folder}"
        remedy = "Put it into that folder, or name the folder of the pictures: --pictures DIR."
        raise InvalidRequest.of(name, value, rule, remedy)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def blank(param: Param, cell: Any) -> bool:
    """Whether a cell says nothing, so that the param's default counts."""
    if isinstance(cell, str):
        return not (cell if param.type == "text" else cell.strip())
    return cell is None


def converted(name: str, param: Param, cell: Any, place: Place) -> Any:
    """What a cell gives a param: its type, one of its choices, pictures by absolute path.

    Raises:
        InvalidRequest: The cell is none of that.
    """
    if param.type == "image":
        return place.file(name, cell)
    if param.type == "images":
        return [place.file(name, each) for each in _several(name, cell)]
    try:
        made = _KINDS[param.type](cell)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest.of(name, cell, _RULES[param.type]) from error
    return _chosen(name, param, made) if param.choices else made


def _chosen(name: str, param: Param, made: Any) -> Any:
    if made in param.choices:
        return made
    if isinstance(made, str) and made.strip() in param.choices:
        return made.strip()
    known = [str(each) for each in param.choices]
    hint = meant(str(made), known).strip()
    raise InvalidRequest.of(name, made, f"it is one of {', '.join(known)}", hint)


def _several(name: str, cell: Any) -> list[Any]:
    found = cell
    if isinstance(cell, str):
        found = _json_list(cell) or [each for each in cell.split(";") if each.strip()]
    if not isinstance(found, list | tuple) or not found:
        rule = 'paths of pictures are expected: a.png;b.png, or ["a.png", "b.png"]'
        raise InvalidRequest.of(name, cell, rule)
    return [*found]


def _json_list(text: str) -> list[Any]:
    if not text.lstrip().startswith("["):
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []  # [1].png is a name as well
    return found if isinstance(found, list) else []


def _text(cell: Any) -> str:
    if isinstance(cell, bool | list | dict | bytes | None):
        raise ValueError(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        raise ValueError(cell)
    return str(cell)


def _integer(cell: Any) -> int:
    if isinstance(cell, str) and (found := _INTEGER.fullmatch(cell.strip())):
        return int(found[1])
    if isinstance(cell, float | Decimal) and cell == int(cell):
        return int(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return cell
    raise ValueError(cell)


def _number(cell: Any) -> float:
    if isinstance(cell, str) and not _NUMBER.fullmatch(cell.strip()):
        raise ValueError(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
        raise ValueError(cell)
    made = float(cell)
    if not math.isfinite(made):
        raise ValueError(cell)
    return made


def _boolean(cell: Any) -> bool:
    if isinstance(cell, bool):
        return cell
    word = str(cell).strip().lower()
    if word not in _WORDS:
        raise ValueError(cell)
    return _WORDS[word]


_KINDS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
