"""Metrics over HTTP: closed to who does not have the token, and cheap however often asked for."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final, Generic, TypeVar

from aiohttp import web

Found = TypeVar("Found")

PATH: Final = "/metrics"
#: However often it is asked for, the database is asked no more often.
_LASTS_SECONDS: Final = 5.0
_HEADERS: Final = {"Cache-Control": "no-store", "Server": "badgejobs"}
_SCHEME: Final = "Bearer "


class MetricsPage(Generic[Found]):
    """One address. What a look found is written anew for each who asks, in the form asked for.

    With a token, nobody is answered who does not send it. Who is not ``open_to_all`` has no token
    and answers nobody.
    """

    def __init__(
        self,
        look: Callable[[], Found],
        write: Callable[[Found, str], tuple[bytes, str]],
        *,
        token: str | None,
        open_to_all: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look, self._write = look, write
        self._token = token.encode() if token is not None else None
        self._open_to_all = open_to_all
        self._clock = clock
        self._found: tuple[float, Found] | None = None
        # One look at a time: a flood of questions is one question to the database.
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "metrics")

    def add_to(self, app: web.Application) -> None:
        """Answer at our address of this application, until it ends."""
        app.router.add_get(PATH, self._answer)
        app.on_cleanup.append(self._close)

    async def _answer(self, request: web.Request) -> web.Response:
        if self._token is None and not self._open_to_all:
            return web.Response(
                status=HTTPStatus.FORBIDDEN,
                text="metrics are closed beyond loopback: set metrics.token_file\n",
                headers=_HEADERS,
            )
        if self._token is not None and not self._is_known(request):
            return web.Response(
                status=HTTPStatus.UNAUTHORIZED,
                text="send the token of metrics.token_file\n",
                headers=_HEADERS | {"WWW-Authenticate": "Bearer"},
            )
        accept = request.headers.get("Accept", "")
        loop = asyncio.get_running_loop()
        async with self._turn:
            at, found = self._found or (float("-inf"), None)
            if found is None or self._clock() - at >= _LASTS_SECONDS:
                found = await loop.run_in_executor(self._thread, self._look)
                self._found = (self._clock(), found)
        body, content_type = await loop.run_in_executor(self._thread, self._write, found, accept)
        return web.Response(body=body, headers=_HEADERS | {"Content-Type": content_type})

    def _is_known(self, request: web.Request) -> bool:
        sent = request.headers.get("Authorization", "")
        assert self._token is not None, "asked only then"
        told = sent.removeprefix(_SCHEME).encode(errors="replace")
        return sent.startswith(_SCHEME) and hmac.compare_digest(told, self._token)

    async def _close(self, _: web.Application) -> None:
        await asyncio.to_thread(self._thread.shutdown)
