"""What each request must pass before a page is made, and what each answer says to browsers."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp_session import Session, get_session

CSRF: Final = "form"
#: In which our pages are written, and so are their forms.
_CHARSET: Final = "utf-8"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Forms of a page without any referrer would have no origin that could be looked at.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Server": "badgejobs",
}


async def sealed(_: web.Request, response: web.StreamResponse) -> None:
    """Say with every answer, also of errors, that nothing else may use it."""
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


def only_hosts(hosts: Collection[str]) -> Middleware:
    """Middleware that answers under these names alone.

    Another site may let its own name point at this machine, and then read what we answer.
    """
    known = frozenset(map(_name, hosts)) - {""}

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _name(request.host) not in known:
            return web.Response(
                status=HTTPStatus.MISDIRECTED_REQUEST,
                text="The console does not answer under this name; add it to console.hosts.\n",
            )
        return await handler(request)

    return guard


@web.middleware
async def own_forms(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Middleware that takes only forms which this console has shown to the same browser."""
    if request.method in {"GET", "HEAD"}:
        return await handler(request)
    session = await get_session(request)
    if not _from_here(request) or not await _has_word(request, session):
        raise web.HTTPForbidden(
            text="This form is not of this visit, or too old. Go back, reload the page, and send "
            "it again; nothing was done."
        )
    return await handler(request)


def word_of(session: Session) -> str:
    """What each form of a session must send along."""
    if CSRF not in session:
        session[CSRF] = secrets.token_urlsafe(24)
    return str(session[CSRF])


def _from_here(request: web.Request) -> bool:
    """Whether the browser, where it says so, says that the form is of a page of ours."""
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None and fetched != "same-origin":
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == request.host.lower()
    except ValueError:  # it is no address at all
        return False


async def _has_word(request: web.Request, session: Session) -> bool:
    expected, told = session.get(CSRF), (await _form(request)).get(CSRF)
    if not isinstance(expected, str) or not isinstance(told, str):
        return False
    return hmac.compare_digest(expected.encode(), told.encode())


async def _form(request: web.Request) -> Mapping[str, object]:
    """What the form says; one that no page of ours can have sent is refused.

    Handlers find it read: ``request.post()`` reads once.
    """
    is_like_ours = (request.charset or _CHARSET).lower() == _CHARSET
    try:
        if is_like_ours and request.content_type != "multipart/form-data":
            return await request.post()
    except (ValueError, web.RequestPayloadError):
        pass  # it is answered as the others are that cannot be read
    raise web.HTTPBadRequest(
        text="This form cannot be read. Go back, reload the page, and send it again; nothing was "
        "done."
    )


def _name(host: str) -> str:
    """A host without its port, as browsers write it.

    >>> _name("[::1]:8092"), _name("LocalHost:8092"), _name("127.0.0.1"), _name("::1")
    ('[::1]', 'localhost', '127.0.0.1', '[::1]')
    """
    host = host.lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    if host.count(":") > 1:
        return f"[{host}]"
    return host.partition(":")[0]
