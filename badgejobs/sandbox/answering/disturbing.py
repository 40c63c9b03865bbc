"""One request and the faults that wait: which one hits, what it makes of the answer.

Faults are looked up before anything else is checked. Those that spoil lists have to see the
answer: where there is no page, or nothing in it that they could spoil, they are not used, and
the next one has its turn.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from badgejobs.sandbox import access
from badgejobs.sandbox.answering import replies, spoiled_pages
from badgejobs.sandbox.answering.delivery import Exchange, deliver
from badgejobs.sandbox.answering.replies import Outcome, Reply
from badgejobs.sandbox.endpoints import tokens
from badgejobs.sandbox.faults.kinds import EFFECTS, FaultKind, Processed
from badgejobs.sandbox.faults.scripted import Asked, Fault, asked
from badgejobs.sandbox.refusals import Refusal
from badgejobs.sandbox.world import World


async def answered(
    world: World, exchange: Exchange, process: Callable[[], Outcome]
) -> web.StreamResponse:
    """Answer a request that ``process`` takes care of, as it should be or as a fault has it."""
    entry, headers = exchange.entry, exchange.request.headers
    reached = access.instance_reached(world, headers)
    if reached:
        exchange.journal.came(reached, at=world.clock(), of=world.options.rate_limit_window_seconds)
    request = asked(
        entry.method,
        entry.path,
        query=entry.query,
        body=entry.body,
        has_credential=bool(access.credential_of(headers)),
        instance_id=tokens.instance_named(entry.body) or reached,
    )
    seen: Outcome | None = None
    for fault in world.faults.hitting(request):
        if not EFFECTS[fault.kind].of_lists:
            if seen is not None:
                exchange.journal.undone(entry)
            return await _hit(world, exchange, fault, process)
        seen = seen or process()
        spoiled = _spoiled(world, seen, fault, request)
        if spoiled is not None:
            _use(world, exchange, fault)
            return await deliver(exchange, spoiled)
    return await deliver(exchange, (seen or process()).reply)


async def _hit(
    world: World, exchange: Exchange, fault: Fault, process: Callable[[], Outcome]
) -> web.StreamResponse:
    _use(world, exchange, fault)
    at_once = EFFECTS[fault.kind].processed is Processed.AT_ONCE
    reply = process().reply if at_once else replies.NONE_YET
    if fault.kind is FaultKind.EXPIRED_TOKEN:
        _end_token(world, exchange)
    if fault.kind is FaultKind.LATE_WRITE:
        world.late.after(fault.delay_seconds, _late(exchange, process))
    reply = replies.in_place(fault, reply, origin=_origin(exchange.request))
    return await deliver(exchange, reply, fault)


def _use(world: World, exchange: Exchange, fault: Fault) -> None:
    world.faults.use(fault)
    exchange.entry.fault = fault.kind.value
    if fault.instance_id is not None:
        exchange.entry.instance_id = fault.instance_id


def _spoiled(world: World, outcome: Outcome, fault: Fault, request: Asked) -> Reply | None:
    if not outcome.page_start:
        return None
    here = world.cursors.seal(list(outcome.page_start))
    page = spoiled_pages.opened(outcome.reply.body, here)
    return None if page is None else spoiled_pages.spoiled(page, fault, request.cursor_field or "")


def _end_token(world: World, exchange: Exchange) -> None:
    headers = exchange.request.headers
    try:
        exchange.entry.instance_id = access.site_of(world, headers).instance_id
    except Refusal:
        return  # nobody knows the caller, so there is nothing to end
    world.end_token(access.credential_of(headers))


def _late(exchange: Exchange, process: Callable[[], Outcome]) -> Callable[[], None]:
    def write() -> None:
        process()
        exchange.settle(None)  # once more, now that the caller's site is known

    return write


def _origin(request: web.Request) -> str:
    """The sandbox's own address, as this caller reached it."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    host, port = (name or ("127.0.0.1", 80))[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
