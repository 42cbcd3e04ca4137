"""A comparison under way: what of it can be done, and what came of each combination."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed
from pydantic import Field

from darkroom.comparison import Combination, Comparison
from darkroom.dollars import dollars
from darkroom.errors import InvalidRequest
from darkroom.picture import Picture
from darkroom.pipeline.pipeline import Pipeline
from darkroom.plan import Plan, Trouble
from flows._ended import failure
from flows._foresee import Foresight
from flows._run import Run
from flows.report import Report, Row
from tasks._invoke import How
from tasks.comparison import Cell, comparison_sheet

HEADINGS = ("model", "asked", "seed", "outcome", "size", "seconds", "price", "file")


class Sorted:
    """The combinations of a comparison: those that can be made, and those that are refused.

    Attributes:
        pipeline: Those that can be made, as its steps.
        plan: What they will cost; it lists the others as troubles that the run goes on without.
        refused: Why the others cannot, by their names.

    Raises:
        InvalidRequest: None can, or something is wrong with all of them; nothing was paid.
    """

    def __init__(self, comparison: Comparison, how: How) -> None:
        bedrock = how["bedrock"]
        assert bedrock is not None
        self.refused: dict[str, str] = {}
        steps = {}
        for one in comparison.combinations():
            model = bedrock.model(one.model)
            try:
                steps[one.name] = comparison.step(one, model)
            except InvalidRequest as error:
                self.refused[one.name] = str(error)
        self.plan: Plan = _looked(comparison, steps, how)
        for trouble in self.plan.troubles:
            if trouble.step not in steps:
                raise InvalidRequest(trouble.reason)  # the picture that all start from
            self.refused[trouble.step] = trouble.reason
        good = {name: step for name, step in steps.items() if name not in self.refused}
        if not good:
            told = [f"{name}: {reason}" for name, reason in self.refused.items()]
            raise InvalidRequest("\n".join(told))
        self.pipeline: Pipeline = comparison.pipeline(good)
        self.plan.failing = 0
        self.plan.troubles = [
            Trouble(step=name, reason=f"refused: {reason}", optional=True)
            for name, reason in self.refused.items()
        ]


def _looked(comparison: Comparison, steps: dict[str, Any], how: How) -> Plan:
    foresight = Foresight("compare_models", how)
    if steps:
        foresight.add(comparison.pipeline(steps), comparison.values())
    return foresight.plan


class ComparisonReport(Report):
    """What came of each combination.

    Attributes:
        combinations: All of them, in their order.
    """

    combinations: list[Combination] = Field(default_factory=list)

    @property
    def headings(self) -> tuple[str, ...]:
        return HEADINGS

    def cells(self) -> list[tuple[str, ...]]:
        """Model, what was asked, seed, outcome, size, seconds, price and file of each, as text."""
        known = {each.name: each for each in self.combinations}
        return [_cells(row, known.get(row.step)) for row in self.rows]

    def in_order(self) -> None:
        """Bring the rows into the order of the combinations; one's own picture comes first."""
        order = [each.name for each in self.combinations]
        self.rows.sort(key=lambda row: order.index(row.step) if row.step in order else -1)


def _cells(row: Row, one: Combination | None) -> tuple[str, ...]:
    name = one.model if one else row.step
    asked, seed = (one.asked, one.seed) if one else ("", None)
    if row.picture is None:
        return (name, asked, _text(seed), row.status, "", "", "", row.reason)
    how = row.picture.provenance
    price = "unknown" if how.price_usd is None else dollars(how.price_usd)
    return (
        name,
        asked,
        _text(how.seed),
        row.status if one else "yours",
        f"{row.picture.width}x{row.picture.height}",
        "" if how.seconds is None else f"{how.seconds:.1f}",
        price if how.model else "",
        row.picture.where,
    )


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


class Compared(Run):
    """The run of a comparison."""

    report: ComparisonReport

    title = ""

    def compare(self, comparison: Comparison, refused: dict[str, str]) -> None:
        """Report this, of which some combinations are refused."""
        combinations = comparison.combinations()
        self.title = comparison.prompt or Path(comparison.image or "").name
        self.report = ComparisonReport(**dict(self.report), combinations=combinations)
        for each in combinations:
            if each.name in refused:
                model = self.bedrock.model(each.model).id
                self.report.leave(each.name, "refused", refused[each.name], model=model)

    def end(self, error: Exception | None = None) -> State[Any]:
        self.report.in_order()
        return super().end(error)

    def _ended(self, error: Exception | None) -> State[Any]:
        report = self.report
        count = sum(1 for row in report.rows if row.picture and row.model)
        told = f"{count} of {len(report.combinations)} pictures, about {dollars(report.spent_usd)}"
        for status in ("failed", "filtered", "refused", "stopped"):
            if rows := report.of(status):
                told += f"; {status}: {', '.join(row.step for row in rows)}"
        if error or not count:
            missing = [row for row in report.rows if not row.picture]
            reason = error or "; ".join(f"{row.step}: {row.reason}" for row in missing)
            return failure(f"{reason} (kept: {told})", report, error)
        if count < len(report.combinations):
            return Completed(name="PartialSuccess", message=told, data=report)
        return Completed(message=told, data=report)

    def _sheet(self, rows: list[tuple[Row, Picture]], title: str) -> PrefectFuture[Any]:
        known = {row.step: row for row in self.report.rows}
        combinations = self.report.combinations
        cells = [_cell(each, known.get(each.name)) for each in combinations]
        columns, heads = _layout(combinations)
        named = comparison_sheet.with_options(task_run_name="comparison_sheet")
        return self._submit(named, cells, columns, heads, self.title, self.store)


def _layout(combinations: list[Combination]) -> tuple[list[str], list[str]]:
    """The names of the columns and of the rows; none where only one thing differs."""
    axes = combinations[0].axes
    if len(axes) < 2:
        return [], []
    columns = dict.fromkeys(each.said(*axes[1:]) for each in combinations)
    return [*columns], [*dict.fromkeys(each.said(axes[0]) for each in combinations)]


def _cell(one: Combination, row: Row | None) -> Cell:
    if row is None or row.picture is None:
        why = f"{row.status}: {row.reason}" if row else "not begun"
        return Cell(title=one.name, facts=("", ""), why=why)
    how = row.picture.provenance
    price = "price unknown" if how.price_usd is None else dollars(how.price_usd)
    made = [
        f"{row.picture.width} x {row.picture.height}",
        "" if how.seed is None else f"seed {how.seed}",
    ]
    cost = ["" if how.seconds is None else f"{how.seconds:.1f} s", price]
    return Cell(
        picture=row.picture,
        title=one.name,
        facts=("   ".join(filter(None, made)), "   ".join(filter(None, cost))),
    )
