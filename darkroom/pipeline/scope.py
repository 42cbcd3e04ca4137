"""What the values of a step mean while a pipeline is walked: pictures, texts, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel

from darkroom import modes
from darkroom.errors import InvalidRequest
from darkroom.expect import Foreseen
from darkroom.picture import Picture, picture_fields
from darkroom.pipeline import reference
from darkroom.pipeline.free import STEPS
from darkroom.pipeline.pipeline import Pipeline, Step
from darkroom.pipeline.reference import Reference

Slot = Picture | None
"""A place for a picture: empty where something on the way to it gave none."""


class Nothing(Exception):
    """What is referred to gave no picture; the argument says what it is."""


class _Unsure(Exception):
    """What is asked of a picture is not known before it is there."""


def kind_of(step: Step) -> type[BaseModel]:
    """The class of what a step asks for: a mode's request, or a Pillow step."""
    return modes.find(step.mode) if step.mode else STEPS[str(step.do)]


def pictures_of(kind: type[BaseModel]) -> tuple[list[str], list[str]]:
    """The fields of a class that take one picture, and those that take several.

    A field that takes several under its own name takes one under the singular.
    """
    own = picture_fields(kind)
    many = [name for name in own if get_origin(kind.model_fields[name].annotation) is tuple]
    also: dict[str, str] = getattr(kind, "also", {})
    single = [name for name in own if name not in many]
    return [*single, *(other for other, name in also.items() if name in many)], many


@dataclass
class Scope:
    """All that a pipeline's steps can refer to.

    Attributes:
        pipeline: The pipeline.
        values: Its params by name.
        slots: Pictures of the steps that are done, by step; of loaded files by `params.NAME` and
            `file:PATH`.
    """

    pipeline: Pipeline
    values: Mapping[str, Any]
    slots: dict[str, list[Slot]] = field(default_factory=dict)

    def files(self, name: str, step: Step) -> set[str]:
        """The slots of the files that a step uses."""
        params = {each.param for each in reference.within([step.fields, step.when]) if each.param}
        keys = {f"params.{param}" for param in params if self.is_file(param)}
        for field_name in (*self.singles(name, step), *self.many(name, step)):
            value = step.fields.get(field_name)
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str) and reference.one(each) is None:
                    keys.add(self._file(each))
        return keys

    def is_file(self, param: str) -> bool:
        """Whether a param's value is a file that is still to be loaded, or several."""
        value = self.values[param]
        several = value if isinstance(value, list) else [value]
        is_path = any(isinstance(each, str) for each in several)
        return self.pipeline.params[param].is_picture and is_path

    def fan(self, name: str, step: Step) -> int:
        """Over how many pictures a step fans out; 0 if there is none.

        Raises:
            InvalidRequest: Over as many of one field as of another is impossible.
        """
        lengths = {
            each: len(self.pictures(step.fields[each]))
            for each in self.singles(name, step)
            if each in step.fields
        }
        several = set(lengths.values()) - {1}
        if len(several) > 1:
            told = ", ".join(f"{each} has {length}" for each, length in lengths.items())
            raise InvalidRequest(
                f"{told} pictures: a step fans out over as many of each, or over one and the same."
            )
        return several.pop() if several else 1

    def singles(self, name: str, step: Step) -> list[str]:
        """The fields of a step that take one picture: it fans out over those."""
        if step.pipeline:
            params = self.pipeline.parts[name].params
            return [each for each, param in params.items() if param.type == "image"]
        return pictures_of(kind_of(step))[0]

    def many(self, name: str, step: Step) -> list[str]:
        """The fields of a step that take several pictures."""
        if step.pipeline:
            params = self.pipeline.parts[name].params
            return [each for each, param in params.items() if param.type == "images"]
        return pictures_of(kind_of(step))[1]

    def pictures(self, value: Any) -> list[Slot]:
        """The pictures that a step's value means, at their places."""
        if isinstance(value, list):
            return [slot for each in value for slot in self.pictures(each)]
        whole = reference.one(value)
        return self.slots[self._file(value)] if whole is None else self._referred(whole)

    def _referred(self, whole: Reference) -> list[Slot]:
        if whole.param:
            if self.is_file(whole.param):
                return self.slots[f"params.{whole.param}"]
            own = self.values[whole.param]
            return [*own] if isinstance(own, list) else [own]
        slots = self.slots[whole.step]
        if whole.index is None:
            return slots
        if whole.index >= len(slots):
            raise InvalidRequest(f"{whole.text}: {whole.step} gives {_pictures(len(slots))}.")
        return [slots[whole.index]]

    def _file(self, path: str) -> str:
        return f"file:{Path(self.pipeline.file or '.').absolute().parent / path}"


@dataclass(frozen=True)
class Part:
    """One of the parts that a step fans out into, which picks one picture of each list.

    Attributes:
        scope: What can be referred to.
        index: Which part, from 0.
        total: Of how many.
    """

    scope: Scope
    index: int = 0
    total: int = 1

    def fields(self, name: str, step: Step) -> dict[str, Any]:
        """The fields of a step with what is meant in the place of references.

        Raises:
            Nothing: A picture that it needs is not there.
            InvalidRequest: A reference means nothing.
        """
        singles = self.scope.singles(name, step)
        many = self.scope.many(name, step)
        found: dict[str, Any] = {}
        for each, value in step.fields.items():
            if each in singles:
                found[each] = self._one(value)
            elif each in many:
                found[each] = self._several(value)
            else:
                found[each] = self.filled(value)
        return found

    def filled(self, value: Any) -> Any:
        """A value with what is meant, or expected, in the place of its references."""
        return reference.filled(value, lambda whole: self._look_up(whole, foresee=True))

    def holds(self, when: str | bool) -> bool:
        """Whether a condition holds; what cannot be known yet may hold.

        Raises:
            InvalidRequest: Its sides cannot be compared.
        """
        try:
            return reference.holds(when, lambda whole: self._look_up(whole, foresee=False))
        except _Unsure:
            return True
        except ValueError as error:
            raise InvalidRequest.of("when", when, str(error)) from error

    def _one(self, value: Any) -> Picture:
        return self._picked(self.scope.pictures(value), value)

    def _several(self, value: Any) -> list[Picture]:
        found = [slot for slot in self.scope.pictures(value) if slot is not None]
        if not found:
            raise Nothing(_said(value))
        return found

    def _picked(self, slots: list[Slot], value: Any) -> Picture:
        slot = slots[self.index if len(slots) == self.total else 0]
        if slot is None:
            raise Nothing(_said(value))
        return slot

    def _look_up(self, whole: Reference, *, foresee: bool) -> Any:
        if whole.param and not self.scope.pipeline.params[whole.param].is_picture:
            return self.scope.values[whole.param]
        slots = self.scope._referred(replace(whole, field=""))
        if not whole.field:
            return [slot for slot in slots if slot is not None]
        if len(slots) not in (1, self.total):
            raise InvalidRequest(
                f"{whole.text}: {whole.step} gives {len(slots)} pictures. Say which: "
                f"${{{whole.step}[0].{whole.field}}}."
            )
        return _known(self._picked(slots, whole.text), whole.field, foresee=foresee)


def _known(picture: Picture, name: str, *, foresee: bool) -> Any:
    """What is known of a picture; of one that is not there yet, what is expected of it."""
    if isinstance(picture, Foreseen):
        if not foresee and not (picture.sure and name in ("width", "height")):
            raise _Unsure
        if name == "seed":
            return 1
    how = picture.provenance
    own = {"seed": how.seed, "model": how.model}
    return own[name] if name in own else getattr(picture, name)


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _said(value: Any) -> str:
    found = [each.text for each in reference.within(value)]
    return " and ".join(found) or str(value)
