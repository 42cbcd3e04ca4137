"""Run one mode: bring the pictures in, make what is asked, show it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from prefect import Task, flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from blocks import Bedrock
from darkroom import catalog, modes, substitute
from darkroom.catalog import Model
from darkroom.client import Keep
from darkroom.errors import DarkroomError
from darkroom.modes.base import Request
from darkroom.resolve import OnRetired, row_of, seed_of
from flows._run import Run


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


@flow(name="run_mode", task_runner=ThreadPoolTaskRunner(max_workers=32))  # type: ignore[arg-type]
def run_mode(
    mode: str,
    fields: dict[str, Any],
    model: str | None = None,
    on_retired: OnRetired = "refuse",
    keep: Keep = "no",
    bedrock: str | None = None,
    store: str | None = None,
) -> State[Any]:
    """Make pictures with one mode.

    Args:
        mode: What to do, such as "inpaint"; `darkroom models` lists the modes.
        fields: The fields of the mode's request; pictures by their path.
        model: Id or short name of the model; empty for the mode's default.
        on_retired: What to do about a model past its end of life: refuse it, or substitute its
            successor.
        keep: Whether to keep the service's whole response beside the pictures: no, elided without
            the base64, or full.
        bedrock: Name of the Bedrock block; "standin" is the local stand-in.
        store: Name of the ImageStore block.
    """
    run = Run("run_mode", bedrock, store, on_retired=on_retired, keep=keep)
    try:
        _all_steps(run, mode, fields, model)
    except DarkroomError as error:
        return run.end(error)
    except Exception as error:
        run.end(error)  # what was made is shown all the same
        raise
    return run.end()


def _takes_seed(model: Model, mode: str) -> bool:
    takes = model.modes.get(mode)  # none where another mode of a substitute's does it
    return takes is not None and "seed" in takes.fields


def _all_steps(run: Run, mode: str, fields: dict[str, Any], model: str | None) -> None:
    kind = modes.find(mode)
    request = kind.model_validate(kind.with_pictures(fields, run.load))
    wanted = row_of(request, model, run.bedrock)
    called = check(request, wanted, run.bedrock, run.on_retired)
    if request.given().get("seed") is None and _takes_seed(called, mode):
        # Said here, so that several calls get consecutive ones.
        request = request.model_copy(update={"seed": seed_of(str(flow_run.get_id()))})
    task: Task[Any, Any] = getattr(import_module(f"tasks.{mode}"), mode)
    run.pay_all(mode, task, request, wanted, numbered=False)
