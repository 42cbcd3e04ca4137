"""The form in which a person answers a review, in Prefect's dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, Literal, cast

from prefect.input import RunInput
from pydantic import Field, create_model

from darkroom.picture import Picture
from darkroom.pipeline.review import Decision, Review, Verdict
from darkroom.store import Store
from tasks import _show

TAKE, REJECT, RENEW = "Use what I chose", "Reject all", "Make new ones"
NONE = "none"
_DECISIONS: dict[str, Decision] = {TAKE: "take", REJECT: "reject", RENEW: "renew"}


class Answer(RunInput):
    """What the fields of a form have in common."""


def form_of(
    request: Review,
    store: Store,
    until: datetime | None,
    renewable: bool,
    prompt: str,
    trouble: str = "",
    labels: Sequence[str] = (),
) -> type[Answer]:
    """The form for a review.

    Args:
        request: What to ask.
        store: Where the pictures are.
        until: When it is answered for the person; None for never.
        renewable: Whether new pictures can be made.
        prompt: The words that made these.
        trouble: What was wrong with the answer before.
        labels: What the candidates are called, if they have names.
    """
    decisions = (TAKE, REJECT, RENEW) if renewable else (TAKE, REJECT)
    fields: dict[str, Any] = {
        **_choices(request),
        "decision": (
            Literal[decisions],
            Field(TAKE, title="Decision", description="What is to happen."),
        ),
        "reason": (
            str,
            Field(
                "",
                title="Why",
                description="Needed to reject all. It is kept with the pictures.",
                max_length=1000,
            ),
        ),
    }
    if renewable:
        told = 'The words for new ones, with "Make new ones".'
        fields["prompt"] = (str, Field(prompt, title="Words", description=told, max_length=10_000))
    form = create_model("Review", __base__=Answer, **fields)
    form._description = described(request, store, until, trouble, labels)
    return cast(type[Answer], form)


def _choices(request: Review) -> dict[str, Any]:
    """One menu where one picture may be chosen, else a switch for each."""
    numbers = [str(number) for number in range(1, len(request.images) + 1)]
    if request.most == 1:
        told = "The number below the picture that is to go on."
        menu = Literal[(NONE, *numbers)]  # type: ignore[valid-type]
        return {"picture": (menu, Field(NONE, title="Picture", description=told))}
    return {
        f"picture_{number}": (bool, Field(False, title=f"Picture {number}")) for number in numbers
    }


def answer_of(form: Answer) -> Verdict:
    """What a filled in form says."""
    said = form.model_dump()
    decision = _DECISIONS[said["decision"]]
    chosen = [] if said.get("picture", NONE) == NONE else [int(said["picture"])]
    chosen += [int(name.rpartition("_")[2]) for name, on in said.items() if on is True]
    prompt = said.get("prompt", "")
    return Verdict(
        decision=decision,
        chosen=tuple(chosen) if decision == "take" else (),
        reason=said["reason"].strip(),
        prompt=prompt.strip() if decision == "renew" else "",
    )


def filled(verdict: Verdict, most: int) -> dict[str, Any]:
    """A verdict as a filled in form for a review of which `most` pictures may be chosen."""
    words = {decision: word for word, decision in _DECISIONS.items()}
    form: dict[str, Any] = {"decision": words[verdict.decision], "reason": verdict.reason}
    if most > 1:
        form |= {f"picture_{number}": True for number in verdict.chosen}
    elif verdict.chosen:
        form["picture"] = str(verdict.chosen[0])
    return form | ({"prompt": verdict.prompt} if verdict.prompt else {})


def described(
    request: Review,
    store: Store,
    until: datetime | None,
    trouble: str = "",
    labels: Sequence[str] = (),
) -> str:
    """What stands above the form: the question, and the candidates as a contact sheet."""
    named = zip_longest(request.images, labels[: len(request.images)], fillvalue="")
    cells = [
        (picture, f"{number} {label}".strip())
        for number, (picture, label) in enumerate(named, 1)
        if isinstance(picture, Picture)
    ]
    at_most = "" if request.most == 1 else f" At most {request.most} may be chosen."
    said = [
        f"**{_show.escaped(trouble)}**" if trouble else "",
        f"**{_show.escaped(request.question)}**{at_most}",
        _show.gallery(store, cells, columns=2 if len(cells) <= 4 else 3),
        _by_itself(request, until),
    ]
    return "\n\n".join(filter(None, said))


def _by_itself(request: Review, until: datetime | None) -> str:
    if until is None:
        return "The run waits for as long as it takes."
    what = {
        "first": "the first one is taken",
        "all": "all are taken, as many as may be",
        "reject": "all are rejected",
    }[request.otherwise]
    return f"Without an answer by {until:%Y-%m-%d %H:%M} UTC {what}."
