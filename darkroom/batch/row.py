"""One row of a batch: what a pipeline is given for it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["done", "filtered", "failed", "stopped"]
"""What came of a row: "filtered" where a content filter stopped at least one picture, "stopped"
where the budget or the user ended the batch before the row was done."""


@dataclass(frozen=True)
class Row:
    """What a pipeline is given once.

    Attributes:
        number: Counted from 1.
        values: What fills the params, as their types; pictures by absolute path.
        more: What else the row says, such as an article number: kept for the manifest.
        problem: Why the row cannot be run; "" if it can.
    """

    number: int
    values: Mapping[str, Any]
    more: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class Made(BaseModel):
    """One picture of a row.

    Attributes:
        step: The pipeline's step that gave it.
        uri: Where it is: `file:///...` or `s3://bucket/key`.
        sha256: Of its bytes.
        media_type: The format.
        width: Pixels.
        height: Pixels.
        model: The model's id; None for what no model made.
        seed: The seed that gave it, if any.
        price_usd: Estimated price; None if unknown or if no model made it.
        cached: Whether it was there before, so that nothing was paid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    step: str
    uri: str
    sha256: str
    media_type: str
    width: int
    height: int
    model: str | None = None
    seed: int | None = None
    price_usd: float | None = None
    cached: bool = False


class Result(BaseModel):
    """What came of a row: one line of the manifest.

    Attributes:
        row: Its number, from 1.
        key: Names what was asked for: rows with the same key ask for the same.
        status: What came of it.
        reason: Why it is not done; "" if it is.
        values: What the row gave the params; pictures by path.
        more: What else the row says.
        pictures: The pipeline's outputs, and only those.
        spent_usd: Estimated price of all calls that were paid for, of every step; what was there
            before costs nothing.
        unpriced: Calls whose price is not known, and not in `spent_usd`.
        calls: Calls that were paid for.
        cached: Calls that were not needed, because their pictures were there.
        seconds: How long the row took.
        filtered: How often the content filter stopped which units: another try has other seeds.
        attempt: How often the row was tried, from 1.
        flow_run: Name of the Prefect flow run.
        ended_at: When it ended, in UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int = Field(ge=1)
    key: str
    status: Status
    reason: str = ""
    values: dict[str, Any] = Field(default_factory=dict)
    more: dict[str, str] = Field(default_factory=dict)
    pictures: tuple[Made, ...] = ()
    spent_usd: float = 0.0
    unpriced: int = 0
    calls: int = 0
    cached: int = 0
    seconds: float = 0.0
    filtered: dict[str, int] = Field(default_factory=dict)
    attempt: int = 1
    flow_run: str = ""
    ended_at: datetime | None = None
