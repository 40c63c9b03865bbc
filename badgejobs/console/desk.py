"""What all pages need: the ports, who is looking, and how a page is made of what is found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final, ParamSpec, TypeVar

from aiohttp import web
from aiohttp_session import get_session

from badgejobs.console.guards import word_of
from badgejobs.console.guessing import Guessing
from badgejobs.console.ports import Acting, Explaining, Views
from badgejobs.console.references import References
from badgejobs.console.rendering import rendered
from badgejobs.console.turns import Turns
from badgejobs.console.visits import Notice, Visit, Visits

P = ParamSpec("P")
T = TypeVar("T")

#: So many questions are asked of the database at a time, and no more.
_THREADS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What opens the console: to look, and to act. Without a token nobody acts."""

    password: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One console."""

    keys: Keys
    views: Views
    explaining: Explaining
    acting: Acting
    visits: Visits = field(default_factory=Visits)
    guessing: Guessing = field(default_factory=Guessing)
    references: References = field(default_factory=References)
    #: Acts wait where Wix asks for a pause, and must not keep pages waiting.
    turns: Turns = field(default_factory=Turns)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="console")
    )

    async def ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a port answers; it is asked in a thread, since it blocks."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, partial(call, *args, **kwargs))

    def close(self) -> None:
        """Begin nothing more, and let end what is at work."""
        self.turns.close()
        self.threads.shutdown()

    async def page(
        self,
        request: web.Request,
        template: str,
        values: Mapping[str, Any] | None = None,
        *,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> web.Response:
        """A page, with what stands on each: who is looking, and what came of their forms."""
        session = await get_session(request)
        visit = self.visits.of(session.get("visit"))
        notices = list[Notice]()
        if visit and _is_read(request):
            notices, visit.notices = visit.notices, []
        around = {
            "visit": visit,
            "notices": notices,
            # Made where a form asks for it: a page without one needs no session, and whoever is
            # sent here by another site's form, without their cookie, must not get another for it.
            "word": partial(word_of, session),
            "here": request.path,
            "acts_here": self.keys.token is not None,
            "is_still": "still" in request.query,
            "is_first": not request.query.get("after"),
        }
        return rendered(template, around | dict(values or {}), status=status)

    async def visitor(self, request: web.Request) -> Visit | None:
        """Who is logged in with this browser."""
        return self.visits.of((await get_session(request)).get("visit"))


def _is_read(request: web.Request) -> bool:
    """Whether a person sees all of the answer; a part that refreshes itself shows no notices."""
    return request.method != "HEAD" and "HX-Request" not in request.headers
