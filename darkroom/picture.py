"""Picture: a stored image by reference.

Pictures travel through flows as a few hundred bytes. Whoever needs the image itself asks the store.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

MediaType = Literal["image/png", "image/jpeg", "image/webp"]

SUFFIXES: dict[str, str] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class Reviewed(BaseModel):
    """What a person said of a picture, among others.

    Attributes:
        step: The review's name.
        flow_run: Name of the Prefect flow run.
        flow_run_id: Its id.
        chosen: Whether the picture was to go on.
        among: SHA-256 of all that could be chosen.
        question: What was asked.
        said: The answer in words.
        at: When the answer was taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: str
    flow_run: str | None = None
    flow_run_id: str | None = None
    chosen: bool
    among: tuple[str, ...] = ()
    question: str = ""
    said: str = ""
    at: datetime


class Provenance(BaseModel):
    """How a picture came to be: enough to make it again.

    Attributes:
        mode: The mode that made it, or the name of the Pillow step.
        model: The model id that was called; None for what no model made.
        region: AWS region of the call.
        endpoint: Address of the service, or "standin".
        parameters: The request in neutral terms; source pictures by their SHA-256.
        seed: The seed that gave this picture.
        request_id: The service's id of the call.
        parents: SHA-256 of the pictures that it was made from.
        price_usd: Estimated price of this picture in US dollars; None if unknown.
        seconds: How long the call took.
        made_at: When the answer arrived.
        flow_run: Name of the Prefect flow run.
        notes: What was done to the source on the way, in words.
        reviews: What people said of it since.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    mode: str
    model: str | None = None
    region: str | None = None
    endpoint: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    request_id: str | None = None
    parents: tuple[str, ...] = ()
    price_usd: float | None = None
    seconds: float | None = None
    made_at: datetime | None = None
    flow_run: str | None = None
    notes: tuple[str, ...] = ()
    reviews: tuple[Reviewed, ...] = ()


class Facts(BaseModel):
    """What the bytes of an image say.

    Attributes:
        sha256: Of the bytes as they are stored, in hex.
        media_type: The format.
        width: Pixels.
        height: Pixels.
        alpha: Whether any pixel is not fully opaque.
        size_bytes: Length of the encoded image.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: MediaType
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    alpha: bool = False
    size_bytes: int = Field(ge=1)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height


class Picture(Facts):
    """A stored image by reference.

    Attributes:
        uri: Where it is: `file:///...` or `s3://bucket/key`.
        provenance: How it came to be.
    """

    uri: str
    provenance: Provenance = Provenance(mode="unknown")

    @property
    def where(self) -> str:
        """The place as a person would write it: a path where it is a local file."""
        return str(local_path(self.uri) or self.uri)


def picture_fields(kind: type[BaseModel]) -> tuple[str, ...]:
    """The names of the fields of a class that take a picture, or several."""
    fields = kind.model_fields.items()
    return tuple(
        name for name, field in fields if Picture in (field.annotation, *get_args(field.annotation))
    )


def local_path(uri: str) -> Path | None:
    """The path behind a `file:` URI, or None for any other."""
    if not uri.startswith("file:"):
        return None
    from urllib.request import url2pathname  # brings ssl and http along

    return Path(url2pathname(urlsplit(uri).path))
