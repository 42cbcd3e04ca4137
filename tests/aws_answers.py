"""A server on this computer that answers as parts of AWS do: STS, S3, and Bedrock's lists."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ARN = "arn:aws:iam::123456789012:user/mia"


class Answers(ThreadingHTTPServer):
    """Answers each path in the way that it was told to.

    Attributes:
        by_path: Status, and JSON or text, by path without query; "/" is STS. Others are a 404.
        asked: Method and path of all calls.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.by_path: dict[str, tuple[int, Any]] = {}
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def lists(self, *models: dict[str, Any], profiles: tuple[str, ...] = ()) -> None:
        """List these models and inference profiles."""
        summaries = [
            {"modelArn": f"arn:aws:bedrock:::x/{each['modelId']}", **each} for each in models
        ]
        self.by_path["/foundation-models"] = (200, {"modelSummaries": summaries})
        self.by_path["/inference-profiles"] = (
            200,
            {"inferenceProfileSummaries": [{"inferenceProfileId": each} for each in profiles]},
        )

    def refuses(self, path: str, code: str, message: str) -> None:
        """Answer a path with an error of AWS."""
        said: Any = {"__type": code, "message": message}
        if path == "/":
            error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            said = f"<ErrorResponse>{error}</ErrorResponse>"
        self.by_path[path] = (403, said)

    def knows_the_caller(self) -> None:
        """Be STS, for whom every key is Mia's."""
        self.by_path["/"] = (
            200,
            f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
            <GetCallerIdentityResult><Arn>{ARN}</Arn><UserId>AIDA</UserId>
            <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>""",
        )


class Answering(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(f"{self.command} {path}")
        status, said = self.server.by_path.get(path, (404, {}))
        body = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(status)
        if isinstance(said, dict) and "__type" in said:
            self.send_header("x-amzn-ErrorType", said["__type"])
        self.send_header(
            "Content-Type", "text/xml" if isinstance(said, str) else "application/json"
        )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""


@contextmanager
def answers() -> Iterator[Answers]:
    """A server that answers as it is told, for as long as a `with` block lasts."""
    with Answers() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()
