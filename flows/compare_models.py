"""Compare models: one prompt, or picture, on several models, sizes, styles or seeds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field, WithJsonSchema

from darkroom import catalog, modes
from darkroom.comparison import Comparison
from darkroom.pipeline.walk import Walk
from darkroom.plan import sentences
from flows._compared import Compared, Sorted
from flows._driven import driven, unexpected
from flows._foresee import SEEDS
from flows._form import Filled, formed
from flows._given import AtOnce, Cost
from flows._parameters import Again, BedrockName, KeepResponses, StoreName, Text
from flows._show_plan import plan_artifact
from tasks._invoke import How


def _all_models() -> list[str]:
    """All models, the living ones first."""
    rows = catalog.models().values()
    return [model.short for model in sorted(rows, key=lambda model: model.is_gone)]


def _styles() -> list[str]:
    """All styles that any model has."""
    limits = [model.limits for model in catalog.models().values()]
    names = ("style_preset", "style")
    found = [each[name].one_of for name in names for each in limits if name in each]
    return list(dict.fromkeys(word for words in found for word in words))


def _menu(words: list[str]) -> WithJsonSchema:
    """A menu to choose several from."""
    items = {"type": "string", "enum": words}
    return WithJsonSchema({"type": "array", "items": items, "uniqueItems": True})


Mode = Annotated[
    str | None,
    Filled,
    WithJsonSchema(
        {
            "type": "string",
            "enum": [each for each in modes.names() if modes.find(each).picture_fields()]
            + ["text_to_image"],
        }
    ),
]
Several = list[str] | None


@formed
@flow(name="compare_models")
def compare_models(
    prompt: Annotated[Text, Field(examples=["a teal ceramic mug on an oak table"])] = None,
    image: Annotated[Text, Field(title="Picture", examples=["/pictures/mug.png"])] = None,
    models: Annotated[Several, _menu(_all_models())] = None,
    sizes: Annotated[Several, Field(examples=["16:9", "1024x1024"])] = None,
    styles: Annotated[Several, _menu(_styles())] = None,
    seeds: Annotated[list[int] | None, Field(examples=[7])] = None,
    mode: Mode = None,
    fields: Annotated[
        dict[str, Any] | None, Field(title="More fields", examples=[{"search_prompt": "the mug"}])
    ] = None,
    max_cost: Cost | None = None,
    again: Again = False,
    fit: Annotated[Literal["shrink", "refuse"], Field(title="If too large")] = "shrink",
    at_once: AtOnce = 16,
    keep: KeepResponses = "no",
    bedrock: BedrockName = None,
    store: StoreName = None,
) -> State[Any]:
    """Compare models: one prompt, or picture, on several models, sizes, styles or seeds.

    Every combination of what is listed is one picture; all are made side by side. Says first what
    it will do and cost. What a model cannot do is refused for that model alone, with the reason.

    Args:
        prompt: What to show: the same words for all.
        image: A picture that all start from: the whole path of its file where the worker is, or
            s3://BUCKET/KEY.
        models: Which to compare. Empty: all living ones that can do it.
        sizes: Pixels or proportions, one an item. A model that has the same in other words is given
            those; one that has only something near is refused.
        styles: Styles of Stability AI, or in capitals of Nova Canvas.
        seeds: One picture for each. Empty: the same seed for all, drawn and recorded.
        mode: What is done with the picture. Empty: image_to_image, or without a picture
            text_to_image.
        fields: What else the mode takes, as JSON; pictures by the whole path of their file.
        max_cost: US dollars that the run may cost; it is refused, or stops, before it costs more.
        again: Make new pictures, though there are some for the same request.
        fit: What to do with a picture that is larger than a model takes: shrink or refuse it.
        at_once: Pictures that are made at the same time.
        keep: Whether to keep the service's whole responses beside the pictures: no, elided without
            the base64, or full.
        bedrock: Name of the Bedrock block; "standin" is the local stand-in.
        store: Name of the ImageStore block.
    """
    comparison = Comparison(
        prompt=prompt,
        image=image,
        mode=mode,
        models=tuple(models or ()),
        sizes=tuple(sizes or ()),
        styles=tuple(styles or ()),
        seeds=tuple(seeds or ()),
        fields=fields or {},
        fit=fit,
        again=str(flow_run.get_id()) if again else "",
    )
    comparison.check()
    run = Compared("compare_models", bedrock, store, keep=keep)
    how: How = {
        "bedrock": run.bedrock,
        "store": run.store,
        "keep": keep,
        "seeds": SEEDS,
        "again": comparison.again,
    }
    found = Sorted(comparison, how)
    for line in sentences(found.plan):
        get_run_logger().info("plan: %s", line)
    plan_artifact(found.plan)
    found.plan.check_budget(max_cost)
    run.compare(comparison, found.refused)
    job = driven(run, Walk(found.pipeline, comparison.values()), how, max_cost, at_once)
    return run.end(unexpected(job))
