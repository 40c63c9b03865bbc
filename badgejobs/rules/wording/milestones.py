"""A whole rule in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from badgejobs.core.calendar import Period
from badgejobs.core.milestone import (
    Age,
    AllOf,
    AnyOf,
    AtLeast,
    Between,
    Condition,
    Distinct,
    First,
    Gap,
    Has,
    InPeriod,
    Leaf,
    Milestone,
    NoneOf,
    Rolling,
    Streak,
)
from badgejobs.core.policy import CommentPolicy
from badgejobs.rules.wording.amounts import length, moment
from badgejobs.rules.wording.conditions import in_words
from badgejobs.rules.wording.lifecycles import phrases
from badgejobs.rules.wording.policies import sentences

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def described(milestone: Milestone) -> str:
    """All that decides who has a badge, and for how long, in one paragraph.

    >>> from badgejobs.core.milestone import Count, OrderPolicy, Selection
    >>> ten = Count(of=Selection(source="orders", policy=OrderPolicy()), gte=10)
    >>> described(Milestone(badge="a", title="Loyal", look=None, condition=ten))
    '10 or more paid orders; kept once earned; a change of this rule takes it from nobody.'
    """
    leaves = tuple(_own(milestone.condition))
    settle = next((leaf.of.settle for leaf in leaves if leaf.of.settle), None)
    settled = f", each settled for {length(settle)}" if settle else ""
    opening = "; ".join(
        (
            f"{in_words(milestone.condition)}{settled}",
            *phrases(milestone.lifecycle, milestone.calendar),
        )
    )
    return " ".join((f"{opening[0].upper()}{opening[1:]}.", *_sentences(milestone, leaves)))


def _sentences(milestone: Milestone, leaves: tuple[Leaf, ...]) -> Iterator[str]:
    if milestone.ladder:
        yield _ladder(milestone)
    histories = {leaf.of.history_from for leaf in leaves if leaf.of.history_from}
    for since in histories:
        yield f"What happened before {moment(since, milestone.calendar)} does not exist for it."
    for policy in dict.fromkeys(leaf.of.policy for leaf in leaves):
        yield from sentences(policy)
    if milestone.opens_pages:
        yield "It opens pages to those who have it."
    yield from _heard(milestone)
    yield from _local_time(milestone, leaves)


def _ladder(milestone: Milestone) -> str:
    tier = f"It is a tier of the ladder {milestone.ladder}"
    if not milestone.above:
        return f"{tier}."
    above = " or ".join(one.title for one in milestone.above)
    return f"{tier}, and not for those who have {above}."


def _heard(milestone: Milestone) -> Iterator[str]:
    if not milestone.notify_award:
        yield "Members do not hear of an award."
    if milestone.notify_revoke:
        yield "Members hear of it when it is taken back."
    if milestone.notify_backfill:
        yield "Members hear of awards for what they did before the rule, too."


def _local_time(milestone: Milestone, leaves: tuple[Leaf, ...]) -> Iterator[str]:
    """The zone where it changes an answer, and the day weeks begin with where that does."""
    life, calendar = milestone.lifecycle, milestone.calendar
    dated = (life.earnable_from, life.earnable_until, life.expires_at, life.checked)
    spans = (life.grace, life.expires_after)
    periods = set(_periods(leaves)) | ({life.checked} if life.checked else set())
    if periods or any(dated) or any(span and span.months for span in spans) or _by_months(leaves):
        zone = "UTC" if calendar.zone.key == "UTC" else f"the time of {calendar.zone.key}"
        yield f"Days and dates are those of {zone}."
    if Period.WEEK in periods:
        yield f"Weeks begin on {_DAYS[calendar.week_starts]}."


def _periods(leaves: tuple[Leaf, ...]) -> Iterator[Period]:
    for leaf in leaves:
        match leaf.of.stretch:
            case InPeriod(period=period):
                yield period
            case Between():
                yield Period.DAY
        if isinstance(leaf, Streak):
            yield leaf.every
        if isinstance(leaf, Distinct) and leaf.field == "day":
            yield Period.DAY
        if leaf.of.history_from:
            yield Period.DAY
        if isinstance(leaf.of.policy, CommentPolicy) and leaf.of.policy.max_per_post_per_day:
            yield Period.DAY


def _by_months(leaves: tuple[Leaf, ...]) -> bool:
    spans = [
        leaf.of.stretch.span for leaf in leaves if isinstance(leaf.of.stretch, Rolling | First)
    ]
    lines = [leaf.gte for leaf in leaves if isinstance(leaf, Age | Gap)]
    return any(span.months for span in (*spans, *lines))


def _own(condition: Condition) -> Iterator[Leaf]:
    """The leaves of a condition, without those of badges that it only names."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts) | NoneOf(parts=parts):
            for part in parts:
                yield from _own(part)
        case Has():
            pass
        case leaf:
            yield leaf
