"""The words the stand-in is written in: a model, its modes, an order, and how a vendor answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from PIL.Image import Image

from darkroom.standin import lifecycle
from darkroom.standin.refusal import Refusal
from darkroom.standin.rules import Body, Schema, Violation

Reason: TypeAlias = Literal["prompt", "input image", "output image", "inference error"]


@dataclass(frozen=True)
class Order:
    """A request that kept every rule: what is to be drawn, how often, and in which format.

    Attributes:
        prompt: The text that content filters read.
        seed: The seed of the first picture; the next ones follow it.
        paint: Draws the picture of a seed.
        count: How many pictures.
        form: `png`, `jpeg` or `webp`.
        extras: Further pictures of the answer, by the field they go in.
    """

    prompt: str
    seed: int
    paint: Callable[[int], Image]
    count: int = 1
    form: str = "png"
    extras: Mapping[str, Image] = field(default_factory=dict)


@dataclass(frozen=True)
class Mode:
    """One thing that a model can be asked for.

    Attributes:
        model: The id of the model, without a region prefix.
        name: The name that the vendor gives it.
        meant: Whether a body asks for this mode rather than another one of the same model.
        schema: What the body may look like.
        prepare: Applies the rules that a schema cannot say and makes the order.
        narrow: Whether it is to be tried before the model's other modes, because they would
            take its bodies for their own.
    """

    model: str
    name: str
    meant: Callable[[Body], bool]
    schema: Schema
    prepare: Callable[[Body], Order]
    narrow: bool = False


class Vendor(Protocol):
    """How the models of one maker refuse and answer."""

    @property
    def response_cap(self) -> int:
        """Largest response body, in bytes."""

    def unmatched(self, modes: Sequence[Mode], body: Body) -> Refusal:
        """Refuse a body that asks for none of the modes."""

    def malformed(self, mode: Mode, found: Sequence[Violation]) -> Refusal:
        """Refuse a body that breaks the mode's schema."""

    def too_large(self, size: int) -> Refusal:
        """Refuse to send an answer of so many bytes."""

    def blocked(self, reason: Reason) -> dict[str, Any]:
        """Answer as when content is filtered or inference fails; raise it where it is an error."""

    def answer(self, order: Order, pictures: Sequence[str], extras: Body) -> dict[str, Any]:
        """Wrap the encoded pictures, which may be fewer than ordered."""


@dataclass(frozen=True)
class Model:
    """A model as Bedrock lists it.

    Attributes:
        id: Its id, without a region prefix.
        vendor: How it refuses and answers.
        regions: From where it can be called.
        profile: Whether it is called through its `us.` inference profile, and only so.
    """

    id: str
    vendor: Vendor
    regions: frozenset[str]
    profile: bool = False

    @property
    def card(self) -> lifecycle.Card:
        """Its name, its dates, and what else AWS's lists say about it."""
        return lifecycle.card(self.id)

    @property
    def maker(self) -> str:
        """The name of its provider."""
        return lifecycle.MAKERS[self.id.partition(".")[0]]
