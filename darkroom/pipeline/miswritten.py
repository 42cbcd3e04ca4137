"""What looks like a reference and is none: it would be sent, and paid for, as it stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_PATH = r"[A-Za-z_]\w*(?:\[\d+\])?(?:\.[A-Za-z_]\w*)*"
_RIGHT = re.compile(r"\$\{[^{}]*\}")
_ALMOST = re.compile(
    rf"\$\(\s*(?P<round>{_PATH})\s*\)"
    rf"|\$?\{{{{1,2}}\s*(?P<curly>{_PATH})\s*\}}{{1,2}}"
    rf"|\$(?P<bare>{_PATH})"
)
_OPEN = re.compile(r"\$\{\s*[A-Za-z_][\w.]*")


def miswritten(text: str, params: Collection[str], steps: Collection[str]) -> Iterator[str]:
    """Each part of a text that means a param or step and is not written so, with what is meant.

    Only names that the file knows count: a price such as $5 is one.
    """
    rest = _RIGHT.sub(lambda found: " " * len(found[0]), text)
    for found in _ALMOST.finditer(rest):
        meant = _meant(found["round"] or found["curly"] or found["bare"], params, steps)
        if meant:
            yield f"{found[0]} is no reference, and would stay as it is: write {meant}"
    for found in _OPEN.finditer(rest):
        if rest.find("}", found.end()) < 0:
            yield f"{found[0]}: the reference that begins here is not closed by }}"


def named(text: str, params: Collection[str], steps: Collection[str]) -> str:
    """The reference that a bare name means; "" if it means none."""
    return _meant(text, params, steps) if re.fullmatch(_PATH, text) else ""


def _meant(path: str, params: Collection[str], steps: Collection[str]) -> str:
    first, _, rest = path.partition(".")
    if first == "params":
        name = rest.partition(".")[0]
        return f"${{params.{name}}}" if name in params else ""
    name = first.partition("[")[0]
    if name in steps:
        return f"${{{path}}}"
    return f"${{params.{name}}}" if name in params else ""
