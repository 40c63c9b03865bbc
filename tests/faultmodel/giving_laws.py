"""What must be true at the end of a run, and the figures that it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from model_wix import ModelWix, Pair, Wrong
from profiles import Profile

from badgejobs.core.award import Award, State

#: Awards that may wait for a person in a run of any length.
_FEW = 5
_GIVEN_UP = {State.BLOCKED, State.PAUSED}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A run that has come to rest: what was earned, what the ledger says, what stands at Wix."""

    profile: Profile
    seed: int
    wix: ModelWix
    #: When each (Wix badge id, member id) was earned, and what became of it.
    earned_at: dict[Pair, float]
    ledger: dict[Pair, Award | None]
    #: How many awards waited for a person before one looked.
    waiting: int

    def given_up(self) -> list[str]:
        """Awards that were given up though badge and member are there."""
        return [
            f"missing: badge and member are there, and the ledger says {award.state}"
            for (badge, member), award in self.ledger.items()
            if award is not None
            and award.state in _GIVEN_UP
            and badge in self.wix.badges
            and member in self.wix.members
        ]


def judge(end: Ending, *, given_up: list[str]) -> None:
    """Raise :class:`Wrong` where a law was broken, with all that was."""
    wrongs = [*end.wix.wrongs, *given_up]
    for pair, award in end.ledger.items():
        wrongs += _of_award(end.wix, pair, award)
    for pair, number in end.wix.created.items():
        if pair not in end.earned_at:
            wrongs.append("given, and never earned")
        if number > 1 and pair not in end.wix.taken:
            wrongs.append(f"a duplicate: {number} rows of one pair are ours")
    if end.waiting > max(_FEW, end.profile.for_a_person * len(end.earned_at)):
        wrongs.append(f"{end.waiting} awards wait for a person")
    if wrongs:
        kinds = Counter(one.partition(", after")[0] for one in wrongs)
        told = "; ".join(f"{number} x {kind}" for kind, number in kinds.most_common())
        raise Wrong(f"{end.profile.name}, seed {end.seed}: {told} (first: {wrongs[0]})")


def _of_award(wix: ModelWix, pair: Pair, award: Award | None) -> Iterator[str]:
    badge, member = pair
    if award is None:
        yield "missing: earned, and not in the ledger"
    elif badge not in wix.badges:
        if award.state not in {State.ASSIGNED, State.HELD, State.UNKNOWN, *_GIVEN_UP}:
            yield f"an award of a badge that is gone is {award.state}"
    elif member not in wix.members:
        if award.state not in {State.ASSIGNED, State.BLOCKED}:
            yield f"an award of a member who is gone is {award.state}"
    elif not wix.standing(pair) and pair not in wix.taken:
        yield f"missing: earned, and not at Wix; the ledger says {award.state}"
    elif award.state not in {State.ASSIGNED, State.NEEDS_ATTENTION}:
        yield f"missing in the ledger, which says {award.state}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a run came to."""

    profile: str
    seed: int
    awards: int
    posts: float
    calls: float
    #: Seconds from earning a badge to having it: half of them, 99 of 100, and the slowest.
    p50: float
    p99: float
    longest: float
    for_a_person: int
    counts: Counter[str]

    def __str__(self) -> str:
        told = ", ".join(f"{name} {number}" for name, number in sorted(self.counts.items()))
        return (
            f"{self.profile}, seed {self.seed}: {self.awards} awards, "
            f"{self.posts:.3f} sent and {self.calls:.3f} calls an award, "
            f"p50 {self.p50:.1f} s, p99 {self.p99:.1f} s, longest {self.longest:.1f} s, "
            f"for a person {self.for_a_person}; {told}"
        )


def report_of(end: Ending) -> Report:
    """The figures of a run."""
    wix, awards = end.wix, len(end.earned_at)
    waits = sorted(
        min(row.born for row in wix.rows[pair]) - earned
        for pair, earned in end.earned_at.items()
        if wix.rows.get(pair) and all(row.ours for row in wix.rows[pair])
    )
    return Report(
        profile=end.profile.name,
        seed=end.seed,
        awards=awards,
        posts=wix.counts.pop("pairs sent") / awards,
        calls=wix.calls.total() / awards,
        p50=waits[len(waits) // 2],
        p99=waits[len(waits) * 99 // 100],
        longest=waits[-1],
        for_a_person=end.waiting,
        counts=wix.counts,
    )
