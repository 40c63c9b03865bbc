"""The rules of a life: badges of every kind that are taken back, and a change of their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from stage import comments_at_least, milestone, orders_at_least, rules_of

from badgejobs.core.calendar import Span
from badgejobs.core.lifecycle import held_as_before
from badgejobs.core.milestone import Condition, Lifecycle, Milestone, OnChange, Renew, Ruleset

GRACE, TERM = timedelta(days=3), timedelta(days=5)
#: Only so many members are given the badge with a limit.
PLACES = 2

TAKES = Lifecycle(stated=True, revokes=True)
SLOWLY = replace(TAKES, grace=Span(exact=GRACE))
ANEW = replace(TAKES, on_change=OnChange.REEVALUATE)


def _badge(name: str, condition: Condition, lifecycle: Lifecycle) -> Milestone:
    return replace(milestone(name, condition), lifecycle=lifecycle)


def _ladder(lifecycle: Lifecycle) -> tuple[Milestone, ...]:
    """Three tiers, the highest first, of which a member shows one."""
    tiers, above = list[Milestone](), tuple[Milestone, ...]()
    for name, number in (("gold", 3), ("silver", 2), ("bronze", 1)):
        plain = replace(_badge(name, orders_at_least(number), lifecycle), ladder="orders")
        tiers.append(replace(plain, above=above))
        above = (plain, *above)
    return tuple(tiers)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the rules of one life say, before a change and after it."""

    first: Ruleset
    second: Ruleset

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        return self.second.milestones

    def tiers(self) -> list[str]:
        return [one.title for one in self.milestones if one.ladder]

    def ladder(self) -> list[str]:
        return [one.badge for one in self.milestones if one.ladder]

    def of(self, badge: str) -> Milestone:
        return next(one for one in self.milestones if one.badge == badge)


#: Badges whose threshold rises: those who have them are held to the old words, or are not.
LOYAL = (
    _badge("loyal", orders_at_least(1), TAKES),
    _badge("loyal", orders_at_least(2), TAKES),
)
KEEN = (
    _badge("keen", comments_at_least(1), ANEW),
    _badge("keen", comments_at_least(2), ANEW),
)


def words(chance: Random) -> Words:
    """Some kinds of badges, so that a seed is short and many seeds meet every pair of kinds."""
    term = Lifecycle(
        stated=True,
        expires_after=Span(exact=TERM),
        renew=chance.choice([Renew.NEVER, Renew.AGAIN, Renew.WHILE_MET]),
    )
    kinds: list[tuple[Sequence[Milestone], Sequence[Milestone]]] = [
        ([one], [one])
        for one in (
            _badge("buyer", orders_at_least(1), Lifecycle()),
            _badge("talker", comments_at_least(1), TAKES),
            _badge("regular", orders_at_least(2), SLOWLY),
            _badge("fresh", orders_at_least(1), term),
            _badge("first-two", orders_at_least(1), Lifecycle(first=PLACES)),
        )
    ]
    kinds += [([LOYAL[0]], [LOYAL[1]]), ([KEEN[0]], [KEEN[1]])]
    some = chance.sample(kinds, 3)
    tiers = _ladder(chance.choice([TAKES, TAKES, SLOWLY]))
    before = [*tiers, *(one for old, _ in some for one in old)]
    after = [*tiers, *(one for _, new in some for one in new)]
    second = replace(
        rules_of(*after, version="v2"),
        earlier={
            "v1": {
                old.badge: held_as_before(old, new)
                for old, new in zip(before, after, strict=True)
                if old != new and new.lifecycle.on_change is OnChange.GRANDFATHER
            }
        },
    )
    return Words(first=rules_of(*before, version="v1"), second=second)
