"""How many units of each lane may be out at once, by the workers that are heard of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from badgejobs.bootstrap import House
from badgejobs.core.lane import Lane
from badgejobs.store.processes import Process

#: Where no worker was heard of yet: one as `badgejobs worker` starts it.
ASSUMED_SLOTS = 4
#: So many short units one slot may do in a second; those out at once last it until the next tick.
UNITS_A_SECOND = 10


def rooms(house: House) -> dict[Lane, int]:
    """The bound of units out at once for each lane."""
    with house.store.read() as tx:
        processes = tx.processes.alive()
    return bounds(
        processes,
        tick_seconds=house.settings.tick_seconds,
        walks_at_once=house.settings.walks_at_once,
    )


def bounds(
    processes: Sequence[Process], *, tick_seconds: int, walks_at_once: int | None = None
) -> dict[Lane, int]:
    """So many of what is short that slots stay busy until the next tick; of what is long, fewer.

    Walks have all slots of workers that do nothing else; of the others' half while these are
    few, and an eighth of many.

    >>> bounds([], tick_seconds=10)[Lane.WALK], bounds([], tick_seconds=10)[Lane.SCAN]
    (2, 400)
    """
    workers = [one for one in processes if one.kind == "worker"]
    slots = {lane: sum(one.slots for one in workers if lane in one.lanes) for lane in Lane}
    if not workers:
        slots = dict.fromkeys(Lane, ASSUMED_SLOTS)
    own = sum(one.slots for one in workers if one.lanes == {Lane.WALK})
    out = {lane: max(1, slots[lane]) * UNITS_A_SECOND * tick_seconds for lane in Lane}
    walks = own + walks_among(slots[Lane.WALK] - own)
    return out | {Lane.WALK: max(1, walks) if walks_at_once is None else walks_at_once}


def failing_among(bounds: Mapping[Lane, int], *, tick_seconds: int) -> dict[Lane, int]:
    """How many of the units out at once may be such as keep failing: what half of the slots hold.

    Each may hold its slot until its deadline. After an outage all fail, and half of the slots are
    enough to find out that it is over.

    >>> failing_among({Lane.ASSIGN: 400, Lane.SCAN: 400, Lane.WALK: 2}, tick_seconds=10)
    {<Lane.ASSIGN: 'assign'>: 2, <Lane.SCAN: 'scan'>: 2, <Lane.WALK: 'walk'>: 1}
    """
    short = 2 * UNITS_A_SECOND * tick_seconds
    return {
        lane: max(1, bound // (2 if lane is Lane.WALK else short)) for lane, bound in bounds.items()
    }


def walks_among(slots: int) -> int:
    """How many slots of workers that do other things too may be at walks at once.

    >>> [walks_among(slots) for slots in (0, 1, 4, 8, 64)]
    [0, 1, 2, 3, 10]
    """
    return min(slots, max(1, min(slots // 2, 2 + slots // 8)))
