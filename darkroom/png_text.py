"""How a picture came to be, written into a PNG and read back: spliced in, never encoded again.

A PNG is a row of chunks. Texts are chunks of their own (iTXt, UTF-8; "PNG Specification, third
edition", 11.3.3.2), so they are put before the pixels, whose bytes stay what they were. A picture
with Content Credentials (C2PA's `caBX` chunk) is signed as a whole: a text would break its seal.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from darkroom.errors import BadPicture
from darkroom.picture import Picture, Provenance

KEYWORD = "Darkroom"
"""Of the text that has all; others repeat the prompt and the program for those who look there."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OURS = (KEYWORD.encode(), b"Description", b"Software")
_KEPT = ("mode", "model", "parameters", "seed", "parents", "made_at", "notes")
"""What of provenance goes into a file that others may get: no places, addresses and prices."""


@dataclass(frozen=True)
class Told:
    """What the text in a PNG says.

    Attributes:
        sha256: Of the picture before the text was put in.
        provenance: How it came to be.
    """

    sha256: str
    provenance: Provenance


def with_text(data: bytes, picture: Picture, name: str = "picture") -> bytes:
    """A PNG with how it came to be in it, as text.

    Args:
        data: The PNG.
        picture: The picture as it is known.
        name: What to call it in errors.

    Raises:
        BadPicture: It is no PNG, is damaged, or carries Content Credentials.
    """
    if not data.startswith(_SIGNATURE):
        raise BadPicture(
            f"{name}: only a PNG takes text. Keep its .json file beside it: `darkroom show` reads "
            "that, and finds any copy of a stored picture by its bytes."
        )
    before: list[bytes] = [_SIGNATURE]
    after: list[bytes] = []
    told_before = read_text(data) is not None
    for kind, body, whole in _chunks(data, name):
        if kind == b"caBX":
            raise BadPicture(
                f"{name}: it carries Content Credentials (a caBX chunk), which a text would break. "
                "Its bytes stay as received; keep its .json file beside it instead."
            )
        if told_before and kind == b"iTXt" and body.partition(b"\0")[0] in _OURS:
            continue  # what is written now takes its place
        (after if after or kind == b"IDAT" else before).append(whole)
    return b"".join([*before, *_texts(picture), *after])


def read_text(data: bytes) -> Told | None:
    """What the text in a PNG says of it; None where there is none that can be read."""
    try:
        for kind, body, _ in _chunks(data, "picture"):
            keyword, _, rest = body.partition(b"\0")
            if kind == b"iTXt" and keyword == KEYWORD.encode() and rest[:1] == b"\0":
                said = json.loads(rest[2:].split(b"\0", 2)[2])
                return Told(str(said.pop("sha256")), _known(said))
    except (BadPicture, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None
    return None


def _known(said: Mapping[str, Any]) -> Provenance:
    ours = {name: value for name, value in said.items() if name in Provenance.model_fields}
    try:
        return Provenance.model_validate(ours)
    except ValidationError as error:
        raise ValueError(str(error)) from error


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The chunks of a PNG: kind, content, and all of it as it stands there.

    Raises:
        BadPicture: It is damaged or cut off.
    """
    place = len(_SIGNATURE)
    while data.startswith(_SIGNATURE) and place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8].ljust(8, b"\0"))
        end = place + 12 + length
        if end > len(data):
            break
        yield kind, data[place + 8 : end - 4], data[place:end]
        if kind == b"IEND":
            return
        place = end
    raise BadPicture(f"{name}: the PNG is damaged or cut off. Use the one that is in the store.")


def _texts(picture: Picture) -> Iterator[bytes]:
    """The chunks that say how a picture came to be."""
    how = picture.provenance
    told = how.model_dump(mode="json", include=set(_KEPT), exclude_none=True)
    told["parameters"] = _without_places(told["parameters"])
    yield _text(KEYWORD, json.dumps({"sha256": picture.sha256, **told}, ensure_ascii=False))
    if prompt := how.parameters.get("prompt"):
        yield _text("Description", str(prompt))
    yield _text("Software", f"Darkroom, {how.model or how.mode}")


def _without_places(value: Any) -> Any:
    """Parameters without where their pictures are: their hashes name them."""
    if isinstance(value, Mapping):
        picture = "sha256" in value
        kept = {name: each for name, each in value.items() if not (picture and name == "uri")}
        return {name: _without_places(each) for name, each in kept.items()}
    return [_without_places(each) for each in value] if isinstance(value, list) else value


def _text(keyword: str, text: str) -> bytes:
    said = text.replace("\0", "").encode("utf-8", "replace")
    body = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + said
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
