"""Whether the answers of rules depend on the site's time zone and currency."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any
from zoneinfo import ZoneInfo

from badgejobs.core.calendar import UTC_ZONE, Calendar, Span
from badgejobs.core.milestone import (
    Age,
    CommentPolicy,
    Distinct,
    Gap,
    InPeriod,
    Leaf,
    Max,
    Milestone,
    OrderPolicy,
    Ruleset,
    Streak,
    Sum,
    leaves,
)

#: The zone whose midnights lie furthest from those of UTC.
_FAR_AWAY = ZoneInfo("Pacific/Kiritimati")
ZONES = UTC_ZONE, _FAR_AWAY


def depends_on_zone(in_utc: Ruleset, far_away: Ruleset) -> bool:
    """Whether the same file means another thing elsewhere: it is given compiled for ``ZONES``.

    Dates of the file are other moments there, and some measures look at the calendar.
    """
    if _but_for_calendars(in_utc.milestones) != _but_for_calendars(far_away.milestones):
        return True
    return any(_looks_at_the_calendar(one) for one in in_utc.milestones)


def has_money(milestone: Milestone) -> bool:
    """Whether an amount is compared for a badge."""
    return any(
        leaf.of.where.min_amount is not None
        or (isinstance(leaf, Sum | Max) and leaf.currency is not None)
        or (isinstance(leaf.of.policy, OrderPolicy) and leaf.of.policy.min_amount > 0)
        for one in (milestone, *milestone.above)
        for leaf in leaves(one.condition)
    )


def _looks_at_the_calendar(milestone: Milestone) -> bool:
    lifecycle = milestone.lifecycle
    return (
        lifecycle.checked is not None
        or _is_of_months(lifecycle.grace)
        or _is_of_months(lifecycle.expires_after)
        or any(map(_counts_days, leaves(milestone.condition)))
        or any(map(_looks_at_the_calendar, milestone.above))
    )


def _counts_days(leaf: Leaf) -> bool:
    policy, stretch = leaf.of.policy, leaf.of.stretch
    return (
        isinstance(leaf, Streak)
        or (isinstance(leaf, Distinct) and leaf.field == "day")
        or (isinstance(leaf, Gap | Age) and _is_of_months(leaf.gte))
        or isinstance(stretch, InPeriod)
        or _is_of_months(getattr(stretch, "span", None))
        or (isinstance(policy, CommentPolicy) and policy.max_per_post_per_day > 0)
    )


def _is_of_months(span: Span | None) -> bool:
    return span is not None and span.months > 0


def _but_for_calendars(value: Any) -> Any:
    if isinstance(value, Calendar):
        return value.week_starts
    if isinstance(value, tuple):
        return tuple(map(_but_for_calendars, value))
    if is_dataclass(value):
        return tuple(_but_for_calendars(getattr(value, one.name)) for one in fields(value))
    return value
