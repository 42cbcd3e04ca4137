"""What flows of pipelines and batches are given alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from darkroom.pipeline.pipeline import Pipeline

AtOnce = Annotated[int, Field(ge=1, le=256)]
Cost = Annotated[float, Field(ge=0)]


def read_pipeline(text_or_path: str) -> Pipeline:
    """The pipeline of a file, or of the text of one.

    Raises:
        BadPipeline: It has mistakes.
    """
    if "\n" in text_or_path:
        return Pipeline.parse(text_or_path)
    return Pipeline.load(Path(text_or_path))
