"""The sandbox as a web application: every request through the same checks, in Wix's order."""

from __future__ import annotations

import ipaddress
import json
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from badgejobs.sandbox import access, admin, refusals, validation, welcome
from badgejobs.sandbox.answering import disturbing, replies
from badgejobs.sandbox.answering.delivery import Exchange
from badgejobs.sandbox.answering.replies import Outcome, Reply
from badgejobs.sandbox.endpoints import (
    assignments,
    badges,
    catalog,
    catalog_v3,
    comments,
    display,
    instances,
    members,
    orders,
    payments,
    posts,
    resource_comments,
    reviews,
    site_properties,
    tags,
    tokens,
)
from badgejobs.sandbox.endpoints.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.journal import Entry
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import World
from badgejobs.wix import wire

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *badges.ENDPOINTS,
    *display.ENDPOINTS,
    *assignments.ENDPOINTS,
    *tags.ENDPOINTS,
    *orders.ENDPOINTS,
    *payments.ENDPOINTS,
    *comments.ENDPOINTS,
    *resource_comments.ENDPOINTS,
    *members.ENDPOINTS,
    *instances.ENDPOINTS,
    *site_properties.ENDPOINTS,
    *catalog.ENDPOINTS,
    *catalog_v3.ENDPOINTS,
    *posts.ENDPOINTS,
    *reviews.ENDPOINTS,
)

#: How deep the JSON of a request may nest; all that handles it may then recurse into it.
_DEEPEST_JSON = 700
#: The largest body taken, in bytes; admin calls may bring a whole site's records.
_LARGEST_BODY = 512 * 1024 * 1024
_WITH_BODY = frozenset({"POST", "PATCH"})


class _Unreadable:
    """Stands for a body that is not JSON."""


def application(world: World) -> web.Application:
    """The sandbox as an aiohttp application over a world."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    for method, name, handler in admin.ROUTES:
        app.router.add_route(method, admin.PREFIX + name, _admin(world, handler))
    app.router.add_route("*", admin.PREFIX + "{rest:.*}", _admin(world, admin.unknown))
    app.router.add_get("/", _welcome(world))
    app.router.add_route("POST", wire.TOKEN, _api(world, None, token=tokens.grant))
    app.router.add_route("POST", wire.TOKEN_INFO, _api(world, None, token=tokens.info))
    for endpoint in ENDPOINTS:
        # Whatever stands where an id belongs: aiohttp's own form of {id} leaves out braces.
        path = endpoint.path.replace("{id}", "{id:[^/]+}")
        app.router.add_route(endpoint.method, path, _api(world, endpoint))
    app.router.add_route("*", "/{rest:.*}", _api(world, None))
    app.middlewares.append(_unrouted(_api(world, None)))

    async def cancel(_: web.Application) -> None:
        world.late.cancel()

    app.on_shutdown.append(cancel)
    return app


def _unrouted(handle: _Handler) -> Any:
    """Answers what fits no route at all (a line break in the path, ``OPTIONS *``)."""

    @web.middleware
    async def answered(request: web.Request, handler: _Handler) -> web.StreamResponse:
        known = request.match_info.http_exception is None
        return await (handler if known else handle)(request)

    return answered


def _api(
    world: World, endpoint: Endpoint | None, *, token: tokens.TokenCall | None = None
) -> _Handler:
    """The handler of one API path; without endpoint and token call that of all unknown paths."""

    async def handle(request: web.Request) -> web.StreamResponse:
        journal = world.journal
        entry = journal.arrived(
            method=request.method,
            path=request.path,
            query={name: request.query.getall(name)[-1] for name in request.query},
            at=world.now(),
        )
        entry.route = endpoint.path if endpoint else None
        sent = await _sent(request)
        if sent is not _Unreadable and validation.nests_deeper(sent, _DEEPEST_JSON):
            sent = _Unreadable
        journal.brought(entry, None if sent is _Unreadable else sent)

        def process() -> Outcome:
            # One step without a pause: no other request sees half of a write.
            return _processed(world, request, endpoint, entry, sent, token=token)

        exchange = Exchange(request=request, entry=entry, journal=journal)
        return await disturbing.answered(world, exchange, process)

    return handle


def _processed(
    world: World,
    request: web.Request,
    endpoint: Endpoint | None,
    entry: Entry,
    sent: Any,
    *,
    token: tokens.TokenCall | None,
) -> Outcome:
    """What a request comes to that no fault keeps from being processed."""
    try:
        if token:
            site, told = token(world, sent)
            entry.instance_id = site.instance_id if site else None
            return Outcome(_good(told))
        return _called(world, request, endpoint, entry, sent)
    except Refusal as refusal:
        return Outcome(replies.refused(refusal))


def _headers(world: World, endpoint: Endpoint) -> Mapping[str, str]:
    """The header that Wix may put on answers to writes; its value means nothing here."""
    writes = endpoint.scope == wire.SCOPE_MANAGE_BADGES
    if writes and world.switches.consistent_header == "on":
        return {"X-Wix-Consistent": secrets.token_urlsafe(12)}
    return {}


def _called(
    world: World, request: web.Request, endpoint: Endpoint | None, entry: Entry, sent: Any
) -> Outcome:
    """The endpoint's answer after the checks that all have in common, in their fixed order."""
    site = access.site_of(world, request.headers)
    entry.instance_id = site.instance_id
    at = world.clock()
    access.require_pace(world, site, at)
    entry.counted_by = site.rate
    if endpoint is None or not endpoint.present(world.switches):
        raise refusals.not_found("NOT_FOUND", "the path")
    access.require_scope(site, endpoint.scope)
    if not isinstance(sent, dict) and (sent is not None or endpoint.method in _WITH_BODY):
        raise refusals.invalid("body", "Expected an object")
    site.advance(at)
    call = Call(
        world=world,
        site=site,
        at=at,
        path=request.match_info,
        query={name: request.query.getall(name) for name in request.query},
        body=sent if isinstance(sent, dict) else {},
    )
    answer = _good(endpoint.answer(call), _headers(world, endpoint))
    return Outcome(answer, call.page_start)


def _admin(world: World, handler: admin.Handler) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if not _is_loopback(request.remote):
                raise access.denied("admin calls are taken from this machine only")
            body = await _sent(request)
            query: Mapping[str, str] = request.query
            reply = _good(await handler(world, query, body))
        except Refusal as refusal:
            reply = replies.refused(refusal)
        return web.Response(status=reply.status, body=reply.body, content_type=reply.content_type)

    return handle


def _welcome(world: World) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if not _is_loopback(request.remote):
            raise web.HTTPForbidden
        text = welcome.page(world, url=f"http://{request.host}")
        return web.Response(text=text, content_type="text/html", headers=_PAGE_HEADERS)

    return handle


#: The page needs its own style and nothing else from anywhere.
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def _is_loopback(peer: str | None) -> bool:
    try:
        return peer is not None and ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False


async def _sent(request: web.Request) -> Any:
    """The JSON of a body, None for an empty one, ``_Unreadable`` for what is no JSON."""
    try:
        raw = await request.read()
        return json.loads(raw, parse_constant=_finite, parse_float=_finite) if raw else None
    except (ValueError, RecursionError, web.RequestPayloadError, web.HTTPRequestEntityTooLarge):
        return _Unreadable


def _finite(digits: str) -> float:
    """A number that can be written again as JSON; NaN, Infinity and 1e999 cannot."""
    found = float(digits)
    if not math.isfinite(found):
        raise ValueError(f"{digits} cannot be kept")
    return found


def _good(answer: Answer, headers: Mapping[str, str] | None = None) -> Reply:
    body = answer if isinstance(answer, bytes) else replies.encoded(answer)
    return Reply(status=HTTPStatus.OK, body=body, headers=headers or {})
