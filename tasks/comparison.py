"""A contact sheet of a comparison: rows and columns with their names, and places left empty."""

from __future__ import annotations

import hashlib
import io
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from pydantic import BaseModel, ConfigDict

from blocks import ImageStore
from darkroom.image_file import facts
from darkroom.picture import Picture, Provenance
from darkroom.store import Fresh, Store
from tasks import _run
from tasks.picture import FAINT, GAP, INK, PAPER, opaque

SHADE = "#e6e2db"
"""Where a picture would be."""


class Cell(BaseModel):
    """One place of a sheet.

    Attributes:
        picture: What is there; None for a place that stays empty.
        title: What it is.
        facts: Lines below that, written smaller.
        why: Why there is nothing.
    """

    model_config = ConfigDict(frozen=True)

    picture: Picture | None = None
    title: str
    facts: tuple[str, ...] = ()
    why: str = ""


@task(cache_policy=NO_CACHE)
def comparison_sheet(
    cells: Sequence[Cell],
    columns: Sequence[str],
    rows: Sequence[str],
    title: str = "",
    store: ImageStore | None = None,
) -> Picture:
    """Lay a comparison out on one sheet.

    Args:
        cells: Row by row.
        columns: The names of the columns; none where the cells only follow each other.
        rows: The names of the rows; likewise.
        title: What stands above them.
        store: Where the pictures are and the sheet goes; None for the default.
    """
    opened = (store or ImageStore.find()).open()
    asked = "\n".join([title, *columns, "", *rows, "", *(each.model_dump_json() for each in cells)])
    parents = tuple(each.picture.sha256 for each in cells if each.picture)

    def make() -> list[Fresh]:
        out = io.BytesIO()
        _Sheet(cells, columns, rows, title).drawn(opened).save(out, "JPEG", quality=90)
        how = Provenance(
            mode="comparison_sheet",
            parents=parents,
            made_at=datetime.now(UTC),
            flow_run=flow_run.get_name(),
        )
        return [Fresh(out.getvalue(), facts(out.getvalue()), how)]

    key = hashlib.sha256(f"comparison_sheet {asked}".encode()).hexdigest()
    return opened.once(key, make, folder=_run.folder())[0]


class _Sheet:
    """Where everything is on a sheet."""

    def __init__(
        self, cells: Sequence[Cell], columns: Sequence[str], rows: Sequence[str], title: str
    ) -> None:
        self._cells, self._columns, self._rows, self._title = cells, columns, rows, title
        self._across = len(columns) or min(4, len(cells))
        self._down = -(-len(cells) // self._across)
        self._tile = 320 if self._across <= 6 else 220
        self._left = GAP + (150 if rows else 0)
        self._top = (84 if title else GAP) + (34 if columns else 0)
        lines = max(len(each.facts) for each in cells)
        self._step = (self._tile + GAP, self._tile + 40 + 20 * lines)

    def drawn(self, store: Store) -> Image.Image:
        """The sheet, with pictures read from `store` one after another."""
        size = (
            self._left + self._across * self._step[0],
            self._top + self._down * self._step[1] + GAP // 2,
        )
        sheet = Image.new("RGB", size, PAPER)
        draw = ImageDraw.Draw(sheet)
        _text(draw, (GAP, 26), self._title, 30, size[0] - 2 * GAP)
        for index, name in enumerate(self._columns):
            place = (self._left + index * self._step[0], self._top - 32)
            _text(draw, place, name, 20, self._tile)
        for index, name in enumerate(self._rows):
            place = (GAP, self._top + index * self._step[1] + self._tile // 2 - 12)
            _text(draw, place, name, 20, self._left - GAP - 8)
        for index, cell in enumerate(self._cells):
            left = self._left + index % self._across * self._step[0]
            upper = self._top + index // self._across * self._step[1]
            self._cell(sheet, draw, (left, upper), cell, store)
        return sheet

    def _cell(
        self,
        sheet: Image.Image,
        draw: ImageDraw.ImageDraw,
        place: tuple[int, int],
        cell: Cell,
        store: Store,
    ) -> None:
        (left, upper), tile = place, self._tile
        if cell.picture:
            shown = opaque(store.read(cell.picture), tile)
            middle = (left + (tile - shown.width) // 2, upper + (tile - shown.height) // 2)
            sheet.paste(shown, middle)
        else:
            draw.rectangle((left, upper, left + tile, upper + tile), SHADE)
            why = textwrap.wrap(cell.why, tile // 8)
            most = tile // 20 - 2
            why = [*why[:most], "…"] if len(why) > most else why
            draw.text((left + 14, upper + 14), "\n".join(why), FAINT, _font(14), spacing=5)
        _text(draw, (left, upper + tile + 6), cell.title, 18, tile)
        for number, line in enumerate(cell.facts):
            _text(draw, (left, upper + tile + 30 + 20 * number), line, 14, tile, FAINT)


def _font(size: int) -> Any:
    return ImageFont.load_default(size)


def _text(
    draw: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    size: int,
    width: int,
    ink: str = INK,
) -> None:
    """Write one line that is no wider than `width`."""
    font = _font(size)
    if font.getlength(text) > width:
        while text and font.getlength(f"{text}…") > width:
            text = text[:-1]
        text = f"{text}…"
    draw.text(place, text, ink, font)
