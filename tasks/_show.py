"""Pictures as Prefect artifacts, so that the run's Artifacts tab reads as a gallery.

An artifact is a courtesy: whatever goes wrong here is logged, and never fails a run that was paid
for. Pictures are shown as small data URIs, because the UI must show them with no other server.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
import pybase64
from PIL import Image
from prefect import Task
from prefect.artifacts import Artifact, ImageArtifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
)
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import PrefectException
from prefect.logging import get_logger

from darkroom.dollars import dollars
from darkroom.errors import DarkroomError, PictureMissing
from darkroom.picture import Picture
from darkroom.store import Store
from tasks import _run

MAX_DATA = 40_000
"""Most characters of an artifact's data: lists of artifacts come with all of it."""

SIDE = 640
"""Longest side in pixels, at most, of the picture that an artifact shows."""

_SIDES = (512, 384, 256, 192, 160, 128, 96, 64, 32)

TROUBLE = (PrefectException, DarkroomError, httpx.HTTPError, OSError, ValueError, RuntimeError)
"""What the API, the store and Pillow raise when an artifact cannot be made."""

_stores: dict[UUID, Store] = {}


def remember(task_run_id: UUID, store: Store) -> None:
    """Note where the pictures of a task run are, for when it is done."""
    _stores[task_run_id] = store


def remember_here(store: Store) -> None:
    """Note where the pictures of the current task run are."""
    if context := TaskRunContext.get():
        remember(context.task_run.id, store)


def artifacts(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> None:
    """Completion hook: one image artifact for each picture of a task run, cached or new."""
    store = _stores.pop(task_run.id, None)
    if store is None:
        return
    pictures = state.result(raise_on_failure=False)
    if not isinstance(pictures, list):
        return
    for name, picture in zip(_named(task, len(pictures)), pictures, strict=True):
        try:
            put(
                ImageArtifact(
                    key=artifact_key(_whole(), name),
                    image_url=shown(store, picture),
                    description=f"![preview]({shown(store, picture, 240)})\n\n{caption(picture)}",
                    task_run_id=task_run.id,
                    flow_run_id=task_run.flow_run_id,
                )
            )
        except TROUBLE as error:
            get_logger("darkroom").warning("No artifact for %s: %s", picture.where, error)


def _named(task: Task[..., Any], count: int) -> list[str]:
    """What the pictures of a task run are called."""
    step = _run.step.get()
    if not step:
        return numbered(task.name, count)
    return [step] if count == 1 else [f"{step}-{number}" for number in range(1, count + 1)]


def _whole() -> str:
    """What the run that is under way here does: its pipeline, else its flow."""
    context = FlowRunContext.get()
    return _run.pipeline.get() or (context.flow.name if context and context.flow else "single")


def numbered(step: str, count: int) -> list[str]:
    """The names of the pictures of a call, so that they are the same however many a call gives.

    Those of "options" are options-1, options-2, ...; those of "options-3" go on from there.
    """
    if count == 1:
        return [step]
    name, _, first = step.rpartition("-")
    if not (name and first.isdecimal()):
        name, first = step, "1"
    return [f"{name}-{number}" for number in range(int(first), int(first) + count)]


def put(artifact: Artifact) -> None:
    """Show an artifact of the run; what the run showed under the same key before is replaced.

    Else a run that was taken up again would show everything twice.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    # A run that a review had suspended counts as one that was run once.
    if run is None or (run.run_count < 2 and not run.empirical_policy.pause_keys):
        artifact.create()
        return
    with get_client(sync_client=True) as client:
        shown_before = client.read_artifacts(
            artifact_filter=ArtifactFilter(
                flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]),
                key=ArtifactFilterKey(any_=[artifact.key or ""]),
            ),
            limit=1,
        )
        if shown_before:
            data = artifact.format(_sync=True)  # type: ignore[call-arg]
            update = ArtifactUpdate(data=data, description=artifact.description)
            client.update_artifact(shown_before[0].id, update)
            return
    artifact.create()


def forget(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> None:
    """Failure hook: there is nothing to show."""
    _stores.pop(task_run.id, None)


def artifact_key(*parts: str) -> str:
    """A key as Prefect takes them: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def shown(store: Store, picture: Picture, side: int = SIDE, most: int = MAX_DATA) -> str:
    """A stored picture's `data_uri`, made once: a cached step takes no time to show again.

    Smaller ones are made of the one of `SIDE`, which is read and shrunk in a third of the time.
    """
    name = f".darkroom/shown/{picture.sha256[:2]}/{picture.sha256}-{side}-{most}.txt"
    try:
        return store.load(name).decode("ascii")
    except PictureMissing:
        large = side >= SIDE
        data = store.read(picture) if large else _data(shown(store, picture))
        uri = data_uri(data, side, most)
        store.write(name, uri.encode("ascii"), durable=False)
        return uri


def _data(uri: str) -> bytes:
    return pybase64.b64decode(uri.partition(",")[2])


def data_uri(data: bytes, side: int = SIDE, most: int = MAX_DATA) -> str:
    """The picture as a small WebP in a data URI: the largest that fits.

    Args:
        data: The encoded picture.
        side: Longest side in pixels, at most.
        most: Characters of the data URI, at most.
    """
    uri = ""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (side, side))
        for longest in (side, *(each for each in _SIDES if each < side)):
            image.thumbnail((longest, longest))
            out = io.BytesIO()
            image.save(out, "WEBP", quality=75, method=2)
            uri = "data:image/webp;base64," + pybase64.b64encode(out.getvalue()).decode("ascii")
            if len(uri) <= most:
                break
    return uri


def escaped(text: str) -> str:
    """User text for markdown: no character of it means anything to markdown or HTML."""
    one_line = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$:])", r"\\\1", one_line)


def caption(picture: Picture) -> str:
    """A picture's facts as markdown."""
    how = picture.provenance
    prompt = str(how.parameters.get("prompt") or "")
    rows = [
        ("prompt", escaped(prompt if len(prompt) <= 300 else f"{prompt[:300]}…")),
        ("mode", escaped(how.mode)),
        ("model", escaped(how.model or "")),
        ("seed", str(how.seed) if how.seed is not None else ""),
        ("size", f"{picture.width} x {picture.height}"),
        ("price", price(how.price_usd) if how.model else ""),
        ("time", f"{how.seconds:.1f} s" if how.seconds is not None else ""),
        ("file", escaped(picture.where)),
        ("notes", escaped("; ".join(how.notes))),
    ]
    return "  \n".join(f"**{name}** {value}" for name, value in rows if value)


def price(usd: float | None) -> str:
    """Dollars as markdown takes them; what is not known is said to be unknown."""
    return "unknown" if usd is None else f"\\{dollars(usd)}"


def gallery(store: Store, cells: Sequence[tuple[Picture, str]], columns: int = 4) -> str:
    """An HTML table of thumbnails with captions, for a markdown artifact.

    Args:
        store: Where the pictures are.
        cells: Each picture and its label.
        columns: Pictures in a row.
    """
    most = (MAX_DATA - 500) // max(1, len(cells)) - 200  # what is around each picture
    drawn = [
        f'<td><img src="{shown(store, picture, 240, most)}" width="200" '
        f'alt="{html.escape(label)}"><br>'
        f"<sub>{html.escape(label)}<br>{picture.width} x {picture.height}</sub></td>"
        for picture, label in cells
    ]
    rows = [drawn[start : start + columns] for start in range(0, len(drawn), columns)]
    return "<table>" + "".join(f"<tr>{''.join(row)}</tr>" for row in rows) + "</table>"
