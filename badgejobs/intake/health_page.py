"""Health over HTTP, for balancers, orchestrators and uptime checks; no secret and no name in it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

#: However often it is asked for, the database is asked no more often.
_LASTS_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a look found: whether all is well, and what may be told to whoever asks."""

    ok: bool
    told: dict[str, Any]


class HealthPage:
    """Three addresses: ``/health/live``, ``/health/ready`` and ``/health``.

    The first tells that this process answers; the second, that the database does, so that work
    can be taken; the third looks at everything. Each answers 200, or 503.
    """

    def __init__(
        self,
        *,
        ready: Callable[[], Report],
        whole: Callable[[], Report],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._looks = {"ready": ready, "whole": whole}
        self._clock = clock
        self._found = dict[str, tuple[float, Report]]()
        # One look at a time: a flood of questions is one question to the database.
        self._turns = {name: asyncio.Lock() for name in self._looks}
        self._thread = ThreadPoolExecutor(1)

    def application(self, *also: Callable[[web.Application], None]) -> web.Application:
        """The web application; each of ``also`` adds addresses of its own to it."""
        app = web.Application(client_max_size=1024)
        app.router.add_get("/health/live", self._live)
        app.router.add_get("/health/ready", self._ready)
        app.router.add_get("/health", self._whole)
        app.on_cleanup.append(self._close)
        for add_to in also:
            add_to(app)
        return app

    async def _live(self, _: web.Request) -> web.Response:
        return _answer(Report(ok=True, told={"ok": True}))

    async def _ready(self, _: web.Request) -> web.Response:
        return _answer(await self._look("ready"))

    async def _whole(self, _: web.Request) -> web.Response:
        return _answer(await self._look("whole"))

    async def _look(self, name: str) -> Report:
        async with self._turns[name]:
            at, report = self._found.get(name, (float("-inf"), None))
            if report is None or self._clock() - at >= _LASTS_SECONDS:
                loop = asyncio.get_running_loop()
                report = await loop.run_in_executor(self._thread, self._looks[name])
                self._found[name] = (self._clock(), report)
            return report

    async def _close(self, _: web.Application) -> None:
        await asyncio.to_thread(self._thread.shutdown)


def _answer(report: Report) -> web.Response:
    status = HTTPStatus.OK if report.ok else HTTPStatus.SERVICE_UNAVAILABLE
    return web.Response(
        status=status,
        text=json.dumps(report.told) + "\n",
        content_type="application/json",
        headers={"Cache-Control": "no-store", "Server": "badgejobs"},
    )
