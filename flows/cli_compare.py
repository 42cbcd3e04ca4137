"""`darkroom run compare_models`: one prompt, or picture, on several models, sizes or styles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows import temporary_server
from flows.cli_pipeline import MAX_COST
from flows.cli_words import pairs, use_standin, whole

if TYPE_CHECKING:
    from darkroom.comparison import Comparison


@click.command(name="compare_models")
@click.option("--prompt", help="What to show: the same words for all.")
@click.option("--image", type=click.Path(), help="A picture that all start from.")
@click.option(
    "--model", "models", multiple=True, help="Can be repeated.  [default: all living that can]"
)
@click.option(
    "--size", "sizes", multiple=True, metavar="WxH|W:H", help="Pixels or proportions; repeated."
)
@click.option("--style", "styles", multiple=True, help="A style of the models; repeated.")
@click.option(
    "--seed", "seeds", type=int, multiple=True, help="Repeated.  [default: one for all, recorded]"
)
@click.option(
    "--mode", help="What is done.  [default: image_to_image with a picture, else text_to_image]"
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="What else the mode takes: a text, a number, a file, or JSON; repeated.",
)
@click.option(
    "--fit",
    type=click.Choice(["shrink", "refuse"]),
    help="What to do with a picture that is larger than a model takes.  [default: shrink]",
)
@click.option("--again", is_flag=True, help="Make new pictures, though there are some.")
@click.option("--plan", "only_plan", is_flag=True, help="Say what it would do and cost, and end.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    help="Pictures that are made at the same time.",
)
def compare_models(
    fields: Sequence[str],
    standin: bool,
    raw: str | None,
    out: Path | None,
    verbose: bool,
    as_json: bool,
    only_plan: bool,
    **options: Any,
) -> int:
    """Make the same picture with several models, sizes, styles or seeds, side by side.

    Every combination is one picture. What a model cannot do is refused for that model alone.
    """
    given = {name: value for name, value in options.items() if value not in (None, ())}
    use_standin(given, standin)
    if "image" in given:
        given["image"] = whole(given["image"])
    comparison = _comparison(given, fields)
    given |= {"fields": comparison.fields, "keep": raw or "no"}
    given |= {name: [*given[name]] for name in given if isinstance(given[name], tuple)}
    needed = not (only_plan and temporary_server.would_find_nothing())
    ready = temporary_server.start() if needed else lambda: None
    if only_plan:
        ready()
        from flows.cli_plan import compared

        return compared(comparison, given, as_json=as_json)
    from flows.cli_run import compare_models as start

    return start(given, out, ready, verbose=verbose, as_json=as_json)


compare_models.params.append(MAX_COST)


def _comparison(given: dict[str, Any], fields: Sequence[str]) -> Comparison:
    """What is asked for, as far as that can be checked before Prefect is waited for."""
    from darkroom.comparison import Comparison

    words = {name: value for name, value in given.items() if name in Comparison.model_fields}
    words["again"] = "again" if given.get("again") else ""
    comparison = Comparison(**words)
    comparison.check()
    pictures = comparison.kind.picture_fields()
    read = {name: _value(value) for name, value in pairs("--field", fields)}
    for name in read.keys() & {*pictures}:
        read[name] = whole(str(read[name]))
    comparison = comparison.model_copy(update={"fields": read})
    comparison.check()
    return comparison


def _value(text: str) -> Any:
    """What was typed: JSON where it is a group or a list, else a text."""
    try:
        return json.loads(text) if text[:1] in "{[" else text
    except ValueError:
        return text
