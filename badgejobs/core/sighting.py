"""How far a long reading of who has which badge at Wix has come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.errors import Ambiguous

#: Badges that are asked for in one list.
BADGES_A_LIST = 100
#: What was seen longer ago says too little of what stands now.
LASTS = timedelta(hours=6)
#: A reading begins anew so often because its cursor is refused; then it is a failure.
MOST_REFUSALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A reading that was begun, and the place at which it goes on.

    Badges are asked for in lists of a hundred, one list after the other.
    """

    began: datetime
    #: The ids at Wix, sorted.
    badge_ids: tuple[str, ...]
    #: Which list of badges is being read, from 0 on.
    part: int = 0
    #: Where that list goes on at Wix; ``None`` for its beginning.
    cursor: str | None = None
    #: How many cursors that list has given.
    pages: int = 0
    #: One of them, to know it when it comes again.
    mark: str | None = None
    #: How often in a row a cursor was refused, and all began anew.
    refusals: int = 0
    done: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """The badges of the list that is being read."""
        first = self.part * BADGES_A_LIST
        return self.badge_ids[first : first + BADGES_A_LIST]

    def turned(self, next_cursor: str | None) -> Begun:
        """One page is kept: go on behind it, or to the next list of badges, or be done.

        ``Ambiguous`` where a list goes round in a circle. It is remembered by one cursor alone,
        a later one each time that their number has doubled, which finds a circle of any length.

        >>> from datetime import UTC
        >>> one = Begun(began=datetime(2026, 1, 1, tzinfo=UTC), badge_ids=("b1",))
        >>> one.turned("c1").cursor, one.turned(None).done
        ('c1', True)
        """
        if next_cursor is None:
            part = self.part + 1
            done = part * BADGES_A_LIST >= len(self.badge_ids)
            return replace(self, part=part, cursor=None, pages=0, mark=None, done=done)
        if next_cursor == self.mark:
            raise Ambiguous(
                "the list of assignments gives a cursor that it gave before: it would never end"
            )
        pages = self.pages + 1
        doubled = pages & (pages - 1) == 0
        mark = next_cursor if doubled else self.mark
        return replace(self, cursor=next_cursor, pages=pages, mark=mark)

    def is_too_old(self, now: datetime) -> bool:
        """Whether too much may have changed since it began."""
        return now - self.began > LASTS

    def goes_on(self, badge_ids: Collection[str], now: datetime) -> bool:
        """Whether it is worth to be read on, for these badges."""
        return self.badge_ids == tuple(sorted(badge_ids)) and not self.is_too_old(now)
