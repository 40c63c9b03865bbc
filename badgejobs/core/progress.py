"""How far somebody is on the way to a badge, and whether one more thing would earn it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from badgejobs.core.calendar import Span
from badgejobs.core.evaluate import Answer, Withheld
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
    Max,
    NoneOf,
    Streak,
    Sum,
)
from badgejobs.core.proof import Proof, Scene, number_of
from badgejobs.core.timeline import stretch_at

#: The step at which a badge is earned.
EARNED = 10
#: Of sums and largest values, who has so many percent of what is asked for is near.
NEAR_PERCENT = 80

#: A month of the calendar is as long as the mean one where a way is measured.
_MONTH = timedelta(days=365.2425) / 12
_DONE, _NOT_BEGUN = Fraction(1), Fraction(0)
#: Who had the badge, or has a better one, is not on the way any more.
_BEHIND = frozenset({Withheld.EXPIRED, Withheld.HIGHER_TIER})


def step(told: Answer | Proof) -> int:
    """How far in tenths of the way: 0 to 9 before it is earned, 10 where it is, or was.

    Of ``all`` the part that is least far tells, of ``any`` the one that is furthest, of
    ``at_least`` the last of those that are needed. A ``none`` is met or not begun.
    """
    if isinstance(told, Answer):
        if told.met or told.withheld in _BEHIND:
            return EARNED
        # the whole proof takes many times as long, and every member is looked at
        far = _way_at(told.milestone.condition, told.scene)
        return min(int(far * EARNED), EARNED - 1)
    if told.met:
        return EARNED
    return min(int(way(told) * EARNED), EARNED - 1)


def way(proof: Proof) -> Fraction:
    """The share of what is asked for that is there: 0 to 1."""
    if proof.met:
        return _DONE
    match proof.condition:
        case AllOf():
            return min(map(way, proof.parts))
        case AnyOf():
            return max(map(way, proof.parts))
        case AtLeast(number=number):
            return _of_so_many(number, map(way, proof.parts))
        case NoneOf():
            return _NOT_BEGUN
        case Has():
            return way(proof.parts[0])
        case Streak(length=wanted):
            return _share(proof.number, wanted)
        case Gap(gte=span) | Age(gte=span):
            return _share(proof.number, _seconds(span))
        case leaf:
            return _share(proof.number, leaf.gte)


def _way_at(condition: Condition, scene: Scene) -> Fraction:
    """The same as :func:`way` of what is not met, from the facts."""
    match condition:
        case AllOf(parts=parts):
            return min(_way_at(part, scene) for part in parts)
        case AnyOf(parts=parts):
            return max(_way_at(part, scene) for part in parts)
        case AtLeast(parts=parts, number=number):
            return _of_so_many(number, (_way_at(part, scene) for part in parts))
        case Count(gte=wanted) | Sum(gte=wanted) | Distinct(gte=wanted) | Max(gte=wanted):
            return _share(number_of(condition, scene), wanted)
        case Streak(length=wanted):
            return _share(number_of(condition, scene), wanted)
    if stretch_at(scene.timeline(condition), scene.as_of):
        return _DONE
    match condition:
        case Has(milestone=milestone):
            return _way_at(milestone.condition, scene)
        case Gap(gte=span) | Age(gte=span):
            return _share(number_of(condition, scene), _seconds(span))
        case _:
            return _NOT_BEGUN


def nearest(proof: Proof, *, percent: int = NEAR_PERCENT) -> Proof | None:
    """The unmet leaf of which one more thing would meet the whole; ``None`` where none would.

    One more activity, thing or period; of sums and largest values at least ``percent`` of what is
    asked for must be there. What time alone brings, and what nothing can bring, is not near.
    """
    if proof.met or proof.is_over:
        return None
    match proof.condition:
        case AllOf(parts=parts):
            return _near_one(proof, len(parts), percent)
        case AnyOf():
            return _near_one(proof, 1, percent)
        case AtLeast(number=number):
            return _near_one(proof, number, percent)
        case Has():
            return nearest(proof.parts[0], percent=percent)
        case Count(gte=wanted) | Distinct(gte=wanted) | Streak(length=wanted):
            return proof if wanted - proof.number == 1 else None
        case Sum(gte=wanted) | Max(gte=wanted):
            is_near = wanted > proof.number and proof.number * 100 >= percent * wanted
            return proof if is_near else None
        case NoneOf() | Gap() | Age():
            return None


def ends_at(proof: Proof, part: Proof) -> datetime | None:
    """Until when one more thing for this part of it would meet the whole; ``None``: at any time.

    Of what must be met together another part may end before, by time alone.
    """
    return min(_ends(proof, part) or (), default=None)


def _ends(proof: Proof, part: Proof) -> list[datetime] | None:
    if proof is part:
        return [at for at in (part.falls_at, part.closes_at) if at]
    for one in proof.parts:
        if (found := _ends(one, part)) is not None:
            if isinstance(proof.condition, AllOf | AtLeast):
                found += [other.next_flip_at for other in proof.parts
                          if other.met and other.next_flip_at]  # fmt: skip
            return found
    return None


def _near_one(proof: Proof, wanted: int, percent: int) -> Proof | None:
    """A part that is near, where but one is missing."""
    if wanted - sum(part.met for part in proof.parts) != 1:
        return None
    found = (nearest(part, percent=percent) for part in proof.parts if not part.met)
    return next((one for one in found if one), None)


def _of_so_many(number: int, ways: Iterable[Fraction]) -> Fraction:
    """How far the last of those is that are needed; more than there are can never be met."""
    furthest = sorted(ways, reverse=True)
    return furthest[number - 1] if number <= len(furthest) else _NOT_BEGUN


def _share(number: int, of: int) -> Fraction:
    if of <= 0:
        return _NOT_BEGUN
    return min(max(Fraction(number, of), _NOT_BEGUN), _DONE)


def _seconds(span: Span) -> int:
    return int((span.exact + span.months * _MONTH).total_seconds())
