"""What all modes share: what is given, the checks, and how a count is split up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from darkroom.catalog import Model
from darkroom.errors import InvalidRequest
from darkroom.limits import Limit
from darkroom.picture import Picture, picture_fields

if TYPE_CHECKING:
    from darkroom.mask import Edit

Wish = tuple[str, dict[str, Any]]
"""A mode's name and the fields that are given: a request before it is checked."""


def expected(picture: Picture, edits: list[Edit], notes: list[str]) -> Picture:
    """`picture` as it would be after `edits`, as far as size and transparency go."""
    from darkroom.mask import Flatten, Shrink

    for edit in edits:
        if isinstance(edit, Flatten):
            picture = picture.model_copy(update={"alpha": False, "media_type": "image/png"})
        elif isinstance(edit, Shrink):
            width, height = edit.size(*picture.size)
            picture = picture.model_copy(
                update={"width": width, "height": height, "media_type": "image/png"}
            )
    return picture


class Request(BaseModel):
    """A wish in neutral terms, the same for every model.

    A mode says itself in each dialect by a method of the dialect's name. It gets an
    `darkroom.wire.Encoder`, and gives what the dialect's file documents.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: ClassVar[str]
    also: ClassVar[dict[str, str]] = {}
    """Other names that fields are taken by."""
    repaints_black: ClassVar[bool] = False
    """Whether Amazon's models mean black where a mask of this mode has white."""
    says_itself: ClassVar[frozenset[str]] = frozenset()
    """Fields that are said though nobody gave them."""
    on_the_way: ClassVar[frozenset[str]] = frozenset({"fit", "background"})
    """Fields about what is done to the sources before the model is called."""

    fit: Literal["refuse", "shrink"] = Field(
        "refuse",
        title="If too large",
        description="A picture that is larger than the model takes: refuse it, or shrink it (and "
        "its mask) until it fits.",
    )
    background: str = Field(
        "#808080",
        title="Background color",
        description="Color under the transparent parts of a picture, for models that take none.",
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.mode = cls.__module__.rpartition(".")[2]

    def given(self) -> dict[str, Any]:
        """The fields that say something to the model. 0 and False are values; None is not."""
        names = (name for name in type(self).model_fields if name not in self.on_the_way)
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def sources(self) -> Iterator[tuple[str, Picture]]:
        """The pictures that the request starts from, with the names of their fields."""
        for name, value in self.given().items():
            if isinstance(value, Picture):
                yield name, value
            elif isinstance(value, tuple):
                yield from ((name, item) for item in value if isinstance(item, Picture))

    def parameters(self) -> dict[str, Any]:
        """The given fields as plain data, pictures by their hash: what provenance keeps.

        What was to be done to the sources on the way is among them where it is not the usual.
        """

        def plain(value: Any) -> Any:
            if isinstance(value, Picture):
                return {"sha256": value.sha256, "uri": value.uri}
            if isinstance(value, tuple):
                return [plain(item) for item in value]
            return value.model_dump() if isinstance(value, BaseModel) else value

        usual = type(self).model_fields
        way = {name: getattr(self, name) for name in sorted(self.on_the_way)}
        unusual = {name: value for name, value in way.items() if value != usual[name].default}
        return {name: plain(value) for name, value in {**self.given(), **unusual}.items()}

    @classmethod
    def picture_fields(cls) -> tuple[str, ...]:
        """The names of the fields that take a picture, or several."""
        return picture_fields(cls)

    @classmethod
    def with_pictures(
        cls, fields: Mapping[str, Any], load: Callable[[str, str], Any]
    ) -> dict[str, Any]:
        """`fields` with what `load` makes of each picture that is named by a path.

        Args:
            fields: Some of the class's fields, as they were typed.
            load: Is told the field and the path.
        """
        found = dict(fields)
        for name in cls.picture_fields():
            if isinstance(value := fields.get(name), str):
                found[name] = load(name, value)
            elif value is not None:
                found[name] = [load(name, each) for each in value]
        return found

    def edits(self, model: Model, name: str, picture: Picture) -> tuple[list[Edit], list[str]]:
        """What is to be done to a source picture for `model` to take it, also in words.

        What is transparent is laid on `background` where the model takes no transparency, and what
        is too large is shrunk if `fit` says so.
        """
        from darkroom.mask import Flatten, Shrink  # Pillow, which lists of models start without

        edits: list[Edit] = []
        notes: list[str] = []
        limit = model.limit(self.mode, "image")
        if limit and limit.opaque and picture.alpha and name != "mask":
            edits.append(Flatten(self.background))
            notes.append(f"flattened on {self.background}: {model.name} takes no transparency")
        if limit and self.fit == "shrink":
            shrink = Shrink(limit.max_side, limit.max_pixels)
            was, size = picture.size, shrink.size(*picture.size)
            if size != was:
                edits.append(shrink)
                notes.append(
                    f"shrunk from {was[0]} x {was[1]} to {size[0]} x {size[1]} to fit {model.name}"
                )
        return edits, notes

    def fitted(
        self,
        model: Model,
        change: Callable[[Picture, list[Edit], list[str]], Picture] = expected,
    ) -> Self:
        """This request with source pictures that `model` takes.

        Args:
            model: Who shall do it.
            change: Makes a picture of another by edits, which it is told in words too. Without it
                pictures are what they would be, as far as size and transparency go.
        """

        def fit(name: str, picture: Picture) -> Picture:
            edits, notes = self.edits(model, name, picture)
            return change(picture, edits, notes) if edits else picture

        update: dict[str, Any] = {}
        for name in self.picture_fields():
            value = getattr(self, name)
            if isinstance(value, Picture):
                update[name] = fit(name, value)
            elif value is not None:
                update[name] = tuple(fit(name, each) for each in value)
        return self.model_copy(update=update)

    def wishes(self) -> Iterator[Wish]:
        """This wish as other models may take it, the nearest words first: see `substitute`."""
        yield self.mode, self.given()

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
            if limit := model.limit(self.mode, name):
                limit.check(name, value, model.name)
                limit.check_others(name, value, given, model.name)
        if limit := model.limit(self.mode, "image"):
            for name, picture in self.sources():
                if name != "mask":
                    limit.check(name, picture, model.name)
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
        shown = "a picture" if isinstance(value, Picture) else value
        return InvalidRequest.of(
            name, shown, f"{model.name} takes no {name} in {self.mode}", remedy
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

        Raises:
            InvalidRequest: The model takes no seed, so that all pictures would be the same.
        """
        count = getattr(self, "count", 1)
        fields = model.takes(self.mode).fields
        limit = model.limit(self.mode, "count") if "count" in fields else None
        most = int(limit.le) if limit and limit.le else 1
        if count <= most:
            return [self]
        if "seed" not in fields:
            raise InvalidRequest.of(
                "count", count, f"{model.name} takes no seed, so all pictures would be the same"
            )
        seed = getattr(self, "seed", None)
        parts = []
        for start in range(0, count, most):
            update: dict[str, Any] = {"count": min(most, count - start)}
            if seed is not None:
                update["seed"] = _after(seed, start, model.limit(self.mode, "seed"))
            parts.append(self.model_copy(update=update))
        return parts


class Seeded(Request):
    """A request whose outcome is drawn: the same seed gives the same picture."""

    seed: int | None = Field(
        None, ge=0, description="Same seed, same picture. Empty: drawn and recorded."
    )
    count: int = Field(
        1,
        ge=1,
        le=1000,
        description="How many pictures are wanted. Models that give fewer in a call are called "
        "more often, with consecutive seeds.",
    )


def needs_one(values: dict[str, Any], names: tuple[str, ...], why: str) -> None:
    """Raise `InvalidRequest` where more than one of the fields `names` is given."""
    found = [name for name in names if values.get(name) is not None]
    if len(found) > 1:
        raise InvalidRequest(f"{', '.join(found)}: {why}: give one of them.")


def needs_mask(request: Request, what: str) -> None:
    """Raise `InvalidRequest` where it is said twice, or not at all, what to repaint or erase."""
    given = request.given()
    needs_one(given, ("mask", "mask_prompt"), f"what to {what} is said once")
    if not given.keys() & {"mask", "mask_prompt"} and not given["image"].alpha:
        raise InvalidRequest.of(
            "mask",
            None,
            f"it says what to {what}, unless the picture has transparency",
            "Make one: `darkroom mask`.",
        )


def _after(seed: int, steps: int, limit: Limit | None) -> int:
    """The seed so many `steps` after `seed`, which goes round within the `limit`."""
    following = seed + steps
    if limit is None or limit.le is None or not seed <= limit.le < following:
        return following
    return int(limit.ge or 0) + following - int(limit.le) - 1


def _measure(name: str, value: Any, model: Model, mode: str) -> str:
    """Say the nearest allowed size for an aspect ratio, or the nearest ratio for a size."""
    other = "aspect_ratio" if name == "size" else "size"
    limit = model.limit(mode, other)
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
