"""An end to every request: one deadline over looking up, connecting, writing, headers and body.

httpx measures each read by itself, so a server that sends a byte every few seconds holds a
worker for ever. Here each operation on the socket gets what is left of the whole.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore
import httpx

from badgejobs.wix.addresses import Resolve, addresses_of, resolve

#: One address of several that does not answer must leave time for the others.
_LONGEST_CONNECT: Final = 5.0

#: All sites of a process share its connections; no more calls of a kind, reading or writing,
#: are under way at once than this, which is more than a process has threads.
MOST_CONNECTIONS: Final = 100

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Everything that this thread does at a socket within is over after ``seconds``.

    A deadline within another never ends later than that.
    """
    before = _ends_at.set(min(_ends_at.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(before)


def left() -> float:
    """Seconds until the deadline, at least 0; infinite where there is none."""
    return max(_ends_at.get() - time.monotonic(), 0.0)


def reach(
    host: str,
    port: int,
    *,
    context: ssl.SSLContext | None,
    seconds: float,
    resolve: Resolve = resolve,
) -> None:
    """Connect as a request would, by TLS where there is a context, say nothing, and leave.

    Raises ``OSError`` where that cannot be done in so many seconds.
    """
    try:
        with deadline(seconds):
            stream = _Backend(resolve).connect_tcp(host, port, seconds)
            try:
                if context is not None:
                    stream = stream.start_tls(context, host, seconds)
            finally:
                stream.close()
    except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
        raise OSError(str(error) or type(error).__name__) from error


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's own transport over sockets that know the deadline."""

    def __init__(
        self, context: ssl.SSLContext, *, keep_alive: bool, resolve: Resolve = resolve
    ) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS if keep_alive else 0,
            # Below any server's own idle time, so that few requests meet a dying connection.
            keepalive_expiry=4.0,
            network_backend=_Backend(resolve),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, whose body is still on its way.

        Where a server sent more than it was asked for, the rest would pass for the answer to
        the next request on that connection: such a one is refused.
        """
        response = super().handle_request(request)
        stream = response.extensions.get("network_stream")
        if isinstance(stream, _Stream) and not stream.read_since_write:
            response.close()
            raise httpx.RemoteProtocolError("an answer was there before its request was sent")
        return response


class _Backend(httpcore.SyncBackend):
    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the host's addresses in turn; httpcore would give each the whole time."""
        try:
            addresses = addresses_of(
                host, port, _left(timeout, httpcore.ConnectTimeout), using=self._resolve
            )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        failed: Exception = httpcore.ConnectError("the host has no address")
        for address in addresses:
            time_left = min(_left(timeout, httpcore.ConnectTimeout), _LONGEST_CONNECT)
            try:
                stream = super().connect_tcp(
                    address, port, time_left, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream)
        raise failed


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self.read_since_write = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.read_since_write = True
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.read_since_write = False
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        time_left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, time_left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, too_late: type[httpcore.TimeoutException]) -> float:
    time_left = min(math.inf if timeout is None else timeout, _ends_at.get() - time.monotonic())
    if time_left <= 0:
        raise too_late("the deadline of the request is over")
    return time_left
