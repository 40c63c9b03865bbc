"""Whether the facts of one member earn a badge, since when, until when, and why.

Every condition is computed as a timeline: all the time in which the facts, as they stand now,
meet it. Whether it is met, since when, and when time alone changes the answer are then read off.
The answer depends on the facts alone, never on the order in which they arrived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.counted import FUTURE_TOLERANCE, Counted, Counting
from badgejobs.core.lifecycle import expired, held, is_for_good, lapse
from badgejobs.core.measure import numeric
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
    Milestone,
    NoneOf,
    Selection,
    Streak,
    Sum,
    leans_on_history,
    leaves,
    sources_of,
)
from badgejobs.core.proof import Proof, Scene, prove
from badgejobs.core.rhythm import age_timeline, gap_timeline, streak_timeline
from badgejobs.core.timeline import (
    FOREVER,
    Timeline,
    at_least,
    clipped,
    complement,
    every,
    next_change,
    some,
    stretch_at,
    without,
)

#: The source that tells who is a member; what it says of one stops all of their badges.
MEMBERSHIP = "membership"
_PAUSING = frozenset({Mark.BLOCKED, Mark.PENDING})

__all__ = ["FUTURE_TOLERANCE", "Answer", "Evaluator", "Proof", "Withheld", "evaluate"]


_BY_TIME = attrgetter("occurred_at", "activity_id")


class Withheld(StrEnum):
    """Why a badge whose condition is met is not given, or not given anew."""

    #: No award may be opened at this time; one that stands already stays.
    NOT_EARNABLE = "not earnable at this time"
    #: Out of use: no award is opened any more, and one that stands stays.
    RETIRED = "retired"
    #: The member is blocked or waits for approval: nothing is given now, and nothing taken.
    PAUSED = "the member is blocked at Wix or waits for approval"
    EXPIRED = "expired"
    HIGHER_TIER = "a higher tier is held"


class Answer(NamedTuple):
    """What facts, rules and a moment say of one member and one badge.

    A named tuple, since a frozen dataclass takes three times as long to make, and one is made of
    each member and badge.
    """

    milestone: Milestone
    #: Whether the badge shall stand at this moment.
    met: bool
    #: When the line was crossed; ``None`` while not met.
    earned_at: datetime | None
    #: The next moment at which time alone changes whether it is met or may be opened.
    next_flip_at: datetime | None
    withheld: Withheld | None
    #: The id of the activity that crossed the line; empty where time alone did.
    crossed_by: str
    #: What its proof is worked out of.
    scene: Scene
    #: Whether the condition itself is not met at this moment, grace and checks aside; asked of
    #: badges alone that are taken for it.
    unmet: bool = False
    #: When the condition last ceased to be met, where it is unmet and ever was.
    ceased_at: datetime | None = None
    #: The next moment at which time alone changes ``unmet``, where grace may hide it.
    turns_at: datetime | None = None
    #: Whether the member is blocked or waits for approval, so that nothing is taken from them.
    is_paused: bool = False

    @property
    def may_open(self) -> bool:
        """Whether an award may be opened now."""
        return self.met and self.withheld is None

    @property
    def activities(self) -> frozenset[str]:
        """The ids of the activities that the answer stands on, and that suffice for it.

        A tier above may hide this one, so what proves that it is met or not is among them.
        """
        above = (prove(one.condition, self.scene) for one in self.milestone.above)
        return self.proof.activities.union(*(proof.activities for proof in above))

    @property
    def proof(self) -> Proof:
        """Why: worked out when it is asked for, since most answers are only counted."""
        return prove(self.milestone.condition, self.scene)


def evaluate(facts: Collection[Activity], milestone: Milestone, as_of: datetime) -> Answer:
    """Hold the facts of one member against a milestone, as of one moment."""
    return Evaluator((milestone,)).answers(facts, as_of)[0]


class Evaluator:
    """Milestones made ready once, to hold the facts of many members against them."""

    def __init__(self, milestones: Sequence[Milestone]) -> None:
        self._milestones = tuple(milestones)
        self._countings = dict[Selection, Counting]()
        self._plans = dict[int, _Plan]()
        for one in self._milestones:
            self._plan(one)
        self._leaning = [
            sources_of(one.condition) if leans_on_history(one) else frozenset[str]()
            for one in self._milestones
        ]

    def answers(
        self,
        facts: Collection[Activity],
        as_of: datetime,
        known_to: Mapping[str, datetime] | None = None,
    ) -> tuple[Answer, ...]:
        """One answer a milestone, in their order.

        What leans on complete history is answered as of ``known_to`` at the latest: the moment up
        to which each source has told everything.
        """
        by_source = _by_source(facts)
        moments = dict[datetime, _Member]()
        answers = list[Answer]()
        for milestone, sources in zip(self._milestones, self._leaning, strict=True):
            moment = as_of
            if known_to and sources:
                moment = min(as_of, *(known_to.get(source, as_of) for source in sources))
            if moment not in moments:
                moments[moment] = _Member(self, by_source, moment)
            answers.append(self._answer(milestone, moments[moment]))
        return tuple(answers)

    def _answer(self, milestone: Milestone, member: _Member) -> Answer:
        plan, as_of = self._plans[id(milestone)], member.as_of
        lifecycle = milestone.lifecycle
        condition = plan.condition(member)
        standing = held(condition, milestone, for_good=plan.for_good)
        lasting = expired(standing, condition, milestone)
        shown = lasting
        if lasting and plan.above:
            shown = without(lasting, [above(member) for above in plan.above])
        now = stretch_at(shown, as_of)
        withheld: Withheld | None = None
        if now is None:
            if stretch_at(lasting, as_of):
                withheld = Withheld.HIGHER_TIER
            elif stretch_at(standing, as_of):
                withheld = Withheld.EXPIRED
        elif lifecycle.retired:
            withheld = Withheld.RETIRED
        elif not _earnable(milestone, as_of):
            withheld = Withheld.NOT_EARNABLE
        elif member.is_paused:
            withheld = Withheld.PAUSED
        unmet, ceased_at, turns_at = False, None, None
        if lifecycle.revokes:
            unmet, ceased_at = lapse(condition, as_of)
            if lifecycle.grace or lifecycle.checked:
                turns_at = next_change(condition, as_of)
        return Answer(
            milestone=milestone,
            met=now is not None,
            earned_at=now[0] if now else None,
            next_flip_at=_flip(milestone, shown, member, plan),
            withheld=withheld,
            crossed_by=now[2] if now else "",
            scene=member,
            unmet=unmet,
            ceased_at=ceased_at,
            turns_at=turns_at,
            is_paused=member.is_paused,
        )

    # ------------------------------------------------------------ making ready

    def _plan(self, milestone: Milestone) -> _Plan:
        known = self._plans.get(id(milestone))
        if known is None:
            known = _Plan(
                condition=self.ready(milestone.condition),
                for_good=is_for_good(milestone),
                above=tuple(self._held(one) for one in milestone.above),
                countings=tuple(
                    dict.fromkeys(self.counting(leaf) for leaf in _leaves_of(milestone))
                ),
            )
            self._plans[id(milestone)] = known
        return known

    def _held(self, milestone: Milestone) -> _Ready:
        """When the rules give a badge, whatever becomes of it at Wix."""
        plan = self._plan(milestone)

        def ready(member: _Member) -> Timeline:
            kept = member.held.get(id(milestone))
            if kept is None:
                condition = plan.condition(member)
                standing = held(condition, milestone, for_good=plan.for_good)
                kept = expired(standing, condition, milestone)
                member.held[id(milestone)] = kept
            return kept

        return ready

    def ready(self, condition: Condition) -> _Ready:
        """What tells of a member when they meet a condition."""
        match condition:
            case AllOf(parts=parts):
                wanted = [self.ready(part) for part in parts]
                return lambda member: every([part(member) for part in wanted])
            case AnyOf(parts=parts):
                wanted = [self.ready(part) for part in parts]
                return lambda member: some([part(member) for part in wanted])
            case AtLeast(parts=parts, number=number):
                wanted = [self.ready(part) for part in parts]
                return lambda member: at_least(number, [part(member) for part in wanted])
            case NoneOf(parts=parts):
                wanted = [self.ready(part) for part in parts]
                return lambda member: clipped(
                    complement(some([part(member) for part in wanted])), member.as_of
                )
            case Has(milestone=milestone):
                return self._held(milestone)
            case leaf:
                return _ready_leaf(leaf, self.counting(leaf))

    def counting(self, leaf: Leaf) -> Counting:
        """What tells the facts apart that a leaf looks at."""
        key = replace(leaf.of, stretch=None)
        if key not in self._countings:
            self._countings[key] = Counting(key)
        return self._countings[key]


class _Member:
    """The facts of one member at one moment, and what was worked out of them: a ``Scene``.

    Where a fact is a little ahead of our clock, the clock is late: it is as late as that fact.
    """

    __slots__ = (
        "_counted",
        "_evaluator",
        "_told_at",
        "as_of",
        "clock",
        "facts",
        "held",
        "is_paused",
    )

    def __init__(
        self, evaluator: Evaluator, facts: Mapping[str, Sequence[Activity]], as_of: datetime
    ) -> None:
        self._evaluator = evaluator
        self.facts, self._told_at = facts, as_of
        self.as_of, self.clock = as_of, ""
        for source in sorted(facts):
            for one in reversed(facts[source]):
                if one.occurred_at <= self.as_of:
                    break
                if one.occurred_at <= as_of + FUTURE_TOLERANCE:
                    self.as_of, self.clock = one.occurred_at, one.activity_id
                    break
        self._counted = dict[Counting, Counted]()
        self.held = dict[int, Timeline]()
        joined = facts.get(MEMBERSHIP, ())
        self.is_paused = any(not one.marks.isdisjoint(_PAUSING) for one in joined)

    def counted_by(self, counting: Counting) -> Counted:
        """The facts that count for a selection, told apart once."""
        known = self._counted.get(counting)
        if known is None:
            facts = self.facts.get(counting.of.source, ())
            known = self._counted[counting] = counting.over(facts, self._told_at)
        return known

    def counted(self, leaf: Leaf) -> Counted:
        """The facts that count for a leaf, but for its window."""
        return self.counted_by(self._evaluator.counting(leaf))

    def timeline(self, condition: Condition) -> Timeline:
        """When a condition is met."""
        return self._evaluator.ready(condition)(self)


_Ready = Callable[[_Member], Timeline]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """A milestone made ready."""

    condition: _Ready
    for_good: bool
    above: tuple[_Ready, ...]
    countings: tuple[Counting, ...]


def _ready_leaf(leaf: Leaf, counting: Counting) -> _Ready:
    met: Callable[[Counted], Timeline]
    match leaf:
        case Count() | Sum() | Distinct() | Max():
            met = numeric(leaf)
        case Streak():
            met = partial(streak_timeline, leaf)
        case Gap():
            met = partial(gap_timeline, leaf)
        case Age():
            met = partial(age_timeline, leaf)
    return lambda member: met(member.counted_by(counting))


def _leaves_of(milestone: Milestone) -> list[Leaf]:
    """The leaves that an answer may depend on."""
    found = list(leaves(milestone.condition))
    for one in milestone.above:
        found += _leaves_of(one)
    return found


def _by_source(facts: Collection[Activity]) -> dict[str, list[Activity]]:
    """Facts by source, in order of their time; of two at one time, in order of their ids."""
    found = defaultdict[str, list[Activity]](list)
    for one in facts:
        found[one.source].append(one)
    for some_facts in found.values():
        some_facts.sort(key=_BY_TIME)
    return found


def _earnable(milestone: Milestone, moment: datetime) -> bool:
    since, until = milestone.lifecycle.earnable_from, milestone.lifecycle.earnable_until
    return (since is None or since <= moment) and (until is None or moment < until)


def _flip(milestone: Milestone, shown: Timeline, member: _Member, plan: _Plan) -> datetime | None:
    """The next moment at which time alone changes the answer."""
    as_of = member.as_of
    first = next_change(shown, as_of) or FOREVER
    for counting in plan.countings:
        ahead = member.counted_by(counting).ahead_until
        if ahead is not None and ahead < first:
            first = ahead
    lifecycle = milestone.lifecycle
    for bound in (lifecycle.earnable_from, lifecycle.earnable_until):
        if bound and as_of < bound < first and stretch_at(shown, bound):
            first = bound
    return first if first < FOREVER else None
