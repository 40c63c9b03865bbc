"""What Wix's answers to creates mean for their awards, and what is asked to tell that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from badgejobs.core.award import CLOCK_SKEW, Award, State, Timing
from badgejobs.core.wixfacts import Created, WixAssignment
from badgejobs.errors import AlreadyExists, BadgeJobsError, NotFound, Refused
from badgejobs.flow.ports import Badges, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What is known when Wix's words on a batch are turned into states."""

    timing: Timing
    wait: Callable[[BadgeJobsError], float]
    #: Which badges of items that Wix did not find are themselves gone; ``None``: cannot be told.
    gone: frozenset[str] | None
    #: What a reading shows of the items that stood at Wix already.
    standing: dict[tuple[str, str], WixAssignment]

    def on(
        self,
        award: Award,
        result: Created,
        badge_id: str,
        now: datetime,
        lost: Collection[datetime] | None,
    ) -> Award:
        """The award after Wix's word on it, or after the lack of one.

        ``lost`` is when earlier attempts of it were sent whose answers were lost.
        """
        earlier = lost or ()
        if made := result.assignment:
            if _stood_before(award, made):
                return award.stood(made.id, made.created_at, self.timing, lost=earlier)
            return award.answered(made.id, made.created_at)
        match result.error:
            case AlreadyExists():
                seen = self.standing.get((badge_id, award.member_id))
                born = seen.created_at if seen else None
                return award.stood(seen.id if seen else None, born, self.timing, lost=earlier)
            case NotFound() as error if self.gone is None:
                # Whose absence it was cannot be told now.
                return award.not_sent(now, wait=self.wait(error), reason=str(error))
            case NotFound() if badge_id in (self.gone or ()):
                return award.badge_gone()
            case NotFound() | Refused() as error:
                return award.refused(State.BLOCKED, reason=str(error))
            case BadgeJobsError(may_have_happened=True) as error:
                return award.lost(now, self.timing, reason=str(error))
            case BadgeJobsError() as error:
                return award.not_sent(now, wait=self.wait(error), reason=str(error))
        raise AssertionError("a result is an assignment or an error")


def _stood_before(award: Award, made: WixAssignment) -> bool:
    """Whether an assignment that Wix answers a create with is older than the create."""
    if award.sent_at is None or made.created_at is None:
        return False
    return made.created_at < award.sent_at - CLOCK_SKEW


def lost_before(
    tx: Transaction, site: str, sending: Sequence[Award], results: Sequence[Created]
) -> dict[tuple[str, str], list[datetime]]:
    """Of items that stood at Wix already: when attempts of ours were sent whose answer was lost."""
    wanted = {
        (award.member_id, award.badge)
        for award, result in zip(sending, results, strict=True)
        if award.attempt > 1
        and (
            isinstance(result.error, AlreadyExists)
            or (result.assignment and _stood_before(award, result.assignment))
        )
    }
    return tx.awards.lost_sendings(site, wanted) if wanted else {}


def read_again(
    badges: Badges, pairs: Sequence[tuple[str, str]], results: Sequence[Created]
) -> dict[tuple[str, str], WixAssignment]:
    """The assignments of items that stood at Wix already, as far as one sees them.

    That they stand is known; a reading that fails or lags only leaves their ids unknown.
    """
    stood = [
        pair
        for pair, result in zip(pairs, results, strict=True)
        if isinstance(result.error, AlreadyExists)
    ]
    if not stood:
        return {}
    try:
        rows = badges.assignments(
            sorted({badge_id for badge_id, _ in stood}), sorted({member for _, member in stood})
        )
    except BadgeJobsError:
        return {}
    return oldest_of_each(rows)


def oldest_of_each(rows: Iterable[WixAssignment]) -> dict[tuple[str, str], WixAssignment]:
    """The oldest assignment of each (Wix badge id, member_id)."""
    oldest = dict[tuple[str, str], WixAssignment]()
    for row in rows:
        known = oldest.setdefault((row.badge_id, row.member_id), row)
        if row.created_at and known.created_at and row.created_at < known.created_at:
            oldest[row.badge_id, row.member_id] = row
    return oldest


def missed(pairs: Sequence[tuple[str, str]], results: Sequence[Created]) -> set[str]:
    """The badges of items that Wix did not find: the badge may be gone, or the member."""
    return {
        badge_id
        for (badge_id, _), result in zip(pairs, results, strict=True)
        if isinstance(result.error, NotFound)
    }
