"""What every mode's task does, and how: once, retried, cached, shown.

A mode's task file holds its signature and its words; `paid` makes a Prefect task of it, and
`pictures` is its body.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, repeat
from typing import Any, Literal, ParamSpec, TypedDict, TypeVar, get_args

from prefect import Task, task
from prefect.cache_policies import CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.runtime import flow_run

from blocks import Bedrock, ImageStore
from darkroom import catalog, client, substitute, wire
from darkroom.catalog import Model
from darkroom.client import Keep
from darkroom.errors import BadAnswer, ContentFiltered, DarkroomError, InvalidRequest
from darkroom.modes.base import Request
from darkroom.picture import Picture, Provenance
from darkroom.store import Fresh, Store
from tasks import _edit, _run, _show
from tasks._results import PictureSerializer

SIDE_BY_SIDE = 16
"""Most calls of one request that are under way at once."""

P = ParamSpec("P")
R = TypeVar("R")


OnRetired = Literal["refuse", "substitute"]


class How(TypedDict, total=False):
    """What every mode's task takes beside its request and its model.

    Attributes:
        bedrock: How to reach the service; None for the block "default", or the plain AWS chain.
        store: Where to keep the pictures; None for the block "default", or the default folder.
        on_retired: What to do about a model past its end of life: "refuse" it, naming its
            successor, or "substitute" the successor.
        keep: Whether to keep the service's whole response beside the pictures: "no", "elided"
            without the base64, or "full".
    """

    bedrock: Bedrock | None
    store: ImageStore | None
    on_retired: OnRetired
    keep: Keep


@dataclass(frozen=True)
class Call:
    """All that a task needs: the request with its seed, the model, and the two blocks."""

    request: Request
    model: Model
    bedrock: Bedrock
    store: Store
    keep: Keep = "no"
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
        call = cls(
            request, _row(request, model, bedrock), bedrock, place, keep=how.get("keep", "no")
        )
        if how.get("on_retired") == "substitute":
            call = call._alive()
        return replace(call, request=_seeded(call))

    def _alive(self) -> Call:
        """This call, to the model's successor if the model is gone."""
        old, today = self.model, catalog.today()
        if old.status(today) != "retired":
            return self
        request, model = substitute.substitute(self.request, old, today)
        model = self.bedrock.model(model.id)
        note = (
            f"asked of {old.name}, which ended on {old.end_of_life}: {request.mode} on {model.name}"
        )
        return replace(self, request=request, model=model, notes=(note,))

    @property
    def key(self) -> str:
        """Names this call in Prefect's cache: the same question, for the same store."""
        own = client.key(self.request, self.model, self.bedrock.service)
        return hashlib.sha256(f"{own} {self.store.uri}".encode()).hexdigest()


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


def _row(request: Request, model: str | None, bedrock: Bedrock) -> Model:
    return bedrock.model(model or catalog.default(request.mode, {*request.given()}).id)


def _seeded(call: Call) -> Request:
    """The request with an explicit seed: the same one when the same flow run asks again."""
    request = call.request
    if "seed" not in type(request).model_fields or request.seed is not None:  # type: ignore[attr-defined]
        return request
    if "seed" not in call.model.takes(request.mode).fields:
        return request
    context = TaskRunContext.get()
    run = flow_run.get_id() or (context and context.task_run.id)
    return request.model_copy(
        update={"seed": seed_of(str(run), client.key(request, call.model, call.bedrock.service))}
    )


def seed_of(*words: str) -> int:
    """A seed that every model takes (1 to 2,147,480,000), the same for the same `words`."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return 1 + int.from_bytes(digest[:8], "big") % 2_147_480_000


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
            key = call.key
        except DarkroomError:
            return None  # the task says it better, in a moment
        _show.remember(task_ctx.task_run.id, call.store)
        # With tags from the start, Prefect would ask its API for the concurrency limit of each one
        # before it runs the task: up to 2 seconds on a busy SQLite.
        task_ctx.task_run.tags = sorted({*task_ctx.task_run.tags, call.model.id})
        return key


def retryable(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether another try can help: only the error knows."""
    error = state.data if isinstance(state.data, BaseException) else None
    if error is None:
        error = state.result(raise_on_failure=False)
    return isinstance(error, DarkroomError) and error.retryable


def paid(function: Callable[P, R]) -> Task[P, R]:
    """Make a mode's function a task that is paid for once.

    Retries wait 1, 2, 4, 8 and 16 seconds with jitter, as AWS advises for throttling. There is no
    timeout: an answer that comes late is paid for as well.
    """
    return task(
        name=function.__name__,
        task_run_name=_run_name,
        cache_policy=ByRequest(),
        persist_result=True,
        result_serializer=PictureSerializer(),
        retries=5,
        retry_delay_seconds=[1, 2, 4, 8, 16],
        retry_jitter_factor=0.5,
        retry_condition_fn=retryable,
        on_completion=[_show.artifacts],
        on_failure=[_show.forget],
    )(function)


def _run_name() -> str:
    context = TaskRunContext.get()
    assert context is not None
    asked = context.parameters
    request, model, how = asked["request"], asked["model"], asked["how"]
    step = "" if context.task.name == request.mode else f"{context.task.name}: "
    try:
        row = _row(request, model, how.get("bedrock") or Bedrock())
        today = catalog.today()
        if how.get("on_retired") == "substitute" and row.status(today) == "retired":
            request, row = substitute.substitute(request, row, today)
        return f"{step}{request.mode} on {row.call_id}"
    except DarkroomError:
        return f"{step}{request.mode} on {model}"  # the task fails in a moment, and says why


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
    call = Call.of(request, model, how)
    for note in call.notes:
        _run.log().warning("%s", note)
    call.model.takes(call.request.mode)
    call = replace(call, request=_edit.fitted(call.request, call.model, call.store))
    parts = call.request.split(call.model)
    for part in parts:
        part.check(call.model)
    if len(parts) == 1:
        return _once(call)
    with ThreadPoolExecutor(min(len(parts), call.bedrock.max_connections, SIDE_BY_SIDE)) as pool:
        # Each call logs and names its folder as the task run that it belongs to.
        futures = [
            pool.submit(copy_context().run, _once, replace(call, request=part)) for part in parts
        ]
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
    key = client.key(call.request, call.model, call.bedrock.service)
    title = str(getattr(call.request, "prompt", None) or "")
    made = call.store.once(key, partial(_call, call), folder=_run.folder(), title=title)
    if call.keep != "no" and call.store.beside(made[0], "response.json") is None:
        _run.log().warning(
            "%s: answered before, when no response was kept; another seed asks anew",
            call.request.mode,
        )
    return made


def _answer(call: Call, region: str) -> client.Answer:
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
    _run.log().info("%s: calling %s", request.mode, model.call_id)
    try:
        answer = _answer(call, region)
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
    now = datetime.now(UTC)
    quality, steps = getattr(request, "quality", None), getattr(request, "steps", None)
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
                price_usd=model.price(each.facts.size, quality, steps),
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
