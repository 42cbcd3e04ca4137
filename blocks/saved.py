"""What both blocks share: how they are found by name, and how they speak of mistakes."""

from __future__ import annotations

import difflib
import re
import threading
from typing import Annotated, Any, ClassVar, TypeVar, cast

import httpx
from prefect.blocks.core import Block
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
