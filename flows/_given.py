"""What flows of pipelines and batches are given alike."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from darkroom.batch.rows import Rows, crossed, matrix, open_rows, parse_values
from darkroom.errors import InvalidRequest
from darkroom.pipeline.pipeline import Pipeline
from flows._deployments import folder

SHIPPED = folder() / "pipelines"
"""Where the pipelines are that come with Darkroom, which are run by their names."""


def shipped() -> list[str]:
    """The names of the pipelines that come with Darkroom; none where only its code is."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


AtOnce = Annotated[int, Field(ge=1, le=256, title="At once")]
Cost = Annotated[float, Field(ge=0, title="Largest cost in US$", examples=[2])]


def read_pipeline(name: str) -> Pipeline:
    """A pipeline by the name of one that comes with Darkroom, by its file, or by its text.

    Raises:
        BadPipeline: It has mistakes.
    """
    if "\n" in name:
        return Pipeline.parse(name)
    if name in shipped() and not Path(name).exists():
        return Pipeline.load(SHIPPED / f"{name}.yaml")
    if not Path(name).exists():
        stem = Path(name).stem
        near = difflib.get_close_matches(stem, shipped(), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(shipped())}."
        raise InvalidRequest.of(
            "pipeline", name, "there is no such file, nor a pipeline of that name here", hint
        )
    return Pipeline.load(Path(name))


def rows_of(
    pipeline: Pipeline,
    rows: str | None,
    values: Mapping[str, Sequence[Any]],
    params: Mapping[str, Any],
    pictures: str | None,
) -> Rows:
    """The rows of a batch.

    Args:
        pipeline: Whose params are filled.
        rows: A file of rows, or a folder of pictures.
        values: Lists of values by param: every combination of them.
        params: What holds for all rows.
        pictures: The folder that relative paths of pictures are below; None for that of the rows.

    Raises:
        InvalidRequest: They cannot be read, or do not fill the params.
    """
    if rows is None and not values:
        raise InvalidRequest("rows, matrix: give one of them: what the batch goes over.")
    folder = Path(pictures) if pictures else Path.cwd()
    fixed = parse_values(params, pipeline.params, folder)
    lists = {name: [str(each) for each in several] for name, several in values.items()}
    if rows is None:
        return matrix(lists, pipeline.params, fixed=fixed, folder=folder)
    root = Path(pictures) if pictures else None
    if not lists:
        return open_rows(Path(rows), pipeline.params, fixed=fixed, pictures=root)
    found = open_rows(Path(rows), pipeline.params, fixed=fixed, pictures=root, later=set(lists))
    return crossed(found, lists, pipeline.params, folder=folder)
