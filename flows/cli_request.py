"""`darkroom request`: the body that a model would get, with nothing sent."""

from __future__ import annotations

import json
from typing import Any

import click

from darkroom import catalog, client, substitute
from darkroom.catalog import Model
from darkroom.modes.base import Request
from flows.cli_mode import bytes_of, from_file, request_of


def show(mode: str, given: dict[str, Any], *, model: str | None, full: bool, as_json: bool) -> int:
    """Print the InvokeModel body of each call that the request needs."""
    request = request_of(mode, given, from_file)
    row = catalog.find(model) if model else catalog.default(mode, {*request.given()})
    bodies = [client.body(part, row, bytes_of if full else None) for part in request.split(row)]
    if as_json:
        calls = [{"modelId": row.call_id, "body": body} for body in bodies]
        click.echo(json.dumps(calls, indent=2, ensure_ascii=False))
        return 0
    for number, body in enumerate(bodies, 1):
        which = f" (call {number} of {len(bodies)})" if len(bodies) > 1 else ""
        # To standard error, so that the body alone can be piped on.
        click.secho(f"InvokeModel {row.call_id}{which}", err=True, dim=True)
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
    for line in _remarks(request, row):
        click.secho(line, err=True, dim=True)
    return 0


def _remarks(request: Request, row: Model) -> list[str]:
    remarks = []
    today = catalog.today()
    if row.status(today) == "retired":
        way_on = substitute.way_on(request, row, today)
        remarks.append(f"{row.name} reached its end of life on {row.end_of_life}. {way_on}")
    if "seed" in row.takes(request.mode).fields and getattr(request, "seed", None) is None:
        remarks.append("No seed is given: a run draws one and sends it.")
    return remarks
