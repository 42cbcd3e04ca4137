"""What all modes share: neutral fields, what is given, the checks, and how a count is split up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.limits import Limit
from darkroom.picture import Picture

OutputFormat = Literal["png", "jpeg", "webp"]


class Request(BaseModel):
    """A wish in neutral terms, the same for every model.

    A mode says itself in each dialect by a method of the dialect's name. It gets an
    `darkroom.wire.Encoder`, and gives what the dialect's file documents.

    Attributes:
        fit: What to do with a source picture that is larger than the model takes: "refuse" it, or
            "shrink" it (and its mask) until it fits, which the provenance then says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: ClassVar[str]

    fit: Literal["refuse", "shrink"] = "refuse"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.mode = cls.__module__.rpartition(".")[2]

    def given(self) -> dict[str, Any]:
        """The fields that say something to the model. 0 and False are values; None is not."""
        values = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: value for name, value in values if name != "fit" and value is not None}

    def sources(self) -> Iterator[tuple[str, Picture]]:
        """The pictures that the request starts from, with the names of their fields."""
        for name, value in self.given().items():
            if isinstance(value, Picture):
                yield name, value
            elif isinstance(value, tuple):
                yield from ((name, item) for item in value if isinstance(item, Picture))

    def parameters(self) -> dict[str, Any]:
        """The given fields as plain data, pictures by their hash: what provenance keeps."""

        def plain(value: Any) -> Any:
            if isinstance(value, Picture):
                return {"sha256": value.sha256, "uri": value.uri}
            if isinstance(value, tuple):
                return [plain(item) for item in value]
            return value.model_dump() if isinstance(value, BaseModel) else value

        return {name: plain(value) for name, value in self.given().items()}

    def check(self, model: Model) -> None:
        """Raise `InvalidRequest` where `model` does not take this request. Nothing is sent.

        Raises:
            UnsupportedMode: The model cannot do this mode at all.
            InvalidRequest: A field is missing, not taken, or out of its limits.
        """
        takes = model.takes(self.mode)
        given = self.given()
        if given.get("count") == 1:
            del given["count"]  # every model gives one picture
        for name, value in given.items():
            if name not in takes.fields:
                raise self._not_taken(name, value, model)
            if limit := model.limits.get(name if name != "mask" else ""):
                limit.check(name, value, model.name)
        for name in takes.required:
            if name not in given:
                raise InvalidRequest.of(name, None, f"{model.name} needs it for {self.mode}")
        if takes.one_of and not given.keys() & set(takes.one_of):
            names = " or ".join(takes.one_of)
            raise InvalidRequest(f"{names}: {model.name} needs one of them for {self.mode}.")
        self._check_mask(given)

    def _not_taken(self, name: str, value: Any, model: Model) -> InvalidRequest:
        from darkroom.catalog import models_for  # only for the words of an error

        if name in ("size", "aspect_ratio") and (
            instead := _measure(name, value, model, self.mode)
        ):
            return InvalidRequest.of(name, value, f"{model.name} takes no {name}", instead)
        able = [
            other.label for other in models_for(self.mode) if name in other.takes(self.mode).fields
        ]
        remedy = f"Leave it out, or use {' or '.join(able)}." if able else "Leave it out."
        return InvalidRequest.of(
            name, value, f"{model.name} takes no {name} in {self.mode}", remedy
        )

    def _check_mask(self, given: dict[str, Any]) -> None:
        image, mask = given.get("image"), given.get("mask")
        if image and mask and image.size != mask.size:
            raise InvalidRequest.of(
                "mask",
                f"{mask.width} x {mask.height}",
                f"it must measure what the image does, {image.width} x {image.height}",
                "Make the mask from this image, or resize it.",
            )

    def split(self, model: Model) -> list[Self]:
        """This request as calls that `model` can do: one for all pictures, or several.

        Several calls have consecutive seeds, so that each picture can be made again by itself.
        After the largest seed that the model takes comes its least.
        """
        count = getattr(self, "count", 1)
        limit = model.limits.get("count") if "count" in model.takes(self.mode).fields else None
        most = int(limit.le) if limit and limit.le else 1
        if count <= most:
            return [self]
        seed = getattr(self, "seed", None)
        parts = []
        for start in range(0, count, most):
            update: dict[str, Any] = {"count": min(most, count - start)}
            if seed is not None:
                update["seed"] = _after(seed, start, model.limits.get("seed"))
            parts.append(self.model_copy(update=update))
        return parts


class Seeded(Request):
    """A request whose outcome is drawn: the same seed gives the same picture.

    Attributes:
        seed: Where the draw starts. Without one, a seed is drawn and recorded.
        count: How many pictures are wanted. Models that give fewer in a call are called more often,
            with consecutive seeds.
    """

    seed: int | None = Field(
        None, ge=0, description="Same seed, same picture. Empty: drawn and recorded."
    )
    count: int = Field(1, ge=1, le=1000, description="How many pictures are wanted.")


def _after(seed: int, steps: int, limit: Limit | None) -> int:
    """The seed so many `steps` after `seed`, which goes round within the `limit`."""
    following = seed + steps
    if limit is None or limit.le is None or not seed <= limit.le < following:
        return following
    return int(limit.ge or 0) + following - int(limit.le) - 1


def _measure(name: str, value: Any, model: Model, mode: str) -> str:
    """Say the nearest allowed size for an aspect ratio, or the nearest ratio for a size."""
    other = "aspect_ratio" if name == "size" else "size"
    limit = model.limits.get(other)
    if limit is None or other not in model.takes(mode).fields:
        return ""
    if name == "size":
        ratio = limit.closest("{}:{}".format(*value))
        return f"Use aspect_ratio; the nearest is {ratio}." if ratio else "Use aspect_ratio."
    try:
        wide, high = map(int, str(value).split(":"))
        near = limit.nearest(1024 * wide // max(wide, high), 1024 * high // max(wide, high))
    except (ValueError, ZeroDivisionError):
        return "Use size, in pixels."
    return "Use size; the nearest is {} x {}.".format(*near)
