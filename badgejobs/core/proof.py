"""Why a condition is met or not: its number, and every fact that made it or did not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from badgejobs.core.activity import Activity
from badgejobs.core.counted import Counted
from badgejobs.core.ends import NO_ENDS, Ends, ends_of
from badgejobs.core.measure import Entry, Numeric, entries, number_at
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Condition,
    Count,
    Distinct,
    Gap,
    Has,
    Leaf,
    Max,
    NoneOf,
    Streak,
    Sum,
)
from badgejobs.core.policy import Refusal
from badgejobs.core.rhythm import (
    age_at,
    fillers,
    gap_at,
    outside,
    streak_at,
    streak_breaks_at,
    within,
)
from badgejobs.core.timeline import FOREVER, Timeline, next_change, stretch_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Why a condition is met or not at one moment.

    Its activities suffice: they alone give the same answer.
    """

    condition: Condition
    met: bool
    #: The time of the fact that crossed the line; ``None`` while not met.
    earned_at: datetime | None
    #: When time alone changes whether it is met.
    next_flip_at: datetime | None = None
    #: When it was met for the first time, whether or not it is now.
    first_met_at: datetime | None = None
    #: A leaf's number now: a count, minor units, periods, or seconds for gap and age.
    number: int = 0
    #: A leaf's activities that make the number, in order of their time.
    counted: tuple[str, ...] = ()
    #: Those that made an earlier number and have left the window.
    passed: tuple[str, ...] = ()
    #: Those that will count when their time has come.
    coming: tuple[str, ...] = ()
    #: Those that do not count, and yet fill a gap.
    filling: tuple[str, ...] = ()
    #: The one that is a little ahead of our clock, and so shows how late it is.
    clock: tuple[str, ...] = ()
    #: A leaf's activities that do not count, each with its reason.
    refused: tuple[tuple[str, Refusal], ...] = ()
    parts: tuple[Proof, ...] = ()
    #: What is missing must come before this moment, since then a leaf's number falls: the first
    #: of what counts leaves the window, or the streak breaks. ``None`` where it does not fall.
    falls_at: datetime | None = None
    #: Only what comes before this moment can count for a leaf.
    closes_at: datetime | None = None
    #: Whether nothing that is still to come can count for a leaf.
    is_over: bool = False

    @property
    def activities(self) -> frozenset[str]:
        """The ids of the activities that the answer stands on, of all parts."""
        own = frozenset((*self.counted, *self.passed, *self.coming, *self.filling, *self.clock))
        return own.union(*(part.activities for part in self.parts))


class Scene(Protocol):
    """The facts of one member at one moment."""

    @property
    def as_of(self) -> datetime:
        """The moment."""
        ...

    @property
    def clock(self) -> str:
        """The id of the fact that is ahead of our clock and sets the moment, if one does."""
        ...

    def timeline(self, condition: Condition) -> Timeline:
        """When a condition is met."""
        ...

    def counted(self, leaf: Leaf) -> Counted:
        """The facts that count for a leaf, but for its window."""
        ...


def prove(condition: Condition, scene: Scene) -> Proof:
    """Work out why."""
    timeline, as_of = scene.timeline(condition), scene.as_of
    now = stretch_at(timeline, as_of)
    told = _Told(
        met=now is not None,
        earned_at=now[0] if now else None,
        next_flip_at=next_change(timeline, as_of),
        first_met_at=timeline[0][0] if timeline and timeline[0][0] <= as_of else None,
        clock=(scene.clock,) if scene.clock else (),
    )
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts) | NoneOf(parts=parts):
            proofs = tuple(prove(part, scene) for part in parts)
            return told.proof(condition, parts=proofs, number=sum(one.met for one in proofs))
        case Has(milestone=milestone):
            inner = prove(milestone.condition, scene)
            return told.proof(condition, parts=(inner,), number=int(told.met))
        case Count() | Sum() | Distinct() | Max():
            return _numeric(condition, scene, told)
        case Streak() | Gap() | Age():
            return _rhythmic(condition, scene, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What a timeline tells of a moment."""

    met: bool
    earned_at: datetime | None
    next_flip_at: datetime | None
    first_met_at: datetime | None
    clock: tuple[str, ...]

    def proof(
        self,
        condition: Condition,
        *,
        number: int,
        parts: tuple[Proof, ...] = (),
        counted: tuple[str, ...] = (),
        passed: tuple[str, ...] = (),
        coming: tuple[str, ...] = (),
        filling: tuple[str, ...] = (),
        refused: tuple[tuple[str, Refusal], ...] = (),
        ends: Ends = NO_ENDS,
    ) -> Proof:
        return Proof(
            condition=condition,
            met=self.met,
            earned_at=self.earned_at,
            next_flip_at=self.next_flip_at,
            first_met_at=self.first_met_at,
            clock=self.clock,
            number=number,
            parts=parts,
            counted=counted,
            passed=passed,
            coming=coming,
            filling=filling,
            refused=refused,
            falls_at=ends.falls_at,
            closes_at=ends.closes_at,
            is_over=ends.is_over,
        )


def _numeric(leaf: Numeric, scene: Scene, told: _Told) -> Proof:
    counted, as_of = scene.counted(leaf), scene.as_of
    given, left_out = entries(leaf, counted)
    given.sort(key=lambda one: (one.start, one.fact.activity_id))
    coming = [one.fact for one in given if one.start > as_of and one.start < one.end]
    waiting = [(fact, Refusal.SETTLING) for fact in coming]
    return told.proof(
        leaf,
        number=number_at(leaf, given, as_of),
        counted=_ids(one.fact for one in given if one.start <= as_of < one.end),
        passed=_ids(one.fact for one in given if one.end <= as_of or one.start >= one.end),
        coming=(*_ids(coming), *_ahead(counted)),
        refused=_with_reasons([*counted.refused, *left_out, *waiting]),
        ends=ends_of(leaf.of, counted, as_of, falls_at=_first_leaves(leaf, given, as_of)),
    )


def _rhythmic(leaf: Streak | Gap | Age, scene: Scene, told: _Told) -> Proof:
    counted, as_of = scene.counted(leaf), scene.as_of
    match leaf:
        case Streak():
            number = streak_at(leaf, counted, as_of)
        case Gap():
            number = gap_at(leaf, counted, as_of)
        case Age():
            number = age_at(counted, as_of)
    facts = within(leaf, counted)
    coming = [fact for _, start, fact in facts if start > as_of]
    back = [(fact, Refusal.CREDIT) for _, fact in counted.credits]
    waiting = [(fact, Refusal.SETTLING) for fact in coming]
    return told.proof(
        leaf,
        number=number,
        counted=_ids(fact for _, start, fact in facts if start <= as_of),
        coming=(*_ids(coming), *_ahead(counted)),
        filling=_ids(one for _, one in fillers(leaf, counted)) if isinstance(leaf, Gap) else (),
        refused=_with_reasons([*counted.refused, *outside(leaf, counted), *back, *waiting]),
        ends=ends_of(leaf.of, counted, as_of, falls_at=_breaks(leaf, counted, as_of)),
    )


def _first_leaves(leaf: Numeric, given: Iterable[Entry], as_of: datetime) -> datetime | None:
    """When the first of what makes the number leaves the window; never of a largest value."""
    if isinstance(leaf, Max):
        return None
    ends = (one.end for one in given if one.start <= as_of < one.end < FOREVER)
    return min(ends, default=None)


def _breaks(leaf: Streak | Gap | Age, counted: Counted, as_of: datetime) -> datetime | None:
    return streak_breaks_at(leaf, counted, as_of) if isinstance(leaf, Streak) else None


def number_of(leaf: Leaf, scene: Scene) -> int:
    """A leaf's number now, as its proof tells it, without all else that a proof tells."""
    counted, as_of = scene.counted(leaf), scene.as_of
    match leaf:
        case Count() if leaf.of.stretch is None:
            return bisect_right(counted.starts, as_of)
        case Count() | Sum() | Distinct() | Max():
            return number_at(leaf, entries(leaf, counted)[0], as_of)
        case Streak():
            return streak_at(leaf, counted, as_of)
        case Gap():
            return gap_at(leaf, counted, as_of)
        case Age():
            return age_at(counted, as_of)


def _ids(facts: Iterable[Activity]) -> tuple[str, ...]:
    return tuple(fact.activity_id for fact in facts)


def _ahead(counted: Counted) -> tuple[str, ...]:
    return _ids(fact for fact, refusal in counted.refused if refusal is Refusal.AHEAD)


def _with_reasons(refused: list[tuple[Activity, Refusal]]) -> tuple[tuple[str, Refusal], ...]:
    refused.sort(key=lambda one: (one[0].occurred_at, one[0].activity_id))
    return tuple((fact.activity_id, refusal) for fact, refusal in refused)
