"""What every mode's task does, and how: once, retried, cached, shown.

A mode's task file holds its signature and its words; `paid` makes a Prefect task of it, and
`pictures` is its body.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import CachePolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext
from prefect.runtime import flow_run

from blocks import Bedrock, ImageStore
from darkroom import catalog, client
from darkroom.catalog import Model
from darkroom.errors import DarkroomError
from darkroom.modes.base import Request
from darkroom.picture import Picture, Provenance
from darkroom.store import Fresh, Store
from tasks import _edit, _run, _show
from tasks._results import PictureSerializer

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Call:
    """All that a task needs: the request with its seed, the model, and the two blocks."""

    request: Request
    model: Model
    bedrock: Bedrock
    store: Store

    @classmethod
    def of(
        cls,
        request: Request,
        model: str | None,
        bedrock: Bedrock | None,
        store: ImageStore | None,
    ) -> Call:
        """Fill in what the caller left open: the default model and blocks, and a seed."""
        place = (store or ImageStore.find()).open()
        call = cls(request, _row(request, model), bedrock or Bedrock.find(), place)
        return replace(call, request=_seeded(call))

    @property
    def key(self) -> str:
        """Names this call in Prefect's cache: the same question, for the same store."""
        own = client.key(self.request, self.model, self.bedrock.endpoint)
        return hashlib.sha256(f"{own} {self.store.uri}".encode()).hexdigest()


def _row(request: Request, model: str | None) -> Model:
    return catalog.find(model) if model else catalog.default(request.mode, {*request.given()})


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
        update={"seed": seed_of(str(run), client.key(request, call.model, call.bedrock.endpoint))}
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
            call = Call.of(inputs["request"], inputs["model"], inputs["bedrock"], inputs["store"])
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
    request, model = context.parameters["request"], context.parameters["model"]
    step = "" if context.task.name == request.mode else f"{context.task.name}: "
    try:
        return f"{step}{request.mode} on {_row(request, model).call_id}"
    except DarkroomError:
        return f"{step}{request.mode} on {model}"  # the task fails in a moment, and says why


def pictures(
    request: Request, model: str | None, bedrock: Bedrock | None, store: ImageStore | None
) -> list[Picture]:
    """The pictures of a request: from the store if they are there, else made, paid for and stored.

    Args:
        request: What is wanted.
        model: Id or short name of the model; None for the mode's default.
        bedrock: How to reach it; None for the default block.
        store: Where to keep the pictures; None for the default block.

    Returns:
        As many pictures as the service gave; fewer than asked only where some were filtered, which
        the log says.

    Raises:
        DarkroomError: See `darkroom.errors`.
    """
    call = Call.of(request, model, bedrock, store)
    call.model.takes(request.mode)
    if request.fit == "shrink":
        call = replace(call, request=_edit.shrunk(call.request, call.model, call.store))
    made: list[Picture] = []
    for part in call.request.split(call.model):
        part.check(call.model)
        one = replace(call, request=part)
        key = client.key(part, call.model, call.bedrock.endpoint)
        title = str(getattr(part, "prompt", None) or "")
        made += call.store.once(key, partial(_call, one), folder=_run.folder(), title=title)
    return made


def _call(call: Call) -> list[Fresh]:
    """Call the model, and pair its pictures with how they came to be."""
    request, model, bedrock = call.request, call.model, call.bedrock
    _run.log().info("%s: calling %s", request.mode, model.call_id)
    answer = client.invoke(
        bedrock.get_client(),
        request,
        model,
        load=call.store.read,
        region=bedrock.region,
        allow_retired=bedrock.allow_retired,
    )
    if answer.missing:
        _run.log().warning(
            "%s: %d of %s pictures came back: %s",
            request.mode,
            len(answer.pictures),
            getattr(request, "count", 1),
            answer.missing,
        )
    now = datetime.now(UTC)
    quality = getattr(request, "quality", None)
    return [
        Fresh(
            each.data,
            each.facts,
            Provenance(
                mode=request.mode,
                model=model.id,
                region=bedrock.region,
                endpoint=bedrock.endpoint,
                parameters=request.parameters(),
                seed=each.seed,
                request_id=answer.request_id,
                parents=tuple(dict.fromkeys(source.sha256 for _, source in request.sources())),
                price_usd=model.price(each.facts.size, quality),
                seconds=round(answer.seconds, 3),
                made_at=now,
                flow_run=flow_run.get_name(),
            ),
        )
        for each in answer.pictures
    ]
