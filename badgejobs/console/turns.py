"""Acts, one after the other: which waits for its turn, which is at work, and what came of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Final

import structlog

from badgejobs.console.visits import Notice, Visit
from badgejobs.errors import BadgeJobsError, RemovesAccess

log = structlog.get_logger(__name__)

#: So long a browser waits for what came of an act, in seconds.
PATIENCE_SECONDS: Final = 20.0
#: So long a stop waits for the act that is at work; whoever stops us kills after 45 seconds.
ENDS_SECONDS: Final = 30.0

_LATER: Final = "a page that you open later says what came of it."
_GOES_ON: Final = f"It takes a while, and goes on by itself; {_LATER}"
_WAITS: Final = f"It is not begun yet, for another act is at work; {_LATER}"
_NEVER: Final = "The console was stopped before it was begun, so nothing was done."
_DROPPED: Final = "act was never begun, for the console is stopped"
_BROKE: Final = "It broke off where nobody foresaw it; the log of the console tells where."
#: What is said of :class:`RemovesAccess` here, where there is a box and no option of a command.
REMOVES_ACCESS: Final = (
    "This badge opens pages at Wix, and the member would lose access to them. Tick the box if that "
    "is what you want."
)


class NeverBegun(BadgeJobsError):
    """The console was stopped before it was an act's turn."""

    def __init__(self) -> None:
        super().__init__(_NEVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An act that somebody asked for."""

    #: Its name, and where; the log names the member no further.
    act: str
    site: str
    badge: str = ""
    #: What it is about, for whoever reads what came of it beside other pages of theirs.
    subject: str = field(repr=False)
    visit: Visit = field(repr=False)
    call: Callable[[], str] = field(repr=False)


class Turns:
    """One act at a time, in a thread of their own: they wait where Wix asks for a pause."""

    def __init__(
        self,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        ends_seconds: float = ENDS_SECONDS,
    ) -> None:
        self._patience_seconds, self._ends_seconds = patience_seconds, ends_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="console-act")
        self._open = dict[Future[str], Asked]()

    async def take(self, asked: Asked) -> Notice:
        """What came of an act, or that it goes on or waits: then its visit is told later.

        Raises ``NeverBegun`` where the console is stopped before, and ``RemovesAccess`` where that
        was not said.
        """
        loop, over, begun = asyncio.get_running_loop(), asyncio.Event(), Event()

        def act() -> str:
            begun.set()
            return asked.call()

        try:
            done = self._thread.submit(act)
        except RuntimeError:  # it takes nothing more
            log.warning(_DROPPED, **_fields(asked))
            raise NeverBegun from None
        self._open[done] = asked
        done.add_done_callback(partial(self._ended, asked))
        done.add_done_callback(lambda _: _soon(loop, over.set))
        try:
            await asyncio.wait_for(over.wait(), self._patience_seconds)
        except TimeoutError:
            done.add_done_callback(lambda _: _soon(loop, partial(_told_late, asked, done)))
            told = _GOES_ON if begun.is_set() else _WAITS
            return Notice(text=f"{asked.subject}: {told}", is_good=True)
        if done.cancelled():
            raise NeverBegun
        error = done.exception()
        if isinstance(error, RemovesAccess):
            raise error
        return _notice(asked, done)

    def begin_no_more(self) -> None:
        """Drop what waits for its turn; what is at work goes on."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Let the act that is at work end, so that nothing is closed under it; for a while."""
        self.begin_no_more()
        left = {one: asked for one, asked in self._open.copy().items() if not one.cancelled()}
        for one in wait(left, timeout=self._ends_seconds).not_done:
            log.warning("the console ends before an act does", **_fields(left[one]))

    def _ended(self, asked: Asked, done: Future[str]) -> None:
        """Write into the log what came of an act, whoever waits for it."""
        self._open.pop(done, None)
        fields = _fields(asked)
        if done.cancelled():
            log.warning(_DROPPED, **fields)
            return
        match done.exception():
            case None:
                log.info("act done", outcome=done.result(), **fields)
            case BadgeJobsError() as error:
                log.warning("act not done", reason=str(error), **fields)
            case error:
                log.error("act broke off", exc_info=error, **fields)


def _told_late(asked: Asked, done: Future[str]) -> None:
    if not done.cancelled():
        asked.visit.notices.append(_notice(asked, done))


def _notice(asked: Asked, done: Future[str]) -> Notice:
    match done.exception():
        case None:
            told, is_good = done.result(), True
        case RemovesAccess():
            told, is_good = f"Not done: {REMOVES_ACCESS}", False
        case BadgeJobsError() as error:
            told, is_good = f"Not done: {error}", False
        case _:
            told, is_good = _BROKE, False
    return Notice(text=f"{asked.subject}: {told}", is_good=is_good)


def _fields(asked: Asked) -> dict[str, str]:
    fields = {"act": asked.act, "site": asked.site}
    return fields | {"badge": asked.badge} if asked.badge else fields


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Have something done by the loop, while there is one: an act may outlive it."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
