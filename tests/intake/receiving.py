"""A receiver behind a real socket, and what it rang for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from aiohttp import web
from wix_signing import APP, BLOG, INSTANCE, public_key

from badgejobs.core.source import Track, tracks_of
from badgejobs.intake.events import Installation
from badgejobs.intake.note import Bell, Served
from badgejobs.intake.receiver import PATH, USUAL, Limits, Receiver
from badgejobs.intake.server import serving
from badgejobs.store import SqlStore

SITE = "shop"
#: The least time between two walks that are asked for.
APART = timedelta(minutes=10)


@dataclass
class Door:
    """Where webhooks are taken."""

    host: str
    port: int
    receiver: Receiver
    http: httpx.Client
    rung: list[Bell] = field(default_factory=list)
    #: Set when a bell was rung.
    ringing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}{PATH}"

    def post(self, body: bytes) -> int:
        return self.http.post(self.url, content=body).status_code


@contextmanager
def receiving(
    store: SqlStore,
    *,
    wanted: Collection[str] = ("comments", "membership", "orders"),
    limits: Limits = USUAL,
    installed: Callable[[str, Installation], Bell | None] = lambda _, __: None,
) -> Iterator[Door]:
    """Serve a receiver from a thread, as the command serves it."""
    site = Served(
        name=SITE, comment_apps=(BLOG,), own_app=APP, wanted=lambda: wanted, walks_apart=APART
    )
    doors, ready, loops = list[Door](), threading.Event(), list[asyncio.AbstractEventLoop]()
    stopped = asyncio.Event()

    def ring(bells: Sequence[Bell]) -> None:
        doors[0].rung.extend(bells)
        doors[0].ringing.set()

    async def main() -> None:
        receiver = Receiver(
            [public_key()], {INSTANCE: site}, store, ring, limits=limits, installed=installed
        )
        runner = web.AppRunner(receiver.application(), **serving(limits))
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            doors.append(Door(host="127.0.0.1", port=port, receiver=receiver, http=http))
            loops.append(asyncio.get_running_loop())
            ready.set()
            await stopped.wait()
        finally:
            ready.set()
            await runner.cleanup()

    http = httpx.Client(headers={"Content-Type": "text/plain"}, trust_env=False)
    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield doors[0]
    finally:
        http.close()
        loops[0].call_soon_threadsafe(stopped.set)
        thread.join()


def at_rest(store: SqlStore) -> None:
    """The site's tracks and duties, each read a while ago and due tomorrow."""
    tracks = {
        ("comments", "walk"): tracks_of("walk", is_probed=True),
        ("membership", "walk"): tracks_of("walk", is_probed=False),
        ("orders", "window"): tracks_of("window", is_probed=False),
        ("reconcile", "window"): (Track.LIVE,),
    }
    for (source, mode), all_of_it in tracks.items():
        for track in all_of_it:
            with store.begin() as tx:
                tx.scans.register(SITE, source, mode, tracks=[track])
                lease = tx.scans.lease(SITE, source, track, holds=timedelta(minutes=1))
                tx.scans.release(lease, due_in=timedelta(days=1), completed=True)


def due_in(store: SqlStore, source: str, track: Track = Track.LIVE) -> timedelta | None:
    """How long until a track is due; ``None`` while it is being read."""
    with store.read() as tx:
        rows = {(one.source, one.track): one.due_at for one in tx.scans.overview(SITE)}
        due_at = rows[source, track]
        return None if due_at is None else due_at - tx.now


def noted(store: SqlStore) -> list[tuple[str, tuple[str, ...]]]:
    """The posts that are noted to be read, by app; they are taken up by it."""
    with store.begin() as tx:
        found = tx.resources.take(SITE, "comments", generation=1, limit=100)
    return [(found.part, found.ids)] if found else []
