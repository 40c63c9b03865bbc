"""From when a condition is met to when its badge is held: grace, checks and expiry."""

from __future__ import annotations

from datetime import datetime

from badgejobs.core.milestone import Milestone, Renew, knows_only_the_present
from badgejobs.core.timeline import FOREVER, NEVER, Timeline, clipped, every, joined


def is_for_good(milestone: Milestone) -> bool:
    """Whether having met the condition once is enough.

    Where only the present is known of a condition, that it was met once is known by the ledger
    alone: the badge stays with those who were given it, and is given to those who meet it now.
    """
    return not milestone.lifecycle.revokes and not knows_only_the_present(milestone.condition)


def held(condition: Timeline, milestone: Milestone, *, for_good: bool) -> Timeline:
    """When the badge is held, but for expiry: for good, or while the condition is met and so on."""
    if not condition:
        return NEVER
    lifecycle = milestone.lifecycle
    if for_good:
        start, _, by = condition[0]
        return ((start, FOREVER, by),)
    if not lifecycle.grace and not lifecycle.checked:
        return condition
    return joined((start, _taken_at(end, milestone), by) for start, end, by in condition)


def expired(standing: Timeline, condition: Timeline, milestone: Milestone) -> Timeline:
    """What expiry leaves of when the badge is held; ``condition`` is when it was earned anew."""
    lifecycle = milestone.lifecycle
    if lifecycle.expires_at is not None:
        return [
            (start, min(end, lifecycle.expires_at), by)
            for start, end, by in standing
            if start < lifecycle.expires_at
        ]
    if lifecycle.expires_after is None or not standing:
        return standing
    plus, after = milestone.calendar.plus, lifecycle.expires_after
    match lifecycle.renew:
        case Renew.NEVER:
            first = standing[0][0]
            return clipped(standing, first, plus(first, after))
        case Renew.AGAIN:
            periods = joined((start, plus(start, after), by) for start, _, by in condition)
        case Renew.WHILE_MET:
            periods = joined((start, _plus(end, milestone), by) for start, end, by in condition)
    return every([periods, standing])


def _taken_at(unmet: datetime, milestone: Milestone) -> datetime:
    """When a badge is taken whose condition ceased to be met."""
    if unmet >= FOREVER:
        return FOREVER
    calendar, lifecycle = milestone.calendar, milestone.lifecycle
    end = calendar.plus(unmet, lifecycle.grace)
    if lifecycle.checked:
        index = calendar.index(lifecycle.checked, end)
        if calendar.start(lifecycle.checked, index) < end:
            return calendar.start(lifecycle.checked, index + 1)
    return end


def _plus(moment: datetime, milestone: Milestone) -> datetime:
    after = milestone.lifecycle.expires_after
    if moment >= FOREVER or after is None:
        return FOREVER
    return milestone.calendar.plus(moment, after)
