"""Pictures of one's own: from this machine or a bucket, and from nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from blocks import Bedrock, ImageStore
from darkroom.errors import BadPicture, InvalidRequest, StoreFailed
from flows.product_shot import product_shot
from tests.conftest import encoded
from tests.s3 import aws, bucket_of


@pytest.fixture(scope="module")
def bucket() -> Iterator[ImageStore]:
    with aws() as url:
        yield bucket_of(url, "uploads")


def test_a_picture_in_a_bucket_is_read(bucket: ImageStore) -> None:
    """`s3://` is opened with the store's credentials, and prepared like any file."""
    data = encoded(Image.new("RGB", (64, 64), "teal"))
    bucket.open().write("shop/mug.png", data)
    assert bucket.source("s3://uploads/shop/mug.png") == (data, ())
    bucket.open().write("shop/grey.png", encoded(Image.new("L", (64, 64))))
    assert bucket.source("s3://uploads/shop/grey.png")[1] == ("converted from L to 8-bit RGB",)


def test_a_picture_on_this_machine_is_read(bucket: ImageStore, tmp_path: Path) -> None:
    """A path and a `file:` address are read, whatever the store is."""
    data = encoded(Image.new("RGB", (64, 64), "teal"))
    path = tmp_path / "mug.png"
    path.write_bytes(data)
    for text in (str(path), path.as_uri()):
        assert bucket.source(text) == (data, ())


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("s3://uploads/nothing.png", "there is no such object"),
        ("s3://uploads", "a bucket and a key are expected"),
        ("https://example.com/x.png", "only local files can be read here, and s3://"),
        ("http://169.254.169.254/latest/meta-data/", "only local files can be read here"),
        ("/nothing/there.png", "there is no such file"),
    ],
)
def test_what_cannot_be_read_is_refused(bucket: ImageStore, address: str, told: str) -> None:
    """What is not there, or on the web, is refused in words; nothing is fetched for an event."""
    with pytest.raises(BadPicture, match=told):
        bucket.source(address)


def test_a_picture_that_is_too_large_is_not_loaded(
    bucket: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object that no model would take is refused by its length, before it is loaded."""
    bucket.open().write("film.mov", bytes(2000))
    monkeypatch.setattr("blocks.image_store.MOST", 1000)
    with pytest.raises(BadPicture, match="2,000 bytes, and 1,000 are read at most"):
        bucket.source("s3://uploads/film.mov")


def test_a_bucket_that_is_not_there_is_said(bucket: ImageStore) -> None:
    """A bucket that does not exist, or is somebody else's, is told with what it takes."""
    with pytest.raises((BadPicture, StoreFailed)):
        bucket.source("s3://somebody-elses/x.png")


def test_an_empty_image_says_where_it_comes_from(
    prefect_api: None, bedrock: Bedrock, tmp_path: Path
) -> None:
    """A product shot whose event named no picture fails at once, and says what an event needs."""
    bedrock.save("sources", overwrite=True)
    state = product_shot(image="", bedrock="sources", return_state=True)
    with pytest.raises(InvalidRequest, match="in its payload, as image"):
        state.result()
