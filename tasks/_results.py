"""How Prefect keeps task results: as references, while what they refer to is there."""

from __future__ import annotations

from typing import Any, Literal

from prefect.serializers import Serializer
from pydantic import TypeAdapter

from darkroom.errors import PictureMissing
from darkroom.picture import Picture, local_path

_PICTURES = TypeAdapter(list[Picture])


# Serializer[Any] would be a class of its own to Prefect's registry, without a type name.
class PictureSerializer(Serializer):
    """Lists of pictures as JSON.

    A result whose picture has been deleted does not load, and so is no result: Prefect then runs
    the task, which asks the store, and the service only if the store has nothing either.
    """

    type: Literal["darkroom-pictures"] = "darkroom-pictures"

    def dumps(self, obj: Any) -> bytes:
        return _PICTURES.dump_json(obj)

    def loads(self, blob: bytes) -> list[Picture]:
        pictures = _PICTURES.validate_json(blob)
        for picture in pictures:
            path = local_path(picture.uri)
            if path is not None and not path.exists():
                raise PictureMissing(f"{path} has been deleted.")
        return pictures
