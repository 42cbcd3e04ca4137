"""A mode's task: paid for once, tried again only where that helps, and shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prefect import flow
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterId
from prefect.states import get_state_exception

from blocks import Bedrock, ImageStore
from darkroom.errors import (
    AccessDenied,
    ContentFiltered,
    InvalidRequest,
    ServiceUnavailable,
    Throttled,
)
from darkroom.modes.outpaint import Expand, Outpaint
from darkroom.modes.remove_background import RemoveBackground
from darkroom.modes.text_to_image import TextToImage
from darkroom.picture import Picture, local_path
from darkroom.standin.server import StandIn
from tasks import _show
from tasks.outpaint import outpaint
from tasks.remove_background import remove_background
from tasks.text_to_image import text_to_image
from tests.conftest import bedrock_of

pytestmark = pytest.mark.usefixtures("prefect_api")

SD35 = "stability.sd3-5-large-v1:0"
quick = text_to_image.with_options(retry_delay_seconds=[0.05])


def answered(standin: StandIn, model: str = SD35) -> int:
    """How many calls of `model` were answered with pictures."""
    return int(standin.calls()["models"].get(model, {}).get("answered", 0))


def test_a_picture_is_on_disk_before_the_task_says_done(
    bedrock: Bedrock, image_store: ImageStore
) -> None:
    """The task's result refers to a file with the stated bytes, and its provenance beside it."""
    (made,) = text_to_image(
        TextToImage(prompt="a red mug", seed=5), "sd3.5", bedrock=bedrock, store=image_store
    )
    path = local_path(made.uri)
    assert path is not None
    assert path.stat().st_size == made.size_bytes
    beside = Picture.model_validate_json(path.with_name(f"{path.name}.json").read_bytes())
    assert beside == made
    how = beside.provenance
    assert (how.mode, how.model, how.seed, how.region) == ("text_to_image", SD35, 5, "us-west-2")
    assert how.parameters["prompt"] == "a red mug"
    assert how.request_id
    assert how.price_usd == 0.08
    assert how.made_at


def test_the_same_request_is_paid_once(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Asking again, in another flow run, gives the same pictures without another call."""

    @flow
    def ask() -> tuple[str | None, list[Picture]]:
        wish = TextToImage(prompt="a blue vase", seed=1)
        state = text_to_image(wish, SD35, bedrock=bedrock, store=image_store, return_state=True)
        return state.name, state.result()

    (first, made), (second, found) = ask(), ask()
    assert (first, second) == ("Completed", "Cached")
    assert made == found
    assert answered(standin) == 1


def test_another_endpoint_seed_or_store_is_another_request(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore, tmp_path: Path
) -> None:
    """Pictures of one service never pass as those of another."""
    elsewhere = ImageStore(folder=str(tmp_path / "other"))
    with StandIn() as other:
        for block, store, seed in [
            (bedrock, image_store, 1),
            (bedrock, image_store, 2),
            (bedrock, elsewhere, 1),
            (bedrock_of(other), image_store, 1),
        ]:
            wish = TextToImage(prompt="a bowl", seed=seed)
            text_to_image(wish, SD35, bedrock=block, store=store)
        assert answered(other) == 1
    assert answered(standin) == 3


def test_two_modes_with_the_same_picture_do_not_share_a_result(
    bedrock: Bedrock, image_store: ImageStore, picture: Callable[..., Picture]
) -> None:
    """A cache key names the mode, so one task never returns another's pictures."""
    source = picture((320, 320))
    (cut,) = remove_background(RemoveBackground(image=source), bedrock=bedrock, store=image_store)
    (wide,) = outpaint(
        Outpaint(image=source, expand=Expand(left=64), seed=1), bedrock=bedrock, store=image_store
    )
    assert cut.sha256 != wide.sha256
    assert wide.size == (384, 320)


def test_a_deleted_picture_is_made_again(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """A cached result whose file is gone is no result."""
    wish = TextToImage(prompt="a candle", seed=3)
    (made,) = text_to_image(wish, SD35, bedrock=bedrock, store=image_store)
    path = local_path(made.uri)
    assert path is not None
    path.unlink()
    (again,) = text_to_image(wish, SD35, bedrock=bedrock, store=image_store)
    assert answered(standin) == 2
    assert local_path(again.uri).is_file()  # type: ignore[union-attr]


def test_the_store_remembers_when_prefect_does_not(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """With Prefect's own cache refreshed (or lost) the store still knows what was paid for."""
    wish = TextToImage(prompt="a lamp", seed=3)
    text_to_image(wish, SD35, bedrock=bedrock, store=image_store)
    fresh = text_to_image.with_options(refresh_cache=True)
    fresh(wish, SD35, bedrock=bedrock, store=image_store)
    assert answered(standin) == 1


def test_the_same_request_at_the_same_moment_is_paid_once(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Five task runs side by side make one call and get the same picture."""

    @flow
    def ask() -> list[list[Picture]]:
        wish = TextToImage(prompt="a chair", seed=9)
        futures = [
            text_to_image.submit(wish, SD35, bedrock=bedrock, store=image_store) for _ in range(5)
        ]
        return [future.result() for future in futures]

    results = ask()
    assert len(results) == 5
    assert all(each == results[0] for each in results)
    assert answered(standin) == 1


def states_of(task_run_id: object) -> list[str]:
    with get_client(sync_client=True) as client:
        found = client.read_task_runs(
            task_run_filter=TaskRunFilter(id=TaskRunFilterId(any_=[task_run_id]))
        )
        return [state.name for run in found for state in client.read_task_run_states(run.id)]


@pytest.mark.parametrize("kind", ["throttle", "not_ready", "timeout", "internal", "unavailable"])
def test_what_passes_by_itself_is_tried_again(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore, kind: str
) -> None:
    """Two failures of a passing kind are followed by a picture, paid for once."""
    standin.fail(kind, times=2)
    wish = TextToImage(prompt=f"a ball {kind}", seed=1)
    (made,) = quick(wish, SD35, bedrock=bedrock, store=image_store)
    assert made.width
    calls = standin.calls()["models"][SD35]
    assert (calls["received"], calls["answered"]) == (3, 1)


def test_a_wait_shows_as_awaiting_retry(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """The dashboard shows each wait of a throttled task."""
    import time

    standin.fail("throttle", times=1)
    waiting = text_to_image.with_options(retry_delay_seconds=[0.5])
    state = waiting(
        TextToImage(prompt="a bottle", seed=1),
        SD35,
        bedrock=bedrock,
        store=image_store,
        return_state=True,
    )
    deadline = time.monotonic() + 15
    names: list[str] = []
    while "Completed" not in names and time.monotonic() < deadline:
        time.sleep(0.2)
        names = states_of(state.state_details.task_run_id)
    assert names == ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [("filtered", ContentFiltered), ("access_denied", AccessDenied)],
)
def test_what_does_not_pass_is_not_tried_again(
    standin: StandIn,
    bedrock: Bedrock,
    image_store: ImageStore,
    kind: str,
    error: type[Exception],
) -> None:
    """A filter or a refusal fails at once, after one call."""
    standin.fail(kind, times=5)
    with pytest.raises(error):
        quick(TextToImage(prompt="x", seed=1), SD35, bedrock=bedrock, store=image_store)
    assert standin.calls()["models"][SD35]["received"] == 1


def test_retries_end(standin: StandIn, bedrock: Bedrock, image_store: ImageStore) -> None:
    """After five more tries the error comes through."""
    standin.fail("unavailable", times=20)
    with pytest.raises(ServiceUnavailable):
        quick(TextToImage(prompt="x", seed=1), SD35, bedrock=bedrock, store=image_store)
    assert standin.calls()["models"][SD35]["received"] == 6


def test_throttling_has_tries_of_its_own(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Twenty calls too many use up none of the five tries that real failures have."""
    standin.fail("unavailable", times=3)
    standin.fail("throttle", times=20)
    standin.fail("internal", times=2)
    quick(TextToImage(prompt="x", seed=1), SD35, bedrock=bedrock, store=image_store)
    assert standin.calls()["models"][SD35]["received"] == 26


def test_throttling_ends_too(standin: StandIn, bedrock: Bedrock, image_store: ImageStore) -> None:
    """After twenty more tries an account that stays busy is an error."""
    standin.fail("throttle", times=30)
    with pytest.raises(Throttled):
        quick(TextToImage(prompt="x", seed=1), SD35, bedrock=bedrock, store=image_store)
    assert standin.calls()["models"][SD35]["received"] == 21


def test_a_bad_request_is_refused_before_any_call(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Nothing is sent when a rule is broken."""
    with pytest.raises(InvalidRequest, match=r"prompt.*10000"):
        quick(TextToImage(prompt="x" * 10001, seed=1), SD35, bedrock=bedrock, store=image_store)
    assert standin.calls()["models"] == {}


def test_a_seed_is_drawn_once_for_a_flow_run(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """Without a seed one is drawn: the same within a flow run, another one in the next."""

    @flow
    def ask() -> list[int | None]:
        wish = TextToImage(prompt="a jar")
        twice = [text_to_image(wish, SD35, bedrock=bedrock, store=image_store) for _ in range(2)]
        return [made.provenance.seed for (made,) in twice]

    first, second = ask(), ask()
    assert first[0] == first[1]
    assert first[0] != second[0]
    assert answered(standin) == 2


def test_every_picture_becomes_an_artifact(bedrock: Bedrock, image_store: ImageStore) -> None:
    """An image artifact with a small data URI hangs on the task run, cached or not."""

    @flow(name="artifact flow")
    def ask() -> None:
        step = text_to_image.with_options(name="subject")
        wish = TextToImage(prompt="a <b>vase</b> | [x](javascript:alert(1))", seed=4)
        step(wish, SD35, bedrock=bedrock, store=image_store)

    for _ in range(2):
        ask()
    artifact = Artifact.get("artifact-flow-subject")
    assert artifact is not None
    assert artifact.type == "image"
    assert str(artifact.data).startswith("data:image/webp;base64,")
    assert len(str(artifact.data)) <= _show.MAX_DATA
    text = str(artifact.description)
    assert text.startswith("![preview](data:image/webp;base64,")
    assert "**seed** 4" in text
    assert "<b>" not in text
    assert "](javascript" not in text


def test_an_artifact_that_cannot_be_made_fails_nothing(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """A key that Prefect refuses costs the artifact, not the picture."""
    odd = text_to_image.with_options(name="…")

    @flow(name="…")
    def ask() -> list[Picture]:
        return odd(TextToImage(prompt="x", seed=1), SD35, bedrock=bedrock, store=image_store)

    assert len(ask()) == 1
    assert answered(standin) == 1


def test_an_unknown_model_fails_the_task_in_words(
    bedrock: Bedrock, image_store: ImageStore
) -> None:
    """The task run has a name and a Failed state with the nearest names, not a crash."""

    @flow
    def ask() -> tuple[bool, str]:
        wish = TextToImage(prompt="x", seed=1)
        future = text_to_image.submit(wish, "cor", bedrock=bedrock, store=image_store)
        future.wait()
        return future.state.is_failed(), str(future.state.message)

    failed, message = ask()
    assert failed
    assert "Did you mean core" in message


def test_the_error_of_a_failed_task_says_what_happened(
    standin: StandIn, bedrock: Bedrock, image_store: ImageStore
) -> None:
    """The state's message names the error's kind and the service's words."""
    standin.fail("filtered", times=1)
    state = text_to_image(
        TextToImage(prompt="x", seed=1),
        SD35,
        bedrock=bedrock,
        store=image_store,
        return_state=True,
    )
    assert state.is_failed()
    assert "ContentFiltered" in str(state.message)
    assert isinstance(get_state_exception(state), ContentFiltered)
