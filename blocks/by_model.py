"""What a block says of single models: each by the model's id, whatever name it was given by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from darkroom import catalog
from darkroom.catalog import Model
from darkroom.errors import InvalidRequest

T = TypeVar("T")


def region(name: str) -> str:
    """The name of an AWS region; raises ValueError where it is none."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"{name!r} is no AWS region: they look like us-west-2")
    return name


def regions(values: Mapping[str, str]) -> dict[str, str]:
    """Regions by model; raises ValueError for what is no model or no region."""
    found = {}
    for name, value in values.items():
        row = _known(name)
        if not value:
            raise ValueError(f"{name}: a region is expected, such as {row.regions[0]}")
        found[row.id] = region(value)
    return found


def profiles(values: Mapping[str, str]) -> dict[str, str]:
    """Inference profiles by model; raises ValueError for what is none, or none of its."""
    found = {}
    for name, profile in values.items():
        row = _known(name)
        if not (catalog.ARN.fullmatch(profile) or re.fullmatch(r"[a-z]+\.[\w.:-]+", profile)):
            raise ValueError(
                f"{name}: {profile!r} is no inference profile: us.{row.id} looks like one, and "
                "arn:aws:bedrock:REGION:ACCOUNT:application-inference-profile/ID"
            )
        _allowed(row.called, profile)
        found[row.id] = profile
    return found


def numbers(values: Mapping[str, float]) -> dict[str, float]:
    """Numbers by model; raises ValueError for what is no model."""
    return {_known(name).id: value for name, value in values.items()}


def _known(name: str) -> Model:
    return _allowed(catalog.find, name)


def _allowed(check: Callable[[str], T], value: str) -> T:
    """What `check` gives; what it refuses becomes a ValueError, which pydantic words."""
    try:
        return check(value)
    except InvalidRequest as error:
        raise ValueError(str(error)) from error
