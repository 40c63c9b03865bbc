"""The door for webhooks: one path, few questions, a quick answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, Protocol

import structlog
from aiohttp import web

from badgejobs.errors import BadgeJobsError
from badgejobs.intake.events import RECONCILE, Installation, changed, installation
from badgejobs.intake.flood import Flood
from badgejobs.intake.note import Bell, Served, note
from badgejobs.intake.ports import Store
from badgejobs.intake.verify import MOST_BYTES, Distrusted, Event, verify

log = structlog.get_logger(__name__)

PATH: Final = "/webhooks/wix"
#: Threads that verify and write; SQLite takes one writer at a time anyhow.
_THREADS = 4
_BELLS_APART_SECONDS = 2.0
#: So often it is told what came in.
_TOLD_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is taken in; times in seconds."""

    #: Requests that are read or written down at once; more are asked to come again.
    at_once: int = 64
    #: A request that is not here in full by then is given up, and so is a silent connection.
    read_within: float = 5.0
    #: Wix waits 1.25 s for an answer, and sends again where none came.
    answer_within: float = 1.0
    #: Events of one site that are acted on in a minute; more are asked to come again.
    a_minute: int = 600


#: As little as protects, and more than any site sends.
USUAL: Final = Limits()


class Fate(StrEnum):
    """What became of a request."""

    NOTED = "noted"
    #: About nothing that the rules of the site read.
    IGNORED = "ignored"
    #: For an installation that no site of ours is.
    UNKNOWN = "unknown"
    REFUSED = "refused"
    FLOODED = "flooded"
    #: The record could not be written in time.
    UNWRITTEN = "unwritten"


_STATUS = {
    Fate.NOTED: HTTPStatus.OK,
    Fate.IGNORED: HTTPStatus.OK,
    Fate.UNKNOWN: HTTPStatus.OK,
    Fate.REFUSED: HTTPStatus.UNAUTHORIZED,
    Fate.FLOODED: HTTPStatus.SERVICE_UNAVAILABLE,
    Fate.UNWRITTEN: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Sites(Protocol):
    """The sites of ours by the instance id of each, in small letters."""

    def get(self, instance: str, /) -> Served | None:
        """One site; ``None`` for an installation that no site of ours is."""
        ...


class Receiver:
    """Takes the webhooks of one Wix app for the sites that it is installed on."""

    def __init__(
        self,
        keys: Sequence[bytes],
        sites: Sites,
        store: Store,
        ring: Callable[[Sequence[Bell]], object],
        *,
        limits: Limits = USUAL,
        installed: Callable[[str, Installation], Bell | None] = lambda _, __: None,
    ) -> None:
        """``ring`` may take long, and may come to nothing.

        ``installed`` writes down what became of our app on a site of ours, and says what to ring
        for.
        """
        self._keys, self._installed = tuple(keys), installed
        self._sites = sites
        self._store, self._ring, self.limits = store, ring, limits
        self._flood = Flood(limits.a_minute)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhooks")
        #: Also those whose sender was answered already, because the writing took too long.
        self._at_work = 0
        self._bells = set[Bell]()
        self._rung = asyncio.Event()
        self.fates = Counter[Fate]()
        self._told = Counter[Fate]()

    def application(self) -> web.Application:
        """The web application; it is served under :func:`badgejobs.intake.server.serving`."""
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post(PATH, self._take)
        app.on_response_prepare.append(_tell_no_versions)
        app.cleanup_ctx.append(self._beside)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        if self._at_work >= self.limits.at_once:
            return self._answer(Fate.FLOODED)
        self._at_work += 1
        try:
            body = await self._read(request)
        except BaseException:
            self._at_work -= 1
            raise
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._judged, body)
        work.add_done_callback(self._done)
        try:
            async with asyncio.timeout(self.limits.answer_within):
                fate, _ = await asyncio.shield(work)
        except TimeoutError:
            fate = Fate.UNWRITTEN
        return self._answer(fate)

    async def _read(self, request: web.Request) -> bytes:
        if (request.content_length or 0) > MOST_BYTES:
            raise web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0)
        try:
            async with asyncio.timeout(self.limits.read_within):
                return await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None

    def _judged(self, body: bytes) -> tuple[Fate, Bell | None]:
        """Verify and write down, in a thread."""
        try:
            event = verify(body, self._keys)
        except Distrusted:
            return Fate.REFUSED, None
        try:
            return self._looked_at(event)
        except BadgeJobsError as error:
            log.warning("webhook not written down; Wix sends it again", error=str(error))
            return Fate.UNWRITTEN, None

    def _looked_at(self, event: Event) -> tuple[Fate, Bell | None]:
        site, became = self._sites.get(event.instance), installation(event)
        if site is None:
            if became is Installation.INSTALLED:
                digest = hashlib.sha256(event.instance.encode()).hexdigest()[:12]
                log.info("our app was installed on a site that was not added", digest=digest)
            return Fate.UNKNOWN, None
        change = changed(event, apps=site.comment_apps, own_app=site.own_app)
        if change is None and became is None:
            return Fate.IGNORED, None
        if change and change.source != RECONCILE and change.source not in site.wanted():
            return Fate.IGNORED, None
        if not self._flood.admits(site.name):
            return Fate.FLOODED, None
        if change:
            return Fate.NOTED, note(change, site, self._store)
        assert became, "as looked at above"
        return Fate.NOTED, self._installed(site.name, became)

    def _done(self, work: asyncio.Future[tuple[Fate, Bell | None]]) -> None:
        self._at_work -= 1
        if not work.cancelled() and work.exception() is None and (bell := work.result()[1]):
            self._bells.add(bell)
            self._rung.set()

    def _answer(self, fate: Fate) -> web.Response:
        self.fates[fate] += 1
        status = _STATUS[fate]
        again = {"Retry-After": "60"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
        return web.Response(status=status, headers=again)

    async def _beside(self, _: web.Application) -> AsyncIterator[None]:
        """Ring, and tell what came in, as long as the application runs."""
        tasks = [asyncio.create_task(self._ringing()), asyncio.create_task(self._telling())]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self._threads.shutdown)
        self._tell()

    async def _ringing(self) -> None:
        """Ring for what was noted; many notes of one track are one bell."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            bells, self._bells = self._bells, set()
            in_order = sorted(bells, key=lambda one: (one.site, one.source, one.track))
            try:
                await asyncio.to_thread(self._ring, in_order)
            except BadgeJobsError as error:
                log.warning("bells not rung; the next tick rings them", error=str(error))
            # A burst of events asks for a few readings, not for one each.
            await asyncio.sleep(_BELLS_APART_SECONDS)

    async def _telling(self) -> None:
        while True:
            await asyncio.sleep(_TOLD_EVERY_SECONDS)
            self._tell()

    def _tell(self) -> None:
        if self.fates != self._told:
            counted: dict[str, Any] = {fate.value: number for fate, number in self.fates.items()}
            log.info("webhooks taken since the start", **counted)
            self._told = self.fates.copy()


async def _tell_no_versions(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "badgejobs"
