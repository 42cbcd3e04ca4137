"""`darkroom run` and `darkroom resume`: a flow in this process, from parameters to a table."""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any, cast
from uuid import UUID

# Prefect's temporary server would report home, and print a traceback where two writers meet.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.flow_engine import run_flow
from prefect.states import Crashed, Scheduled
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from blocks import Bedrock, ImageStore
from darkroom import catalog, modes
from darkroom.errors import DarkroomError, InvalidRequest, StoreFailed, UnknownModel, in_words
from darkroom.folder_store import FolderStore
from darkroom.image_file import open_file, source_path
from darkroom.modes.base import Request
from darkroom.picture import SUFFIXES
from darkroom.resolve import row_of
from darkroom.store import BESIDE
from flows import compare_models as compare_models_file
from flows import modes as modes_file
from flows import product_shot as product_shot_file
from flows import run_pipeline as run_pipeline_file
from flows._at_hand import asked_here
from flows._ended import report_of
from flows._here import without_heartbeat
from flows.cli_mode import from_file, request_of
from flows.cli_words import WIDE, run_id
from flows.progress import shown
from flows.report import Report
from tasks import _run

_FLOWS: dict[str, Flow[..., Any]] = {
    "compare_models": compare_models_file.compare_models,
    "product_shot": product_shot_file.product_shot,
    "run_pipeline": run_pipeline_file.run_pipeline,
}
"""The flows that can be resumed by their id, beside those of the modes."""

out = Console()
err = Console(stderr=True)


def product_shot(
    parameters: dict[str, Any],
    folder: Path | None,
    ready: Callable[[], None],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run the flow with `parameters`, after checking all that can be known beforehand."""
    flow = product_shot_file.product_shot
    filled = signature(flow.fn).bind(**parameters)
    filled.apply_defaults()
    given = dict(filled.arguments)
    how = {name: given.pop(name) for name in ("bedrock", "store", "keep")}
    try:
        order = product_shot_file.Order.model_validate(given)
    except ValidationError as error:
        raise InvalidRequest(in_words(error)) from error
    if order.image and not order.prompt and not order.image.startswith("s3://"):
        open_file(source_path(order.image))  # said before Prefect is waited for
    _check_folder(folder)

    def start() -> State[Any]:
        ready()
        pictures = ImageStore.find(how["store"])
        order.check(Bedrock.find(how["bedrock"]), pictures)
        pictures.open().check()
        state: State[Any] = flow(**dict(order), **how, return_state=True)
        return state

    return _show(start, folder, verbose=verbose, as_json=as_json)


def run_mode(
    mode: str,
    fields: dict[str, Any],
    how: dict[str, Any],
    folder: Path | None,
    ready: Callable[[], None],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run one mode with `fields`, after checking all that can be known beforehand.

    Args:
        mode: The mode's name.
        fields: The fields of its request; pictures by their path.
        how: The flow's other parameters.
        folder: Where to copy the pictures.
        ready: Waits for Prefect's API.
        verbose: Whether to show Prefect's log.
        as_json: Whether to print data for machines.
    """
    request = request_of(mode, fields, from_file)
    _check_early(request, how)
    _check_folder(folder)

    def start() -> State[Any]:
        ready()
        bedrock = Bedrock.find(how.get("bedrock"))
        wanted = row_of(request, how.get("model"), bedrock)
        modes_file.check(request, wanted, bedrock, how.get("on_retired", "refuse"))
        ImageStore.find(how.get("store")).open().check()
        flow = modes_file.flow_of(mode)
        return cast(State[Any], flow(**fields, **how, return_state=True))

    return _show(start, folder, verbose=verbose, as_json=as_json)


def run_pipeline(
    file: Path,
    values: dict[str, Any],
    how: dict[str, Any],
    folder: Path | None,
    ready: Callable[[], None],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run a pipeline file whose params were checked.

    Args:
        file: The file, from the root.
        values: Its params by name.
        how: The flow's other parameters.
        folder: Where to copy the pictures.
        ready: Waits for Prefect's API.
        verbose: Whether to show Prefect's log.
        as_json: Whether to print data for machines.
    """
    _check_folder(folder)

    def start() -> State[Any]:
        ready()
        with asked_here(how.get("store")):
            state: State[Any] = run_pipeline_file.run_pipeline(
                str(file), values, **how, return_state=True
            )
        return state

    return _show(start, folder, verbose=verbose, as_json=as_json)


def compare_models(
    parameters: dict[str, Any],
    folder: Path | None,
    ready: Callable[[], None],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Compare models with parameters whose `Comparison` was checked.

    Args:
        parameters: The flow's.
        folder: Where to copy the pictures.
        ready: Waits for Prefect's API.
        verbose: Whether to show Prefect's log.
        as_json: Whether to print data for machines.
    """
    _check_folder(folder)

    def start() -> State[Any]:
        ready()
        state: State[Any] = compare_models_file.compare_models(**parameters, return_state=True)
        return state

    return _show(start, folder, verbose=verbose, as_json=as_json)


def _check_early(request: Request, how: dict[str, Any]) -> None:
    """Refuse what the catalog alone can tell to be wrong, before a server is waited for."""
    try:
        row = catalog.find(how["model"]) if how.get("model") else None
    except UnknownModel:
        return  # it may be a profile of the block's own
    row = row or catalog.default(request.mode, {*request.given()})
    row.takes(request.mode)
    if row.status(catalog.today()) == "retired" and how.get("on_retired") == "substitute":
        return
    for part in request.fitted(row).split(row):
        part.check(row)


def resume(
    flow_run_id: str,
    folder: Path | None,
    ready: Callable[[], None],
    *,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run a flow run again under its own id, so that what it finished is found again."""
    wanted = run_id(flow_run_id, "The run printed it.")
    _check_folder(folder)

    def start() -> State[Any]:
        ready()
        with get_client(sync_client=True) as client:
            flow_run = _run.known(client, wanted)
            name = client.read_flow(flow_run.flow_id).name
            if name in ("run_batch", "run_shard"):
                raise InvalidRequest.of(
                    "flow_run",
                    flow_run_id,
                    "a batch goes on by its name",
                    "Give the same command again: darkroom batch FILE --rows ... --name NAME",
                )
            if name not in (*_FLOWS, *modes.names()):
                raise InvalidRequest.of("flow_run", flow_run_id, f"{name} is no flow of Darkroom")
            if flow_run.state and flow_run.state.is_paused():
                raise InvalidRequest.of(
                    "flow_run",
                    flow_run_id,
                    "it waits for a person",
                    f"Answer it: darkroom review {flow_run_id}",
                )
            _end_what_was_cut_off(client, wanted)
            client.set_flow_run_state(wanted, Scheduled(message="resumed"), force=True)
            flow_run = client.read_flow_run(wanted)
        return cast(
            State[Any],
            run_flow(
                _FLOWS.get(name) or modes_file.flow_of(name),
                flow_run=flow_run,
                parameters=dict(flow_run.parameters),
                return_type="state",
            ),
        )

    return _show(start, folder, verbose=verbose, as_json=as_json)


def _end_what_was_cut_off(client: SyncPrefectClient, flow_run_id: UUID) -> None:
    """Give an end to task runs whose process was killed: the dashboard would show them running."""
    unfinished = TaskRunFilter(
        state=TaskRunFilterState(
            type=TaskRunFilterStateType(
                any_=[StateType.PENDING, StateType.RUNNING, StateType.SCHEDULED]
            )
        )
    )
    of_this_run = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
    for run in client.read_task_runs(flow_run_filter=of_this_run, task_run_filter=unfinished):
        state: State[Any] = Crashed(message="Its process ended; the flow run was resumed.")
        client.set_task_run_state(run.id, state, force=True)


def _show(
    start: Callable[[], State[Any]], folder: Path | None, *, verbose: bool, as_json: bool
) -> int:
    with shown(err, verbose=verbose) as seen, without_heartbeat():
        try:
            state = start()
        except KeyboardInterrupt:
            if not seen.flow_run_id:
                raise
            told = f"Stopped. What was made stays. {_going_on(seen.flow_run_id, folder)}"
            err.print(told, highlight=False, markup=False, soft_wrap=True)
            return 1
    report = report_of(state)
    if isinstance(report, DarkroomError):
        raise report
    if not isinstance(report, Report):
        raise DarkroomError(f"{state.name}: {state.message}")  # Prefect's log has all of it
    sheet, trouble = report.sheet.where if report.sheet else None, ""
    if folder:
        try:
            sheet = _copied(report, folder)
        except (OSError, StoreFailed) as error:
            trouble = f"The pictures could not be copied to {folder}: {error}"
    if not out.is_terminal:
        out.width = WIDE  # a file's name that is broken in two is no use to another program
    if as_json:
        data = {"state": state.name, "message": state.message, **report.model_dump(mode="json")}
        data["spent_usd"] = report.spent_usd
        print(json.dumps(data, indent=2))  # noqa: T201
    else:
        out.print(_table(report))
        message = f"{state.name}: {state.message}"
        out.print(message, highlight=False, markup=False, soft_wrap=True)
        if sheet:
            out.print(f"Contact sheet: {sheet}", highlight=False, markup=False, soft_wrap=True)
        if report.of("failed") or (report.of("filtered") and report.pictures):
            told = _going_on(report.flow_run_id, folder)
            out.print(told, highlight=False, markup=False, soft_wrap=True)
    if trouble:
        err.print(trouble, highlight=False, markup=False, soft_wrap=True)
    lacks = report.of("filtered") or report.of("refused") or report.of("failed")
    return 0 if state.is_completed() and not lacks and not trouble else 1


def _going_on(flow_run_id: str, folder: Path | None) -> str:
    """The command that goes on with a run."""
    where = f" --out {shlex.quote(str(folder))}" if folder else ""
    return f"Go on with: darkroom resume {flow_run_id}{where}"


def _table(report: Report) -> Table:
    """The rows; what the files have in common is said once, above them."""
    folder, lines = report.cells_by_folder()
    table = Table(header_style="bold", box=None, padding=(0, 1, 0, 0), title_justify="left")
    table.title = f"in {folder}" if folder else None
    for heading in report.headings:
        number = heading in ("seed", "price", "seconds")
        table.add_column(heading, overflow="fold", justify="right" if number else "left")
    for line in lines:
        table.add_row(*line)
    return table


def _check_folder(folder: Path | None) -> None:
    """Refuse a folder for the pictures that cannot be written, before anything is paid."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InvalidRequest.of(
            "out", str(folder), f"it cannot be written ({error.strerror})", "Name another folder."
        ) from error


def _copied(report: Report, folder: Path) -> str | None:
    """Copy the run's pictures into `folder`, in their order; gives the contact sheet's path.

    From then on the report names the copies.
    """
    place = ImageStore.find(report.store).open()
    copies = FolderStore(folder)  # which shows nobody half a file
    # Numbered by what was asked for, made or not: a picture that is made later has its place.
    for number, row in enumerate(report.rows, 1):
        if row.picture is None:
            continue
        step = re.sub(r"[^\w.-]+", "-", row.step)  # as every system takes it
        name = f"{number:02}-{step}.{SUFFIXES[row.picture.media_type]}"
        copies.write(name, place.read(row.picture), durable=False)
        for end in BESIDE:
            if (data := place.beside(row.picture, end)) is not None:
                copies.write(f"{name}.{end}", data, durable=False)
        row.picture = row.picture.model_copy(update={"uri": copies.uri_of(name)})
    if report.sheet is None:
        return None
    copies.write("contact-sheet.jpg", place.read(report.sheet), durable=False)
    return str(folder / "contact-sheet.jpg")
