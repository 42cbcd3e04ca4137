"""ImageStore: a folder or an S3 bucket for pictures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError
from filelock import FileLock
from pydantic import Field, HttpUrl, PrivateAttr, field_validator, model_validator

from blocks.bedrock import Bedrock
from blocks.saved import Address, Kept, Saved, find, saved_as
from darkroom.errors import BadPicture, InvalidRequest, PictureMissing, StoreFailed
from darkroom.folder_store import FolderStore
from darkroom.image_file import open_file, prepared, source_path
from darkroom.picture import SUFFIXES
from darkroom.store import Store, home, lock_on_this_machine

MOST = 100_000_000
"""Bytes of a picture that is brought in from a bucket: more than any model takes."""

_MEDIA_TYPES = {suffix: kind for kind, suffix in SUFFIXES.items()} | {"json": "application/json"}
_RIGHTS = {"listed": "s3:ListBucket", "removed": "s3:DeleteObject"}


class ImageStore(Saved):
    """Where pictures are kept: a folder, or an S3 bucket.

    Leave all fields empty for the folder `~/.darkroom/pictures` ($DARKROOM_HOME/pictures).

    Example:
        ```python
        from blocks import ImageStore

        ImageStore(bucket="studio-pictures", prefix="campaigns").save("BLOCK_NAME")
        image_store = ImageStore.load("BLOCK_NAME")
        store = image_store.open()
        ```
    """

    _block_type_name = "Image Store"
    _block_type_slug = "darkroom-image-store"
    _description = "A folder or an S3 bucket where pictures and their provenance are kept."
    _documentation_url = HttpUrl(
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"
    )

    folder: str | None = Field(
        None,
        title="Folder",
        examples=["/srv/pictures"],
        description="A local folder. Empty, without a bucket: ~/.darkroom/pictures.",
    )
    bucket: str | None = Field(
        None, title="Bucket", description="Name of an S3 bucket, instead of a folder."
    )
    prefix: str = Field("", title="Prefix", description="Where in the bucket to begin.")
    credentials: Bedrock | None = Field(
        None,
        title="Credentials",
        description="Bedrock block whose credentials open the bucket. Empty: the default one.",
    )
    s3_endpoint_url: Address | None = Field(
        None, title="S3 endpoint", description="Address of S3, if not AWS's own."
    )

    _stores: Kept = PrivateAttr(default_factory=Kept)

    @field_validator("bucket")
    @classmethod
    def _name(cls, value: str | None) -> str | None:
        if value and "/" in value and not value.startswith("arn:"):
            raise ValueError(
                f"{value!r} is no bucket: give its name without s3://, and the rest as prefix"
            )
        return value

    @field_validator("credentials", mode="before")
    @classmethod
    def _chosen(cls, value: Any) -> Any:
        """Take {} for None: Prefect's v1 form says so where no block was chosen."""
        return value or None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.folder and self.bucket:
            raise ValueError("folder and bucket exclude each other: set one of them")
        if not self.bucket and (self.prefix or self.credentials or self.s3_endpoint_url):
            raise ValueError("prefix, credentials and s3_endpoint_url belong to a bucket: set it")
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
                "store", name, "no ImageStore block of that name is saved", saved_as(cls)
            )
        return block or cls()

    def open(self) -> Store:
        """The store itself; opening it neither reads nor writes anything."""
        if not self.bucket:
            return FolderStore(Path(self.folder) if self.folder else home() / "pictures")
        key = (self.bucket, self.prefix, id(self.credentials), self.s3_endpoint_url)
        with self._stores.lock:
            if key not in self._stores:
                self._stores[key] = S3Store(
                    self.bucket, self.prefix, self.credentials, self.s3_endpoint_url
                )
            store: S3Store = self._stores[key]
            return store

    def source(self, text: str) -> tuple[bytes, tuple[str, ...]]:
        """Read and prepare a picture of one's own; see `darkroom.image_file.prepared`.

        Args:
            text: A path where this runs, a `file:` address, or `s3://BUCKET/KEY`, which the
                credentials of this block open, whatever bucket it names. Nothing is fetched from
                the web: an event can name any address.

        Raises:
            BadPicture: It is not there, too large, of another kind, or not usable.
            StoreFailed: The bucket cannot be read; the error says what it takes.
        """
        if not text.startswith("s3://"):
            return open_file(source_path(text))
        bucket, _, key = text.removeprefix("s3://").partition("/")
        if not (bucket and key):
            raise BadPicture(f"{text}: a bucket and a key are expected: s3://BUCKET/KEY.")
        place = S3Store(bucket, "", self.credentials, self.s3_endpoint_url)
        length = place.length(key)
        if length is None:
            raise BadPicture(f"{text}: there is no such object.")
        if length > MOST:
            raise BadPicture(f"{text}: {length:,} bytes, and {MOST:,} are read at most.")
        return prepared(place.load(key), text)


class S3Store(Store):
    """A store in an S3 bucket.

    What is new is written with `If-None-Match: *`, so nothing that is there is ever replaced by
    something else. Locks bind the processes of one machine and user.

    Its credentials need s3:GetObject, s3:PutObject, and s3:ListBucket: without the last one S3 says
    "access denied" of what is simply not there. Only `remove` needs s3:DeleteObject.
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

    def name_of(self, uri: str) -> str | None:
        start = self.uri_of("")
        return uri.removeprefix(start) if uri.startswith(start) else None

    def check(self) -> None:
        self.write(".darkroom/writable", b"")

    def write(self, name: str, data: bytes, *, durable: bool = True) -> None:
        try:
            self._put(name, data)
        except (ClientError, BotoCoreError) as error:
            raise self._failed(name, "written", error) from error

    def create(self, name: str, data: bytes, *, more: bool = False) -> None:
        try:
            self._put(name, data, IfNoneMatch="*")
        except (ClientError, BotoCoreError) as error:
            # The conflict: somebody else wrote the same name meanwhile.
            taken = _code(error) in ("PreconditionFailed", "ConditionalRequestConflict")
            if not (taken and self.length(name) is not None):
                raise self._failed(name, "written", error) from error

    def load(self, name: str) -> bytes:
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=self.prefix + name)
            return bytes(answer["Body"].read())
        except (ClientError, BotoCoreError) as error:
            raise self._failed(name, "read", error) from error

    def length(self, name: str) -> int | None:
        try:
            answer = self._s3.head_object(Bucket=self.bucket, Key=self.prefix + name)
        except (ClientError, BotoCoreError) as error:
            failed = self._failed(name, "read", error)
            if isinstance(failed, PictureMissing):
                return None
            raise failed from error
        return int(answer["ContentLength"])

    def names(self, prefix: str) -> Iterator[str]:
        for page in self._pages(prefix):
            for each in page.get("Contents", []):
                if not each["Key"].endswith("/"):  # S3's console makes such for folders
                    yield each["Key"].removeprefix(self.prefix)

    def inside(self, folder: str) -> Iterator[str]:
        for page in self._pages(folder, Delimiter="/"):
            keys = [each["Key"] for each in page.get("Contents", [])]
            folders = [each["Prefix"] for each in page.get("CommonPrefixes", [])]
            for key in sorted([*(key for key in keys if not key.endswith("/")), *folders]):
                yield key.removeprefix(self.prefix)

    def _pages(self, folder: str, **how: str) -> Iterator[dict[str, Any]]:
        """S3's answers about what is below a folder."""
        below = folder.strip("/")
        start = f"{self.prefix}{below}/" if below else self.prefix
        pages = self._s3.get_paginator("list_objects_v2")
        try:
            yield from pages.paginate(Bucket=self.bucket, Prefix=start, **how)
        except (ClientError, BotoCoreError) as error:
            raise self._failed(folder, "listed", error) from error

    def remove(self, name: str) -> None:
        try:
            self._s3.delete_object(Bucket=self.bucket, Key=self.prefix + name)
        except (ClientError, BotoCoreError) as error:
            raise self._failed(name, "removed", error) from error

    def lock(self, key: str) -> FileLock:
        return lock_on_this_machine(key)

    def _put(self, name: str, data: bytes, **condition: str) -> None:
        kind = _MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        self._s3.put_object(
            Bucket=self.bucket, Key=self.prefix + name, Body=data, ContentType=kind, **condition
        )

    def _failed(self, name: str, done: str, error: Exception) -> StoreFailed:
        kind = PictureMissing if _code(error) in ("NoSuchKey", "404") else StoreFailed
        needs = ""
        if _code(error) in ("AccessDenied", "403"):
            rights = _RIGHTS.get(done, "s3:GetObject, s3:PutObject and s3:ListBucket")
            needs = f" It takes {rights} on {self.bucket}."
        return kind(f"{self.uri_of(name)} cannot be {done}: {error}.{needs}")


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""
