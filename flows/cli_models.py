"""`darkroom models`: the catalog as a table."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import click

from darkroom import catalog
from darkroom.catalog import Model
from darkroom.dollars import dollars
from darkroom.errors import InvalidRequest


def listing(mode: str | None, on: date | None, *, as_json: bool) -> int:
    """Print the models, those that can be called first."""
    day = on or catalog.today()
    known = sorted({name for model in catalog.models().values() for name in model.modes})
    if mode is not None and mode not in known:
        raise InvalidRequest.of("mode", mode, f"the modes are {', '.join(known)}")
    rows = [
        model
        for model in sorted(catalog.models().values(), key=lambda row: row.status(day) == "retired")
        if mode is None or mode in model.modes
    ]
    if as_json:
        click.echo(json.dumps([_plain(model, day) for model in rows], indent=2))
        return 0
    click.echo(f"Models on {day}\n")
    for model in rows:
        status = model.status(day)
        word = " on" if status == "retired" else ", end of life"
        until = f"{word} {model.end_of_life}" if model.end_of_life else ""
        pace = f"{model.quota_per_minute} a minute" if model.quota_per_minute else "pace unknown"
        click.secho(model.short, bold=True, nl=False, dim=status == "retired")
        click.echo(f"  {model.name}, {status}{until}, {_prices(model)}, {pace}")
        click.echo(f"    {', '.join(model.modes)}")
        click.secho(f"    {model.call_id}  {' '.join(model.regions)}", dim=True)
    return 0


def as_markdown() -> str:
    """The table of models and the modes that each can do, as the README shows it."""
    rows = catalog.models().values()
    modes = sorted({mode for model in rows for mode in model.modes})
    lines = [
        # Words one below the other, so that the columns stay narrow.
        f"| model | {' | '.join(mode.replace('_', '<br>') for mode in modes)} "
        "| US$ a picture | end of life |",
        f"|---|{'---|' * len(modes)}---|---|",
    ]
    for model in rows:
        marks = " | ".join("✓" if mode in model.modes else "" for mode in modes)
        end = model.end_of_life or ""
        lines.append(f"| {model.name} (`{model.short}`) | {marks} | {_prices(model)} | {end} |")
    return "\n".join(lines)


def _prices(model: Model) -> str:
    usd = sorted({price.usd for price in model.prices})
    if not usd:
        return "price unknown"
    return " to ".join(dollars(each) for each in dict.fromkeys([usd[0], usd[-1]]))


def _plain(model: Model, day: date) -> dict[str, Any]:
    return {
        "id": model.id,
        "call_id": model.call_id,
        "name": model.name,
        "short": model.short,
        "status": model.status(day),
        "modes": list(model.modes),
        "regions": list(model.regions),
        "prices_usd": [price.model_dump(exclude_none=True) for price in model.prices],
        "quota_per_minute": model.quota_per_minute,
        "launch": str(model.launch),
        "legacy": str(model.legacy) if model.legacy else None,
        "end_of_life": str(model.end_of_life) if model.end_of_life else None,
        "sources": list(model.sources),
    }
