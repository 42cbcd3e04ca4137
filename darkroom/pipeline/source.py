"""A pipeline file as text: YAML whose every value knows its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml
from yaml.reader import ReaderError

from darkroom.errors import InvalidRequest

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
"""Lists and mappings within each other."""
Loc = tuple[str | int, ...]

# YAML gives brackets a meaning of their own within {...}: between the signs of a reference they are
# stood in for by others, of which each takes the same room.
_TOKEN = re.compile(r"\$\{[^{}\n,:\"']*\}")
_OPEN = re.compile(r"\$\{[^{}]*($|[{,:])")
_HIDE = str.maketrans("{}[]", "\ue000\ue001\ue002\ue003")
_SHOW = str.maketrans("\ue000\ue001\ue002\ue003", "{}[]")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a pipeline file.

    Attributes:
        text: What, and what to do about it.
        file: The file.
        line: Counted from 1; 0 where it is about the whole.
        column: Counted from 1.
        level: A "warning" is about what may be wrong, and stops nothing.
    """

    text: str
    file: str = ""
    line: int = 0
    column: int = 0
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        text = self.text if self.level == "error" else f"warning: {self.text}"
        return f"{where}: {text}" if where else text


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
        places: Line and column of each value, by the way to it; where it has a name, the name's.
        values: Those of the values themselves.
        problems: What is wrong with names as such: one is there twice, or is none.
    """

    data: dict[str, Any]
    file: str = ""
    places: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    values: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def problem(self, loc: Loc, text: str, level: Literal["error", "warning"] = "error") -> Problem:
        """A problem with the value at `loc`, or with the nearest thing around it that is there."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        line, column = self.places.get(loc, (0, 0))
        return Problem(text, self.file, line, column, level)


def read(path: Path) -> Source:
    """Read a pipeline file.

    Raises:
        BadPipeline: It cannot be read, or is no YAML mapping.
    """
    try:
        with path.open("rb") as file:
            data = file.read(4 * MAX_BYTES + 1)  # no character has more than four bytes
    except OSError as error:
        told = f"cannot be read ({error.strerror})"
        raise BadPipeline([Problem(told, str(path))]) from error
    if len(data) > 4 * MAX_BYTES:
        told = f"has more than {4 * MAX_BYTES:,} bytes; a pipeline has at most {MAX_BYTES:,}"
        raise BadPipeline([Problem(told, str(path))])
    try:
        return parse(data.decode(), str(path))
    except UnicodeDecodeError as error:
        raise BadPipeline([_no_text(data, error.start, str(path))]) from error


def _hidden(text: str) -> str:
    return _TOKEN.sub(lambda found: found[0].translate(_HIDE), text)


def _no_text(data: bytes, start: int, file: str) -> Problem:
    """The byte that is no text, with its place."""
    before = data[:start]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode()) + 1
    is_wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    kind = ", and the file seems to be UTF-16" if is_wide else ""
    told = f"byte {start + 1:,} of the file (0x{data[start]:02X}) is not UTF-8{kind}"
    return Problem(f"{told}. Save it as UTF-8.", file, line, column)


def parse(text: str, file: str = "") -> Source:
    """Parse the text of a pipeline file.

    Raises:
        BadPipeline: It is too long, no YAML mapping, or uses anchors.
    """
    mark, text = (3, text[1:]) if text.startswith("\ufeff") else (0, text)
    if len(text) > MAX_BYTES:
        told = f"has {len(text):,} characters; a pipeline has at most {MAX_BYTES:,}"
        raise BadPipeline([Problem(told, file)])
    hidden = _hidden(text)
    problems: list[Problem] = []
    found = Source({}, file)
    depth = 0
    try:
        for event in yaml.parse(hidden, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:  # what the parser keeps grows with the square of it
                raise BadPipeline([Problem("is nested too deeply", file, *_at(event.start_mark))])
            # An alias of an alias of an alias fills the memory with a few lines.
            if isinstance(event, yaml.AliasEvent):
                told = "anchors and aliases are not taken: use params or defaults"
                raise BadPipeline([Problem(told, file, *_at(event.start_mark))])
        node = yaml.compose(hidden, Loader=yaml.SafeLoader)
        data = _value(node, (), found, problems) if node else None
    except yaml.MarkedYAMLError as error:
        raise BadPipeline([_no_yaml(error, text, file)]) from error
    except ReaderError as error:
        raise BadPipeline([_no_character(error, text, mark, file)]) from error
    if not isinstance(data, dict):
        problems.append(Problem("a mapping with `name` and `steps` is expected", file, 1, 1))
        raise BadPipeline(problems)
    return replace(found, data=data, problems=tuple(problems))


def _no_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """What the parser says, at the place where it begins if that is known."""
    inside, told = error.context or "", _shown(str(error.problem or error.context))
    start, place = _at(error.context_mark), _at(error.problem_mark or error.context_mark)
    if "quoted scalar" in inside and "end of stream" in told:
        return Problem("this is no YAML: the quote that begins here is not closed", file, *start)
    line = text.splitlines()[place[0] - 1 : place[0]] if place[0] else []
    if line and (found := _OPEN.search(line[0])):
        told = "this is no YAML: the ${ that begins here is not closed by }"
        return Problem(told, file, place[0], found.start() + 1)
    sign = {"while parsing a flow mapping": "{", "while parsing a flow sequence": "["}.get(inside)
    if "unknown escape" in told:
        told += r": between double quotes \ has a meaning of its own, and between single ones none"
    elif quote := _quote_over_lines(text):
        told += "; the quote that begins in line {}, column {} ends in line {}".format(*quote)
    elif sign:
        told += f"; the {sign} that begins in line {start[0]}, column {start[1]} may not be closed"
    return Problem(f"this is no YAML: {told}", file, *place)


def _quote_over_lines(text: str) -> tuple[int, int, int] | None:
    """Where the last quote before a mistake begins, and the line where it ends, if it is another.

    A quote that is not closed ends where the next one begins, and the mistake is said to be there.
    """
    found = None
    try:
        for token in yaml.scan(_hidden(text), Loader=yaml.SafeLoader):
            if isinstance(token, yaml.ScalarToken) and not token.plain:
                (line, column), last = _at(token.start_mark), token.end_mark.line + 1
                found = (line, column, last) if last != line else None
    except yaml.YAMLError:
        pass  # that is the mistake
    return found


def _no_character(error: ReaderError, text: str, mark: int, file: str) -> Problem:
    """The character that YAML does not take, with its place."""
    before, character = text[: error.position], text[error.position]
    byte = mark + len(before.encode("utf-8", "surrogatepass")) + 1
    told = f"byte {byte:,} of the file (0x{ord(character):02X}) is no text"
    column = error.position - before.rfind("\n")
    return Problem(f"{told}. Remove it.", file, before.count("\n") + 1, column)


def in_order(problems: Iterable[Problem], file: str) -> list[Problem]:
    """Problems of a file in the order of their places, each once; warnings are last.

    What is wrong with another file stays behind the problem that names that file.
    """
    groups: list[list[Problem]] = []
    for each in dict.fromkeys(problems):
        if each.file == file or not groups:
            groups.append([each])
        else:
            groups[-1].append(each)
    groups.sort(key=lambda group: (group[0].level, group[0].line, group[0].column))
    return [each for group in groups for each in group]


def _at(mark: Any) -> tuple[int, int]:
    """Line and column, counted from 1; zeros where the parser does not know."""
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def _value(node: yaml.Node, loc: Loc, source: Source, problems: list[Problem]) -> Any:
    source.places[loc] = source.values[loc] = _at(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node)
            here = _at(key_node.start_mark)
            if key in found:
                problems.append(Problem(f"{key} is there twice", source.file, *here))
            if not isinstance(key, str):
                problems.append(Problem(f"{key} is no name", source.file, *here))
                key = str(key)
            found[key] = _value(value_node, (*loc, key), source, problems)
            source.places[(*loc, key)] = here
        return found
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(each, (*loc, index), source, problems) for index, each in enumerate(node.value)
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
