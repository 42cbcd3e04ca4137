"""What came of a run: one row for each picture, made or not."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from darkroom import catalog
from darkroom.dollars import dollars
from darkroom.errors import BudgetReached, ContentFiltered
from darkroom.picture import Picture, local_path

Status = Literal[
    "made", "cached", "chosen", "rejected", "filtered", "failed", "skipped", "stopped", "refused"
]


class Row(BaseModel):
    """One picture of a run, or the reason why there is none."""

    step: str
    status: Status
    model: str | None = None
    picture: Picture | None = None
    reason: str = ""
    optional: bool = False

    @property
    def price_usd(self) -> float | None:
        """What it costs by the catalog; None if unknown, or if no model made it."""
        return self.picture.provenance.price_usd if self.picture else None

    @property
    def model_name(self) -> str:
        """The model's short name; "" for what no model made."""
        return catalog.find(self.model).short if self.model else ""

    def cells(self) -> tuple[str, ...]:
        """Step, model, size, seed, price, seconds and file, as text."""
        if self.picture is None:
            status = f"{self.status} (optional)" if self.optional else self.status
            return (self.step, self.model_name, *[""] * 4, f"{status}: {self.reason}")
        how = self.picture.provenance
        price = "unknown" if how.price_usd is None else dollars(how.price_usd)
        return (
            self.step,
            self.model_name,
            f"{self.picture.width}x{self.picture.height}",
            "" if how.seed is None else str(how.seed),
            self.status if self.status in ("cached", "chosen") else price if how.model else "",
            "" if how.seconds is None else f"{how.seconds:.1f}",
            self.picture.where,
        )


class Report(BaseModel):
    """All rows of a run, and the sheet that shows its pictures."""

    flow_run: str = ""
    flow_run_id: str = ""
    store: str | None = None
    rows: list[Row] = Field(default_factory=list)
    sheet: Picture | None = None

    @property
    def headings(self) -> tuple[str, ...]:
        """What the columns of `cells` are called; the last one is the file."""
        return HEADINGS

    def add(self, step: str, picture: Picture, model: str | None, status: Status) -> None:
        """Note a picture that a step gave."""
        self.rows.append(Row(step=step, status=status, model=model, picture=picture))

    def fail(
        self, step: str, model: str | None, error: BaseException, *, optional: bool = False
    ) -> None:
        """Note why a step gave none."""
        reason = str(error) or type(error).__name__
        self.leave(step, status_of(error), reason, model=model, optional=optional)

    def leave(
        self,
        step: str,
        status: Status,
        reason: str,
        *,
        model: str | None = None,
        optional: bool = False,
    ) -> None:
        """Note a step that gave no picture."""
        self.rows.append(
            Row(step=step, status=status, model=model, reason=reason, optional=optional)
        )

    def of(self, status: Status) -> list[Row]:
        """The rows of that status, but for those that the run goes on without."""
        return [row for row in self.rows if row.status == status and not row.optional]

    @property
    def pictures(self) -> list[tuple[str, Picture]]:
        """The pictures with their steps."""
        return [(row.step, row.picture) for row in self.rows if row.picture]

    @property
    def spent_usd(self) -> float:
        """Estimated price of what this run made; pictures that were there before cost nothing."""
        prices = (row.price_usd or 0.0 for row in self.rows if row.status == "made")
        return round(sum(prices), 6)

    @property
    def price(self) -> str:
        """What this run paid, and what had been paid for of its pictures before, in words."""
        known = {row.picture.sha256: row.price_usd or 0.0 for row in self.of_models if row.picture}
        before = sum(known.values()) - self.spent_usd
        told = f"about {dollars(self.spent_usd)}"
        return f"{told}, and {dollars(before)} paid before" if before > 1e-6 else told

    @property
    def of_models(self) -> list[Row]:
        """The rows of pictures that a model made."""
        return [row for row in self.rows if row.picture and row.model]

    def cells(self) -> list[tuple[str, ...]]:
        """Step, model, size, seed, price, seconds and file of each row, as text."""
        return [row.cells() for row in self.rows]

    def cells_by_folder(self) -> tuple[str, list[tuple[str, ...]]]:
        """The folder that all files are in, and `cells` with the files' names only.

        The folder is "" where there is none in common; then the cells have the whole places.
        """
        places = {_place(picture)[0] for _, picture in self.pictures}
        if len(places) != 1:
            return "", self.cells()
        names = [_place(row.picture)[1] if row.picture else None for row in self.rows]
        cells = zip(self.cells(), names, strict=True)
        return places.pop(), [(*cell[:-1], name or cell[-1]) for cell, name in cells]


def status_of(error: BaseException) -> Status:
    """What came of something that ended in an error."""
    if isinstance(error, BudgetReached):
        return "stopped"
    return "filtered" if isinstance(error, ContentFiltered) else "failed"


def _place(picture: Picture) -> tuple[str, str]:
    """The folder and the name of a picture's file."""
    if path := local_path(picture.uri):
        return str(path.parent), path.name
    folder, _, name = picture.uri.rpartition("/")
    return folder, name


HEADINGS = ("step", "model", "size", "seed", "price", "seconds", "file")
