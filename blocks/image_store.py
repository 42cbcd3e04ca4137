"""ImageStore: a folder or an S3 bucket for pictures."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from filelock import FileLock
from prefect.blocks.core import Block
from pydantic import Field, model_validator

from blocks.bedrock import Bedrock
from blocks.named import find
from darkroom.errors import InvalidRequest, PictureMissing, StoreFailed
from darkroom.store import FolderStore, Store, home, lock_on_this_machine


class ImageStore(Block):
    """Where pictures are kept: a folder, or an S3 bucket.

    Leave all fields empty for the folder `~/.darkroom/pictures` ($DARKROOM_HOME/pictures).

    Example:
        ```python
        from blocks import Bedrock, ImageStore

        ImageStore(bucket="studio-pictures", prefix="campaigns").save("default")
        store = ImageStore.load("default").open()
        ```
    """

    _block_type_name = "Image Store"
    _block_type_slug = "darkroom-image-store"
    _description = "A folder or an S3 bucket where pictures and their provenance are kept."

    folder: str | None = Field(
        None,
        title="Folder",
        examples=["/srv/pictures"],
        description="A local folder. Empty, without a bucket: ~/.darkroom/pictures.",
    )
    bucket: str | None = Field(
        None, title="Bucket", min_length=3, description="An S3 bucket, instead of a folder."
    )
    prefix: str = Field("", title="Prefix", description="Where in the bucket to begin.")
    credentials: Bedrock | None = Field(
        None,
        title="Credentials",
        description="Bedrock block whose credentials open the bucket. Empty: the default one.",
    )
    s3_endpoint_url: str | None = Field(
        None, title="S3 endpoint", description="Address of S3, if not AWS's own."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.folder and self.bucket:
            raise ValueError("folder and bucket exclude each other: set one of them")
        return self

    @classmethod
    def find(cls, name: str | None = None) -> ImageStore:
        """The block to use: the one saved as `name`, or as "default", or the default folder.

        Raises:
            InvalidRequest: No block of that name is saved.
        """
        block = find(cls, name)
        if block is None and name is not None:
            raise InvalidRequest.of(
                "store", name, "no ImageStore block of that name is saved", "Save it, or name none."
            )
        return block or cls()

    def open(self) -> Store:
        """The store itself; opening it neither reads nor writes anything."""
        if not self.bucket:
            return FolderStore(Path(self.folder) if self.folder else home() / "pictures")
        return S3Store(self.bucket, self.prefix, self.credentials, self.s3_endpoint_url)


class S3Store(Store):
    """A store in an S3 bucket.

    What is new is written with `If-None-Match: *`, so nothing that is there is ever replaced by
    something else. Locks bind the processes of one machine.
    """

    def __init__(
        self, bucket: str, prefix: str, credentials: Bedrock | None, endpoint_url: str | None
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self._credentials = credentials
        self._endpoint_url = endpoint_url

    @cached_property
    def _s3(self) -> Any:
        block = self._credentials or Bedrock.find()
        return block.get_client("s3", endpoint_url=self._endpoint_url)

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def uri_of(self, name: str) -> str:
        return f"{self.uri}/{name}"

    def write(self, name: str, data: bytes) -> None:
        self._put(name, data)

    def create(self, name: str, data: bytes) -> None:
        try:
            self._put(name, data, IfNoneMatch="*")
        except StoreFailed as error:
            if _code(error.__cause__) != "PreconditionFailed":
                raise

    def load(self, name: str) -> bytes:
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=self.prefix + name)
            return bytes(answer["Body"].read())
        except (ClientError, BotoCoreError) as error:
            kind = PictureMissing if _code(error) in ("NoSuchKey", "404") else StoreFailed
            raise kind(f"{self.uri_of(name)} cannot be read: {error}") from error

    def length(self, name: str) -> int | None:
        try:
            answer = self._s3.head_object(Bucket=self.bucket, Key=self.prefix + name)
        except (ClientError, BotoCoreError) as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise StoreFailed(f"{self.uri_of(name)} cannot be read: {error}") from error
        return int(answer["ContentLength"])

    def lock(self, key: str) -> FileLock:
        return lock_on_this_machine(key)

    def _put(self, name: str, data: bytes, **condition: str) -> None:
        try:
            self._s3.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=data, **condition)
        except (ClientError, BotoCoreError) as error:
            raise StoreFailed(f"{self.uri_of(name)} cannot be written: {error}") from error


def _code(error: BaseException | None) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""
