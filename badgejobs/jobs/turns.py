"""Ringing in turns: what is due goes out lane by lane, within the bounds, while there is time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

from badgejobs.core.lane import Lane
from badgejobs.store import SqlStore
from badgejobs.store.dispatch import RING_AGAIN_AFTER, Due

#: Rows that are noted as rung in one transaction.
CHUNK = 1000
#: While a queue holds the messages of all rows that are rung for, each may still be in it; where
#: there are fewer, some are lost, as all are with a Redis that was emptied.
MAY_STILL_WAIT = timedelta(minutes=5)
NOT_YET_ANSWERED = timedelta(seconds=15)
#: So many messages may just be on their way from the queue to their row's lease.
ON_THEIR_WAY = 8


def again_after(
    rung: Mapping[Lane, int], waiting: Callable[[Lane], int | None]
) -> dict[Lane, timedelta]:
    """How long after its bell a row is rung for again.

    ``rung`` are the rows of each lane that have a bell and no worker yet, and ``waiting`` tells how
    many messages are in its queue; ``None`` where that cannot be told.

    >>> again_after({Lane.SCAN: 20}, lambda lane: 5)[Lane.SCAN].total_seconds()
    15.0
    >>> again_after({Lane.SCAN: 20}, lambda lane: 19)[Lane.SCAN].total_seconds()
    300.0
    """
    return {lane: _how_long(rung.get(lane, 0), waiting(lane)) for lane in Lane}


def _how_long(rung: int, waiting: int | None) -> timedelta:
    if waiting is None:
        return RING_AGAIN_AFTER
    lost = not waiting or rung > waiting + ON_THEIR_WAY
    return NOT_YET_ANSWERED if lost else MAY_STILL_WAIT


def ring_in_turns(
    store: SqlStore,
    configured: Collection[str],
    bounds: Mapping[Lane, int],
    *,
    failing: Mapping[Lane, int] | None = None,
    again_after: Mapping[Lane, timedelta],
    deliver: Callable[[list[Due]], bool],
    time_is_up: Callable[[], bool] = lambda: False,
) -> int:
    """Ring for what is due; how many bells rang.

    ``bounds`` are those of all units out at once, and ``failing`` of those that keep failing.
    ``deliver`` sends the bells of some rows, and says whether all of them went out. However late
    it is, some of each lane are rung for: a fleet for which no bell rings stands still.
    """
    rung = 0
    for lane in Lane:
        while True:
            with store.begin() as tx:
                due = tx.dispatch.claim(
                    lane,
                    configured,
                    bound=bounds[lane],
                    failing=failing[lane] if failing else None,
                    limit=CHUNK,
                    again_after=again_after,
                )
            if due and not deliver(due):
                return rung
            rung += len(due)
            if len(due) < CHUNK or time_is_up():
                break
    return rung


def ring_next(
    store: SqlStore,
    configured: Collection[str],
    lane: Lane,
    *,
    bound: int,
    failing: int | None = None,
    deliver: Callable[[list[Due]], bool],
) -> None:
    """A unit of a lane has ended: ring for whose turn is next there, maybe its own."""
    with store.begin() as tx:
        due = tx.dispatch.claim(
            lane,
            configured,
            bound=bound,
            failing=failing,
            limit=CHUNK,
            again_after=dict.fromkeys(Lane, MAY_STILL_WAIT),
        )
    deliver(due)
