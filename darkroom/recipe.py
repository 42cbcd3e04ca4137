"""A picture's recipe: the pipeline that asks for it again, written from its provenance.

What made it is a step; what it was made of are params of type image, with the place where the file
was found, or the steps that made those, back to the first. The same request with the same sources
is answered from the store, without a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from darkroom import catalog, client, modes
from darkroom.archive import Entry
from darkroom.errors import DarkroomError, InvalidRequest, UnknownModel
from darkroom.lineage import Lineage
from darkroom.modes.base import Request
from darkroom.picture import Picture, local_path, picture_fields
from darkroom.pipeline.edits import calls_of, fields_of
from darkroom.pipeline.free import STEPS

DEEPEST = 100
"""Steps one after the other that a recipe goes back."""

Recall = Callable[[str], list[Picture] | None]
"""Gives the pictures of a request by its key, such as `Store.recall`."""

# Plain words that YAML leaves as they are.
_WORD = re.compile(r"[A-Za-z][\w.-]*")
_NOT_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_REFERENCE = re.compile(r"\$\{[A-Za-z_][\w.]*(\[\d+\])?\}")
# What a pipeline reads as a reference, or as one that is written wrongly.
_LIKE_ONE = re.compile(r"\$[{(]|[${]\s*[A-Za-z_]")
# What JSON writes as it is and YAML takes in no text.
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def recipe(
    entry: Entry,
    family: Lineage | None = None,
    *,
    whole: bool = False,
    recall: Recall = lambda _: None,
) -> str:
    """The YAML of a pipeline that makes a picture again.

    Args:
        entry: The picture.
        family: Knows what it was made of, and where that is now.
        whole: Whether its sources are made as well, as far back as is known how; else they are
            given.
        recall: Finds the pictures of a request that gave several, to tell which of them it was.

    Raises:
        InvalidRequest: Nobody can say how it was made, or no step of a pipeline does that.
    """
    book = _Book(family or Lineage(), whole, recall)
    made = book.step(entry)
    if made is None:
        how = entry.picture.provenance.mode
        raise InvalidRequest.of(
            "recipe",
            entry.name,
            f"it was made by {how}, which no step of a pipeline does",
            "It was brought in, or made by hand." if how == "load_picture" else "",
        )
    return book.text(entry)


@dataclass
class _Book:
    """A recipe that is being written."""

    family: Lineage
    whole: bool
    recall: Recall
    params: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _said: dict[str, str] = field(default_factory=dict)  # by SHA-256, the reference to a picture
    _open: list[str] = field(default_factory=list)

    def step(self, entry: Entry) -> str | None:
        """Write the step that made a picture; gives its name, None where no step does that."""
        how = entry.picture.provenance
        self._open.append(entry.picture.sha256)
        try:
            made = self._asked(entry) if how.mode in modes.names() else self._edited(entry)
        finally:
            self._open.pop()
        if made is None:
            return None
        for name, step in self.steps.items():
            if step == made:  # another picture of the same request
                return name
        name = _free(how.mode if how.mode != "background_mask" else "make_mask", self.steps)
        self.steps[name] = made
        return name

    def _asked(self, entry: Entry) -> dict[str, Any] | None:
        """The step of a model."""
        how = entry.picture.provenance
        kind = modes.find(how.mode)
        if not how.parameters.keys() <= kind.model_fields.keys():
            return None
        fields = dict(how.parameters)
        way: dict[str, Any] = {}
        for name in sorted(kind.on_the_way & fields.keys()):
            way[name] = fields.pop(name)
        if fields.get("count") == 1:
            del fields["count"]
        model = self._model(how.model)
        step: dict[str, Any] = {"mode": how.mode, "model": model}
        for name, value in fields.items():
            if name in picture_fields(kind):
                several = value if isinstance(value, list) else [value]
                found = [self._source(each, name, entry, way) for each in several]
                step[name] = found if isinstance(value, list) else found[0]
            else:
                step[name] = self._value(name, value)
        if any(_of_step(each) for each in step.values()):
            way.setdefault("fit", "refuse")  # which is not the usual after another step
        return step | way

    def _model(self, model_id: str | None) -> str | None:
        try:
            model = catalog.find(model_id or "")
        except UnknownModel:
            return model_id
        if model.status(catalog.today()) == "retired":
            self.notes.append(
                f"{model.name} ended on {model.end_of_life}: on_retired: substitute asks its "
                "successor, and makes another picture"
            )
        return model.short

    def _edited(self, entry: Entry) -> dict[str, Any] | None:
        """The step of Pillow."""
        how = entry.picture.provenance
        edits = [str(each) for each in how.parameters.get("edits") or ()]
        fields: dict[str, Any] | None
        if how.mode == "background_mask":
            word, fields = "make_mask", {"alpha": "transparent"}
        elif how.mode == "contact_sheet":
            word, fields = how.mode, {"title": str(how.parameters.get("title") or "")}
            self.notes.append("a contact sheet of a pipeline says of each picture what made it")
        elif how.mode in STEPS:
            word, fields = how.mode, fields_of(how.mode, edits)
        else:
            return None
        names = picture_fields(STEPS[word])
        if fields is None or (len(how.parents) != len(names) and word != "contact_sheet"):
            return None
        found = [self._source({"sha256": each}, names[0], entry, {}) for each in how.parents]
        pictures = (
            {"images": found} if word == "contact_sheet" else dict(zip(names, found, strict=True))
        )
        return {
            "do": word,
            **pictures,
            **{name: self._value(name, each) for name, each in fields.items()},
        }

    def _source(self, told: Any, name: str, child: Entry, way: dict[str, Any]) -> str:
        """What stands for a source: a step, if all is to be made again, or a param."""
        sha256 = str(told.get("sha256")) if isinstance(told, Mapping) else str(told)
        entry = self.family.find(sha256, child)
        if self.whole:
            while entry and (original := self._before_fitting(entry, way)):
                entry, sha256 = original, original.picture.sha256
        if sha256 not in self._said:
            made = entry and self._made(entry)
            uri = entry.picture.uri if entry else str(dict(told).get("uri") or "")
            self._said[sha256] = made or self._param(name, sha256, uri, entry)
        return self._said[sha256]

    def _before_fitting(self, entry: Entry, way: dict[str, Any]) -> Entry | None:
        """What a picture was before it was shrunk for a model, which that model's step does."""
        how = entry.picture.provenance
        edits = calls_of([str(each) for each in how.parameters.get("edits") or ()])
        if "Shrink" not in edits or not edits.keys() <= {"Shrink", "Flatten"} or not how.parents:
            return None
        original = self.family.find(how.parents[0], entry)
        if original:
            way["fit"] = "shrink"
            if "Flatten" in edits:
                way["background"] = edits["Flatten"]["color"]
        return original

    def _made(self, entry: Entry) -> str | None:
        """The reference to the step that makes a source."""
        sha256, how = entry.picture.sha256, entry.picture.provenance
        if not self.whole or sha256 in self._open or len(self._open) >= DEEPEST:
            return None
        index = ""
        if how.parameters.get("count", 1) != 1:
            place = self._place(entry)
            if place is None:
                return None
            index = f"[{place}]"
        name = self.step(entry)
        return f"${{{name}{index}}}" if name else None

    def _place(self, entry: Entry) -> int | None:
        """Which of the pictures of its request a picture is; None if that cannot be found out."""
        how = entry.picture.provenance
        try:
            kind, model = modes.find(how.mode), catalog.find(how.model or "")
            request = kind.model_validate(self._filled(kind, entry))
            found = self.recall(client.key(request, model, how.endpoint or "")) or []
        except (DarkroomError, ValidationError, LookupError):
            return None
        hashes = [each.sha256 for each in found]
        return hashes.index(entry.picture.sha256) if entry.picture.sha256 in hashes else None

    def _filled(self, kind: type[Request], entry: Entry) -> dict[str, Any]:
        """The fields of a request with its pictures in their places."""
        fields = dict(entry.picture.provenance.parameters)

        def picture(told: Mapping[str, Any]) -> Picture:
            found = self.family.find(told["sha256"], entry)
            if found is None:
                raise LookupError(told["sha256"])
            return found.picture

        for name in picture_fields(kind):
            if value := fields.get(name):
                several = isinstance(value, list)
                fields[name] = [picture(each) for each in value] if several else picture(value)
        return fields

    def _param(self, name: str, sha256: str, uri: str, entry: Entry | None) -> str:
        """A param for a picture, with its place as the default, or as a hint."""
        how = entry.picture.provenance if entry else None
        told = f"sha256 {sha256}"
        file = str(how.parameters.get("file") or "") if how and how.mode == "load_picture" else ""
        if how:
            told = f"{file or how.mode}, {told}"
        name = _free(_name(file.rpartition(".")[0]) or _singular(name), self.params)
        path = local_path(uri)
        place = {"default": str(path)} if path else {}
        if uri and not path:
            told = f"{uri}, {told}"
        self.params[name] = {"type": "image", **place, "description": told}
        return f"${{params.{name}}}"

    def _value(self, name: str, value: Any) -> Any:
        """A value; a text that looks like a reference is a param, whose text stands for itself."""
        if isinstance(value, str) and _LIKE_ONE.search(value):
            param = _free(name, self.params)
            self.params[param] = {"type": "text", "default": value}
            return f"${{params.{param}}}"
        if isinstance(value, dict):
            return {key: self._value(name, each) for key, each in value.items()}
        return (
            [self._value(name, each) for each in value]
            if isinstance(value, list | tuple)
            else value
        )

    def text(self, entry: Entry) -> str:
        """The recipe as YAML."""
        how = entry.picture.provenance
        count = how.parameters.get("count", 1)
        if count != 1:
            self.notes.append(f"gives {count} pictures: the one is among them")
        made = f" on {how.made_at:%Y-%m-%d}" if how.made_at else ""
        lines = [
            f"# How {_scalar(entry.name)} was made{made}; run it with: darkroom run FILE.yaml",
            *(f"# {each}" for each in dict.fromkeys(self.notes)),
            f"name: {how.mode}_again",
            *_block("params", self.params),
            *_block("steps", self.steps),
        ]
        return "\n".join(lines) + "\n"


def _of_step(value: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    return any(isinstance(each, str) and re.match(r"\$\{(?!params\.)", each) for each in several)


def _name(text: str) -> str:
    """A text as the name of a param: letters, digits and underscores; "" if nothing is left."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_0123456789")[:40]


def _singular(name: str) -> str:
    return "image" if name == "images" else name


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """A name that is free, such as image_2."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _block(name: str, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if entries:
        yield f"{name}:"
    for each, fields in entries.items():
        yield f"  {each}:"
        for key, value in fields.items():
            yield f"    {key}: {_flow(value)}"


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_scalar(key)}: {_flow(each)}" for key, each in value.items()) + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if _REFERENCE.fullmatch(value) or (
            _WORD.fullmatch(value) and value.lower() not in _NOT_WORDS
        ):
            return value
        said = json.dumps(value, ensure_ascii=False)
        return _ODD.sub(lambda odd: f"\\u{ord(odd[0]):04x}", said)
    if isinstance(value, float) and "." not in (said := repr(value)):
        return said.replace("e", ".0e")  # without a point YAML takes it for a text
    return json.dumps(value)
