"""The models that Darkroom knows: what each can do, where, until when and for how much.

The rows stand in `catalog.toml`. A file named by the environment variable DARKROOM_CATALOG adds
rows, or changes what it says of rows of the same id, such as prices and quotas; it has the same
shape.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from darkroom.errors import (
    InvalidRequest,
    ModelRetired,
    UnknownModel,
    UnsupportedMode,
    WrongRegion,
)
from darkroom.limits import Limit

ARN = re.compile(
    r"arn:aws[\w-]*:bedrock:(?P<region>[a-z0-9-]*):\d*:(?P<kind>[a-z-]+)/(?P<id>[^/]+)"
)

Status = Literal["planned", "active", "legacy", "retired"]

SOON = timedelta(days=90)
"""How long before its end of life a model is said to be ending."""


def today() -> date:
    """The day that decides which models are alive, in UTC."""
    return datetime.now(UTC).date()


class Takes(BaseModel):
    """The neutral fields that a model takes in one mode.

    Attributes:
        required: Fields that must be given.
        one_of: Fields of which at least one must be given.
        optional: Fields that may be given.
        limits: Rules of this mode by neutral field, in place of the model's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    limits: dict[str, Limit] = Field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that the model takes in this mode."""
        return self.required + self.one_of + self.optional


class Price(BaseModel):
    """What one picture costs, up to a size, a quality and steps, where it depends on them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd: float = Field(ge=0)
    max_pixels: int | None = None
    quality: str | None = None
    max_steps: int | None = None


class Model(BaseModel):
    """One row of the catalog.

    Attributes:
        id: The model id without a profile's prefix.
        name: AWS's name for it.
        short: A name to type.
        dialect: The wire format, a file in `darkroom/dialects`.
        aliases: Other ids that AWS has for it.
        called_as: What to call it by instead, such as the ARN of an inference profile; or "".
        limits: Rules by neutral field. `image` holds for every source picture but masks, `canvas`
            for one that is grown here, `png` for sources of what is answered as PNG.
        omits: Fields of the dialect that this model does not know.
        regions: Where it can be called.
        profile: Geography of the inference profile that it must be called by ("us"), or "".
        modes: The modes it can do, with the fields it takes in each.
        prices: US dollars per picture, the first that fits holds; empty if unknown.
        quota_per_minute: Default calls per minute; None if unknown.
        launch: First day, None if unknown; legacy and end_of_life likewise, None if not announced.
        sources: Titles of the AWS pages that the row was taken from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    short: str
    dialect: str
    aliases: tuple[str, ...] = ()
    called_as: str = ""
    limits: dict[str, Limit] = Field(default_factory=dict)
    omits: tuple[str, ...] = ()
    regions: tuple[str, ...]
    profile: str = ""
    modes: dict[str, Takes]
    prices: tuple[Price, ...] = ()
    quota_per_minute: int | None = None
    launch: date | None = None
    legacy: date | None = None
    end_of_life: date | None = None
    sources: tuple[str, ...] = ()

    @property
    def call_id(self) -> str:
        """The id to call it by: the inference profile where one is needed."""
        if self.called_as:
            return self.called_as
        return f"{self.profile}.{self.id}" if self.profile else self.id

    @property
    def is_gone(self) -> bool:
        """Whether it is past its end of life today."""
        return self.status(today()) == "retired"

    @property
    def label(self) -> str:
        """The short name, and whether the model is gone: for lists of models that can."""
        return f"{self.short} (retired)" if self.is_gone else self.short

    def status(self, on: date) -> Status:
        """Whether it can be called on a day."""
        if self.end_of_life and on >= self.end_of_life:
            return "retired"
        if self.legacy and on >= self.legacy:
            return "legacy"
        return "planned" if self.launch and on < self.launch else "active"

    def is_ending(self, on: date) -> bool:
        """Whether its end of life is near on a day, or past."""
        return self.end_of_life is not None and self.end_of_life - on <= SOON

    def takes(self, mode: str) -> Takes:
        """The fields it takes in `mode`; raises `UnsupportedMode` and names models that can."""
        if mode in self.modes:
            return self.modes[mode]
        able = ", ".join(model.label for model in models_for(mode)) or "none in the catalog"
        raise UnsupportedMode(f"{self.name} ({self.id}) cannot do {mode}. Models that can: {able}.")

    def called(self, name: str) -> Model:
        """This model, called by another `name`: an alias, or an ARN, which says its region.

        Raises:
            WrongRegion: The ARN is of a region that does not have the model.
        """
        arn = ARN.fullmatch(name)
        if not (arn and arn["region"]):
            return self.model_copy(update={"called_as": name})
        if not self.is_gone:  # whoever has an arrangement knows where
            self.check_region(arn["region"])
        return self.model_copy(update={"called_as": name, "regions": (arn["region"],)})

    def limit(self, mode: str, field: str) -> Limit | None:
        """The rule for a neutral field in `mode`."""
        takes = self.modes.get(mode)
        return (takes and takes.limits.get(field)) or self.limits.get(field)

    def check_region(self, region: str) -> None:
        """Raise `WrongRegion` where the model is not offered in `region`."""
        if region not in self.regions:
            raise WrongRegion(
                f"{self.name} ({self.id}) is not offered in {region}. "
                f"Call it in {' or '.join(self.regions)}: by AWS_REGION, or by a Bedrock block, "
                "whose `regions` can name one for this model alone."
            )

    def check_alive(self, mode: str, on: date, way_on: str = "") -> None:
        """Raise `ModelRetired`, with the living model for `mode`, past the model's end of life.

        `way_on` takes the place of that, where more is known of the request than its mode.
        """
        if self.status(on) != "retired":
            return
        raise ModelRetired(
            f"{self.name} ({self.id}) reached its end of life on {self.end_of_life}. "
            f"{way_on or self.successor(mode, on)} "
            "A Bedrock block with allow_retired calls it all the same, where you have an "
            "arrangement with AWS or another endpoint."
        )

    def successor(self, mode: str, on: date) -> str:
        """Say which other living models to use for `mode`: the one to prefer first."""
        living = [
            f"{model.short} ({model.id})"
            for model in models_for(mode)
            if model.id != self.id and model.status(on) in ("active", "legacy")
        ]
        if not living:
            return f"No other living model does {mode}."
        return f"For {mode} use {' or '.join(living[:2])}."

    def price(
        self,
        size: tuple[int, int] | None = None,
        quality: str | None = None,
        steps: int | None = None,
    ) -> float | None:
        """Estimated US dollars for one picture of `size` (width, height); None if unknown."""
        pixels = size[0] * size[1] if size else 0
        for price in self.prices:
            if price.max_pixels is not None and pixels > price.max_pixels:
                continue
            if price.max_steps is not None and (steps or 0) > price.max_steps:
                continue
            if price.quality is None or price.quality == (quality or "standard"):
                return price.usd
        return None


class Fact(BaseModel):
    """Where the catalog has numbers from that AWS may change at any time.

    Attributes:
        date: As of which day.
        source: Title of the page or table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    source: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    facts: dict[str, Fact] = {}
    defaults: dict[str, tuple[str, ...]] = {}
    limits: dict[str, dict[str, Any]] = {}
    models: dict[str, dict[str, Any]] = {}


def _read(path: Path) -> _File:
    try:
        return _File.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise InvalidRequest(f"{path}: the catalog cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path}: not a catalog, because it is no TOML: {error}") from error
    except ValidationError as error:
        raise InvalidRequest(f"{path}: not a catalog: {_said(error)}") from error


def _said(error: ValidationError) -> str:
    """What pydantic found, in one line: each place and what is wrong there."""
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())


@cache
def _files(extra: str | None) -> _File:
    merged = _read(Path(__file__).with_name("catalog.toml"))
    if extra:
        more = _read(Path(extra))
        merged.defaults |= more.defaults
        merged.limits |= more.limits
        merged.facts |= more.facts
        for id_, row in more.models.items():
            merged.models[id_] = {**merged.models.get(id_, {}), **row}
    return merged


@cache
def _models(extra: str | None) -> dict[str, Model]:
    file = _files(extra)
    rows: dict[str, Model] = {}
    for id_, row in file.models.items():
        try:
            limits = _limits(row.get("limits", []), file.limits)
            rows[id_] = Model.model_validate({**row, "id": id_, "limits": limits})
        except ValidationError as error:
            raise InvalidRequest(f"catalog row {id_}: {_said(error)}") from error
        except ValueError as error:
            raise InvalidRequest(f"catalog row {id_}: limits: {error}") from error
    return rows


def _limits(parts: Any, shared: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A row's limits: those it shares by name and its own, the later over the earlier."""
    limits: dict[str, Any] = {}
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, dict):
            limits |= part
        elif part in shared:
            limits |= shared[part]
        else:
            raise ValueError(f"no [limits.{part}] in the file. Known: {', '.join(shared)}.")
    return limits


def models() -> dict[str, Model]:
    """All rows by model id, in the order of the file."""
    return _models(os.environ.get("DARKROOM_CATALOG"))


def facts() -> dict[str, Fact]:
    """Where prices and quotas come from, and as of when."""
    return _files(os.environ.get("DARKROOM_CATALOG")).facts


def models_for(mode: str) -> list[Model]:
    """The models that can do `mode`: those it uses by default first, then the living, by age."""
    defaults = _files(os.environ.get("DARKROOM_CATALOG")).defaults.get(mode, ())
    able = [model for model in models().values() if mode in model.modes]
    return sorted(
        able,
        key=lambda model: (
            defaults.index(model.id) if model.id in defaults else len(defaults),
            model.end_of_life is not None,
        ),
    )


def find(name: str) -> Model:
    """The row for a model id, a profile's id, an ARN of either, or a short name.

    What is called by an ARN or by another geography's profile is asked for by just that.

    Raises:
        UnknownModel: There is none; the nearest names are given.
    """
    wanted = name.strip()
    arn = ARN.fullmatch(wanted)
    if arn and arn["kind"] == "application-inference-profile":
        raise UnknownModel(
            f"{wanted} does not say which model it is of: name it on the Bedrock block, "
            'inference_profiles = {"core": "arn:..."}, and call "core" or the ARN.'
        )
    plain = arn["id"] if arn else wanted
    model = _row(plain)
    if model is None:
        names = [label for row in models().values() for label in (row.short, row.id)]
        near = difflib.get_close_matches(plain, names, n=3, cutoff=0.4)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(names[::2])}."
        raise UnknownModel(f"No model is called {name!r}. {hint} `darkroom models` lists all.")
    bare = plain in (model.id, *model.aliases)
    if model.profile and arn and bare:
        raise UnknownModel(f"{wanted}: {model.name} is called by its profile, {model.call_id}.")
    if not bare and plain not in (model.short, model.call_id) and not model.is_gone:
        own = f"by its profile, {model.call_id}" if model.profile else f"by its id, {model.id}"
        raise UnknownModel(f"{wanted}: there is no such profile; {model.name} is called {own}.")
    return model if wanted in (model.id, model.short, model.call_id) else model.called(wanted)


def _row(name: str) -> Model | None:
    rows = models()
    for model in rows.values():
        if name in (model.id, model.short, model.call_id, *model.aliases):
            return model
    # A geography's profile of a model that has none there: known, to say how it is called.
    area, _, bare = name.partition(".")
    return rows.get(bare) if area in ("us", "eu", "apac", "jp", "au", "global") else None


def default(mode: str, given: set[str]) -> Model:
    """The model that `mode` uses when none is named: the first living one for the `given` fields.

    Where none takes them all it is the mode's first, whose refusal says what is wrong.
    """
    candidates = models_for(mode)
    if not candidates:
        raise UnsupportedMode(f"No model in the catalog does {mode}.")
    for model in candidates:
        takes = model.modes[mode]
        fits = given <= {*takes.fields, "count"} and set(takes.required) <= given
        if fits and not model.is_gone:
            return model
    return candidates[0]
