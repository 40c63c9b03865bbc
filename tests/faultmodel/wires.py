"""Sockets of the model: bytes of real requests come in, bytes of answers go out, time passes.

All of the client is real down to here: its paths and bodies, the check before the write, the
deadline at every operation, HTTP itself, and what each answer is taken for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import pytest
from virtual_time import Time

from badgejobs.wix import deadline

#: Where the client believes Wix to be; nothing listens there.
URL = "http://127.0.0.1:1"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What comes back, and when; without bytes the connection just ends."""

    body: bytes | None
    status: int = 200
    after: float = 0.1
    is_json: bool = True
    #: How much of the body is sent before the connection ends; all of it where ``None``.
    cut_at: int | None = None

    def as_bytes(self) -> bytes:
        if self.body is None:
            return b""
        kind = "application/json" if self.is_json else "text/html"
        head = (
            f"HTTP/1.1 {self.status} Answered\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(self.body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + self.body[: self.cut_at]


@dataclass(kw_only=True)
class Wires:
    """What happens at each step of a connection; a run sets these."""

    time: Time
    #: Answers a request: method, path and body.
    serve: Callable[[str, str, Any], Reply]
    #: A connection is being made; may wait, and may raise what httpcore raises.
    connecting: Callable[[], None]
    #: The bytes of a request are about to leave, after the last check.
    leaving: Callable[[str], None]
    #: An answer is there, and is about to be read.
    answered: Callable[[str], None]


class _Socket(httpcore.NetworkStream):
    def __init__(self, wires: Wires) -> None:
        self._wires = wires
        self._came = b""
        self._reply: bytes | None = None
        self._path = ""
        self._ready_at = 0.0

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - a name of httpcore's
        request = _Request.of(self._came + buffer)
        if request is None:
            self._came += buffer
            return
        self._came = b""
        self._path = request.path
        self._wires.leaving(request.path)
        reply = self._wires.serve(request.method, request.path, request.body)
        self._reply = reply.as_bytes()
        self._ready_at = self._wires.time.seconds + reply.after

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._ready_at - self._wires.time.seconds
        if left > 0:
            if timeout is not None and timeout < left:
                self._wires.time.wait(timeout)
                raise httpcore.ReadTimeout("the model's answer is late")
            self._wires.time.wait(left)
        if self._reply:
            self._wires.answered(self._path)
        out, self._reply = (self._reply or b"")[:max_bytes], (self._reply or b"")[max_bytes:]
        return out

    def close(self) -> None:
        self._reply = None

    def get_extra_info(self, info: str) -> Any:
        return False if info == "is_readable" else None


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    body: Any = field(default=None)

    @staticmethod
    def of(raw: bytes) -> _Request | None:
        """The request in these bytes, once all of it is there."""
        head, blank, content = raw.partition(b"\r\n\r\n")
        if not blank:
            return None
        first, *lines = head.decode("ascii").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
        }
        if len(content) < int(headers.get("content-length", 0)):
            return None
        method, path, _ = first.split(" ")
        return _Request(method, path.partition("?")[0], json.loads(content) if content else None)


@contextmanager
def plugged(wires: Wires) -> Iterator[None]:
    """Every connection of the client leads to the model, and its deadline counts virtual time."""

    def connect(*_: Any, **__: Any) -> httpcore.NetworkStream:
        wires.connecting()
        return _Socket(wires)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
        patch.setattr(deadline, "time", wires.time)
        yield


def answer(body: Mapping[str, Any], *, status: int = 200, after: float = 0.1) -> Reply:
    """An answer of Wix's application."""
    return Reply(body=json.dumps(body).encode(), status=status, after=after)


def refusal(code: str) -> dict[str, Any]:
    """The envelope of an error of Wix's application."""
    return {"message": "", "details": {"applicationError": item_error(code)}}


def item_error(code: str) -> dict[str, Any]:
    """The error of one item of a bulk answer."""
    return {"code": code, "description": "", "data": {}}
