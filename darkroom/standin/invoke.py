"""One InvokeModel call, from the bytes that arrive to the bytes that leave."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import pybase64

from darkroom.standin import auth, images, lineup
from darkroom.standin.calls import Call, Calls
from darkroom.standin.canned import Canned
from darkroom.standin.faults import Fault, Faults
from darkroom.standin.guardrail import WORD, Guardrail
from darkroom.standin.model import Model, Order
from darkroom.standin.quota import Quota
from darkroom.standin.refusal import Refusal, invalid
from darkroom.standin.rules import violations
from darkroom.standin.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

REQUEST_CAP = 25_000_000
PICTURES = ("images", "artifacts")
"""Where the vendors' answers have their pictures."""
MARK = re.compile(rb'(?<=")<(\d+)>(?=")')
"""The place of a picture in an answer that is being made."""
NOT_AN_IMAGE = pybase64.b64encode(b"This is no picture.").decode("ascii")
NOT_JSON = b"<html><body>Bad gateway</body></html>"


class Dropped(Exception):
    """The connection is to be cut without an answer."""


@dataclass
class Exchange:
    """One call and what becomes of it.

    Attributes:
        model_id: The model as the caller names it.
        headers: The request's headers.
        body: The request's body, None if it was too large to keep.
        sha256: Hash of the body.
        region: Where the call was signed for.
        status: The HTTP status of the answer, None if the connection was cut.
        pictures: How many pictures went back.
        noted: What the books say of the call, once it is over.
    """

    model_id: str
    headers: Mapping[str, str]
    body: bytes | None
    sha256: str
    began: float = field(default_factory=time.perf_counter)
    arrived: float = field(default_factory=time.time)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    region: str | None = None
    status: int | None = 500
    pictures: int = 0
    noted: Call | None = None

    @property
    def seconds(self) -> float:
        """How long the call has taken so far."""
        return time.perf_counter() - self.began


async def receive(chunks: AsyncIterator[bytes]) -> tuple[bytes | None, str]:
    """Read a body and hash it; one above the cap is read to its end, yet not kept.

    To answer before all of it came would look like a broken connection to the caller.
    """
    kept: list[bytes] = []
    size, digest = 0, hashlib.sha256()
    async for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if size > REQUEST_CAP:
            kept.clear()
        else:
            kept.append(chunk)
    return (None if size > REQUEST_CAP else b"".join(kept)), digest.hexdigest()


class Bedrock:
    """Takes calls, draws pictures, keeps the books.

    Args:
        settings: What it is like.
    """

    def __init__(self, settings: Settings) -> None:
        self.calls = Calls()
        self.faults = Faults()
        self.closing = asyncio.Event()
        self._settings = settings
        self._quota = Quota(settings.quota, settings.burst)
        self._canned = Canned(settings.canned_size) if settings.canned_size else None
        # Drawing keeps a core busy: more threads than cores would only make all of them late.
        self._pool = ThreadPoolExecutor(max(2, os.cpu_count() or 2), "standin-draw")

    def close(self) -> None:
        """Give up what waits to be drawn."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def pause(self, seconds: float) -> None:
        """Wait, though not longer than the stand-in lives."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self.closing.wait(), seconds)
            except TimeoutError:
                return

    async def invoke(self, call: Exchange, gone: Callable[[], Any]) -> bytes:
        """Answer a call.

        Args:
            call: The call; what becomes of it is noted there and in the books.
            gone: Waits until the caller has hung up.

        Raises:
            Refusal: The call gets an error.
            Dropped: The call gets nothing at all.
        """
        try:
            payload = await self._answer(call, gone)
            call.status = 200
        except Refusal as refusal:
            call.status = refusal.status
            raise
        except Dropped:
            call.status = None
            raise
        finally:
            self._note(call)
        return payload

    async def _answer(self, call: Exchange, gone: Callable[[], Any]) -> bytes:
        call.region = auth.region(call.headers.get("authorization"))
        how = self._settings
        model = lineup.find(call.model_id, call.region, on=how.lifecycle, aliases=how.aliases)
        guardrail = Guardrail(call.headers, call.region)
        self._quota.take(model.id, call.region)
        fault = self.faults.take(model.id)
        await self._fail(fault, model, gone)
        order = await self._run(_order, model, call.body)
        if (fault and fault.kind == "guardrail") or guardrail.stops(order.prompt):
            await self.pause(how.latency)
            return _json(guardrail.intervened())
        if (fault and fault.block) or WORD in order.prompt.lower():
            await self.pause(how.latency)
            answer = guardrail.passed(model.vendor.blocked((fault and fault.block) or "prompt"))
            if fault and fault.kind == "no_images":
                answer = {name: told for name, told in answer.items() if name not in PICTURES}
            return _json(answer)
        return await self._draw(call, model, order, fault, guardrail)

    async def _fail(self, fault: Fault | None, model: Model, gone: Callable[[], Any]) -> None:
        if fault is None:
            return
        await self.pause(fault.delay)
        error = fault.error(model.id)
        if error:
            raise error
        if fault.kind == "hang":
            waits = [asyncio.ensure_future(gone()), asyncio.ensure_future(self.closing.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        if fault.kind in ("hang", "disconnect"):
            raise Dropped

    async def _draw(
        self, call: Exchange, model: Model, order: Order, fault: Fault | None, guardrail: Guardrail
    ) -> bytes:
        await self.pause(self._settings.latency)
        kind = fault.kind if fault else None
        count = order.count - 1 if kind == "partial" else order.count
        if self._canned:
            name = f"{model.id} {call.sha256} {self._settings.seed}"
            pictures = [self._canned.encoded(f"{name} {index}") for index in range(count)]
            extras = {field: self._canned.encoded(f"{name} {field}") for field in order.extras}
        else:
            seeds = [order.seed + self._settings.seed + index for index in range(count)]
            drawn = (self._run(_picture, order, seed) for seed in seeds)
            pictures = await asyncio.gather(*drawn)
            extras = await self._run(_extras, order)
        spoiled = _spoil(pictures, kind)
        payload = await self._run(_payload, model, order, spoiled, extras, guardrail)
        if kind == "not_json":
            return NOT_JSON
        call.pictures = 0 if kind in ("truncated", "not_an_image") else len(pictures)
        return payload

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))

    def _note(self, call: Exchange) -> None:
        call.noted = Call(
            time=call.arrived,
            model=lineup.plain(call.model_id)[:200],
            region=call.region,
            status=call.status,
            seconds=round(call.seconds, 4),
            request_id=call.request_id,
            sha256=call.sha256,
            pictures=call.pictures,
        )
        self.calls.note(call.noted)


def _order(model: Model, data: bytes | None) -> Order:
    body = _parse(data)
    modes = lineup.modes(model)
    if not isinstance(body, dict):
        raise model.vendor.malformed(modes[0], violations(body, modes[0].schema))
    mode = next((mode for mode in modes if mode.meant(body)), None)
    if mode is None:
        raise model.vendor.unmatched(modes, body)
    found = violations(body, mode.schema)
    if found:
        raise model.vendor.malformed(mode, found)
    return mode.prepare(body)


def _parse(data: bytes | None) -> object:
    malformed = "Malformed input request, please reformat your input and try again."
    if data is None:
        # The text that AWS has for this was not found.
        raise invalid(f"Request body exceeds the maximum allowed size of {REQUEST_CAP} bytes")
    try:
        body: object = json.loads(data, parse_constant=_no_constant)
        if rb"\ud" in data.lower():  # half a surrogate pair is JSON, yet no text
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise invalid(malformed) from error
    return body


def _no_constant(token: str) -> object:
    raise ValueError(f"{token} is Python's, not JSON's")


def _picture(order: Order, seed: int) -> str:
    return images.write(order.paint(seed), order.form)


def _extras(order: Order) -> dict[str, str]:
    return {field: images.write(image, "png") for field, image in order.extras.items()}


def _payload(
    model: Model,
    order: Order,
    pictures: Sequence[str],
    extras: Mapping[str, str],
    guardrail: Guardrail,
) -> bytes:
    # Base64 needs no JSON encoder, which would take ten times as long as the rest of the answer.
    texts = [*pictures, *extras.values()]
    marks = [f"<{index}>" for index in range(len(texts))]
    marked = dict(zip(extras, marks[len(pictures) :], strict=True))
    answer = guardrail.passed(model.vendor.answer(order, marks[: len(pictures)], marked))
    parts = MARK.split(_json(answer))
    parts[1::2] = [texts[int(part)].encode("ascii") for part in parts[1::2]]
    payload = b"".join(parts)
    if len(payload) > model.vendor.response_cap:
        raise model.vendor.too_large(len(payload))
    return payload


def _spoil(pictures: list[str], kind: str | None) -> list[str]:
    if kind == "truncated":
        # 4n + 1 characters: no base64 reader can take that for a whole.
        return [encoded[: len(encoded) // 8 * 4 + 1] for encoded in pictures]
    if kind == "not_an_image":
        return [NOT_AN_IMAGE for _ in pictures]
    return pictures


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
