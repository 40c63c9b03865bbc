"""Bytes to Wix and back: one host, one deadline, a cap on what comes, and no second try."""

from __future__ import annotations

import http.cookiejar
import ipaddress
import json
import os
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

import badgejobs
from badgejobs.core.wixfacts import Fence
from badgejobs.errors import Ambiguous, NotSent, SettingsError, StateError
from badgejobs.wix import wire
from badgejobs.wix.calls import Call
from badgejobs.wix.deadline import DeadlineTransport, deadline, passed

#: The largest body that is taken, compressed or not; a page of 100 orders has about 1 MiB.
LARGEST_BODY: Final = 8 * 1024 * 1024

#: Statuses that mean the same whatever their body says.
_BODY_IS_IDLE: Final = frozenset({401, 429})
_WRITE_BEGINS: Final = "send_request_headers.started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def allowed(base_url: str) -> str:
    """The base URL in one form; raises :class:`SettingsError` for a host that is not Wix.

    The sandbox is reached over plain HTTP on this machine only, so that no setting can send
    a secret to anyone but Wix.

    >>> allowed("https://www.wixapis.com/"), allowed("http://127.0.0.1:8099")
    ('https://www.wixapis.com', 'http://127.0.0.1:8099')
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise SettingsError(_ONLY_WIX) from None
    extra = parts.username or parts.password or parts.query or parts.fragment
    if extra or parts.path not in {"", "/"}:
        raise SettingsError(_ONLY_WIX)
    if parts.scheme == "https" and host == wire.HOST and port in {None, 443}:
        return wire.BASE_URL
    if parts.scheme == "http" and _is_loopback(host):
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}" if port else f"http://{shown}"
    raise SettingsError(_ONLY_WIX)


_ONLY_WIX: Final = (
    f"the Wix base URL must be {wire.BASE_URL}, or http:// on a loopback address "
    "(127.0.0.1, ::1, localhost) for a sandbox, without a path"
)


class Transport:
    """Sends calls. Several threads of one process may share it; a forked child may not."""

    def __init__(
        self, base_url: str, *, request_deadline: timedelta, client: httpx.Client | None = None
    ) -> None:
        """``client`` replaces both own ones; it is not closed here."""
        self._base_url = allowed(base_url)
        self._seconds = request_deadline.total_seconds()
        if self._seconds <= 0:
            raise SettingsError("the request deadline must be longer than 0 seconds")
        self._timeout = httpx.Timeout(
            connect=min(5.0, self._seconds),
            read=min(10.0, self._seconds),
            write=min(10.0, self._seconds),
            pool=min(5.0, self._seconds),
        )
        self._borrowed = client
        self._process = os.getpid()
        self._reading = client or _client(DeadlineTransport(_tls(), keep_alive=True))
        # A create must not meet a connection that the server is just closing: its error could
        # not be told from a lost answer.
        self._creating = client or _client(DeadlineTransport(_tls(), keep_alive=False))

    def send(self, call: Call, headers: Mapping[str, str], *, fence: Fence | None = None) -> Answer:
        """Send once. ``fence`` is called when the connection stands, right before the write.

        Raises :class:`NotSent` where Wix surely saw nothing, and :class:`Ambiguous` for any
        other failure, time-out or body that cannot be taken.
        """
        if os.getpid() != self._process:
            raise StateError("a Wix client crossed a fork; make a new one in each process")
        extensions: dict[str, Any] = {}
        if fence is not None and self._borrowed is None:
            extensions["trace"] = _before_write(fence)
        elif fence is not None:
            fence()
        client = self._creating if call.creates else self._reading
        with _errors_of(call.path), deadline(self._seconds):
            request = client.build_request(
                call.method,
                self._base_url + call.path,
                content=json.dumps(call.body, separators=(",", ":")).encode(),
                headers=_HEADERS | dict(headers),
                timeout=self._timeout,
                extensions=extensions,
            )
            response = client.send(request, stream=True, follow_redirects=False)
            try:
                return Answer(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=_body_of(response, call.path),
                )
            finally:
                response.close()

    def close(self) -> None:
        """Close the connections."""
        if self._borrowed is None:
            self._reading.close()
            self._creating.close()


_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "Content-Type": "application/json",
    "User-Agent": f"badgejobs/{badgejobs.__version__}",
}


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than a request; they are the same for all sites."""
    return httpx.create_ssl_context(trust_env=False)


def _client(transport: httpx.BaseTransport) -> httpx.Client:
    no_cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    return httpx.Client(
        transport=transport, trust_env=False, follow_redirects=False, cookies=no_cookies
    )


def _before_write(fence: Fence) -> Callable[[str, dict[str, Any]], None]:
    def trace(event: str, _info: dict[str, Any]) -> None:
        if event.endswith(_WRITE_BEGINS):
            fence()

    return trace


@contextmanager
def _errors_of(path: str) -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent(f"no connection for {path}: {_told(error)}") from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise Ambiguous(f"no answer to {path}: {_told(error)}") from error


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())[:160]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _body_of(response: httpx.Response, path: str) -> bytes:
    try:
        return _read(response, path)
    except (httpx.HTTPError, Ambiguous):
        if response.status_code in _BODY_IS_IDLE:
            return b""
        raise


def _read(response: httpx.Response, path: str) -> bytes:
    """The decoded body; unpacked piece by piece, so that a bomb is met by the cap."""
    if response.is_stream_consumed:  # by a borrowed client
        return response.content
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise Ambiguous(f"the answer to {path} is packed in a way that was not asked for")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
    pieces, raw_size, size = [], 0, 0
    for raw in response.iter_raw():
        raw_size += len(raw)
        try:
            piece = unpack.decompress(raw, LARGEST_BODY + 1 - size) if unpack else raw
        except zlib.error as error:
            raise Ambiguous(f"the answer to {path} cannot be unpacked") from error
        size += len(piece)
        if max(size, raw_size) > LARGEST_BODY:
            raise Ambiguous(f"the answer to {path} is larger than {LARGEST_BODY} bytes")
        if passed():
            raise Ambiguous(f"the answer to {path} did not end within the deadline")
        pieces.append(piece)
    if unpack is not None and raw_size and not unpack.eof:
        raise Ambiguous(f"the answer to {path} is cut off")
    return b"".join(pieces)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None
