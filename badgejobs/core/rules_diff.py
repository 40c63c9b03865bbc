"""What two sets of rules say of the same facts: who gains a badge, who loses one, who changes tier.

Only facts and rules are asked, never the ledger: whom a person gave a badge, who keeps one by an
earlier rule, and what was sent already does not enter into it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from badgejobs.core.activity import Activity
from badgejobs.core.evaluate import Answer, Evaluator
from badgejobs.core.milestone import Milestone
from badgejobs.core.places import Places

#: The members with their facts; called as often as they are gone through.
Members = Callable[[], Iterable[tuple[str, Collection[Activity]]]]


class Kind(StrEnum):
    """What becomes of a member."""

    GAINS = "gains"
    LOSES = "loses"
    #: Another tier of the same ladder in the place of the one before.
    CHANGES = "changes tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the new rules mean for one member, otherwise than the old ones."""

    member: str
    kind: Kind
    #: The badge that is lost, and the one that is gained; empty where there is none.
    old: str = ""
    new: str = ""
    #: The ladder of a change of tier; else empty.
    ladder: str = ""


def turns(
    old: Sequence[Milestone], new: Sequence[Milestone], members: Members, as_of: datetime
) -> Iterator[Turn]:
    """What changes, member by member in their order; nothing of badges that mean the same.

    Where a badge has a limit the members are gone through twice.
    """
    before, after = _Side(_but(old, new), as_of), _Side(_but(new, old), as_of)
    if before.is_limited or after.is_limited:
        for member, facts in members():
            before.take(member, facts)
            after.take(member, facts)
    for member, facts in members():
        yield from _of_member(member, before.of(member, facts), after.of(member, facts))


def _but(some: Sequence[Milestone], others: Sequence[Milestone]) -> list[Milestone]:
    """Those that mean something else there, or are not there."""
    known = {one.badge: one for one in others}
    return [one for one in some if known.get(one.badge) != one]


class _Side:
    """The answers by one of the two."""

    def __init__(self, milestones: Sequence[Milestone], as_of: datetime) -> None:
        self._evaluator, self._as_of = Evaluator(milestones), as_of
        self._places = Places(milestones)

    @property
    def is_limited(self) -> bool:
        return self._places.limited

    def take(self, member: str, facts: Collection[Activity]) -> None:
        if self.is_limited:
            self._places.take(member, self._evaluator.answers(facts, self._as_of))

    def of(self, member: str, facts: Collection[Activity]) -> dict[str, Answer]:
        """The answers for the badges that this member shall have."""
        return {
            answer.milestone.badge: answer
            for answer in self._evaluator.answers(facts, self._as_of)
            if answer.met and not self._places.beyond(member, answer)
        }


def _of_member(
    member: str, before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> Iterator[Turn]:
    lost = [one.milestone for badge, one in before.items() if badge not in after]
    # what may not be given anew is not gained, and nothing is lost by that either
    gained = [one.milestone for badge, one in after.items() if badge not in before and one.may_open]
    for tier in tuple(lost):
        other = next((one for one in gained if one.ladder == tier.ladder), None)
        if tier.ladder is not None and other is not None:
            lost.remove(tier)
            gained.remove(other)
            yield Turn(
                member=member,
                kind=Kind.CHANGES,
                old=tier.badge,
                new=other.badge,
                ladder=tier.ladder,
            )
    for one in lost:
        yield Turn(member=member, kind=Kind.LOSES, old=one.badge)
    for one in gained:
        yield Turn(member=member, kind=Kind.GAINS, new=one.badge)
