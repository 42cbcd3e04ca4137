"""Remove the background: the subject alone, the rest transparent."""

from __future__ import annotations

from pydantic import Field

from darkroom import fields
from darkroom.modes.base import Request
from darkroom.picture import Picture
from darkroom.wire import Body, Encoder, Task


class RemoveBackground(Request):
    """Cut the subject out: what is not the subject becomes transparent."""

    image: Picture = Field(description="The picture to cut the subject out of.")
    output_format: fields.Format = None

    def stability(self, encode: Encoder) -> Body:
        return {"image": encode(self.image), "output_format": self.output_format}

    def amazon(self, encode: Encoder) -> Task:
        params: Body = {"image": encode(self.image)}
        return Task("BACKGROUND_REMOVAL", "backgroundRemovalParams", params, configured=False)
