"""The log-in: to look, and further to act; and the way out."""

from __future__ import annotations

import hmac
import re
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import get_session, new_session

from badgejobs.console.desk import Desk
from badgejobs.console.visits import Role
from badgejobs.core.grant_list import one_line

LOG_IN: Final = "/log-in"
OPERATOR: Final = "/operator"
#: What whoever is not logged in may see.
_OPEN: Final = re.compile(r"/log-in|/static/[a-z.]+")
#: Names that the history of an award has for others.
_TAKEN_NAMES: Final = frozenset({"rules", "a person at wix", "a person by command"})
_LONGEST_NAME: Final = 60
_WRONG: Final = "That is not the password."
_WRONG_TOKEN: Final = "That is not the operator's token."  # noqa: S105 - a sentence


def only_known(desk: Desk) -> Middleware:
    """Middleware that shows whoever is not logged in the log-in, and nothing else."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _OPEN.fullmatch(request.path) or await desk.visitor(request):
            return await handler(request)
        if request.headers.get("HX-Request"):
            # a part of a page that refreshes itself: the whole page is to ask for the log-in
            return web.Response(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Refresh": "true"})
        if _is_asked_for(request):
            (await get_session(request))["next"] = request.path_qs
        raise web.HTTPSeeOther(LOG_IN)

    return guard


class Entrance:
    """Handlers of the log-in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Take these addresses."""
        app.router.add_get(LOG_IN, self.show)
        app.router.add_post(LOG_IN, self.log_in)
        app.router.add_post("/log-out", self.log_out)
        app.router.add_get(OPERATOR, self.show_operator)
        app.router.add_post(OPERATOR, self.become_operator)

    async def show(self, request: web.Request) -> web.Response:
        """The log-in."""
        return await self._log_in_page(request)

    async def log_in(self, request: web.Request) -> web.Response:
        """Take a password."""
        form = await request.post()
        if wrong := self._wrong(request, form.get("password"), self._desk.keys.password, _WRONG):
            return await self._log_in_page(request, wrong, status=HTTPStatus.FORBIDDEN)
        asked_for = (await get_session(request)).get("next", "/")
        await self._let_in(request, Role.VIEWER)
        raise web.HTTPSeeOther(_local(asked_for))

    async def log_out(self, request: web.Request) -> web.Response:
        """End the visit, here and not only in the browser."""
        session = await get_session(request)
        self._desk.visits.end(session.get("visit"))
        session.invalidate()
        raise web.HTTPSeeOther(LOG_IN)

    async def show_operator(self, request: web.Request) -> web.Response:
        """The form for whoever wants to act."""
        back = _local(request.query.get("back"))
        return await self._operator_page(request, back=back)

    async def become_operator(self, request: web.Request) -> web.Response:
        """Take a token, and the name under which acts are kept."""
        form, token = await request.post(), self._desk.keys.token
        back = _local(form.get("back"))
        name = one_line(str(form.get("name", "")))[:_LONGEST_NAME]
        if token is None:
            return await self._operator_page(request, status=HTTPStatus.FORBIDDEN, back=back)
        if not name or name.casefold() in _TAKEN_NAMES:
            wrong = "Write your own name: it is kept with all that you do."
            return await self._operator_page(
                request, wrong, status=HTTPStatus.BAD_REQUEST, back=back
            )
        if wrong := self._wrong(request, form.get("token"), token, _WRONG_TOKEN):
            return await self._operator_page(
                request, wrong, status=HTTPStatus.FORBIDDEN, back=back, name=name
            )
        await self._let_in(request, Role.OPERATOR, who=name)
        raise web.HTTPSeeOther(back)

    async def _let_in(self, request: web.Request, role: Role, *, who: str = "") -> None:
        """Begin a visit, and end the one before, for copies of its cookie too."""
        self._desk.visits.end((await get_session(request)).get("visit"))
        # Another session altogether: nobody may have given this browser the one before.
        session = await new_session(request)
        session["visit"] = self._desk.visits.begun(role, who=who)

    def _wrong(self, request: web.Request, told: object, right: str, sentence: str) -> str:
        """What is wrong with a secret; empty where nothing is."""
        # Whoever may look must not begin anew with the token by logging in again.
        address = f"{request.path} {request.remote}"
        if (seconds := self._desk.guessing.wait_seconds(address)) > 0:
            return f"Too many wrong answers: wait {-(-seconds // 1):.0f} seconds."
        given = told if isinstance(told, str) else ""
        if not hmac.compare_digest(given.strip().encode(), right.encode()):
            self._desk.guessing.was_wrong(address)
            return sentence
        self._desk.guessing.was_right(address)
        return ""

    async def _log_in_page(
        self, request: web.Request, wrong: str = "", *, status: HTTPStatus = HTTPStatus.OK
    ) -> web.Response:
        return await self._desk.page(request, "log_in.html", {"wrong": wrong}, status=status)

    async def _operator_page(
        self,
        request: web.Request,
        wrong: str = "",
        *,
        status: HTTPStatus = HTTPStatus.OK,
        back: str = "/",
        name: str = "",
    ) -> web.Response:
        values = {"wrong": wrong, "back": back, "name": name}
        return await self._desk.page(request, "operator.html", values, status=status)


def _is_asked_for(request: web.Request) -> bool:
    """Whether it is a page that a person wants to see: browsers ask for icons by themselves."""
    is_page = request.match_info.http_exception is None
    is_shown = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    return is_page and is_shown and request.method in {"GET", "HEAD"}


def _local(told: object) -> str:
    """An address of ours, or the first page.

    >>> _local("/runs?failed=1"), _local("//elsewhere.example"), _local(None)
    ('/runs?failed=1', '/', '/')
    """
    if not isinstance(told, str) or not re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", told):
        return "/"
    return told
