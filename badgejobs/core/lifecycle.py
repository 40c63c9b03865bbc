"""From when a condition is met to when its badge is held: grace, checks and expiry."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from badgejobs.core.milestone import Milestone, Renew, knows_only_the_present
from badgejobs.core.timeline import FOREVER, NEVER, Timeline, clipped, every, joined, stretch_at


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
    return joined((start, taken_at(end, milestone), by) for start, end, by in condition)


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


def lapse(condition: Timeline, moment: datetime) -> tuple[bool, datetime | None]:
    """Whether a condition is not met at a moment, and when it last ceased to be before it.

    ``None`` where, by the facts as they are now, it never was: after a refund, say.
    """
    if stretch_at(condition, moment):
        return False, None
    return True, max((end for _, end, _ in condition if end <= moment), default=None)


def taken_at(unmet: datetime, milestone: Milestone) -> datetime:
    """When a badge is taken whose condition ceased to be met: after grace, at the next check."""
    if unmet >= FOREVER:
        return FOREVER
    calendar, lifecycle = milestone.calendar, milestone.lifecycle
    end = calendar.plus(unmet, lifecycle.grace)
    if lifecycle.checked:
        index = calendar.index(lifecycle.checked, end)
        if calendar.start(lifecycle.checked, index) < end:
            return calendar.start(lifecycle.checked, index + 1)
    return end


def held_as_before(before: Milestone, now: Milestone) -> Milestone:
    """A milestone as those are held to it who were given its badge under earlier words.

    When it is met and how long it lasts are as before; its look, its messages, who may earn it,
    and the tiers that hide it are as they are now. Equal to ``now`` where it means the same.
    """
    stood, stands = before.lifecycle, now.lifecycle
    return replace(
        now,
        condition=before.condition,
        calendar=before.calendar,
        lifecycle=replace(
            stands,
            revokes=stood.revokes,
            grace=stood.grace,
            checked=stood.checked,
            expires_after=stood.expires_after,
            expires_at=stood.expires_at,
            renew=stood.renew,
        ),
    )


def term_ends_at(award_earned: datetime, unmet_since: datetime, milestone: Milestone) -> datetime:
    """When a badge expires of which the facts no longer say that it was ever earned.

    Its term is counted from when it was earned once, or was found not to be met any more.
    """
    lifecycle = milestone.lifecycle
    if lifecycle.expires_at is not None:
        return lifecycle.expires_at
    begins = unmet_since if lifecycle.renew is Renew.WHILE_MET else award_earned
    return _plus(begins, milestone)


def _plus(moment: datetime, milestone: Milestone) -> datetime:
    after = milestone.lifecycle.expires_after
    if moment >= FOREVER or after is None:
        return FOREVER
    return milestone.calendar.plus(moment, after)
