"""`darkroom check`, `graph` and `schema`: pipeline files, without running them."""

from __future__ import annotations

import json
from pathlib import Path

import click

_FILE = click.argument("file", type=click.Path(path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print data for machines.")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_JSON
def check(files: tuple[Path, ...], as_json: bool) -> int:
    """Check pipeline FILES, and say each mistake with its line and column."""
    from darkroom.pipeline.pipeline import Pipeline
    from darkroom.pipeline.source import BadPipeline, Problem

    problems: list[Problem] = []
    for file in files:
        try:
            made = Pipeline.load(file)
        except BadPipeline as error:
            problems += error.problems
        else:
            if not as_json:
                click.echo(f"{file}: {made.name} is in order, {len(made.steps)} steps")
    if as_json:
        click.echo(json.dumps([vars(each) for each in problems], indent=2))
    for each in [] if as_json else problems:
        click.echo(str(each), err=True)
    return 2 if problems else 0


@click.command()
@_FILE
def graph(file: Path) -> int:
    """Print the graph of a pipeline FILE, in Mermaid's words."""
    from darkroom.pipeline.graph import mermaid
    from darkroom.pipeline.pipeline import Pipeline

    click.echo(mermaid(Pipeline.load(file)))
    return 0


@click.command()
def schema() -> int:
    """Print the JSON Schema of pipeline files, for editors."""
    from darkroom.pipeline.schema import schema as made

    click.echo(json.dumps(made(), indent=2))
    return 0
