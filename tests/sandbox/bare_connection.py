"""Bare connections to the sandbox, for what an HTTP client would not do."""

from __future__ import annotations

import json
import socket
from typing import Any

from sandbox_caller import Caller


def connected(wix: Caller) -> socket.socket:
    """A new connection, closed by ``with``."""
    host, _, port = wix.address.partition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def head(wix: Caller, method: str, path: str, *more: str) -> bytes:
    """The head of an authorized request, with further header lines."""
    authorization = f"Authorization: {wix.headers['Authorization']}"
    lines = (f"{method} {path} HTTP/1.1", "Host: sandbox", authorization, *more)
    return "".join(f"{one}\r\n" for one in (*lines, "")).encode()


def request(wix: Caller, method: str, path: str, body: Any) -> bytes:
    """An authorized request, after whose answer the connection is closed."""
    raw = json.dumps(body).encode()
    return head(wix, method, path, "Connection: close", f"Content-Length: {len(raw)}") + raw


def received(sock: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    found = b""
    try:
        while more := sock.recv(4096):
            found += more
    except ConnectionError:
        pass
    return found


def answer(sock: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one answer on a connection that stays open."""
    with sock.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = {}
        while text := stream.readline().decode().strip():
            name, _, value = text.partition(": ")
            headers[name.lower()] = value
        length = 0 if status == 100 else int(headers.get("content-length", 0))
        return status, headers, stream.read(length)
