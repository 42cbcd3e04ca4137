"""`darkroom check`, `plan` and `schema` of pipeline files, and `darkroom run FILE`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows import temporary_server
from flows.cli_words import pairs, use_standin

if TYPE_CHECKING:
    from darkroom.pipeline.pipeline import Pipeline

PARAMS = [
    click.Option(
        ["--param", "-p", "params"], multiple=True, metavar="NAME=VALUE", help="Give a param."
    ),
    click.Option(
        ["--image", "images"],
        multiple=True,
        metavar="NAME=FILE",
        help="Give a param that is a picture; repeated, one that is several.",
    ),
]
MAX_COST = click.Option(
    ["--max-cost"],
    type=click.FloatRange(min=0),
    metavar="USD",
    help="Refuse what is planned to cost more, and stop before it does.",
)
CHOOSE = click.Option(
    ["--choose"],
    multiple=True,
    metavar="STEP=CHOICE",
    help='Answer a review beforehand: a number, 1,3, all, "reject: WHY", or "new: WORDS".',
)
_FILE = click.argument("file", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print data for machines.")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_JSON
def check(files: tuple[Path, ...], as_json: bool) -> int:
    """Check pipeline FILES, and say each mistake with its line and column."""
    from darkroom.pipeline.pipeline import Pipeline
    from darkroom.pipeline.source import BadPipeline, Problem

    problems: dict[Problem, None] = {}  # of a file that is a step of several, each once
    for file in files:
        try:
            made = Pipeline.load(file)
        except BadPipeline as error:
            problems |= dict.fromkeys(error.problems)
        else:
            problems |= dict.fromkeys(made.warnings)
            if not as_json:
                count = len(made.steps)
                steps = "1 step" if count == 1 else f"{count} steps"
                click.echo(f"{file}: {made.name} is in order, {steps}")
    if as_json:
        click.echo(json.dumps([vars(each) for each in problems], indent=2))
    for each in [] if as_json else problems:
        click.echo(str(each), err=True)
    return 2 if any(each.level == "error" for each in problems) else 0


@click.command()
def schema() -> int:
    """Print the JSON Schema of pipeline files, for editors."""
    from darkroom.pipeline.schema import schema as made

    click.echo(json.dumps(made(), indent=2))
    return 0


@click.command()
@_FILE
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day: models come and go.")
@click.option("--bedrock", help="Name of a saved Bedrock block.")
@click.option("--store", help="Name of a saved ImageStore block.")
@click.option("--standin", is_flag=True, help="Plan for the local stand-in.")
@_JSON
@click.pass_context
def plan(context: click.Context, /, file: Path, standin: bool, **options: Any) -> int:
    """Say what a pipeline FILE would do: calls, cached ones, price, time. Nothing is called."""
    use_standin(options, standin)
    made, values = _given(file, options.pop("params"), options.pop("images"))
    if not temporary_server.would_find_nothing():
        temporary_server.start()()
    from flows.cli_plan import show

    options["on"] = options["on"] and options["on"].date()
    return show(made, values, **options)


plan.params += [*PARAMS, MAX_COST]


def run_command(file: Path, options: list[click.Option]) -> click.Command:
    """The command that runs a pipeline file: its params are told in its help."""
    more = [
        MAX_COST,
        click.Option(
            ["--at-once"],
            type=click.IntRange(1, 256),
            default=16,
            show_default=True,
            help="Steps that are done at the same time.",
        ),
        click.Option(["--again"], is_flag=True, help="Make new pictures, though there are some."),
        CHOOSE,
    ]

    def run(**given: Any) -> int:
        return _run(file, **given)

    return click.Command(
        str(file), params=[*PARAMS, *more, *options], callback=run, help=_help(file)
    )


def _run(
    file: Path,
    *,
    params: Sequence[str],
    images: Sequence[str],
    choose: Sequence[str],
    standin: bool,
    raw: str | None,
    out: Path | None,
    verbose: bool,
    as_json: bool,
    **options: Any,
) -> int:
    how = {name: value for name, value in options.items() if value is not None}
    use_standin(how, standin)
    how["keep"] = raw or "no"
    how["choices"] = dict(pairs("--choose", choose)) or None
    _, values = _given(file, params, images)
    ready = temporary_server.start()
    from flows.cli_run import run_pipeline as start

    return start(file.absolute(), values, how, out, ready, verbose=verbose, as_json=as_json)


def _given(
    file: Path, params: Sequence[str], images: Sequence[str]
) -> tuple[Pipeline, dict[str, Any]]:
    """The pipeline, and its params as they were typed, checked as far as that goes alone."""
    from darkroom.batch.rows import parse_values
    from darkroom.pipeline.given import given_values
    from darkroom.pipeline.pipeline import Pipeline

    made = Pipeline.load(file)
    typed: dict[str, Any] = {}
    for name, value in [*pairs("-p", params), *pairs("--image", images)]:
        several = name in made.params and made.params[name].type == "images"
        if several:
            typed.setdefault(name, []).append(value)
        elif name in typed:
            raise click.UsageError(f"{name} is given twice.")
        else:
            typed[name] = value
    values = parse_values(typed, made.params, Path.cwd())
    given_values(made, values)
    return made, values


def _help(file: Path) -> str:
    from darkroom.pipeline.pipeline import Pipeline

    made = Pipeline.load(file)
    lines = [made.description or f"Run the pipeline {made.name}."]
    for name, param in made.params.items():
        default = "" if param.default is None else f"  [default: {param.default}]"
        option = "--image" if param.is_picture else "-p"
        lines.append(f"\b\n{option} {name}=...  {param.description or param.type}{default}")
    return "\n\n".join(lines)
