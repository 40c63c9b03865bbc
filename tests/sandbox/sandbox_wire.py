"""One request over a socket of its own, and whatever bytes come back until the connection ends."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sandbox_caller import Caller


@dataclass(frozen=True)
class Wire:
    """What came over the wire."""

    raw: bytes
    #: As they came, each with what one read of the socket gave.
    reads: list[bytes] = field(repr=False)

    @property
    def head(self) -> str:
        return self.raw.partition(b"\r\n\r\n")[0].decode()

    @property
    def status(self) -> int | None:
        return int(self.head.split(" ")[1]) if self.raw else None

    @property
    def headers(self) -> Mapping[str, str]:
        lines = [line.partition(": ") for line in self.head.split("\r\n")[1:]]
        return {name.lower(): value for name, _, value in lines}

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def is_whole(self) -> bool:
        return len(self.body) == int(self.headers["content-length"])

    def json(self) -> Any:
        assert self.is_whole, self
        return json.loads(self.body)


@contextmanager
def sent(wix: Caller, method: str, path: str, body: Any = None) -> Iterator[socket.socket]:
    """A request under way; leaving hangs up, answered or not."""
    host, _, port = wix.address.partition(":")
    text = b"" if body is None else json.dumps(body).encode()
    headers = {"Host": wix.address, "Connection": "close", "Content-Length": str(len(text))}
    head = "".join(f"{name}: {value}\r\n" for name, value in (headers | wix.headers).items())
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + text)
        yield connection


def exchange(wix: Caller, method: str, path: str, body: Any = None) -> Wire:
    """Send one request, and read until the other side ends the connection."""
    reads = []
    with sent(wix, method, path, body) as connection:
        while piece := connection.recv(65_536):
            reads.append(piece)
    return Wire(b"".join(reads), reads)


def script(wix: Caller, path: str, kind: str, **more: Any) -> None:
    """Add one fault."""
    wix.post("/_sandbox/faults", {"faults": [{"path": path, "kind": kind} | more]})


def last_entry(wix: Caller) -> Any:
    """The latest entry of the log."""
    return wix.good("GET", "/_sandbox/log")["requests"][-1]


def until(met: Callable[[], bool]) -> None:
    """Wait for something that is sure to come."""
    ends = time.monotonic() + 30
    while not met():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.01)


def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A fixture: no fault makes the server or its loop complain, in the whole of a test."""
    with caplog.at_level(logging.WARNING):
        yield
        told = [one for when in ("setup", "call") for one in caplog.get_records(when)]
        assert not [one.getMessage() for one in told if one.levelno >= logging.WARNING]
