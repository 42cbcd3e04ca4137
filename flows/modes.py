"""Every mode as a flow of its own: bring the pictures in, make what is asked, show it.

`flows.modes.inpaint` is the flow of the mode inpaint, and so on: its parameters are the fields of
the mode's request, and so is its form in Prefect's dashboard. A new mode is here by itself.
"""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from typing import Any, get_args

from prefect import Flow, Task, flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import BaseModel, ValidationError

from blocks import Bedrock
from darkroom import catalog, modes, substitute
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest, in_words
from darkroom.modes.base import Request
from darkroom.resolve import OnRetired, row_of, seed_of
from flows._form import filled, grown, with_form
from flows._mode_form import questions
from flows._run import Run

HOW: dict[str, Any] = {
    "model": None,
    "on_retired": "refuse",
    "keep": "no",
    "bedrock": None,
    "store": None,
}
"""The parameters that all modes have beside the fields of their requests, with their defaults."""


def check(request: Request, model: Model, bedrock: Bedrock, on_retired: OnRetired) -> Model:
    """The model that will be called, once all that can be known beforehand is in order.

    Raises:
        DarkroomError: Something is not; nothing was paid.
    """
    model.takes(request.mode)
    today = catalog.today()
    if on_retired == "substitute" and model.status(today) == "retired":
        request, model = substitute.substitute(request, model, today)
        model = bedrock.model(model.id)
    if not bedrock.allow_retired:
        substitute.check_alive(request, model, today)
    model.check_region(bedrock.region_of(model))
    for part in request.fitted(model).split(model):
        part.check(model)
    return model


@cache
def flow_of(mode: str) -> Flow[..., Any]:
    """The flow of a mode."""
    kind = modes.find(mode)

    def run(**given: Any) -> State[Any]:
        how = {name: given.pop(name) for name in HOW}
        return _run(kind, given, **how)

    # What Prefect passes on: anything, because the request says in its own words what is wrong.
    defaults = {**dict.fromkeys(kind.model_fields), **HOW}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
            for name, default in defaults.items()
        ]
    )
    run.__name__ = run.__qualname__ = mode
    run.__doc__ = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
    runner: Any = ThreadPoolTaskRunner(max_workers=32)
    return with_form(flow(name=mode, task_runner=runner)(run), questions(kind))


def __getattr__(name: str) -> Flow[..., Any]:
    if name not in modes.names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return flow_of(name)


def _run(
    kind: type[Request], given: dict[str, Any], *, model: str | None, **how: Any
) -> State[Any]:
    run = Run(kind.mode, filled(how.pop("bedrock")), filled(how.pop("store")), **how)
    return run.through(lambda: _all_steps(run, kind, _meant(kind, given), filled(model)))


def _meant(kind: type[Request], given: dict[str, Any]) -> dict[str, Any]:
    """The fields that were filled in, as requests take them."""
    found = {}
    for name, each in given.items():
        value = grown(each) if _is_group(kind, name) else filled(each)
        if value is not None:
            found[name] = value
    if isinstance(size := found.get("size"), dict):
        if size.keys() != {"width", "height"}:
            raise InvalidRequest.of(
                "size", size, "width and height go together", "Fill both in, or neither."
            )
        found["size"] = [size["width"], size["height"]]
    return found


def _is_group(kind: type[Request], name: str) -> bool:
    parts = get_args(kind.model_fields[name].annotation)
    return any(isinstance(each, type) and issubclass(each, BaseModel) for each in parts)


def _takes_seed(model: Model, mode: str) -> bool:
    takes = model.modes.get(mode)  # none where another mode of a substitute's does it
    return takes is not None and "seed" in takes.fields


def _all_steps(run: Run, kind: type[Request], fields: dict[str, Any], model: str | None) -> None:
    mode = kind.mode
    try:
        request = kind.model_validate(kind.with_pictures(fields, run.load))
    except ValidationError as error:
        raise InvalidRequest(in_words(error)) from error
    wanted = row_of(request, model, run.bedrock)
    called = check(request, wanted, run.bedrock, run.on_retired)
    if request.given().get("seed") is None and _takes_seed(called, mode):
        # Said here, so that several calls get consecutive ones.
        request = request.model_copy(update={"seed": seed_of(str(flow_run.get_id()))})
    task: Task[Any, Any] = getattr(import_module(f"tasks.{mode}"), mode)
    run.pay_all(mode, task, request, wanted, numbered=False)
