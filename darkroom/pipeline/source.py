"""A pipeline file as text: YAML whose every value knows its line and column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from darkroom.errors import InvalidRequest

MAX_BYTES = 1_000_000
Loc = tuple[str | int, ...]

# YAML gives brackets and commas a meaning of their own within {...}: between the signs of a
# reference they are stood in for by others, of which each takes the same room.
_TOKEN = re.compile(r"\$\{[^{}\n]*\}")
_HIDE = str.maketrans("{}[],:", "\ue000\ue001\ue002\ue003\ue004\ue005")
_SHOW = str.maketrans("\ue000\ue001\ue002\ue003\ue004\ue005", "{}[],:")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a pipeline file.

    Attributes:
        text: What, and what to do about it.
        file: The file.
        line: Counted from 1; 0 where it is about the whole.
        column: Counted from 1.
    """

    text: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{where}: {self.text}" if where else self.text


class BadPipeline(InvalidRequest):
    """A pipeline that breaks rules; `problems` has all of them, each with its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Source:
    """Plain data, and where each part of it stands.

    Attributes:
        data: What the file says.
        file: Its name, for messages.
        places: Line and column of each value, by the way to it.
    """

    data: dict[str, Any]
    file: str = ""
    places: dict[Loc, tuple[int, int]] = field(default_factory=dict)

    def problem(self, loc: Loc, text: str) -> Problem:
        """A problem with the value at `loc`, or with the nearest thing around it that is there."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        line, column = self.places.get(loc, (0, 0))
        return Problem(text, self.file, line, column)


def read(path: Path) -> Source:
    """Read a pipeline file.

    Raises:
        BadPipeline: It cannot be read, or is no YAML mapping.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        told = f"cannot be read ({error.strerror})"
        raise BadPipeline([Problem(told, str(path))]) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPipeline([Problem("is not UTF-8 text", str(path))]) from error
    return parse(text, str(path))


def parse(text: str, file: str = "") -> Source:
    """Parse the text of a pipeline file.

    Raises:
        BadPipeline: It is too long, no YAML mapping, repeats a key, or uses anchors.
    """
    if len(text) > MAX_BYTES:
        told = f"has {len(text):,} characters; a pipeline has at most {MAX_BYTES:,}"
        raise BadPipeline([Problem(told, file)])
    hidden = _TOKEN.sub(lambda found: found[0].translate(_HIDE), text)
    problems: list[Problem] = []
    places: dict[Loc, tuple[int, int]] = {}
    try:
        for event in yaml.parse(hidden, Loader=yaml.SafeLoader):
            # An alias of an alias of an alias fills the memory with a few lines.
            if isinstance(event, yaml.AliasEvent):
                told = "anchors and aliases are not taken: use params or defaults"
                raise BadPipeline([Problem(told, file, *_at(event.start_mark))])
        node = yaml.compose(hidden, Loader=yaml.SafeLoader)
        data = _value(node, (), places, problems, file) if node else None
    except yaml.MarkedYAMLError as error:
        told = f"this is no YAML: {_shown(str(error.problem or error.context))}"
        place = _at(error.problem_mark or error.context_mark)
        raise BadPipeline([Problem(told, file, *place)]) from error
    except yaml.YAMLError as error:
        raise BadPipeline([Problem(f"this is no YAML: {error}", file)]) from error
    except RecursionError as error:
        raise BadPipeline([Problem("is nested too deeply", file)]) from error
    if not isinstance(data, dict):
        problems.append(Problem("a mapping with `name` and `steps` is expected", file, 1, 1))
    if problems:
        raise BadPipeline(problems)
    assert isinstance(data, dict)
    return Source(data, file, places)


def _at(mark: Any) -> tuple[int, int]:
    """Line and column, counted from 1; zeros where the parser does not know."""
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _value(
    node: yaml.Node,
    loc: Loc,
    places: dict[Loc, tuple[int, int]],
    problems: list[Problem],
    file: str,
) -> Any:
    places[loc] = _at(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node)
            here = _at(key_node.start_mark)
            if key in found:
                problems.append(Problem(f"{key} is there twice", file, *here))
            if not isinstance(key, str):
                problems.append(Problem(f"{key} is no name", file, *here))
                key = str(key)
            found[key] = _value(value_node, (*loc, key), places, problems, file)
            places[(*loc, key)] = here
        return found
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(each, (*loc, index), places, problems, file)
            for index, each in enumerate(node.value)
        ]
    return _scalar(node)


_PLAIN = yaml.SafeLoader("")


def _scalar(node: yaml.Node) -> Any:
    """A scalar as YAML reads it, but for dates and the like, which stay text."""
    if not isinstance(node, yaml.ScalarNode):
        return "a list or mapping"
    kind = node.tag.rpartition(":")[2]
    if kind in ("int", "float", "bool", "null"):
        try:
            return _PLAIN.construct_object(node)
        except (ValueError, yaml.YAMLError):
            return _shown(node.value)
    return _shown(node.value)


def _shown(text: str) -> str:
    return text.translate(_SHOW)
