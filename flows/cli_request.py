"""`darkroom request`: the body that a model would get, with nothing sent."""

from __future__ import annotations

import json
from typing import Any

import click

from darkroom import catalog, client, substitute
from darkroom.catalog import Model
from darkroom.image_file import edited, facts, source_path
from darkroom.mask import Edit
from darkroom.modes.base import Request
from darkroom.picture import Picture
from flows.cli_mode import bytes_of, from_file, request_of


def show(mode: str, given: dict[str, Any], *, model: str | None, full: bool, as_json: bool) -> int:
    """Print the InvokeModel body of each call that the request needs."""
    request = request_of(mode, given, from_file)
    row = catalog.find(model) if model else catalog.default(mode, {*request.given()})
    held: dict[str, bytes] = {}
    remarks = _remarks(request, row)

    def change(picture: Picture, edits: list[Edit], notes: list[str]) -> Picture:
        data = edited(bytes_of(picture), edits)
        remarks.extend(f"{source_path(picture.uri)}: {note}" for note in notes)
        known = facts(data)
        held[known.sha256] = data
        return Picture(**dict(known), uri=picture.uri)

    def read(picture: Picture) -> bytes:
        return held.get(picture.sha256) or bytes_of(picture)

    parts = request.fitted(row, change).split(row)
    bodies = [client.body(part, row, read if full else None) for part in parts]
    if as_json:
        calls = [{"modelId": row.call_id, "body": body} for body in bodies]
        click.echo(json.dumps(calls, indent=2, ensure_ascii=False))
        return 0
    for number, body in enumerate(bodies, 1):
        which = f" (call {number} of {len(bodies)})" if len(bodies) > 1 else ""
        # To standard error, so that the body alone can be piped on.
        click.secho(f"InvokeModel {row.call_id}{which}", err=True, dim=True)
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
    for line in remarks:
        click.secho(line, err=True, dim=True)
    return 0


def _remarks(request: Request, row: Model) -> list[str]:
    remarks = []
    if row.is_gone:
        way_on = substitute.way_on(request, row, catalog.today())
        remarks.append(f"{row.name} reached its end of life on {row.end_of_life}. {way_on}")
    if "seed" in row.takes(request.mode).fields and getattr(request, "seed", None) is None:
        remarks.append("No seed is given: a run draws one and sends it.")
    return remarks
