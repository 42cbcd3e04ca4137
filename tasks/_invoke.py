"""What every mode's task does, and how: once, retried, cached, shown.

A mode's task file holds its signature and its words; `paid` makes a Prefect task of it, and
`pictures` is its body.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any, ParamSpec, TypedDict, TypeVar, get_args

from prefect import Task, task
from prefect.cache_policies import CachePolicy
from prefect.context import TaskRunContext
from prefect.runtime import flow_run

from blocks import Bedrock, ImageStore
from darkroom import client, resolve, wire
from darkroom.catalog import Model
from darkroom.client import Keep
from darkroom.errors import BadAnswer, ContentFiltered, DarkroomError, InvalidRequest
from darkroom.mask import Edit
from darkroom.modes.base import Request
from darkroom.picture import Facts, Picture, Provenance
from darkroom.resolve import OnRetired
from darkroom.store import Fresh, Store
from tasks import _edit, _events, _retry, _run, _show, _turn
from tasks._events import Asked
from tasks._results import PictureSerializer

SIDE_BY_SIDE = 16
"""Most calls of one request that are under way at once."""

P = ParamSpec("P")
R = TypeVar("R")


Change = Callable[[Picture, list[Edit], list[str]], Picture]


class How(TypedDict, total=False):
    """What every mode's task takes beside its request and its model.

    Attributes:
        bedrock: How to reach the service; None for the block "default", or the plain AWS chain.
        store: Where to keep the pictures; None for the block "default", or the default folder.
        on_retired: What to do about a model past its end of life: "refuse" it, naming its
            successor, or "substitute" the successor.
        keep: Whether to keep the service's whole response beside the pictures: "no", "elided"
            without the base64, or "full".
        seeds: What a seed that nobody gave depends on, beside the request: the same words, the same
            seed. Empty: on the flow run.
        again: Any words; pictures that were made without them, or for others, are not found: new
            ones are made. Empty: what is in the store is found.
    """

    bedrock: Bedrock | None
    store: ImageStore | None
    on_retired: OnRetired
    keep: Keep
    seeds: str
    again: str


@dataclass(frozen=True)
class Call:
    """All that a task needs: the request with its seed, the model, and the two blocks."""

    request: Request
    model: Model
    bedrock: Bedrock
    store: Store
    keep: Keep = "no"
    again: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, request: Request, model: str | None, how: How) -> Call:
        """Fill in what the caller left open: the default model and blocks, and a seed.

        Raises:
            ModelRetired: The model is to be substituted, and nothing can take its place.
        """
        _check(how)
        place = (how.get("store") or ImageStore.find()).open()
        bedrock = how.get("bedrock") or Bedrock.find()
        asked = resolve.asked(request, model, bedrock, how.get("on_retired", "refuse"))
        again = how.get("again", "")
        asked = asked.seeded(bedrock, *filter(None, [how.get("seeds") or _run_id(), again]))
        return cls(
            asked.request,
            asked.model,
            bedrock,
            place,
            keep=how.get("keep", "no"),
            again=again,
            notes=asked.notes,
        )

    @property
    def key(self) -> str:
        """Names this call in the store."""
        own = client.key(self.request, self.model, self.bedrock.service)
        return hashlib.sha256(f"{own} {self.again}".encode()).hexdigest() if self.again else own

    @property
    def asked(self) -> Asked:
        """What events tell of it."""
        region = self.bedrock.region_of(self.model)
        return Asked(self.request, self.model, region, self.store.uri)

    def parts(self, change: Change | None = None) -> list[Call]:
        """This call as the calls that the model can do, checked, with sources that it takes.

        Args:
            change: Makes a picture of another by edits; None keeps what it makes in the store.

        Raises:
            InvalidRequest: The model does not take it.
        """
        self.model.takes(self.request.mode)
        fitted = (
            self.request.fitted(self.model, change)
            if change
            else _edit.fitted(self.request, self.model, self.store)
        )
        parts = [replace(self, request=part) for part in fitted.split(self.model)]
        for part in parts:
            part.request.check(self.model)
        return parts


def _run_id() -> str:
    """What a seed depends on where nothing is said: the same in all tries of one flow run."""
    context = TaskRunContext.get()
    return str(flow_run.get_id() or (context and context.task_run.id))


def _check(how: How) -> None:
    """Raise `InvalidRequest` for what no task takes: Python lets it pass in `**how`."""
    allowed = {"on_retired": get_args(OnRetired), "keep": get_args(Keep)}
    for name, value in how.items():
        if name not in How.__annotations__:
            near = difflib.get_close_matches(name, How.__annotations__, n=1)
            hint = f"Did you mean {near[0]}?" if near else ""
            raise InvalidRequest.of(name, value, "no such argument of a mode's task", hint)
        if value not in allowed.get(name, (value,)):
            raise InvalidRequest.of(name, value, f"it is one of {', '.join(allowed[name])}")


class ByRequest(CachePolicy):
    """A task run's cache key is its call's, and nothing else: not the code, not the run."""

    def compute_key(
        self,
        task_ctx: TaskRunContext,
        inputs: dict[str, Any],
        flow_parameters: dict[str, Any],
        **kwargs: Any,
    ) -> str | None:
        try:
            call = Call.of(inputs["request"], inputs["model"], inputs["how"])
            key = hashlib.sha256(f"{call.key} {call.store.uri}".encode()).hexdigest()
        except DarkroomError:
            return None  # the task says it better, in a moment
        _show.remember(task_ctx.task_run.id, call.store)
        # With tags from the start, Prefect would ask its API for the concurrency limit of each one
        # before it runs the task: up to 2 seconds on a busy SQLite.
        task_ctx.task_run.tags = sorted({*task_ctx.task_run.tags, call.model.id})
        return key


def paid(function: Callable[P, R]) -> Task[P, R]:
    """Make a mode's function a task that is paid for once.

    There is no timeout: an answer that comes late is paid for as well.
    """
    return task(
        name=function.__name__,
        task_run_name=_run_name,
        cache_policy=ByRequest(),
        persist_result=True,
        result_serializer=PictureSerializer(),
        on_completion=[_show.artifacts],
        on_failure=[_show.forget],
        **_retry.tries(),
    )(function)


def _run_name() -> str:
    context = TaskRunContext.get()
    assert context is not None
    given = context.parameters
    request, model, how = given["request"], given["model"], given["how"]
    name = _run.step.get() or context.task.name
    step = "" if name == request.mode else f"{name}: "
    try:
        bedrock = how.get("bedrock") or Bedrock()
        asked = resolve.asked(request, model, bedrock, how.get("on_retired", "refuse"))
        return f"{_run.row()}{step}{asked.request.mode} on {asked.model.call_id}"
    except DarkroomError:
        return f"{_run.row()}{step}{request.mode} on {model}"  # it fails in a moment, and says why


def pictures(request: Request, model: str | None, how: How) -> list[Picture]:
    """The pictures of a request: from the store if they are there, else made, paid for and stored.

    A request for more pictures than a call gives is several calls, side by side. One that fails
    leaves the others alone: what they made is kept, and a retry asks for what is missing only. What
    was filtered is answered, and not asked again: another seed asks anew.

    Args:
        request: What is wanted.
        model: Id or short name of the model; None for the mode's default.
        how: Blocks and the like, see `How`.

    Returns:
        As many pictures as the service gave; fewer than asked only where some were filtered, which
        the log says.

    Raises:
        DarkroomError: See `darkroom.errors`.
    """
    _events.asked.set(None)
    call = Call.of(request, model, how)
    for note in call.notes:
        _run.log().warning("%s", note)
    parts = call.parts()
    _events.asked.set(call.asked)
    paid = _turn.counting()
    before = paid.calls
    made = _side_by_side(parts)
    # Not sooner, because of what Prefect makes of tags: see `ByRequest`.
    _run.tag(call.model.id, *([_run.CACHED] if paid.calls == before else []))
    return made


def _side_by_side(parts: Sequence[Call]) -> list[Picture]:
    """The pictures of all calls of a request."""
    if len(parts) == 1:
        return _once(parts[0])
    most = min(len(parts), parts[0].bedrock.max_connections, SIDE_BY_SIDE)
    with ThreadPoolExecutor(most) as pool:
        # Each call logs and names its folder as the task run that it belongs to.
        futures = [pool.submit(copy_context().run, _once, part) for part in parts]
    return _gathered(futures)


def _gathered(futures: Sequence[Future[list[Picture]]]) -> list[Picture]:
    """The pictures of all calls. What was filtered is missing; any other failure is raised."""
    made: list[Picture] = []
    errors = [error for future in futures if (error := future.exception())]
    others = [error for error in errors if not isinstance(error, ContentFiltered)]
    if others:
        # One that no retry can help first, because then none can complete the request.
        raise min(others, key=lambda error: getattr(error, "retryable", False))
    for future in futures:
        if future.exception() is None:
            made += future.result()
    if not made:
        raise errors[0]
    for error in errors:
        _run.log().warning("one of %d calls was filtered: %s", len(futures), error)
    return made


def _once(call: Call) -> list[Picture]:
    """The pictures of one call: from the store, or made now."""
    title = str(getattr(call.request, "prompt", None) or "")
    fresh: list[Fresh] = []

    def make() -> list[Fresh]:
        fresh.extend(_call(call))
        return fresh

    made = call.store.once(call.key, make, folder=_run.folder(), title=title)
    if fresh:
        _events.created(call.asked, made)
    if call.keep != "no" and call.store.beside(made[0], "response.json") is None:
        _run.log().warning(
            "%s: answered before, when no response was kept; another seed asks anew",
            call.request.mode,
        )
    return made


def _answer(call: Call, region: str) -> client.Answer:
    """Call the model, in its turn and within the budget."""
    with _turn.taken(call.bedrock, call.request, call.model, region) as bill:
        answer = _invoked(call, region)
        bill.usd = sum(_price(call, each.facts) or 0.0 for each in answer.pictures)
        return answer


def _price(call: Call, made: Facts) -> float | None:
    quality, steps = getattr(call.request, "quality", None), getattr(call.request, "steps", None)
    return call.model.price(made.size, quality, steps)


def _invoked(call: Call, region: str) -> client.Answer:
    bedrock = call.bedrock
    return client.invoke(
        bedrock.client_of(call.model),
        call.request,
        call.model,
        load=call.store.read,
        region=region,
        allow_retired=bedrock.allow_retired,
        options=bedrock.options,
        keep=call.keep,
    )


def _call(call: Call) -> list[Fresh]:
    """Call the model, and pair its pictures with how they came to be."""
    request, model, bedrock = call.request, call.model, call.bedrock
    region = bedrock.region_of(model)
    # A batch says what came of each row; a line for each call would keep Prefect's server busy.
    level = logging.INFO if _run.row_number.get() is None else logging.DEBUG
    _run.log().log(level, "%s: calling %s", request.mode, model.call_id)
    _events.retiring(call.asked)
    try:
        answer = _answer(call, region)
    except ContentFiltered as error:
        _events.filtered(call.asked, error.stopped, str(error))
        raise
    except BadAnswer as error:
        if not error.received:
            raise
        # It was paid for: whoever can read it shall have it.
        name = f".darkroom/unread/{hashlib.sha256(error.received).hexdigest()[:16]}.json"
        call.store.write(name, error.received)
        raise BadAnswer(f"{error} The answer was kept at {call.store.uri_of(name)}.") from error
    if answer.missing:
        _run.log().warning(
            "%s: %d of %s pictures came back: %s",
            request.mode,
            len(answer.pictures),
            getattr(request, "count", 1),
            answer.missing,
        )
    if answer.stopped:
        _events.filtered(call.asked, answer.stopped, answer.missing)
    now = datetime.now(UTC)
    response = {} if answer.raw is None else {"response.json": wire.dumps(answer.raw)}
    return [
        Fresh(
            each.data,
            each.facts,
            Provenance(
                mode=request.mode,
                model=model.id,
                region=region,
                endpoint=bedrock.endpoint,
                parameters=request.parameters(),
                seed=each.seed,
                request_id=answer.request_id,
                parents=tuple(dict.fromkeys(source.sha256 for _, source in request.sources())),
                price_usd=_price(call, each.facts),
                seconds=round(answer.seconds, 3),
                made_at=now,
                flow_run=flow_run.get_name(),
                notes=call.notes,
            ),
            beside={
                **({"mask.png": each.mask} if each.mask else {}),
                **(response if first else {}),
            },
        )
        for first, each in zip(chain([True], repeat(False)), answer.pictures, strict=False)
    ]
