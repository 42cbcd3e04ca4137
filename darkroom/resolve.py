"""What is really asked of whom: the default model, or what takes a retired one's place."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from darkroom import catalog, client, substitute
from darkroom.catalog import Model
from darkroom.modes.base import Request

OnRetired = Literal["refuse", "substitute"]


class Service(Protocol):
    """What is needed of a block that reaches Bedrock."""

    @property
    def service(self) -> str:
        """What answers a request: see `blocks.Bedrock.service`."""

    def model(self, name: str) -> Model:
        """The row for a name, called in the way that the block says."""


@dataclass(frozen=True)
class Asked:
    """A request, and the model that it goes to.

    Attributes:
        request: In the model's terms.
        model: Who shall do it.
        notes: What is not as it was asked for, in words.
    """

    request: Request
    model: Model
    notes: tuple[str, ...] = ()

    def seeded(self, service: Service, *words: str) -> Asked:
        """With an explicit seed: the same one for the same request and `words`."""
        request = self.request
        if getattr(request, "seed", 0) is not None:
            return self
        if "seed" not in self.model.takes(request.mode).fields:
            return self
        seed = seed_of(*words, client.key(request, self.model, service.service))
        return replace(self, request=request.model_copy(update={"seed": seed}))


def asked(
    request: Request, model: str | None, service: Service, on_retired: OnRetired = "refuse"
) -> Asked:
    """Whom a request goes to.

    Args:
        request: What is wanted.
        model: Id or short name of the model; None for the mode's default.
        service: Knows how models are called.
        on_retired: Whether a living model may take the place of a retired one.

    Raises:
        UnknownModel: There is no such model.
        ModelRetired: The model is to be substituted, and nothing can take its place.
    """
    row = row_of(request, model, service)
    today = catalog.today()
    if on_retired == "refuse" or row.status(today) != "retired":
        return Asked(request, row)
    request, new = substitute.substitute(request, row, today)
    new = service.model(new.id)
    note = f"asked of {row.name}, which ended on {row.end_of_life}: {request.mode} on {new.name}"
    return Asked(request, new, (note,))


def row_of(request: Request, model: str | None, service: Service) -> Model:
    """The model that is asked for: by its name, or the mode's default.

    Raises:
        UnknownModel: There is no such model.
    """
    return service.model(model or catalog.default(request.mode, {*request.given()}).id)


def seed_of(*words: str) -> int:
    """A seed that every model takes (1 to 2,147,480,000), the same for the same `words`."""
    digest = hashlib.sha256("\n".join(words).encode()).digest()
    return 1 + int.from_bytes(digest[:8], "big") % 2_147_480_000
