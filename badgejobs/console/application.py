"""The console as a web application, closed until somebody logs in."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import session_middleware
from aiohttp_session.cookie_storage import EncryptedCookieStorage

from badgejobs.console.acts import Acts
from badgejobs.console.desk import Desk, Keys
from badgejobs.console.entrance import Entrance, only_known
from badgejobs.console.guards import only_hosts, own_forms, sealed
from badgejobs.console.members import Members
from badgejobs.console.pages import Pages
from badgejobs.console.ports import Acting, Explaining, Views
from badgejobs.console.rendering import STATIC, static
from badgejobs.console.turns import PATIENCE_SECONDS, Turns
from badgejobs.console.visits import LASTS_SECONDS
from badgejobs.errors import BadgeJobsError, SettingsError

__all__ = ["Keys", "application"]

#: Names of this machine for itself.
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
#: Forms hold a few lines.
_LONGEST_BODY: Final = 16 * 1024
_LONGEST_LINE: Final = 4096
_COOKIE: Final = "badgejobs-console"
#: What went wrong, where the error itself has no words for people.
_WORDS: Final = {
    HTTPStatus.NOT_FOUND: "There is no such page.",
    HTTPStatus.METHOD_NOT_ALLOWED: "There is no such page.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too long.",
}
_TITLES: Final = {
    HTTPStatus.BAD_REQUEST: "Not done",
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.METHOD_NOT_ALLOWED: "Not found",
    HTTPStatus.FORBIDDEN: "Not done",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Not done",
}


def application(
    *,
    keys: Keys,
    views: Views,
    explaining: Explaining,
    acting: Acting,
    hosts: Collection[str] = (),
    https: bool = False,
    patience_seconds: float = PATIENCE_SECONDS,
) -> web.Application:
    """The console for these ports.

    ``hosts`` are the names, beside those of loopback, under which it answers; with ``https`` it
    stands behind something that speaks TLS, and the cookie goes over nothing else. A browser waits
    no longer than ``patience_seconds`` for what came of an act.
    """
    desk = Desk(
        keys=keys,
        views=views,
        explaining=explaining,
        acting=acting,
        turns=Turns(patience_seconds=patience_seconds),
    )
    storage = _Cookies(
        # Sessions are kept in this process, so a key that is kept longer would open nothing.
        secrets.token_bytes(32),
        cookie_name=f"__Host-{_COOKIE}" if https else _COOKIE,
        max_age=LASTS_SECONDS,
        secure=https,
        httponly=True,
        # "Strict" would keep it back from whoever follows a link of another site, a mail or a chat,
        # and they would be logged out by the session that they then get. Lax lets it come along
        # with such a link and with no form: links only show, and forms need their word besides.
        samesite="Lax",
    )
    app = web.Application(
        client_max_size=_LONGEST_BODY,
        middlewares=[
            only_hosts([*LOOPBACK, *hosts]),
            session_middleware(storage),
            _told_as_page(desk),
            only_known(desk),
            own_forms,
        ],
        handler_args={
            "max_line_size": _LONGEST_LINE,
            "lingering_time": 1.0,
            # Browsers send no form packed, and what cannot be unpacked is an error in a log.
            "auto_decompress": False,
        },
    )
    app.on_response_prepare.append(sealed)
    # first of all, so that who waits for an act that is dropped is told so by an open connection
    app.on_shutdown.append(lambda _: asyncio.to_thread(desk.turns.begin_no_more))
    app.on_cleanup.append(lambda _: asyncio.to_thread(desk.close))
    app.router.add_get("/static/{name}", _static)
    Entrance(desk).add_to(app)
    Pages(desk).add_to(app)
    Members(desk).add_to(app)
    Acts(desk).add_to(app)
    return app


class _Cookies(EncryptedCookieStorage):
    """Sessions within cookies; whatever else a cookie holds begins a new one."""

    def load_cookie(self, request: web.Request) -> str | None:
        """The letters of a session, which are all ASCII."""
        told = super().load_cookie(request)
        return told if told is not None and told.isascii() else None


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in STATIC:
        raise web.HTTPNotFound
    # Its address changes with it.
    kept = {"Cache-Control": "private, max-age=86400"}
    return web.Response(body=static(name), content_type=STATIC[name], headers=kept)


def _told_as_page(desk: Desk) -> Middleware:
    """Middleware that tells people what went wrong, on a page that leads back."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < HTTPStatus.BAD_REQUEST:
                raise
            status = HTTPStatus(error.status)
            return await _error(desk, request, status, _WORDS.get(status) or error.text or "")
        except SettingsError as error:
            return await _error(desk, request, HTTPStatus.NOT_FOUND, str(error))
        except BadgeJobsError as error:
            return await _error(desk, request, HTTPStatus.SERVICE_UNAVAILABLE, str(error))

    return guard


async def _error(
    desk: Desk, request: web.Request, status: HTTPStatus, text: str
) -> web.StreamResponse:
    values = {"title": _TITLES.get(status, "This cannot be shown now"), "text": text}
    return await desk.page(request, "error.html", values, status=status)
