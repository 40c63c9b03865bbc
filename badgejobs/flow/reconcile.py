"""Reconcile: hold the ledger against what stands at Wix, in both directions.

Wix is read completely, in slices that survive each other, then compared in parts with short
transactions. Each award is read anew under its lock before it is decided, so what moved meanwhile
is left for the next time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from badgejobs.core.award import Timing
from badgejobs.core.comparison import Reading
from badgejobs.core.drift import Caution
from badgejobs.core.wixfacts import WixAssignment
from badgejobs.errors import BadgeJobsError, Later
from badgejobs.flow.both_sides import BothSides
from badgejobs.flow.comparing import CHUNK, Comparison, Pair
from badgejobs.flow.ports import Badges, Members, Store
from badgejobs.flow.sighting import read_on

__all__ = ["CHUNK", "Reconciled", "reconcile"]


_NO_NUMBERS = frozenset({"by_badge", "error", "more", "wished_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """Where Wix and the ledger differed, and what was done about it."""

    agreed: int = 0
    #: Assigned by the ledger, absent at Wix: noted, and nothing is concluded yet.
    missing: int = 0
    #: Stands at Wix by a person's hand, as was found now.
    extra: int = 0
    #: Pairs of member and badge that stand more than once at Wix.
    duplicate: int = 0
    #: Found to be taken by a person: not given again by itself.
    taken: int = 0
    #: Taken by a person before, and absent as it should be.
    overridden: int = 0
    #: Missed or held to be taken before, and there.
    returned: int = 0
    #: There by an attempt of ours whose answer was lost.
    found: int = 0
    #: Taken away by us before, and to be taken away once more.
    lingering: int = 0
    #: Assignments of ours that stood beside an older one, and were taken away.
    repaired: int = 0
    #: Absent since the member is gone at Wix.
    member_gone: int = 0
    #: Waiting for a person since the badge is gone at Wix.
    badge_gone: int = 0
    #: Under way, or moved while Wix was read.
    left: int = 0

    #: The same numbers by badge.
    by_badge: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    #: What was not believed, or could not be done; the rest was.
    error: BadgeJobsError | None = None
    #: The time was up before all was read or compared: nothing is concluded yet.
    more: bool = False
    #: When another reading is to follow, of which somebody thought while this one went on.
    wished_at: datetime | None = None

    @property
    def numbers(self) -> dict[str, int]:
        """All numbers by name."""
        return {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in _NO_NUMBERS
        }


def reconcile(
    site: str,
    badges: Badges,
    members: Members,
    store: Store,
    *,
    timing: Timing,
    caution: Caution,
    accepted: bool = False,
    dry_run: bool = False,
    anew: bool = False,
    time_is_up: Callable[[], bool] = lambda: False,
    heard: Callable[[int], None] = lambda _: None,
) -> Reconciled:
    """Read all assignments of the managed badges, and compare them with the ledger.

    What is read is kept page by page, and a later call goes on from there, unless it is to begin
    ``anew``: whether ``time_is_up`` is asked after each page, and what is left then is ``more``
    to do. ``heard`` is told of each page how many assignments it had.

    A reading that shows suspiciously little is not believed, unless a person ``accepted`` it
    beforehand: nothing is changed by it, an alert tells the numbers and the cure, and the outcome
    has a ``Refused`` as its error. With ``dry_run`` all is read in one go, nothing is written, and
    the numbers are what would be done. Raises what stops a reading: one that is not complete
    tells nothing.

    It also makes the site's members due to be decided anew, as the level below all bells, and
    notes which badges open pages now: somebody may have switched that on in the dashboard.
    """
    at = BothSides(site, badges, members, store, dry_run=dry_run)
    with at.open() as tx:
        now = tx.now
        bound = tx.comparing.managed(site)
    managed = at.standing_badges(bound)

    def compared(rows: Iterable[WixAssignment], began: datetime) -> Comparison:
        reading = Reading(began=began, timing=timing)
        standing = _by_pair(rows, managed)
        done = Comparison(at, reading, caution, managed, standing, accepted=accepted)
        done.run()
        return done

    if dry_run:
        rows = badges.assignments(sorted(managed.values())) if managed else []
        return _told(compared(rows, now))
    pages = 0

    def hears(number: int) -> None:
        nonlocal pages
        pages += 1
        heard(number)

    try:
        begun = read_on(at, managed.values(), anew=anew, time_is_up=time_is_up, heard=hears)
    except Later:
        raise
    except BadgeJobsError:
        at.decide_anew()
        raise
    if not begun.done or (pages and time_is_up()):
        # comparing has a slice of its own where reading took one
        return Reconciled(more=True)
    with store.read() as tx:
        seen = list(tx.sightings.seen(site, begun))
    done = compared(seen, begun.began)
    at.decide_anew()
    wished_at = None
    if not isinstance(done.error, Later):
        # what had only to wait for its slot goes on with the same reading
        with store.begin() as tx:
            wished_at = tx.sightings.forget(site, begun)
    return _told(done, wished_at=wished_at)


def _by_pair(
    rows: Iterable[WixAssignment], managed: Mapping[str, str]
) -> Mapping[Pair, Sequence[WixAssignment]]:
    names = {wix_id: badge for badge, wix_id in managed.items()}
    standing = defaultdict[Pair, list[WixAssignment]](list)
    for row in rows:
        standing[row.member_id, names[row.badge_id]].append(row)
    return standing


def _told(done: Comparison, *, wished_at: datetime | None = None) -> Reconciled:
    totals = sum(done.numbers.values(), Counter[str]())
    return Reconciled(
        **totals,
        by_badge={badge: dict(+numbers) for badge, numbers in sorted(done.numbers.items())},
        error=done.error,
        more=False,
        wished_at=wished_at,
    )
