"""What a run would do, before anything is paid: calls, cached ones, price, time, models gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, Field

from darkroom import catalog
from darkroom.catalog import Model
from darkroom.dollars import dollars, priced
from darkroom.errors import InvalidRequest


class Line(BaseModel):
    """What one step asks of one model.

    Attributes:
        step: The pipeline's step, without the numbers of what it fans out into.
        mode: What is done.
        model: The model's id.
        calls: Calls that would be paid for.
        cached: Calls whose pictures are in the store.
        pictures: Pictures that it would give, cached ones among them.
        usd: Price of those calls whose price is known.
        unpriced: Calls whose price is not.
        perhaps: Whether a condition decides later, so that this is the most it can be.
    """

    step: str
    mode: str
    model: str
    calls: int = 0
    cached: int = 0
    pictures: int = 0
    usd: float = 0.0
    unpriced: int = 0
    perhaps: bool = False


class Trouble(BaseModel):
    """Something that would fail.

    Attributes:
        row: The row of a batch; 0 for a single run.
        step: Which step.
        reason: Why.
        optional: Whether the run goes on without it.
    """

    row: int = 0
    step: str
    reason: str
    optional: bool = False


class PerModel(BaseModel):
    """What all steps together ask of one model.

    Attributes:
        model: The id.
        name: The short name.
        calls: Calls that would be paid for.
        cached: Calls whose pictures are in the store.
        pictures: Pictures expected.
        usd: Price of those calls whose price is known.
        unpriced: Calls whose price is not.
        quota_per_minute: What the account may call; None if unknown.
        seconds: The least that the calls take at the quota; None if it is unknown.
        end_of_life: The model's last day but one; None if not announced.
        retired: Whether it is gone on the plan's day.
    """

    model: str
    name: str
    calls: int
    cached: int
    pictures: int
    usd: float
    unpriced: int
    quota_per_minute: int | None
    seconds: float | None
    end_of_life: date | None
    retired: bool


class Plan(BaseModel):
    """What a run would do.

    Attributes:
        name: The pipeline's name.
        on: The day that decides which models are alive.
        rows: How many rows a batch has; 1 for a single run.
        done: Rows that ended before, and are not asked for again.
        repeats: Rows that ask for the same as one before them.
        lines: By step and model.
        troubles: What would fail, the first ones.
        failing: Rows that would fail.
        free: Steps that no model does.
        reviews: Where it waits for a person, in words.
        quotas: Calls a minute by model, None where unknown.
    """

    name: str
    on: date
    rows: int = 1
    done: int = 0
    repeats: int = 0
    lines: list[Line] = Field(default_factory=list)
    troubles: list[Trouble] = Field(default_factory=list)
    failing: int = 0
    free: int = 0
    reviews: list[str] = Field(default_factory=list)
    quotas: dict[str, int | None] = Field(default_factory=dict)

    def line(self, step: str, mode: str, model: Model) -> Line:
        """The line of a step and a model, new if there is none."""
        self.quotas[model.id] = model.quota_per_minute
        for line in self.lines:
            if (line.step, line.mode, line.model) == (step, mode, model.id):
                return line
        self.lines.append(Line(step=step, mode=mode, model=model.id))
        return self.lines[-1]

    @property
    def calls(self) -> int:
        """Calls that would be paid for."""
        return sum(line.calls for line in self.lines)

    @property
    def cached(self) -> int:
        """Calls whose pictures are in the store."""
        return sum(line.cached for line in self.lines)

    @property
    def pictures(self) -> int:
        """Pictures expected of models, cached ones among them."""
        return sum(line.pictures for line in self.lines)

    @property
    def usd(self) -> float:
        """Price of those calls whose price is known."""
        return round(sum(line.usd for line in self.lines), 6)

    @property
    def unpriced(self) -> int:
        """Calls whose price is not known."""
        return sum(line.unpriced for line in self.lines)

    @property
    def price(self) -> str:
        """The price in words: what is unknown is said to be."""
        return price_of(self.usd, self.unpriced)

    @property
    def models(self) -> list[PerModel]:
        """What is asked of each model, in the order of the steps."""
        found = []
        for id_ in dict.fromkeys(line.model for line in self.lines):
            lines = [line for line in self.lines if line.model == id_]
            row, quota = catalog.find(id_), self.quotas.get(id_)
            calls = sum(line.calls for line in lines)
            found.append(
                PerModel(
                    model=id_,
                    name=row.short,
                    calls=calls,
                    cached=sum(line.cached for line in lines),
                    pictures=sum(line.pictures for line in lines),
                    usd=round(sum(line.usd for line in lines), 6),
                    unpriced=sum(line.unpriced for line in lines),
                    quota_per_minute=quota,
                    seconds=60 * max(0, calls - 1) / quota if quota else None,
                    end_of_life=row.end_of_life,
                    retired=row.status(self.on) == "retired",
                )
            )
        return found

    @property
    def retired(self) -> list[PerModel]:
        """The models that are gone on the plan's day."""
        return [each for each in self.models if each.retired]

    @property
    def seconds(self) -> float | None:
        """The least that the calls take at the quotas, models side by side; None if unknown."""
        waits = [each.seconds for each in self.models if each.calls]
        return None if None in waits else max((each or 0.0 for each in waits), default=0.0)

    def check_budget(self, max_usd: float | None) -> None:
        """Raise `InvalidRequest` where the plan costs more than it may, or nobody knows."""
        if max_usd is None:
            return
        if self.usd > max_usd + 1e-9:
            raise InvalidRequest.of(
                "max_cost",
                max_usd,
                f"the plan costs about {self.price} for {self.calls} calls",
                "Raise it, ask for less, or choose other models: `darkroom plan` shows each.",
            )
        if self.unpriced:
            names = ", ".join(each.name for each in self.models if each.unpriced)
            raise InvalidRequest.of(
                "max_cost",
                max_usd,
                f"the plan has {price_of(0, self.unpriced)} ({names})",
                "Give prices on the Bedrock block or in a catalog file, or leave max_cost out.",
            )

    def as_json(self) -> dict[str, object]:
        """All of it as plain data, with the sums."""
        return {
            **self.model_dump(mode="json", exclude={"quotas"}),
            "models": [each.model_dump(mode="json") for each in self.models],
            "calls": self.calls,
            "cached": self.cached,
            "pictures": self.pictures,
            "usd": self.usd,
            "unpriced": self.unpriced,
            "seconds": self.seconds,
            "retired": [each.model for each in self.retired],
            "facts": {name: fact.model_dump(mode="json") for name, fact in catalog.facts().items()},
        }


HEADINGS = ("step", "mode", "model", "calls", "cached", "pictures", "price", "quota/min")


def cells(plan: Plan) -> Iterable[tuple[str, ...]]:
    """The lines of a plan as texts, under `HEADINGS`."""
    for line in plan.lines:
        price = "" if line.unpriced and not line.usd else dollars(line.usd)
        unknown = f"{line.unpriced} unknown" if line.unpriced else ""
        quota = plan.quotas.get(line.model)
        yield (
            line.step,
            line.mode,
            catalog.find(line.model).short,
            f"at most {line.calls}" if line.perhaps and line.calls else str(line.calls),
            str(line.cached),
            str(line.pictures),
            " + ".join(filter(None, [price, unknown])),
            "unknown" if quota is None else str(quota),
        )


def sentences(plan: Plan) -> list[str]:
    """What the table does not say: sums, time, models that are gone, what would fail."""
    said = []
    calls = f"{plan.calls} call{'' if plan.calls == 1 else 's'} to pay for"
    rows = f"{plan.rows} rows"
    rows += f", {plan.done} ended before" if plan.done else ""
    rows += f", {plan.repeats} repeat others" if plan.repeats else ""
    rows = f"{rows}: " if plan.rows > 1 else ""
    said.append(
        f"{rows}{calls}, {plan.cached} cached, {plan.pictures} pictures, about {plan.price}."
    )
    if plan.calls:
        time = plan.seconds
        said.append(
            "How long that takes at the quota is unknown: a model's quota is."
            if time is None
            else f"At the quota it takes {lasting(time)} or more."
        )
    said += [f"It waits at {review}." for review in plan.reviews]
    for gone in plan.retired:
        model = catalog.find(gone.model)
        mode = next(line.mode for line in plan.lines if line.model == gone.model)
        said.append(
            f"{model.name} is gone by {plan.on}: its end of life is {gone.end_of_life}. "
            f"{model.successor(mode, plan.on)}"
        )
    if plan.failing:
        said.append(f"{plan.failing} of {plan.rows} rows would fail.")
    for trouble in plan.troubles[:20]:
        row = f"row {trouble.row}" if trouble.row else ""
        said.append(": ".join(filter(None, [row, trouble.step, trouble.reason])))
    facts = "; ".join(
        f"{name} as of {fact.date} from {fact.source}" for name, fact in catalog.facts().items()
    )
    said.append(f"Estimates: {facts}. The bill is AWS's.")
    return said


def price_of(usd: float, unpriced: int) -> str:
    """A price in words, with the number of calls whose price is not in it."""
    return priced(usd, f"{unpriced} call{'' if unpriced == 1 else 's'}" if unpriced else "")


def lasting(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
