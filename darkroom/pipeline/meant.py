"""Where a picture is meant, and where a text is: what a value of a step may refer to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from darkroom.pipeline import reference
from darkroom.pipeline.miswritten import named
from darkroom.pipeline.reference import Reference
from darkroom.pipeline.source import Loc, Problem, Source

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Param


def check_picture(
    read: Source,
    loc: Loc,
    name: str,
    value: Any,
    params: dict[str, Param],
    problems: list[Problem],
) -> None:
    """A picture is a step's, a param's, or a file beside the pipeline."""
    for each in value if isinstance(value, list) else [value]:
        whole = reference.one(each)
        if whole is None:
            if not isinstance(each, str):
                told = f"{name}: a picture is expected: ${{STEP}}, ${{params.NAME}} or a file"
                problems.append(read.problem(loc, told))
            elif any(reference.within(each)):
                told = f"{name} = {each!r}: a picture is one whole reference, or a file's name"
                problems.append(read.problem(loc, told))
            elif (meant := named(each, params, read.data["steps"])) and not _is_file(read, each):
                told = f"{name}: there is no file {each} beside the pipeline: did you mean {meant}?"
                problems.append(read.problem(loc, told))
            elif read.file and not _is_file(read, each):
                told = f"{name}: there is no file {each} beside the pipeline"
                problems.append(read.problem(loc, told))
        elif whole.field:
            told = f"{name}: {whole.text} is no picture"
            problems.append(read.problem(loc, told))
        elif whole.param in params and params[whole.param].type not in ("image", "images"):
            told = f"{name}: {whole.text} is {params[whole.param].type}, and no picture"
            problems.append(read.problem(loc, told))


def _is_file(read: Source, path: str) -> bool:
    return bool(read.file) and (Path(read.file).parent / path).is_file()


def check_text(
    read: Source,
    loc: Loc,
    name: str,
    inside: list[Reference],
    params: dict[str, Param],
    problems: list[Problem],
) -> None:
    """Within a text nothing is a picture: only what is known of one can be written out."""
    for each in inside:
        if each.step in read.data["steps"] and not each.field:
            told = f"{name}: {each.text} are pictures, and a text is expected"
            example = each.text.removesuffix("}").rstrip()
            problems.append(read.problem(loc, f"{told}. {example}.width}} is one"))
        elif each.param in params and params[each.param].is_picture:
            told = f"{name}: {each.text} is a picture, and a text is expected"
            problems.append(read.problem(loc, told))
