"""`darkroom review`: see what a flow run waits for, and answer it."""

from __future__ import annotations

import json

import click

from flows import temporary_server
from flows.cli_words import run_id


@click.command()
@click.argument("flow_run")
@click.argument("choice", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print data for machines.")
def review(flow_run: str, choice: str | None, as_json: bool) -> int:
    """Answer the review that a flow run waits with, by the run's id.

    CHOICE is a number, several as 1,3, all, "reject: WHY", or "new: WORDS" for new pictures.
    Without it, what is asked is printed, with the pictures' files.
    """
    from darkroom.pipeline.review import Verdict

    wanted = run_id(flow_run, "The dashboard shows it.")
    verdict = Verdict.read(choice) if choice is not None else None
    temporary_server.start()()
    from tasks.review import waiting

    found = waiting(wanted)
    if verdict:
        found.answer(verdict)
        verdict = verdict.of(len(found.request.images))
    if as_json:
        said = {
            "flow_run": found.run.name,
            "question": found.request.question,
            "most": found.request.most,
            "renewable": found.renewable,
            "pictures": [picture.where for picture in found.request.images],
            "answer": verdict.model_dump(mode="json") if verdict else None,
        }
        click.echo(json.dumps(said, indent=2))
    elif verdict:
        click.echo(f"{found.run.name}: {verdict}. It goes on.")
    else:
        click.echo(f"{found.run.name}: {found.request.question}")
        for number, picture in enumerate(found.request.images, 1):
            click.echo(f"{number:4}  {picture.where}")
        click.echo(f"Answer: darkroom review {flow_run} CHOICE")
    return 0
