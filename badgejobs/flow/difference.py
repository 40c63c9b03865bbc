"""Difference: what a version of the rules would change in the ledger, and nothing is changed.

The decision itself is made, member by member, in transactions that are undone. A second way to
the same numbers would have to repeat every subtlety of the first (holds, reopening, ladders,
grandfathering), and would differ from it on the day on which it matters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import datetime

from badgejobs.core.award import REOPENED, UNSENT, Award, Giver, State, Unmet
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.errors import BadgeJobsError
from badgejobs.flow.decide import MEMBERS_A_BATCH, decide
from badgejobs.flow.ports import Store, Transaction
from badgejobs.flow.verdicts import UNDECIDED

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What would change of one badge, or of all: numbers of members."""

    #: Given, as soon as Wix and the cap allow it.
    awards: int = 0
    #: Earned, or given until now, and made to wait.
    held: int = 0
    #: Not given after all: nothing was sent yet.
    withdrawn: int = 0
    #: Taken away, as soon as the guard allows it; who has a higher tier in its place among them.
    taken_now: int = 0
    #: Of those, who has no higher tier in its place: what the guard counts.
    losing: int = 0
    #: Taken away when grace is over, or when a higher tier is given, unless it is met again.
    taken_later: int = 0
    #: Was to be taken away, and stays.
    stays: int = 0
    #: Holds the badge by the rule under which it was given.
    grandfathered: int = 0

    @property
    def is_any(self) -> bool:
        """Whether any award changes; who stays under an earlier rule does not."""
        changes = (one.name for one in fields(self) if one.name != "grandfathered")
        return any(getattr(self, name) for name in changes)

    def __add__(self, other: Difference) -> Difference:
        return Difference(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )


class _UndoneError(BadgeJobsError):
    """Ends a transaction whose changes are not to stand."""


def difference(
    site: str, rules: Ruleset, store: Store, *, heard: Callable[[int], None] = lambda _: None
) -> dict[str, Difference]:
    """What deciding all stored members under these rules would change, by badge.

    In the order of the rules, then badges that are in the rules no more and of which something
    changes. Each transaction holds some members only, and is undone. ``heard`` is told how many
    members were decided.
    """
    so_far, last, decided = _SoFar(rules), "", 0
    while True:
        with undone(store) as tx:
            members = tx.activities.members_after(site, last, MEMBERS_A_BATCH)
            before = tx.awards.of_members(site, members)
            decide(tx, site, members, rules, silent=True)
            so_far.add(before, tx.awards.of_members(site, members), tx.now)
        heard(decided := decided + len(members))
        if len(members) < MEMBERS_A_BATCH:
            break
        last = members[-1]
    with store.begin() as tx:
        return so_far.total(tx, site)


@contextmanager
def undone(store: Store) -> Iterator[Transaction]:
    """A transaction for writing of which nothing stands in the end."""
    with suppress(_UndoneError), store.begin() as tx:
        yield tx
        raise _UndoneError


@dataclass(slots=True)
class _SoFar:
    """The numbers of the members that were decided, and who stands in line for a place."""

    rules: Ruleset
    numbers: defaultdict[str, Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter[str])
    )
    #: By badge with a limit: who waits for a place, and who of them could be given it until now.
    in_line: Counter[str] = field(default_factory=Counter)
    had_place: Counter[str] = field(default_factory=Counter)

    def add(self, before: Mapping[Pair, Award], after: Mapping[Pair, Award], now: datetime) -> None:
        """Count what became of the awards of some members."""
        milestones = {one.badge: one for one in self.rules.milestones}
        for pair, one in after.items():
            was, of_badge = before.get(pair), self.numbers[one.badge]
            if one.state is State.HELD and one.reason == UNDECIDED:
                # places are given out when the last member is decided
                self.in_line[one.badge] += 1
                self.had_place[one.badge] += was is not None and was.state is State.PENDING
            elif name := _turned(was, one):
                of_badge[name] += 1
            goes, went = _goes(one, now), _goes(was, now) if was else ""
            if goes != went:
                of_badge[goes or "stays"] += 1
                of_badge["losing"] += goes == "taken_now" and one.unmet_because != Unmet.HIGHER_TIER
            of_badge["grandfathered"] += self._is_grandfathered(one, milestones.get(one.badge))

    def total(self, tx: Transaction, site: str) -> dict[str, Difference]:
        """The numbers by badge, once the places of those with a limit are given out."""
        for one in self.rules.milestones:
            first = one.lifecycle.first
            if first is None or not self.in_line[one.badge]:
                continue
            used, _ = tx.awards.places(site, one.badge)
            given = min(self.in_line[one.badge], max(0, first - used))
            had = self.had_place[one.badge]
            self.numbers[one.badge]["awards"] += max(0, given - had)
            self.numbers[one.badge]["held"] += max(0, had - given)
        found = {
            badge: Difference(**self.numbers[badge])
            for badge in [one.badge for one in self.rules.milestones]
        }
        others = {badge: Difference(**told) for badge, told in sorted(self.numbers.items())}
        return found | {
            badge: told for badge, told in others.items() if badge not in found and told.is_any
        }

    def _is_grandfathered(self, one: Award, milestone: Milestone | None) -> bool:
        if milestone is None or one.state is not State.ASSIGNED or one.giver is not Giver.OURS:
            return False
        return self.rules.held_to(milestone, one.rules_version) is not milestone


def _turned(was: Award | None, one: Award) -> str:
    """What became of an award that waits, or began to; empty where nothing did."""
    waited = was.state if was else None
    if waited is one.state and not (was and was.period != one.period):
        return ""
    match one.state:
        case State.PENDING if waited in {None, State.HELD, *REOPENED}:
            return "awards"
        case State.HELD if waited in {None, State.PENDING, *REOPENED}:
            return "held"
        case State.WITHDRAWN if waited in UNSENT:
            return "withdrawn"
        case _:
            return ""


def _goes(one: Award, now: datetime) -> str:
    """Whether what stands at Wix is to be taken, now or later; empty where it is not."""
    if one.state is not State.ASSIGNED or one.unmet_since is None:
        return ""
    return "taken_now" if one.revoke_at is not None and one.revoke_at <= now else "taken_later"
