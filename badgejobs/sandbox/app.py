"""The sandbox as a web application: every request through the same checks, in Wix's order."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from badgejobs.sandbox import (
    access,
    admin,
    assignments,
    badges,
    comments,
    instances,
    members,
    orders,
    refusals,
    validation,
)
from badgejobs.sandbox.endpoint import Answer, Call, Endpoint
from badgejobs.sandbox.faults import UNPROCESSED, Fault, FaultKind
from badgejobs.sandbox.journal import Entry
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import World
from badgejobs.wix import wire

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *badges.ENDPOINTS,
    *assignments.ENDPOINTS,
    *orders.ENDPOINTS,
    *comments.ENDPOINTS,
    *members.ENDPOINTS,
    *instances.ENDPOINTS,
)

#: How deep the JSON of a request may nest; all that handles it may then recurse into it.
_DEEPEST_JSON = 256
#: The largest body taken, in bytes; admin calls may bring a whole site's records.
_LARGEST_BODY = 512 * 1024 * 1024
_WITH_BODY = frozenset({"POST", "PATCH"})
_NOT_JSON = b'{"this is not JSON'


class _Unreadable:
    """Stands for a body that is not JSON."""


def application(world: World) -> web.Application:
    """The sandbox as an aiohttp application over a world."""
    app = web.Application(client_max_size=_LARGEST_BODY)
    for method, name, handler in admin.ROUTES:
        app.router.add_route(method, admin.PREFIX + name, _admin(world, handler))
    app.router.add_route("*", admin.PREFIX + "{rest:.*}", _admin(world, admin.unknown))
    app.router.add_route("POST", wire.TOKEN, _api(world, None, token=True))
    for endpoint in ENDPOINTS:
        # Whatever stands where an id belongs: aiohttp's own form of {id} leaves out braces.
        path = endpoint.path.replace("{id}", "{id:[^/]+}")
        app.router.add_route(endpoint.method, path, _api(world, endpoint))
    app.router.add_route("*", "/{rest:.*}", _api(world, None))
    app.middlewares.append(_unrouted(_api(world, None)))
    return app


def _unrouted(handle: _Handler) -> Any:
    """Answers what fits no route at all (a line break in the path, ``OPTIONS *``)."""

    @web.middleware
    async def answered(request: web.Request, handler: _Handler) -> web.StreamResponse:
        known = request.match_info.http_exception is None
        return await (handler if known else handle)(request)

    return answered


def _api(world: World, endpoint: Endpoint | None, *, token: bool = False) -> _Handler:
    """The handler of one API path; without an endpoint that of all unknown paths."""

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
        fault = world.faults.take(request.method, request.path)
        entry.fault = fault.kind.value if fault else None
        status, answer = 0, b""
        if fault is None or fault.kind not in UNPROCESSED:
            # One step without a pause: no other request sees half of a write.
            status, answer = _processed(world, request, endpoint, entry, sent, token=token)
        return await _sent_back(
            request, entry, fault, status=status, answer=answer, settled=journal.settled
        )

    return handle


def _processed(
    world: World,
    request: web.Request,
    endpoint: Endpoint | None,
    entry: Entry,
    sent: Any,
    *,
    token: bool,
) -> tuple[int, bytes]:
    """Status and body of a request that no fault kept from being processed."""
    try:
        if token:
            site, granted = access.token(world, sent)
            entry.instance_id = site.instance_id
            return HTTPStatus.OK, _encoded(granted)
        return HTTPStatus.OK, _encoded(_called(world, request, endpoint, entry, sent))
    except Refusal as refusal:
        return refusal.status, _encoded(refusal.body)


def _called(
    world: World, request: web.Request, endpoint: Endpoint | None, entry: Entry, sent: Any
) -> Answer:
    """The endpoint's answer after the checks that all have in common, in their fixed order."""
    site = access.site_of(world, request.headers)
    entry.instance_id = site.instance_id
    at = world.clock()
    if not site.rate.admits(at):
        raise refusals.wordless(HTTPStatus.TOO_MANY_REQUESTS)
    if endpoint is None:
        raise refusals.not_found("NOT_FOUND", "the path")
    access.require_scope(site, endpoint.scope)
    if not isinstance(sent, dict) and (sent is not None or endpoint.method in _WITH_BODY):
        raise refusals.invalid("body", "Expected an object")
    site.advance(at)
    return endpoint.answer(
        Call(
            world=world,
            site=site,
            at=at,
            path=request.match_info,
            query={name: request.query.getall(name) for name in request.query},
            body=sent if isinstance(sent, dict) else {},
        )
    )


async def _sent_back(
    request: web.Request,
    entry: Entry,
    fault: Fault | None,
    *,
    status: int,
    answer: bytes,
    settled: Callable[[Entry, int | None], None],
) -> web.StreamResponse:
    """The answer, as it is or as a fault makes it."""
    headers = {"x-wix-request-id": entry.request_id}
    if fault is not None:
        if fault.kind in (FaultKind.RESET_BEFORE_WRITE, FaultKind.RESET_AFTER_WRITE):
            settled(entry, None)
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if fault.kind is FaultKind.STATUS:
            status, answer = fault.status, _encoded({"message": "", "details": {}})
            if fault.retry_after_seconds is not None:
                headers["Retry-After"] = str(fault.retry_after_seconds)
        elif fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.delay_seconds)
            if request.transport is None:  # the caller did not wait
                settled(entry, None)
                return web.Response()
        elif fault.kind is FaultKind.BAD_JSON:
            status, answer = HTTPStatus.OK, _NOT_JSON
    settled(entry, int(status))
    return _response(status, answer, headers)


def _admin(world: World, handler: admin.Handler) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            if not _is_loopback(request.remote):
                raise access.denied("admin calls are taken from this machine only")
            body = await _sent(request)
            query: Mapping[str, str] = request.query
            return _response(HTTPStatus.OK, _encoded(await handler(world, query, body)))
        except Refusal as refusal:
            return _response(refusal.status, _encoded(refusal.body))

    return handle


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


def _encoded(answer: Answer) -> bytes:
    if isinstance(answer, bytes):
        return answer
    return json.dumps(answer, separators=(",", ":")).encode()


def _response(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")
