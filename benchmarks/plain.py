"""The other side: what one writes with boto3, the standard library and, where named, Prefect."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

CORE = "stability.stable-image-core-v1:1"
CUTOUT = "us.stability.stable-image-remove-background-v1:0"
OUTPAINT = "us.stability.stable-outpaint-v1:0"
UPSCALE = "us.stability.stable-fast-upscale-v1:0"


def client(url: str, *, connections: int = 32, config: dict[str, Any] | None = None) -> Any:
    """A client of bedrock-runtime that reaches the stand-in."""
    return boto3.client(
        "bedrock-runtime",
        region_name="us-west-2",
        endpoint_url=url,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(max_pool_connections=connections, **(config or {})),
    )


def invoke(bedrock: Any, model_id: str, body: dict[str, Any]) -> bytes:
    """Call a model, and give its picture's bytes."""
    response = bedrock.invoke_model(modelId=model_id, body=json.dumps(body))
    answer = json.loads(response["body"].read())
    return base64.b64decode(answer["images"][0])


def chain(bedrock: Any, product: str, folder: Path) -> None:
    """Make a picture of a product in four steps, and keep each one's picture."""
    data = invoke(bedrock, CORE, {"prompt": product, "seed": 1})
    (folder / f"{product} 1.png").write_bytes(data)
    data = invoke(bedrock, CUTOUT, {"image": _text(data)})
    (folder / f"{product} 2.png").write_bytes(data)
    body = {"image": _text(data), "prompt": "on an oak table", "left": 256, "right": 256, "seed": 1}
    data = invoke(bedrock, OUTPAINT, body)
    (folder / f"{product} 3.png").write_bytes(data)
    data = invoke(bedrock, UPSCALE, {"image": _text(data)})
    (folder / f"{product} 4.png").write_bytes(data)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
