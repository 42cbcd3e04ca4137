"""`darkroom batch`: a pipeline over many rows, with a bar that says how it goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from flows import temporary_server
from flows.cli_pipeline import MAX_COST, PARAMS
from flows.cli_words import pairs, use_standin, whole


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--rows",
    type=click.Path(),
    help="A file of rows (CSV, TSV, JSONL, Parquet), or a folder of pictures: columns or file "
    "names fill the params.",
)
@click.option(
    "--matrix",
    multiple=True,
    metavar="NAME=VALUE",
    help="One of the values of a param; repeated, every combination of them is a row.",
)
@click.option("--name", help="Names the batch, and resumes it.  [default: pipeline and rows]")
@click.option(
    "--retry",
    type=click.Choice(["failed", "filtered", "all"]),
    help="Do again which rows of an earlier run, beside those that never ended.",
)
@click.option(
    "--again", is_flag=True, help="Make new pictures for all rows, though there are some."
)
@click.option("--plan", "only_plan", is_flag=True, help="Say what it would do and cost, and end.")
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    help="Rows, and calls, that are under way at the same time.",
)
@click.option(
    "--shards",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Flow runs to split the rows into, for workers; needs a Prefect server.",
)
@click.option("--pictures", type=click.Path(), help="Folder that the rows' pictures are in.")
@click.option("--no-page", is_flag=True, help="Write no page that shows all rows.")
@click.option("--out", type=click.Path(), help="Folder for the manifest and the page.")
def batch(
    file: Path,
    params: Sequence[str],
    images: Sequence[str],
    rows: str | None,
    matrix: Sequence[str],
    standin: bool,
    raw: str | None,
    no_page: bool,
    only_plan: bool,
    verbose: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Run a pipeline FILE over many rows.

    One row's failure touches no other. The same batch by its name does only what is missing.
    """
    given = {name: value for name, value in options.items() if value is not None}
    use_standin(given, standin)
    for path in ("pictures", "out"):
        if path in given:
            given[path] = whole(given[path])
    lists: dict[str, list[str]] = {}
    for name, value in pairs("--matrix", matrix):
        lists.setdefault(name, []).append(value)
    fixed: dict[str, Any] = {}
    for name, value in [*pairs("-p", params), *pairs("--image", images)]:
        if name in fixed:
            raise click.UsageError(f"{name} is given twice: --matrix makes a row of each.")
        fixed[name] = value
    # What is wrong with all of it is said before Prefect is waited for.
    from darkroom.batch.records import check_name
    from darkroom.pipeline.pipeline import Pipeline
    from flows._given import rows_of

    if "name" in given:
        check_name(given["name"])
    made = Pipeline.load(file)
    for name in fixed.keys() & made.params.keys():
        if made.params[name].is_picture:
            fixed[name] = whole(fixed[name])
    found = rows_of(made, rows, lists, fixed, given.get("pictures"))
    given |= {
        "pipeline": str(file.absolute()),
        "rows": whole(rows) if rows else None,
        "matrix": lists or None,
        "params": fixed or None,
        "keep": raw or "no",
        "page": not no_page,
    }
    needed = not (only_plan and temporary_server.would_find_nothing())
    ready = temporary_server.start() if needed else lambda: None
    from flows.cli_run_batch import plan, run

    if only_plan:
        ready()
        return plan(given, as_json=as_json)
    return run(given, len(found), ready, verbose=verbose, as_json=as_json)


batch.params += [*PARAMS, MAX_COST]
