"""A real HTTP server on loopback that answers what a test scripts, path by path.

What HTTP forbids is written to the socket as it is, by an ``act``.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from badgejobs.wix import wire

TOKEN = "OauthNG.JWS.canary-token"
REQUEST_ID = "1734427301.191556792796277844"


@dataclass(kw_only=True)
class Reply:
    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Takes the answer into its own hands.
    act: Callable[[Handler], None] | None = None


@dataclass(kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    #: ``None`` where there was none.
    body: Any
    connection: int


class ScriptedWix(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stopping = threading.Event()
        self.requests: list[Request] = []
        self.script: dict[str, deque[Reply]] = defaultdict(deque)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def expect(self, path: str, *replies: Reply) -> None:
        self.script[path].extend(replies)

    def seen(self, path: str) -> list[Request]:
        return [one for one in self.requests if one.path == path]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what half of these tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: ScriptedWix
    protocol_version = "HTTP/1.1"
    #: Or each answer, whose headers and body are two writes, would take 40 ms.
    disable_nagle_algorithm = True
    connections: ClassVar[Iterator[int]] = iter(range(10**9))

    def setup(self) -> None:
        super().setup()
        self.number = next(self.connections)

    def take(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = urlsplit(self.path)
        self.server.requests.append(
            Request(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {},
                headers={name.lower(): value for name, value in self.headers.items()},
                body=json.loads(raw) if raw else None,
                connection=self.number,
            )
        )
        waiting = self.server.script[parts.path]
        if waiting:
            reply = waiting.popleft()
        elif parts.path == wire.TOKEN:
            reply = token()
        else:
            reply = Reply(status=500, body={"message": "not in the script", "details": {}})
        if reply.act is not None:
            reply.act(self)
        else:
            self.answer(reply)

    do_GET = do_POST = do_PATCH = do_DELETE = take  # noqa: N815 - the names that http.server calls

    def answer(self, reply: Reply) -> None:
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-wix-request-id", REQUEST_ID)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """A test's own asserts say enough."""


def token(value: str = TOKEN, *, expires_in: int = 14400) -> Reply:
    return Reply(body={"access_token": value, "token_type": "Bearer", "expires_in": expires_in})


def error(status: int, code: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    details = {"applicationError": {"code": code, "description": "text", "data": {}}}
    return Reply(
        status=status,
        body={"message": "text" if code else "", "details": details if code else {}},
        headers=headers or {},
    )


def reset(handler: Handler) -> None:
    """Close the connection with a reset and without a byte."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def truncated(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"badges": [')
    handler.close_connection = True


def raw(*pieces: bytes) -> Reply:
    """What follows is all that comes, byte by byte; then the connection ends."""

    def act(handler: Handler) -> None:
        handler.close_connection = True
        for piece in pieces:
            handler.wfile.write(piece)

    return Reply(act=act)


def stalled(handler: Handler) -> None:
    """Say nothing until the test is over."""
    handler.close_connection = True
    handler.server.stopping.wait(20)


def dripping_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    _drip(handler)


def dripping_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    _drip(handler)


def _drip(handler: Handler) -> None:
    handler.close_connection = True
    while not handler.server.stopping.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def bomb(size: int) -> Reply:
    return Reply(body=gzip.compress(b" " * size), headers={"Content-Encoding": "gzip"})


@contextmanager
def scripted_wix() -> Iterator[ScriptedWix]:
    server = ScriptedWix()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
