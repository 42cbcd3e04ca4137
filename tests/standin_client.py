"""What the stand-in's tests need to call it: boto3 as users have it, and small pictures."""

from __future__ import annotations

import base64
import io
import json
import random
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image

CORE = "stability.stable-image-core-v1:1"
ULTRA = "stability.stable-image-ultra-v1:1"
SD35 = "stability.sd3-5-large-v1:0"
REMOVE = "us.stability.stable-image-remove-background-v1:0"
INPAINT = "us.stability.stable-image-inpaint-v1:0"
OUTPAINT = "us.stability.stable-outpaint-v1:0"
TITAN = "amazon.titan-image-generator-v2:0"
NOVA = "amazon.nova-canvas-v1:0"

HOME = {
    CORE: "us-west-2",
    ULTRA: "us-west-2",
    SD35: "us-west-2",
    REMOVE: "us-east-2",
    INPAINT: "us-east-1",
    OUTPAINT: "us-west-2",
    TITAN: "us-west-2",
    NOVA: "us-east-1",
}

WEB = httpx.Client()
"""One client for all: making one takes a tenth of a second."""


class Caller:
    """Real boto3 clients of one stand-in, one per region, without retries."""

    def __init__(self, url: str, *, read_timeout: float = 20) -> None:
        self._url = url
        self._read_timeout = read_timeout
        self._clients: dict[str, Any] = {}

    def client(self, region: str) -> Any:
        """The client of a region."""
        if region not in self._clients:
            self._clients[region] = boto3.client(
                "bedrock-runtime",
                region_name=region,
                endpoint_url=self._url,
                aws_access_key_id="AKIDEXAMPLE",
                aws_secret_access_key="no secret",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=self._read_timeout),
            )
        return self._clients[region]

    def raw(self, model: str, body: Any, region: str | None = None) -> Any:
        """Call with a JSON body or bytes; boto3's whole response."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        client = self.client(region or HOME.get(model, "us-west-2"))
        return client.invoke_model(modelId=model, body=data)

    def answer(self, model: str, body: Any, region: str | None = None) -> dict[str, Any]:
        """Call; the answer's JSON."""
        answer: dict[str, Any] = json.loads(self.raw(model, body, region)["body"].read())
        return answer

    def pictures(self, model: str, body: Any, region: str | None = None) -> list[Image.Image]:
        """Call; the answer's pictures, decoded."""
        return [opened(encoded) for encoded in self.answer(model, body, region)["images"]]

    def refusal(self, model: str, body: Any, region: str | None = None) -> ClientError:
        """Call; the error that boto3 raises."""
        try:
            answer = self.answer(model, body, region)
        except ClientError as error:
            return error
        raise AssertionError(f"{model} answered with {list(answer)}")

    def message(self, model: str, body: Any, region: str | None = None) -> str:
        """Call; the text of the ValidationException."""
        error = self.refusal(model, body, region).response
        assert error["Error"]["Code"] == "ValidationException", error
        assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
        return str(error["Error"]["Message"])


def opened(encoded: str) -> Image.Image:
    """Decode a picture of an answer."""
    image = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
    image.load()
    return image


def encoded(image: Image.Image, form: str = "PNG", **how: Any) -> str:
    """Encode a picture for a request."""
    out = io.BytesIO()
    image.save(out, form, **how)
    return base64.b64encode(out.getvalue()).decode()


def noise(width: int = 64, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Make a picture in which no two places look alike."""
    return Image.effect_noise((width, height), 90).convert(mode)


def grain(width: int, height: int) -> Image.Image:
    """Make a picture that no encoder can make smaller."""
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def half_white(width: int, height: int) -> Image.Image:
    """Make a mask whose right half is white."""
    mask = Image.new("L", (width, height), 0)
    mask.paste(255, (width // 2, 0, width, height))
    return mask


def text_image(text: str = "a blue chair", **config: Any) -> dict[str, Any]:
    """Make a body for Titan or Nova, 512 x 512 unless told otherwise."""
    return {
        "taskType": "TEXT_IMAGE",
        "textToImageParams": {"text": text},
        "imageGenerationConfig": {"width": 512, "height": 512, **config},
    }
