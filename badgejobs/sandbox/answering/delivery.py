"""How an answer goes out: as it is, late, in drops, in part, as a flood or not at all.

A caller may go away at any moment, and that is its right: nothing is raised or printed then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import Final

from aiohttp import web

from badgejobs.sandbox.answering import floods
from badgejobs.sandbox.answering.replies import JSON, Reply, phrase
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sandbox.journal import Entry, Journal

#: The shortest time between two drops, in seconds; it makes larger drops of long answers.
_BEAT: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request whose answer goes out, and where it is noted how that ended."""

    request: web.Request
    entry: Entry
    journal: Journal

    @property
    def transport(self) -> asyncio.Transport | None:
        """The connection while the caller is there."""
        transport = self.request.transport
        return None if transport is None or transport.is_closing() else transport

    def settle(self, status: int | None) -> None:
        """Note what is about to be sent, before a byte of it; None for no answer."""
        self.journal.settled(self.entry, None if status is None else int(status))

    def headers(self, reply: Reply) -> dict[str, str]:
        """Those of an answer, and the id of the request."""
        return {"x-wix-request-id": self.entry.request_id, **reply.headers}

    def hang_up(self) -> web.Response:
        """End the connection without one more byte."""
        if self.request.transport is not None:
            self.request.transport.abort()
        return web.Response()  # aiohttp wants one, and finds nobody to send it to

    def finish(self) -> web.Response:
        """End the connection after what was written to it."""
        if self.request.transport is not None:
            self.request.transport.close()
        return web.Response()


async def deliver(
    exchange: Exchange, reply: Reply, fault: Fault | None = None
) -> web.StreamResponse:
    """Send an answer, as it is or in the way of a fault."""
    way = _WAYS.get(fault.kind) if fault is not None else None
    if way is None or fault is None:
        return _whole(exchange, reply)
    return await way(exchange, reply, fault)


def _whole(exchange: Exchange, reply: Reply) -> web.Response:
    exchange.settle(reply.status)
    return web.Response(
        status=reply.status,
        body=reply.body,
        content_type=reply.content_type,
        headers=exchange.headers(reply),
    )


async def _nothing(exchange: Exchange, _: Reply, __: Fault) -> web.StreamResponse:
    exchange.settle(None)
    return exchange.hang_up()


async def _slowly(exchange: Exchange, reply: Reply, fault: Fault) -> web.StreamResponse:
    await asyncio.sleep(fault.delay_seconds)
    if exchange.transport is None:
        return await _nothing(exchange, reply, fault)
    return _whole(exchange, reply)


async def _half_status_line(exchange: Exchange, _: Reply, __: Fault) -> web.StreamResponse:
    exchange.settle(None)
    if exchange.transport is not None:
        exchange.transport.write(b"HTTP/1.1 20")
    return exchange.finish()


async def _truncated(exchange: Exchange, reply: Reply, _: Fault) -> web.StreamResponse:
    response = _begun(exchange, reply, len(reply.body))
    with suppress(ConnectionError):
        await response.prepare(exchange.request)
        await response.write(reply.body[: len(reply.body) // 2])
    exchange.finish()
    return response


async def _dripping(exchange: Exchange, reply: Reply, fault: Fault) -> web.StreamResponse:
    response = _begun(exchange, reply, len(reply.body))
    with suppress(ConnectionError):
        await response.prepare(exchange.request)
        await _dropped(reply.body, fault.delay_seconds, response.write)
    return response


async def _dripping_headers(exchange: Exchange, reply: Reply, fault: Fault) -> web.StreamResponse:
    head = _head(reply, exchange.headers(reply))

    async def write(drop: bytes) -> None:
        if exchange.transport is not None:
            exchange.transport.write(drop)

    # The last byte comes with the body, so that the status is noted before it is told.
    await _dropped(head[:-1], fault.delay_seconds, write)
    if exchange.transport is None:
        return await _nothing(exchange, reply, fault)
    exchange.settle(reply.status)
    exchange.transport.write(head[-1:] + reply.body)
    return exchange.finish()


async def _flooding(exchange: Exchange, reply: Reply, fault: Fault) -> web.StreamResponse:
    if fault.kind is FaultKind.HUGE:
        flood = floods.plain(fault.size or floods.HUGE)
    else:
        flood = floods.bomb(fault.size or floods.BOMB)
        reply = Reply(status=reply.status, body=b"", headers={"Content-Encoding": "gzip"})
    response = _begun(exchange, reply, flood.length)
    with suppress(ConnectionError):
        await response.prepare(exchange.request)
        for piece in flood.pieces:
            await response.write(piece)
            await asyncio.sleep(0)  # others are served meanwhile, however fast this one reads
    return response


def _begun(exchange: Exchange, reply: Reply, length: int) -> web.StreamResponse:
    """An answer of a known length whose body is still to be written."""
    exchange.settle(reply.status if exchange.transport is not None else None)
    response = web.StreamResponse(status=reply.status, headers=exchange.headers(reply))
    response.content_type = reply.content_type or JSON
    response.content_length = length
    return response


async def _dropped(whole: bytes, seconds: float, write: Callable[[bytes], Awaitable[None]]) -> None:
    """Write something in equal drops, the last of them when ``seconds`` are over."""
    clock = asyncio.get_running_loop().time
    began = clock()
    number = min(len(whole), max(1, int(seconds / _BEAT)))
    size = -(-len(whole) // number)
    starts = range(0, len(whole), size)
    for place, start in enumerate(starts, 1):
        await asyncio.sleep(began + seconds * place / len(starts) - clock())
        await write(whole[start : start + size])


def _head(reply: Reply, headers: Mapping[str, str]) -> bytes:
    """Status line and header, for a connection that ends behind them."""
    lines = [
        f"HTTP/1.1 {int(reply.status)} {phrase(reply.status)}",
        f"Content-Type: {reply.content_type}",
        f"Content-Length: {len(reply.body)}",
        f"Date: {formatdate(usegmt=True)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


_WAYS: Final[
    Mapping[FaultKind, Callable[[Exchange, Reply, Fault], Awaitable[web.StreamResponse]]]
] = {
    FaultKind.RESET_BEFORE_WRITE: _nothing,
    FaultKind.RESET_AFTER_WRITE: _nothing,
    FaultKind.LATE_WRITE: _nothing,
    FaultKind.HALF_STATUS_LINE: _half_status_line,
    FaultKind.TRUNCATED: _truncated,
    FaultKind.SLOW: _slowly,
    FaultKind.DRIP: _dripping,
    FaultKind.DRIP_HEADERS: _dripping_headers,
    FaultKind.HUGE: _flooding,
    FaultKind.GZIP_BOMB: _flooding,
}
