"""How a picture came to be, as people read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from darkroom.archive import Entry
from darkroom.picture import Provenance, local_path

_SAID = {
    *("mode", "model", "region", "endpoint", "parameters", "seed", "request_id", "parents"),
    *("price_usd", "seconds", "made_at", "flow_run", "notes", "reviews"),
}
"""The fields of provenance that have words of their own here."""


def lines_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """What a person wants to know of a picture, in their order: names and values."""
    picture = entry.picture
    how = picture.provenance
    sources = dict(_sources(how.parameters))
    yield "file", picture.where
    yield "size", f"{picture.width} x {picture.height}, {picture.size_bytes:,} bytes"
    yield "mode", how.mode
    if how.model:
        where = ", ".join(filter(None, [how.region, how.endpoint]))
        yield "model", how.model + (f" ({where})" if where else "")
    for name, value in how.parameters.items():
        if not _is_picture(value):
            yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    for parent in how.parents:
        yield "made of", sources.get(parent, f"sha256 {parent}")
    if how.seed is not None and how.parameters.get("seed") != how.seed:
        yield "own seed", str(how.seed)
    if how.model:
        yield "price", "unknown" if how.price_usd is None else f"${how.price_usd:.4g}"
    if how.seconds is not None:
        yield "time", f"{how.seconds:.1f} s"
    if how.made_at:
        yield "made", f"{how.made_at:%Y-%m-%d %H:%M:%S %Z}".strip()
    yield from (("run", each) for each in [how.flow_run] if each)
    yield from (("request", each) for each in [how.request_id] if each)
    yield from (("note", each) for each in how.notes)
    for said in how.reviews:
        words = (
            f"{'chosen' if said.chosen else 'not chosen'} at {said.step}, {said.at:%Y-%m-%d %H:%M}"
        )
        yield "review", f"{words}: {said.said}" if said.said else words
    for name, value in {**_others(how), **entry.further}.items():
        yield name, json.dumps(value, ensure_ascii=False)
    yield "sha256", picture.sha256


def _others(how: Provenance) -> dict[str, Any]:
    """What else provenance has, as plain data."""
    return how.model_dump(mode="json", exclude=_SAID, exclude_defaults=True)


def _sources(value: Any) -> Iterator[tuple[str, str]]:
    """The sources among parameters: their SHA-256, and where they were."""
    if isinstance(value, dict) and "sha256" in value:
        uri = str(value.get("uri") or f"sha256 {value['sha256']}")
        yield str(value["sha256"]), str(local_path(uri) or uri)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _sources(each)


def _is_picture(value: Any) -> bool:
    return any(True for _ in _sources(value))
