"""One award to be taken: what is named in the delete, and what Wix's answer makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.core.award import Award, Timing
from badgejobs.core.guard import RELEASED
from badgejobs.core.wixfacts import Removed, WixAssignment
from badgejobs.errors import BadgeJobsError, Later, Permanent
from badgejobs.flow.lapses import is_ours

#: Seconds that an award itself waits after an error, whatever its site waits.
LONGEST_WAIT = 10.0
#: What could not be taken is tried again after so long, where trying at once is of no use.
NO_HURRY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """An award to be taken, what it was before, and the assignments that are to be deleted."""

    award: Award
    sent_before: bool
    ids: tuple[str, ...]
    #: Let pass by a person beforehand, where the guard would not have.
    released: bool = False


def named(award: Award, found: Sequence[WixAssignment], timing: Timing) -> Going | Award | None:
    """The award with what is to be deleted, or settled; ``None`` where there is nothing to name.

    Of a pair whose id we do not know, only what was born of our own request is ours to take.
    A person's wish takes all of the pair.
    """
    sent_before = award.removal_sent_at is not None
    known = () if award.assignment_id is None else (award.assignment_id,)
    if award.by_hand:
        ids = tuple(dict.fromkeys((*known, *(one.id for one in found))))
        if not (ids or sent_before or award.empty_reads):
            return None  # one look that shows nothing proves nothing
        return Going(award=award, sent_before=sent_before, ids=ids)
    if known:
        return Going(award=award, sent_before=sent_before, ids=known)
    if not found:
        return Going(award=award, sent_before=True, ids=()) if sent_before else None
    oldest = min(found, key=lambda one: (one.created_at is not None, one.created_at, one.id))
    explained = award.found(oldest.id, oldest.created_at, timing)
    if not is_ours(explained):
        return explained
    named = replace(award, assignment_id=oldest.id)
    return Going(award=named, sent_before=sent_before, ids=(oldest.id,))


def not_found(one: Going, results: Mapping[str, Removed]) -> bool:
    """Whether our first delete of it found nothing: somebody took it, or its badge went."""
    if one.award.by_hand or one.sent_before or not one.ids:
        return False
    return not any(results[each].error or results[each].was_there for each in one.ids)


def with_its_badge(
    one: Going, wix_badge_id: str, gone: frozenset[str] | None, now: datetime
) -> Award:
    """An award of which nothing was found: taken, unless its badge is ``gone``, or may be."""
    if gone is None:
        # asked again with the next delete, which finds as little
        return one.award.not_removed(
            now,
            wait=LONGEST_WAIT,
            reason="whether its badge is gone is not told",
            sent_before=False,
        )
    if wix_badge_id in gone:
        return one.award.badge_gone()
    return one.award.removed(was_there=False)


def settled_by(
    one: Going,
    results: Mapping[str, Removed],
    now: datetime,
    wait: Callable[[BadgeJobsError], float],
) -> Award:
    """The award after Wix's word on it, or after the lack of one."""
    told = [results[each] for each in one.ids]
    errors = [each.error for each in told if each.error]
    lost = next((error for error in errors if error.may_have_happened), None)
    if lost:
        # tried again, it is as it was let pass
        let_pass = RELEASED if one.award.reason.endswith(RELEASED) else ""
        return one.award.removal_lost(now, wait=wait(lost), reason=str(lost) + let_pass)
    if errors:
        return one.award.not_removed(
            now, wait=wait(errors[0]), reason=str(errors[0]), sent_before=one.sent_before
        )
    was_there = any(each.was_there for each in told)
    # without anything to delete there was a delete before, whose answer was lost
    return one.award.removed(was_there=was_there, sent_before=one.sent_before or not told)


def short(wait: timedelta, error: BadgeJobsError) -> float:
    """The wait of one award: as long as was asked for, short, or long where time mends nothing."""
    if isinstance(error, Later):
        return error.seconds
    if isinstance(error, Permanent):
        return NO_HURRY.total_seconds()
    return min(wait.total_seconds(), LONGEST_WAIT)
