"""What a check found: the one shape of all that `darkroom doctor` says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Area = Literal["credentials", "region", "endpoint", "models", "store", "Prefect", "packages"]
Status = Literal["ok", "warning", "problem"]

AREAS: tuple[Area, ...] = (
    "credentials",
    "region",
    "endpoint",
    "models",
    "store",
    "Prefect",
    "packages",
)
"""In the order in which they are told."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: Where it belongs.
        status: "problem" where a run would fail, "warning" where it may.
        found: What was found. Never a secret.
        to_do: What to do about it; "" where there is nothing to do.
        about: The short name of the model it is about, if it is about one.
    """

    area: Area
    status: Status
    found: str
    to_do: str = ""
    about: str = ""

    def without(self, secrets: Iterable[str]) -> Finding:
        """The same, with stars where a service or a program has put a secret into its words."""
        found, to_do = self.found, self.to_do
        for secret in secrets:
            found, to_do = found.replace(secret, "***"), to_do.replace(secret, "***")
        return replace(self, found=found, to_do=to_do)


def plain_url(url: str) -> str:
    """An address without the user and password that may be in it, and without its query."""
    return re.sub(r"//[^/@]*@", "//", url).partition("?")[0].rstrip("/")


def brief(error: BaseException) -> str:
    """The first line of what an error says: AWS puts what was signed, tokens too, in the others."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    said = re.sub(r"//[^/@\s]*@", "//", lines[0])
    return said if len(said) <= 300 else f"{said[:300]}…"
