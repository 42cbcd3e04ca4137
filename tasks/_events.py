"""What becomes of requests, as events: for Prefect's event feed, and for automations.

Prefect itself relates each event to its task run, flow run, flow and deployment. Like an artifact
an event is a courtesy: one that cannot be sent is logged, and fails nothing. Outside of runs there
is nobody to tell.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from typing import Any

from prefect.context import FlowRunContext, TaskRunContext
from prefect.events import emit_event
from prefect.logging import get_logger

from darkroom import catalog
from darkroom.budget import Budget
from darkroom.catalog import Model
from darkroom.modes.base import Request
from darkroom.picture import Picture
from darkroom.usage import Usage
from tasks import _show

CREATED = "darkroom.picture.created"
FILTERED = "darkroom.request.filtered"
RETRIED = "darkroom.request.retried"
STOPPED = "darkroom.budget.stopped"
RETIRING = "darkroom.model.retiring"
SPENT = "darkroom.spend.reported"

MOST_WORDS = 300
"""Most characters of a prompt or a reason that an event has."""

Plain = str | int | float | bool | None


@dataclass(frozen=True)
class Asked:
    """What is asked of whom, as far as events tell it.

    Attributes:
        request: What is wanted.
        model: Who is asked.
        region: Where.
        store: URI of the store that the pictures go to.
    """

    request: Request
    model: Model
    region: str
    store: str

    @property
    def payload(self) -> dict[str, Plain]:
        """The facts that all events of a request have."""
        return {
            "mode": self.request.mode,
            "model": self.model.id,
            "region": self.region,
            "store": self.store,
            "seed": getattr(self.request, "seed", None),
            "prompt": _cut(str(getattr(self.request, "prompt", None) or "")),
        }

    @property
    def related(self) -> list[dict[str, str]]:
        """Model, store and region, each in its role."""
        return [
            {**_model(self.model), "prefect.resource.role": "model"},
            {
                "prefect.resource.id": f"darkroom.store.{self.store}",
                "prefect.resource.role": "store",
            },
            {
                "prefect.resource.id": f"darkroom.region.{self.region}",
                "prefect.resource.role": "region",
            },
        ]


asked: ContextVar[Asked | None] = ContextVar("asked", default=None)
"""What the task run that is under way here asks; None before that is known."""

_told: dict[str, date] = {}
_telling = threading.Lock()


def created(what: Asked, pictures: Sequence[Picture]) -> None:
    """Tell of pictures that were just paid for, and are in the store."""
    for picture in pictures:
        how = picture.provenance
        resource = {
            "prefect.resource.id": f"darkroom.picture.{picture.sha256}",
            "prefect.resource.name": picture.uri.rpartition("/")[2],
        }
        payload = {
            "seed": how.seed,
            "price_usd": how.price_usd,
            "seconds": how.seconds,
            "size": f"{picture.width}x{picture.height}",
            "uri": picture.uri,
        }
        _tell(CREATED, resource, what, payload)


def filtered(what: Asked, stopped: str, reason: str) -> None:
    """Tell of a call that the content filter stopped, or a part of whose pictures it stopped.

    Args:
        what: What was asked.
        stopped: At which end: "prompt", "input" or "output".
        reason: In the service's words.
    """
    _tell(FILTERED, _request(), what, {"stopped": stopped, "reason": _cut(reason)})


def retried(error: BaseException) -> None:
    """Tell that the task run which is under way here is tried again, because of an error."""
    payload: dict[str, Plain] = {"reason": type(error).__name__, "message": _cut(str(error))}
    _tell(RETRIED, _request(), asked.get(), payload)


def stopped(budget: Budget, reason: str) -> None:
    """Tell that a run's budget stopped a call, which was not made."""
    context = TaskRunContext.get()
    run = context and (context.task_run.flow_run_id or context.task_run.id)
    payload: dict[str, Plain] = {
        "max_usd": budget.max_usd,
        "spent_usd": budget.spent_usd,
        "reason": _cut(reason),
    }
    _tell(STOPPED, {"prefect.resource.id": f"darkroom.budget.{run}"}, asked.get(), payload)


def retiring(what: Asked) -> None:
    """Tell that a model which is about to be called is near its end of life, or past it.

    Once a day for each model and process.
    """
    model, today = what.model, catalog.today()
    if model.end_of_life is None or not model.is_ending(today):
        return
    with _telling:
        if _told.get(model.id) == today:
            return
        _told[model.id] = today
    payload: dict[str, Plain] = {
        "end_of_life": str(model.end_of_life),
        "days_left": (model.end_of_life - today).days,
        "successor": model.successor(what.request.mode, today),
    }
    _tell(RETIRING, _model(model), what, payload)


def spent(usage: Usage, limit_usd: float | None) -> None:
    """Tell what a report says was spent.

    Automations cannot compare what an event carries. So its resource has a label that says how the
    limit was kept: "passed", "kept", or "none" where there is none.
    """
    total, limit = usage.total, "none"
    if limit_usd is not None:
        limit = "passed" if total.spend_usd > limit_usd else "kept"
    resource = {
        "prefect.resource.id": f"darkroom.spend.{usage.store}",
        "darkroom.limit": limit,
    }
    payload: dict[str, Plain] = {
        "store": usage.store,
        "since": usage.since.isoformat(),
        "until": usage.until.isoformat(),
        "spend_usd": total.spend_usd,
        "unpriced": total.unpriced,
        "limit_usd": limit_usd,
        "pictures": total.pictures,
        "calls": total.calls,
    }
    _tell(SPENT, resource, None, payload)


def _tell(
    event: str, resource: dict[str, str], what: Asked | None, payload: dict[str, Plain]
) -> None:
    if not resource or not (TaskRunContext.get() or FlowRunContext.get()):
        return
    given: dict[str, Any] = {**(what.payload if what else {}), **payload}
    try:
        emit_event(event, resource, related=what.related if what else [], payload=given)
    except _show.TROUBLE as error:
        get_logger("darkroom").warning("No event %s: %s", event, error)


def _request() -> dict[str, str]:
    """The request as a resource: it is its task run, however often that is tried."""
    context = TaskRunContext.get()
    if context is None:
        return {}
    run = context.task_run
    return {
        "prefect.resource.id": f"darkroom.request.{run.id}",
        "prefect.resource.name": run.name,
    }


def _model(model: Model) -> dict[str, str]:
    return {
        "prefect.resource.id": f"darkroom.model.{model.id}",
        "prefect.resource.name": model.name,
    }


def _cut(text: str) -> str:
    return text if len(text) <= MOST_WORDS else f"{text[: MOST_WORDS - 1]}…"
