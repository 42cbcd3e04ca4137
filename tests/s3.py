"""What the tests of blocks and stores share: AWS's S3 and STS by moto, and pictures to store."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from moto.server import ThreadedMotoServer
from PIL import Image
from pydantic import SecretStr

from blocks import Bedrock, ImageStore
from darkroom.image_file import facts
from darkroom.picture import Provenance
from darkroom.store import Fresh


@contextmanager
def aws() -> Iterator[str]:
    """S3 and STS over HTTP on this computer; gives their address."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def credentials(**fields: Any) -> Bedrock:
    """A block with an access key that anybody would know for a made-up one."""
    return Bedrock(
        region_name="us-west-2",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=SecretStr("no-secret"),
        **fields,
    )


SHARED = credentials()
"""One client for all tests of a server: making one takes a fifth of a second."""


def bucket_of(url: str, name: str, prefix: str = "") -> ImageStore:
    """A store block on a new bucket of the S3 at `url`."""
    block = ImageStore(bucket=name, prefix=prefix, s3_endpoint_url=url, credentials=SHARED)
    client = SHARED.get_client("s3", endpoint_url=url)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return block


def fresh(number: int = 1, mode: str = "text_to_image", size: int = 16) -> Fresh:
    """A picture that nobody has stored yet; another one for each `number`."""
    out = io.BytesIO()
    Image.new("RGB", (size, size), (number % 256, number // 256, 99)).save(out, "PNG")
    how = Provenance(
        mode=mode,
        model="stability.sd3-5-large-v1:0",
        parameters={"prompt": "an oak table"},
        seed=number,
        made_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return Fresh(out.getvalue(), facts(out.getvalue()), how)
