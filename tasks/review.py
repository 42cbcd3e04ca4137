"""A person's choice: asked for where the flow run waits, and written down as a task run.

`decide` waits, in the flow itself: it suspends the flow run, so that no worker is kept, and gives
the answer when the run goes on. `review` is the task that writes the answer down and gives the
pictures that were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from prefect import task
from prefect.artifacts import MarkdownArtifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.deployments import run_deployment
from prefect.exceptions import NotPausedError, ObjectNotFound
from prefect.flow_runs import resume_flow_run, suspend_flow_run
from prefect.input import create_flow_run_input, read_flow_run_input
from prefect.runtime import flow_run
from prefect.states import Cancelled

from blocks import ImageStore
from darkroom.errors import InvalidRequest
from darkroom.picture import Picture, Reviewed
from darkroom.pipeline.review import Review, Verdict
from tasks import _run, _show
from tasks._form import answer_of, filled, form_of

ANSWER = "answer_review/answer_review"
"""The deployment whose run answers for a person who did not, when the time has come."""

Ask = Callable[[str, Review, bool], Verdict]
"""Asks a person at hand: the step's name, what to choose from, whether new ones can be made."""

at_hand: ContextVar[Ask | None] = ContextVar("at_hand", default=None)
"""Who is asked where somebody is at hand; None where the run is to wait."""

given: ContextVar[Mapping[str, Verdict]] = ContextVar("given", default={})  # noqa: B039 - read only
"""Answers that were given beforehand, by the step's name."""


@contextmanager
def answered(verdicts: Mapping[str, Verdict]) -> Iterator[None]:
    """Take these for the answers to reviews, by the step's name, while the block runs."""
    token = given.set(verdicts)
    try:
        yield
    finally:
        given.reset(token)


@task(cache_policy=NO_CACHE, on_completion=[_show.artifacts])
def review(
    request: Review, verdict: Verdict, store: ImageStore | None = None, step: str = "review"
) -> list[Picture]:
    """Write a person's choice down in the provenance of every candidate.

    Args:
        request: What was asked.
        verdict: What the person said.
        store: Where the pictures are; None for the default.
        step: What the review is called.

    Returns:
        The pictures that were chosen, in their order; none if all were rejected.
    """
    opened = (store or ImageStore.find()).open()
    _show.remember_here(opened)
    chosen = verdict.pictures(request.images)
    _run.log().info("%s", verdict)
    said = Reviewed(
        step=step,
        flow_run=flow_run.get_name(),
        flow_run_id=flow_run.get_id(),
        chosen=False,
        among=tuple(picture.sha256 for picture in request.images),
        question=request.question,
        said=str(verdict),
        at=datetime.now(UTC),
    )
    taken = {picture.uri for picture in chosen}
    noted = {
        uri: opened.reviewed(picture, said.model_copy(update={"chosen": uri in taken}))
        for uri, picture in {each.uri: each for each in request.images}.items()
    }
    return [noted[picture.uri] for picture in chosen]


def decide(
    request: Review,
    step: str = "review",
    *,
    store: ImageStore | None = None,
    renewable: bool = False,
    prompt: str = "",
    labels: Sequence[str] = (),
) -> Verdict:
    """What a person says of the pictures; the flow run is suspended until then.

    To be called in a flow, not in a task. The run goes on from its beginning when the answer is
    there: what it had made before is found, and this gives the answer. A run that no deployment
    started has nobody to take it up again: then who is `at_hand` is asked.

    Args:
        request: What to ask.
        step: Names the review within the run: two of them have two names.
        store: Where the pictures are; None for the default.
        renewable: Whether the person may ask for new pictures.
        prompt: The words that made these.
        labels: What the pictures are called, if they have names.

    Raises:
        InvalidRequest: Nobody can be asked.
    """
    known = given.get().get(step)
    if known is not None:
        return _checked(step, request, known, renewable)
    if ask := at_hand.get():
        return ask(step, request, renewable)
    run = _deployed(step)
    opened = (store or ImageStore.find()).open()
    tries, trouble = 0, ""
    while True:
        key = _show.artifact_key(step, str(tries))
        until = None if request.patience is None else datetime.now(UTC) + request.patience
        _ask_for(run, key, request, renewable)
        by_itself = None if until is None else _scheduled(run, key, step, request, until)
        form = form_of(request, opened, until, renewable, prompt, trouble, labels)
        _tell(run, step, str(form._description))
        verdict = answer_of(suspend_flow_run(wait_for_input=form, key=key))
        if by_itself is not None:
            _take_back(by_itself)
        trouble = verdict.problem(request, renewable=renewable)
        if not trouble:
            return verdict
        tries += 1


def _tell(run: FlowRun, step: str, asked: str) -> None:
    """Show among the run's artifacts that it waits, and how to answer."""
    how = (
        "**The run waits for a choice.** Answer with *Resume*: a button at the top of the run's "
        f"page, or in its menu ⋮; or with `darkroom review {run.id} CHOICE`."
    )
    key = _show.artifact_key(_run.pipeline.get() or "flow", step, "waits")
    try:
        _show.put(MarkdownArtifact(markdown=f"{how}\n\n{asked}", key=key, description=how))
    except _show.TROUBLE as error:
        _run.log().warning("No artifact of the review: %s", error)


def check(step: str, *, patience: bool) -> None:
    """Raise `InvalidRequest` where a review could not be had: before anything is paid for.

    Args:
        step: The review's name.
        patience: Whether it waits only so long.
    """
    if given.get() or at_hand.get():
        return
    _deployed(step)
    if patience:
        with get_client(sync_client=True) as client:
            try:
                client.read_deployment_by_name(ANSWER)
            except ObjectNotFound as error:
                raise InvalidRequest.of(
                    f"{step}.wait",
                    ANSWER,
                    "Prefect knows no such deployment, which answers when the wait is over",
                    "Make it: prefect deploy --all --prefect-file deployments/prefect.yaml",
                ) from error


def _deployed(step: str) -> FlowRun:
    """The flow run, if a worker would take it up again."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.deployment_id is None:
        raise InvalidRequest.of(
            step,
            "review",
            "no deployment started this run, so it cannot wait for a person",
            f"Answer beforehand ({step}: a number, or reject), or run it from the dashboard.",
        )
    assert isinstance(run, FlowRun)
    return run


def _checked(field: str, request: Review, verdict: Verdict, renewable: bool) -> Verdict:
    """The verdict, if it is an answer; else `InvalidRequest` names it as `field`."""
    said = verdict.of(len(request.images))
    if trouble := said.problem(request, renewable=renewable):
        raise InvalidRequest.of(field, str(said), trouble.rstrip("."))
    return said


def _ask_for(run: FlowRun, key: str, request: Review, renewable: bool) -> None:
    """Say with the run what is asked; done before, where the run goes on from its beginning."""
    name = _asked_as(key)
    if read_flow_run_input(name, flow_run_id=run.id) is None:
        said = {"request": request.model_dump(mode="json"), "renewable": renewable}
        create_flow_run_input(key=name, value=said, flow_run_id=run.id)


def _scheduled(run: FlowRun, key: str, step: str, request: Review, until: datetime) -> FlowRun:
    """The run that answers when the wait is over; made once, however often the run begins again.

    It is scheduled with Prefect, so it comes though everything here has ended.
    """
    made = run_deployment(
        ANSWER,
        parameters={"flow_run_id": str(run.id), "key": key},
        scheduled_time=until,
        timeout=0,
        idempotency_key=f"{run.id}-{key}",
        flow_run_name=f"{run.name} {step}: {request.otherwise}",
        as_subflow=False,
        _sync=True,  # type: ignore[call-arg]
    )
    assert isinstance(made, FlowRun)
    return made


def _take_back(answer: FlowRun) -> None:
    """Cancel a scheduled answer: the review has one."""
    if answer.state is not None and answer.state.is_scheduled():
        with get_client(sync_client=True) as client:
            state: Any = Cancelled(message="The review was answered.")
            client.set_flow_run_state(answer.id, state, force=True)


@dataclass(frozen=True)
class Open:
    """A review that a flow run waits with.

    Attributes:
        run: The flow run.
        key: Which of its reviews.
        request: What is asked.
        renewable: Whether new pictures can be made.
    """

    run: FlowRun
    key: str
    request: Review
    renewable: bool

    def answer(self, verdict: Verdict) -> None:
        """Answer it, and let the run go on.

        Raises:
            InvalidRequest: The verdict is no answer, or somebody was faster.
        """
        said = _checked("choice", self.request, verdict, self.renewable)
        try:
            resume_flow_run(self.run.id, run_input=filled(said, self.request.most))
        except NotPausedError as error:
            raise _answered(self.run) from error


def waiting(flow_run_id: UUID) -> Open:
    """The review that a flow run waits with.

    Raises:
        InvalidRequest: There is no such run, or it waits for no review.
    """
    with get_client(sync_client=True) as client:
        run = _run.known(client, flow_run_id)
    key = run.state.state_details.pause_key if run.state and run.state.is_paused() else None
    asked = cast(Any, read_flow_run_input(_asked_as(key), flow_run_id=run.id)) if key else None
    if key is None or asked is None:
        raise _answered(run)
    request = Review.model_validate(asked["request"])
    return Open(run, key, request, bool(asked["renewable"]))


def _asked_as(key: str) -> str:
    return f"darkroom-{key}"


def _answered(run: FlowRun) -> InvalidRequest:
    return InvalidRequest.of(
        "flow_run",
        run.name,
        f"it waits for no review (it is {run.state_name or 'not begun'})",
        "A review is answered once.",
    )
