"""Badges for the first so many members only: who of them crossed the line first."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from datetime import datetime

from badgejobs.core.evaluate import Answer
from badgejobs.core.milestone import Milestone

#: When the line was crossed, by which activity, and by whom: the order of places, no two alike.
Crossing = tuple[datetime, str, str]


class Places:
    """The places of the badges that have a limit, as the facts alone give them.

    Every member's answers are taken first; then each can be asked for a place. Of no badge more
    crossings are kept than it has places.
    """

    def __init__(self, milestones: Sequence[Milestone]) -> None:
        self._first = {
            one.badge: one.lifecycle.first for one in milestones if one.lifecycle.first is not None
        }
        self._crossings: dict[str, list[Crossing]] = {badge: [] for badge in self._first}

    @property
    def limited(self) -> bool:
        """Whether any badge has a limit at all."""
        return bool(self._first)

    def take(self, member: str, answers: Sequence[Answer]) -> None:
        """Note when one member crossed the lines."""
        for answer in answers:
            first = self._first.get(answer.milestone.badge)
            if first is not None and answer.earned_at is not None:
                kept = self._crossings[answer.milestone.badge]
                insort(kept, (answer.earned_at, answer.crossed_by, member))
                del kept[first:]

    def beyond(self, member: str, answer: Answer) -> bool:
        """Whether others took all the places of a badge before this member, who met it too."""
        badge = answer.milestone.badge
        if badge not in self._first or answer.earned_at is None:
            return False
        kept = self._crossings[badge]
        crossing = answer.earned_at, answer.crossed_by, member
        at = bisect_left(kept, crossing)
        return at == len(kept) or kept[at] != crossing
