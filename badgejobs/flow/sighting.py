"""Reading who has which badge page by page: what was read stays, and the rest waits its turn."""

from __future__ import annotations

from collections.abc import Callable, Collection

from badgejobs.core.sighting import LASTS, MOST_REFUSALS, Begun
from badgejobs.errors import Ambiguous, CursorRefused
from badgejobs.flow.both_sides import BothSides


def read_on(
    at: BothSides,
    badge_ids: Collection[str],
    *,
    anew: bool,
    time_is_up: Callable[[], bool],
    heard: Callable[[int], None],
) -> Begun:
    """Read on where a reading of these badges was left, until it is done or the time is up.

    It begins ``anew`` too where there is none, or the one that stands is too old or of other
    badges. At least one page is read, and ``heard`` is told of each how many assignments it had.
    Each page is kept before the next is asked for, so an error costs no more than one.
    ``Ambiguous`` where the list cannot be read to its end, and ``LeaseLost`` where another
    worker has begun.
    """
    with at.store.begin() as tx:
        begun = tx.sightings.begun(at.site)
        if anew or begun is None or not begun.goes_on(badge_ids, tx.now):
            refusals = begun.refusals if begun else 0
            begun = tx.sightings.begin(at.site, badge_ids, instead_of=begun, refusals=refusals)
    while not begun.done:
        begun = _page_read(at, begun, heard)
        if time_is_up():
            break
    return begun


def _page_read(at: BothSides, begun: Begun, heard: Callable[[int], None]) -> Begun:
    try:
        rows, cursor = at.badges.assignments_page(begun.asked, begun.cursor)
    except CursorRefused as error:
        return _begun_anew(at, begun, error)
    try:
        after = begun.turned(cursor)
    except Ambiguous:
        _drop(at, begun)
        raise
    with at.store.begin() as tx:
        too_old = begun.is_too_old(tx.now)
        if not too_old:
            # nobody is erased meanwhile
            tx.activities.take_turns(at.site)
            tx.sightings.keep(at.site, begun, after, rows)
    if too_old:
        _drop(at, begun)
        hours = LASTS.total_seconds() / 3600
        raise Ambiguous(f"the list of assignments did not end within {hours:g} hours")
    heard(len(rows))
    return after


def _begun_anew(at: BothSides, begun: Begun, error: CursorRefused) -> Begun:
    """Drop what was read: behind a cursor that Wix does not take any more nobody knows the rest."""
    refusals = begun.refusals + 1
    with at.store.begin() as tx:
        anew = tx.sightings.begin(at.site, begun.badge_ids, instead_of=begun, refusals=refusals)
    if refusals > MOST_REFUSALS:
        raise Ambiguous(
            f"{error}; the list of assignments was begun {refusals} times and not read to its end"
        ) from error
    return anew


def _drop(at: BothSides, begun: Begun) -> None:
    with at.store.begin() as tx:
        tx.sightings.forget(at.site, begun)
