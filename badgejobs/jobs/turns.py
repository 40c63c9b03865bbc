"""Ringing in turns: what is due goes out lane by lane, within the bounds, while there is time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

from badgejobs.core.lane import Lane
from badgejobs.store import SqlStore
from badgejobs.store.dispatch import RING_AGAIN_AFTER, Due

#: Rows that are noted as rung in one transaction.
CHUNK = 1000
#: While a queue holds messages, a bell may still be in it; in an empty one none waits.
MAY_STILL_WAIT = timedelta(minutes=5)
NOT_YET_ANSWERED = timedelta(seconds=15)
_HOW_LONG = {True: NOT_YET_ANSWERED, False: MAY_STILL_WAIT, None: RING_AGAIN_AFTER}


def again_after(is_empty: Callable[[Lane], bool | None]) -> dict[Lane, timedelta]:
    """How long after its bell a row is rung for again, by whether the queue of its lane is empty.

    >>> again_after(lambda lane: lane is Lane.SCAN)[Lane.SCAN].total_seconds()
    15.0
    """
    return {lane: _HOW_LONG[is_empty(lane)] for lane in Lane}


def ring_in_turns(
    store: SqlStore,
    configured: Collection[str],
    bounds: Mapping[Lane, int],
    *,
    again_after: Mapping[Lane, timedelta],
    deliver: Callable[[list[Due]], bool],
    time_is_up: Callable[[], bool] = lambda: False,
) -> int:
    """Ring for what is due; how many bells rang.

    ``deliver`` sends the bells of some rows, and says whether all of them went out.
    """
    rung = 0
    for lane in Lane:
        while not time_is_up():
            with store.begin() as tx:
                due = tx.dispatch.claim(
                    lane, configured, bound=bounds[lane], limit=CHUNK, again_after=again_after
                )
            if due and not deliver(due):
                return rung
            rung += len(due)
            if len(due) < CHUNK:
                break
    return rung


def ring_next(
    store: SqlStore,
    configured: Collection[str],
    lane: Lane,
    *,
    bound: int,
    deliver: Callable[[list[Due]], bool],
) -> None:
    """A unit of a lane has ended: ring for whose turn is next there, maybe its own."""
    with store.begin() as tx:
        due = tx.dispatch.claim(
            lane,
            configured,
            bound=bound,
            limit=CHUNK,
            again_after=dict.fromkeys(Lane, MAY_STILL_WAIT),
        )
    deliver(due)
