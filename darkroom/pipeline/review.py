"""The step at which a person chooses which pictures go on, and what that person says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from darkroom.errors import InvalidRequest
from darkroom.picture import Picture
from darkroom.pipeline.pillow import PillowStep

Decision = Literal["take", "reject", "renew"]
Otherwise = Literal["first", "all", "reject"]

MOST_CANDIDATES = 24
"""What one form shows."""

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_WORDS = re.compile(r"(?P<word>\w+)\s*(:\s*(?P<rest>.*))?", re.DOTALL)
_HOW = 'Say "2", "1,3", "all", "reject: WHY" or "new: WORDS".'


class Review(PillowStep):
    """Wait for a person to choose among pictures: the chosen ones go on."""

    word: ClassVar[str] = "review"

    images: tuple[Picture, ...] = Field(
        min_length=1, max_length=MOST_CANDIDATES, description="The pictures to choose from."
    )
    question: str = Field(
        "Which of these is to go on?", max_length=500, description="What the person is asked."
    )
    most: int = Field(
        1, ge=1, le=MOST_CANDIDATES, description="How many may be chosen; fewer may as well."
    )
    wait: str = Field(
        "",
        pattern=r"^([1-9]\d{0,3}[mhd])?$",
        description='How long to wait: "30m", "12h", "3d". Empty: for as long as it takes.',
    )
    otherwise: Otherwise = Field(
        "reject",
        description="What is done when nobody has answered by then: take the first, take all "
        "(as many as may be chosen), or reject them.",
    )

    @property
    def patience(self) -> timedelta | None:
        """How long to wait; None for as long as it takes."""
        return timedelta(**{_UNITS[self.wait[-1]]: int(self.wait[:-1])}) if self.wait else None

    @property
    def words(self) -> str:
        """How many may be chosen, and how long that may take."""
        chosen = f"a person chooses {'one' if self.most == 1 else f'up to {self.most}'}"
        chosen = f"{chosen} of {len(self.images)}"
        if not self.wait:
            return chosen
        then = {"first": "takes the first", "all": "takes all", "reject": "rejects all"}
        return f"{chosen} within {self.wait}, or the run {then[self.otherwise]}"

    @property
    def default(self) -> Verdict:
        """What is done when nobody has answered in time."""
        count = {"first": 1, "all": min(self.most, len(self.images)), "reject": 0}[self.otherwise]
        decision: Decision = "take" if count else "reject"
        chosen = tuple(range(1, count + 1))
        return Verdict(decision=decision, chosen=chosen, reason="nobody answered in time")


class Verdict(BaseModel):
    """What a person said of the pictures of a review.

    Attributes:
        decision: Take those that were chosen, reject all, or have new ones made.
        chosen: Their numbers, from 1.
        reason: Why all were rejected, or what was thought.
        prompt: Other words for new ones; empty for the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: Decision
    chosen: tuple[int, ...] = ()
    reason: str = ""
    prompt: str = ""

    @classmethod
    def read(cls, words: str) -> Self:
        """A verdict as it is typed: `2`, `1,3`, `all`, `reject: too dark`, `new: at night`.

        Raises:
            InvalidRequest: The words are none of these.
        """
        said = words.strip()
        if re.fullmatch(r"\d{1,3}(\s*,\s*\d{1,3})*", said):
            numbers = (int(each) for each in said.split(","))
            return cls(decision="take", chosen=tuple(dict.fromkeys(numbers)))
        found = _WORDS.fullmatch(said)
        word, rest = (found["word"].lower(), found["rest"] or "") if found else ("", "")
        if word == "all" and not rest:
            return cls(decision="take", chosen=tuple(range(1, MOST_CANDIDATES + 1)))
        if word == "reject":
            return cls(decision="reject", reason=rest.strip())
        if word == "new":
            return cls(decision="renew", prompt=rest.strip())
        raise InvalidRequest.of("choice", words, "it says neither which nor that none", _HOW)

    def of(self, count: int) -> Self:
        """The same for `count` pictures: "all" are no more than there are."""
        if self.chosen != tuple(range(1, MOST_CANDIDATES + 1)):
            return self
        return self.model_copy(update={"chosen": tuple(range(1, count + 1))})

    def problem(self, review: Review, *, renewable: bool) -> str:
        """Why this is no answer to `review`; "" if it is one.

        Args:
            review: What was asked.
            renewable: Whether new pictures can be made.
        """
        count = len(review.images)
        if self.decision == "renew" and not renewable:
            return "New ones cannot be made here: no step with a prompt makes these pictures."
        if self.decision == "reject" and not self.reason:
            return "Say why all are rejected: it is kept with the pictures."
        if self.decision != "take":
            return ""
        if not self.chosen:
            return "Nothing was chosen: choose, or reject all."
        if wrong := [number for number in self.chosen if not 1 <= number <= count]:
            return f"There is no picture {wrong[0]}: there are 1 to {count}."
        if len(self.chosen) > review.most:
            return f"{len(self.chosen)} were chosen, and at most {review.most} may be."
        return ""

    def pictures(self, candidates: Sequence[Picture]) -> list[Picture]:
        """Those that go on, in the order in which they were chosen."""
        return [candidates[number - 1] for number in self.chosen if self.decision == "take"]

    def __str__(self) -> str:
        """In words."""
        if self.decision == "take":
            numbers = ", ".join(map(str, self.chosen))
            return f"chose {numbers}" + (f": {self.reason}" if self.reason else "")
        if self.decision == "reject":
            return f"rejected: {self.reason}"
        return f"asked for new ones: {self.prompt}" if self.prompt else "asked for new ones"
