"""What both blocks share: how they are found by name, and how they speak of mistakes."""

from __future__ import annotations

import difflib
import re
import threading
from contextlib import suppress
from copy import deepcopy
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast, get_args

import httpx
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import ObjectNotFound
from pydantic import AfterValidator, ConfigDict, ValidationError, model_validator

from darkroom.errors import InvalidRequest, Unreachable

AnyBlock = TypeVar("AnyBlock", bound=Block)


class Saved(Block):
    """A block that refuses fields it does not have, and never shows values in its errors.

    Prefect itself lets unknown fields pass, so that a misspelt `profile_name` would quietly use
    somebody else's credentials; and pydantic would print the whole input, secrets included.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        hide_input_in_errors=True,
        str_strip_whitespace=True,  # of what is pasted into a form, secrets among it
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name in given.keys() - cls.model_fields.keys() - {"block_type_slug"}:
                near = difflib.get_close_matches(name, cls.model_fields, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"{name}: {cls.__name__} has no such field{meant}")
        return given

    @classmethod
    def model_json_schema(cls, *how: Any, **named: Any) -> dict[str, Any]:
        """The schema, made once: Prefect asks for it again for each field that it saves."""
        return deepcopy(cls._schema(*how, **named))

    @classmethod
    @cache
    def _schema(cls, *how: Any, **named: Any) -> dict[str, Any]:
        return super().model_json_schema(*how, **named)

    @classmethod
    def _from_block_document(cls, block_document: BlockDocument) -> Self:
        """A block as it was saved, perhaps by another version of Darkroom.

        Fields that it does not have yet get their defaults, as in any form that is left empty. Of
        fields that are not here, those that say nothing are left out; one that says something is
        refused, because without it calls might be made as somebody else, or in another place.

        Raises:
            InvalidRequest: A field that is not here has a value.
        """
        data = _of_this_version(cls, block_document)
        return super()._from_block_document(block_document.model_copy(update={"data": data}))


def _of_this_version(kind: type[Block], saved: BlockDocument) -> dict[str, Any]:
    """The data of a saved block without the fields that are not here and say nothing."""
    schema = saved.block_schema.fields if saved.block_schema else {}
    properties, known, found = schema.get("properties", {}), kind.model_fields, {}
    for field, value in saved.data.items():
        if field in known or field == "block_type_slug":
            inner = _block_in(known[field].annotation) if field in known else None
            found[field] = _inner(inner, value, saved, field) if inner else value
        elif value and value != properties.get(field, {}).get("default"):
            raise InvalidRequest(
                f"{kind.__name__} block {saved.name!r}: it was saved by another version of "
                f"Darkroom, with the field {field}, which this one does not have. Empty that field "
                "on the dashboard's page Blocks, or use the version that has it."
            )
    return found


def _inner(kind: type[Block], value: Any, saved: BlockDocument, field: str) -> Any:
    """The block within a block: by itself, where another version has saved it."""
    unknown = isinstance(value, dict) and value.keys() - kind.model_fields - {"block_type_slug"}
    reference = saved.block_document_references.get(field)
    if unknown and reference:
        return kind.load(reference["block_document"]["name"], _sync=True)  # type: ignore[call-arg]
    return value


def _block_in(annotation: Any) -> type[Block] | None:
    """The block that a field of a block holds, if it holds one."""
    for each in (annotation, *get_args(annotation)):
        if isinstance(each, type) and issubclass(each, Block):
            return each
    return None


def find(kind: type[AnyBlock], name: str | None) -> AnyBlock | None:
    """The block of `kind` that is saved as `name` ("default" if None), or None.

    Raises:
        InvalidRequest: It is saved with values that break its rules.
        Unreachable: The Prefect API does not answer.
    """
    name = name or "default"
    try:
        return cast(AnyBlock, kind.load(name, _sync=True))  # type: ignore[call-arg]
    except ValueError:  # what Prefect raises for a block, or a type of block, that is not saved
        return None
    except RuntimeError as error:
        if not isinstance(error.__cause__, ValidationError):
            raise
        raise InvalidRequest(
            f"{kind.__name__} block {name!r}: {_in_words(error.__cause__)}. Correct it and save it."
        ) from None  # the cause of the cause would show what is saved
    except httpx.HTTPError as error:
        raise Unreachable(
            f"{kind.__name__} block {name!r} cannot be loaded: the Prefect API does not answer as "
            f"it should ({error}). Start it, or correct PREFECT_API_URL."
        ) from error


def saved_as(kind: type[Block]) -> str:
    """What to do about a name that no block of `kind` is saved as: the names that there are."""
    names = []
    with suppress(httpx.HTTPError, ObjectNotFound), get_client(sync_client=True) as client:
        slug = kind.get_block_type_slug()
        found = client.read_block_documents_by_type(slug, include_secrets=False)
        names = sorted(str(each.name) for each in found)
    known = f"Saved are: {', '.join(names)}. " if names else ""
    return f"{known}Save it on the dashboard's page Blocks, or name none."


def _in_words(error: ValidationError) -> str:
    return "; ".join(
        ": ".join([*map(str, each["loc"]), each["msg"].removeprefix("Value error, ")])
        for each in error.errors(include_url=False, include_input=False)
    )


def _address(value: str) -> str:
    if value and not re.match(r"https?://[^/\s]+", value):
        raise ValueError(f"{value!r} is no address: it begins with http:// or https://")
    return value


Address = Annotated[str, AfterValidator(_address)]
"""The URL of a service."""


class Kept(dict[Any, Any]):
    """What a block has made in this process. No part of its value: not compared, not pickled."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept)

    __hash__ = None

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return Kept, ()
