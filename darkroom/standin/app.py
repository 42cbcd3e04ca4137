"""What the stand-in speaks over HTTP: Bedrock's paths, and its own under `/_standin`."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from socket import SO_ERROR, SOL_SOCKET
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from darkroom.standin import auth
from darkroom.standin.calls import Call
from darkroom.standin.control import Control
from darkroom.standin.faults import Fault
from darkroom.standin.invoke import Bedrock, Dropped, Exchange, receive
from darkroom.standin.refusal import Refusal

VERSION = 1
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ERROR_SPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/"
PAGE = """\
This is Darkroom's stand-in for Amazon Bedrock. It answers InvokeModel for image models with
pictures that it draws itself, and refuses what the real models refuse. Nothing leaves this
computer and nothing costs money.

    boto3.client("bedrock-runtime", region_name="us-west-2", endpoint_url="{url}")

Any access key will do. A client of "bedrock" can list the models and the inference profiles.

GET   /_standin/health   whether it is up
GET   /_standin/calls    what was asked, by model; ?log=1 adds the last calls, ?window=60 the most
                         calls within any 60 seconds; DELETE forgets
POST  /_standin/faults   makes the next calls fail: {{"kind": "throttle", "times": 2}}
GET   /_standin/faults   what is still to fail; DELETE forgets

A prompt with the word [blocked] is filtered as the model's own content filter would do it.
"""


class Wire(H11Protocol):
    """HTTP whose connections can be cut without an answer, for which ASGI has no word."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand the connection to the requests that will come over it."""
        super().connection_made(transport)
        self._last: Call | None = None
        state = {"cut": transport.abort, "answers": self._answers}
        self.app_state = {**self.app_state, **state}

    def connection_lost(self, exc: Exception | None) -> None:
        """Find out whether the last answer was read: a caller that dies before resets."""
        reset = self.transport.get_extra_info("socket").getsockopt(SOL_SOCKET, SO_ERROR)
        if self._last and (exc or reset):
            self._last.delivered = False
        super().connection_lost(exc)

    def _answers(self, call: Call) -> None:
        call.delivered = not self.transport.is_closing()
        self._last = call


class LoopbackOnly:
    """Lets requests in that name this computer as their host.

    A web page elsewhere can have its own name resolve to 127.0.0.1 (DNS rebinding), or post a
    form here; the browser then sends that page's name as `Host` or `Origin`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        headers = Headers(scope=scope)
        names = [f"//{headers.get('host', '')}", *headers.getlist("origin")]
        if all(_host(name) in LOOPBACK for name in names):
            await self._app(scope, receive, send)
        else:
            refuse = PlainTextResponse("Only for programs on this computer.\n", 403)
            await refuse(scope, receive, send)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def build(bedrock: Bedrock, control: Control) -> ASGIApp:
    """Make the ASGI application around a stand-in and what it tells about its models."""

    async def invoke(request: Request) -> Response:
        try:
            body, sha256 = await receive(request.stream())
        except ClientDisconnect:
            return Response()
        call = Exchange(request.path_params["model_id"], request.headers, body, sha256)
        headers = {"x-amzn-requestid": call.request_id}
        try:
            payload = await bedrock.invoke(call, request.receive)
        except Refusal as refusal:
            request.scope["state"]["answers"](call.noted)
            return _refused(refusal, headers)
        except Dropped:
            request.scope["state"]["cut"]()
            return Response()
        request.scope["state"]["answers"](call.noted)
        headers["x-amzn-bedrock-invocation-latency"] = str(round(call.seconds * 1000))
        return Response(payload, media_type="application/json", headers=headers)

    def told(request: Request, ask: Callable[[str | None], dict[str, Any]]) -> Response:
        headers = {"x-amzn-requestid": str(uuid.uuid4())}
        try:
            answer = ask(auth.region(request.headers.get("authorization")))
        except Refusal as refusal:
            return _refused(refusal, headers)
        return JSONResponse(answer, headers=headers)

    async def models(request: Request) -> Response:
        return told(request, lambda region: control.models(region, request.query_params))

    async def model(request: Request) -> Response:
        return told(request, lambda region: control.model(region, request.path_params["id"]))

    async def profiles(request: Request) -> Response:
        return told(request, lambda region: control.profiles(region, request.query_params))

    async def profile(request: Request) -> Response:
        return told(request, lambda region: control.profile(region, request.path_params["id"]))

    async def calls(request: Request) -> Response:
        if request.method == "DELETE":
            bedrock.calls.reset()
        asked = request.query_params
        try:
            window = float(asked["window"]) if "window" in asked else None
        except ValueError:
            return JSONResponse({"errors": ["window is a number of seconds"]}, 400)
        return JSONResponse(bedrock.calls.report(log=asked.get("log") == "1", window=window))

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            bedrock.faults.clear()
        elif request.method == "POST":
            try:
                bedrock.faults.add(Fault.model_validate_json(await request.body()))
            except ValidationError as error:
                return JSONResponse({"errors": json.loads(error.json(include_url=False))}, 400)
        return JSONResponse({"faults": bedrock.faults.pending()})

    async def health(_request: Request) -> Response:
        return JSONResponse({"ok": True, "version": VERSION})

    async def page(request: Request) -> Response:
        return PlainTextResponse(PAGE.format(url=str(request.base_url).rstrip("/")))

    async def unknown(request: Request, _error: Exception) -> Response:
        told = f"Unknown operation: {request.method} {request.url.path}"
        return _refused(Refusal("UnknownOperationException", told), {})

    routes = [
        Route("/", page),
        Route("/model/{model_id:path}/invoke", invoke, methods=["POST"]),
        Route("/foundation-models", models),
        Route("/foundation-models/{id:path}", model),
        Route("/inference-profiles", profiles),
        Route("/inference-profiles/{id:path}", profile),
        Route("/_standin/health", health),
        Route("/_standin/calls", calls, methods=["GET", "DELETE"]),
        Route("/_standin/faults", faults, methods=["GET", "POST", "DELETE"]),
    ]
    return LoopbackOnly(Starlette(routes=routes, exception_handlers={404: unknown, 405: unknown}))


def _refused(refusal: Refusal, headers: dict[str, str]) -> Response:
    kind = {"x-amzn-errortype": f"{refusal.code}:{ERROR_SPACE}"}
    return JSONResponse(refusal.body, refusal.status, headers={**headers, **kind})
