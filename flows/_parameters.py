"""The parameters that several flows have, as they are asked for in forms."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from darkroom.client import Keep
from darkroom.pipeline.pipeline import Pipeline
from darkroom.resolve import OnRetired
from flows._form import Filled
from flows._given import SHIPPED, shipped


def needs() -> str:
    """What each of those must be given, in words."""
    said = []
    for name in shipped():
        params = Pipeline.load(SHIPPED / f"{name}.yaml").params
        needed = [each for each, param in params.items() if param.default is None]
        said.append(f"{name}: {', '.join(needed) or 'nothing'}")
    return f"What those that come with Darkroom need: {'; '.join(said)}." if said else ""


PipelineName = Annotated[
    str,
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "title": "By name", "enum": shipped()},
                {"type": "string", "title": "Another one"},
            ]
        }
        if shipped()
        else {"type": "string"}
    ),
]
"""A menu of the pipelines that come with Darkroom, or a file's path, or a pipeline's text."""
Params = Annotated[
    dict[str, Any] | None,
    Field(
        examples=[{"product": "/pictures/mug.png", "scene": "a beach at noon"}],
        description=needs(),
    ),
]
Again = Annotated[bool, Field(title="New pictures")]
KeepResponses = Annotated[Keep, Field(title="Keep responses")]
Retired = Annotated[OnRetired, Field(title="Retired models")]
BedrockName = Annotated[str | None, Filled, Field(title="Bedrock block", examples=["standin"])]
StoreName = Annotated[str | None, Filled, Field(title="Store block")]
Text = Annotated[str | None, Filled]
