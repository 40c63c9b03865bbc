"""Bytes to Wix and back: one host, one deadline, a cap on what comes, and no second try."""

from __future__ import annotations

import ipaddress
import json
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx

import badgejobs
from badgejobs.core.wixfacts import Fence
from badgejobs.errors import Ambiguous, NotSent, SettingsError, StateError
from badgejobs.wix import reading, wire
from badgejobs.wix.calls import Call
from badgejobs.wix.deadline import DeadlineTransport, deadline, left
from badgejobs.wix.masking import tame

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
    """Sends calls. Several threads of one process may share it; a forked child may not.

    It stands on httpx's transport and not on its client: no redirect is followed, no cookie
    kept, no proxy or password taken from the environment, and no URL, which may hold an id of
    a member, is logged, because nothing here could do so.
    """

    def __init__(
        self,
        base_url: str,
        *,
        request_deadline: timedelta,
        borrowed: httpx.BaseTransport | None = None,
    ) -> None:
        """``borrowed`` replaces both own ones; it is not closed here."""
        self._base_url = allowed(base_url)
        #: How long one call may take, in seconds.
        self.seconds: Final = request_deadline.total_seconds()
        if self.seconds <= 0:
            raise SettingsError("the request deadline must be longer than 0 seconds")
        self._borrowed = borrowed
        self._process = os.getpid()
        self._reading = borrowed or DeadlineTransport(_tls(), keep_alive=True)
        # A write must not meet a connection that the server is just closing: its error could
        # not be told from a lost answer.
        self._writing = borrowed or DeadlineTransport(_tls(), keep_alive=False)

    def send(self, call: Call, headers: Mapping[str, str], *, fence: Fence | None = None) -> Answer:
        """Send once. ``fence`` is called when the connection stands, right before the write.

        Raises :class:`NotSent` where Wix surely saw nothing, and :class:`Ambiguous` for any
        other failure, time-out or body that cannot be taken.
        """
        self.require_own_process()
        transport = self._writing if call.writes else self._reading
        with _errors_of(call), deadline(self.seconds):
            request = self._request(call, headers)
            if self._borrowed is None:
                request.extensions["trace"] = _before_write(call, fence)
            elif fence is not None:
                fence()
            response = transport.handle_request(request)
            try:
                return Answer(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=_body_of(response, call),
                )
            finally:
                response.close()

    def _request(self, call: Call, headers: Mapping[str, str]) -> httpx.Request:
        query = f"?{urlencode(call.query, quote_via=quote)}" if call.query else ""
        sent, content = _HEADERS | dict(headers), None
        if call.body is not None:
            sent["Content-Type"] = "application/json"
            content = json.dumps(call.body, separators=(",", ":")).encode()
        return httpx.Request(
            call.method,
            self._base_url + call.path + query,
            content=content,
            headers=sent,
            # Each wait by itself may take as long as the whole: the deadline cuts them all.
            extensions={"timeout": dict.fromkeys(_WAITS, left())},
        )

    def require_own_process(self) -> None:
        """Raise :class:`StateError` in a child: two processes on one connection mix answers."""
        if os.getpid() != self._process:
            raise StateError("a Wix client crossed a fork; make a new one in each process")

    def close(self) -> None:
        """Close the connections."""
        if self._borrowed is None:
            self._reading.close()
            self._writing.close()


_WAITS: Final = ("connect", "read", "write", "pool")

# Wix's SDK sends back the value of an answer's header ``X-Wix-Consistent`` with every later
# request. No docs say what it does, and for us it could gain nothing: what was written is asked
# for after a quiet period only and twice, other workers would not have the value, and a stale
# one could tie reads to a replica that is behind. So it is not sent.
_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": f"badgejobs/{badgejobs.__version__}",
}


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than a request; they are the same for all sites."""
    return httpx.create_ssl_context(trust_env=False)


def _before_write(call: Call, fence: Fence | None) -> Callable[[str, dict[str, Any]], None]:
    def trace(event: str, _info: dict[str, Any]) -> None:
        if event.endswith(_WRITE_BEGINS):
            if fence is not None:
                fence()
            if not left():
                raise NotSent(f"{call.endpoint}: the deadline was over before anything was sent")

    return trace


@contextmanager
def _errors_of(call: Call) -> Iterator[None]:
    """Ours for httpx's, whose own text may quote what came: not even as a cause is it kept."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise NotSent(f"{call.endpoint}: no connection: {_told(error)}") from None
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise Ambiguous(f"{call.endpoint}: no answer: {_told(error)}") from None


def _told(error: Exception) -> str:
    text = str(error)
    if isinstance(error, httpx.RemoteProtocolError):
        # An illegal answer is quoted behind a colon, and may hold anything.
        text = text.partition(":")[0]
    text = tame(text)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _body_of(response: httpx.Response, call: Call) -> bytes:
    try:
        return reading.body_of(response, what=call.endpoint)
    except (httpx.HTTPError, Ambiguous):
        if response.status_code in _BODY_IS_IDLE:
            return b""
        raise


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None
