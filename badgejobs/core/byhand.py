"""What a person's command makes of an award: given or taken whatever the facts say.

Here too nothing is sent blindly: what a request of ours may still change at Wix is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from badgejobs.core.award import TAKEN_BY_HAND, Award, Giver, State
from badgejobs.core.wixfacts import WixAssignment

#: Why an award was opened that a person wished for.
GIVEN_BY_HAND = "granted by hand"
#: Why an award of a rule became a person's.
KEPT_BY_HAND = "kept by hand"

#: What is on its way to Wix, or may be: its outcome is waited for.
_UNDER_WAY = frozenset({State.INFLIGHT, State.UNKNOWN, State.REVOKING})
#: What stood at Wix once and was taken away there.
_TAKEN_AWAY = frozenset({State.REVOKED, State.TAKEN})

#: For so long at least one waits for what has no time of its own.
_SHORTEST_WAIT = timedelta(seconds=1)


class Wish(StrEnum):
    """What a command comes to for one member and badge."""

    #: To be given, or to be taken away: the workers, or who waits, bring it to Wix.
    TO_DO = "to be done"
    #: It stood at Wix by a rule, and is a person's from now on: no rule takes it.
    KEPT = "held already; no rule takes it from now on"
    #: It is as it was wished already.
    ALREADY = "already so"
    #: Nothing stood at Wix; from now on no rule gives it.
    NOT_TO_BE_GIVEN = "not there; no rule gives it from now on"
    #: A request of ours is under way, or Wix may not show yet what was done: later.
    WAIT = "under way: try again later"
    #: The badge was deleted at Wix.
    BADGE_GONE = "the badge is gone at Wix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The Wix badge that a badge of the rules is."""

    wix_badge_id: str
    #: Whether its permissions were on at Wix when it was read last.
    opens_pages: bool
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An award in the ledger, and when its state changed last."""

    award: Award
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command comes to, and the award after it; ``None`` where nothing is to be written."""

    wish: Wish
    after: Award | None = None
    #: When to try again, where it is to be waited for.
    again_at: datetime | None = None


def granted(fresh: Award, known: Known | None, *, now: datetime, quiet_period: timedelta) -> Answer:
    """A person wishes that a member has a badge.

    ``fresh`` is the award where there is none yet. What was taken away a moment ago is waited
    for: Wix would show it still, and it would be held for given.
    """
    if known is None:
        return Answer(wish=Wish.TO_DO, after=fresh)
    award = known.award
    if waits := _waits(known, now, quiet_period):
        return waits
    match award.state:
        case State.PAUSED:
            return Answer(wish=Wish.BADGE_GONE)
        case State.ASSIGNED if award.giver is Giver.PERSON:
            return Answer(wish=Wish.ALREADY)
        case State.ASSIGNED:
            return Answer(wish=Wish.KEPT, after=_kept(award))
        case State.PENDING if award.by_hand:
            return Answer(wish=Wish.TO_DO)
        case _:
            return Answer(wish=Wish.TO_DO, after=_anew(award, fresh))


def revoked(
    fresh: Award,
    known: Known | None,
    standing: WixAssignment | None,
    *,
    now: datetime,
    quiet_period: timedelta,
    is_gone: bool = False,
) -> Answer:
    """A person wishes that a member has a badge no more; ``standing`` is what Wix shows of it.

    Whoever gave it, it is taken, and no rule gives it again, also where the badge ``is_gone`` at
    Wix and is made anew.
    """
    if known is None:
        return _taken(fresh, standing)
    award = known.award
    if award.state is State.REVOKING and not _is_in_hand(award, now):
        # a rule is at it already: its end is a person's word now
        return Answer(wish=Wish.TO_DO, after=None if award.by_hand else _to_go(award))
    if award.state is State.TAKEN and (
        standing is None
        or (standing.id == award.assignment_id and known.changed_at + quiet_period > now)
    ):
        return Answer(wish=Wish.ALREADY)
    if waits := _waits(known, now, quiet_period):
        return waits
    if award.state is State.ASSIGNED and not is_gone:
        # a query may lag behind what we know: it is looked for once more when it is taken
        return Answer(wish=Wish.TO_DO, after=_to_go(award))
    return _taken(award, standing)


def _taken(award: Award, standing: WixAssignment | None) -> Answer:
    if standing is None:
        return Answer(wish=Wish.NOT_TO_BE_GIVEN, after=award.taken(reason=TAKEN_BY_HAND))
    found = replace(award, giver=award.giver or Giver.PERSON, assignment_id=standing.id)
    return Answer(wish=Wish.TO_DO, after=_to_go(found))


def _anew(award: Award, fresh: Award) -> Award:
    """The award of a person's wish, in the place of one that stood in the ledger."""
    state, reason = fresh.state, fresh.reason
    if award.state is State.NEEDS_ATTENTION:
        # what may stand at Wix after all is looked for before anything is sent
        state = State.UNKNOWN
    stood = award.giver is not None
    return replace(
        fresh,
        state=state,
        reason=reason,
        has_slot=award.has_slot,
        # queries may show for a while what was taken away, as if it had been given since
        assignment_id=award.assignment_id if award.removal_sent_at else None,
        removal_sent_at=award.removal_sent_at,
        not_before=award.not_before if award.removal_sent_at else None,
        period=award.period + 1 if stood else award.period,
    )


def _kept(award: Award) -> Award:
    return replace(
        award,
        giver=Giver.PERSON,
        by_hand=True,
        reason=KEPT_BY_HAND,
        unmet_since=None,
        unmet_because="",
        revoke_at=None,
    )


def _to_go(award: Award) -> Award:
    return replace(
        award,
        state=State.REVOKING,
        by_hand=True,
        reason=TAKEN_BY_HAND,
        empty_reads=0,
        claim=None,
        claimed_until=None,
        not_before=None,
    )


def _waits(known: Known, now: datetime, quiet_period: timedelta) -> Answer | None:
    """The answer where a request of ours may still change what stands; else ``None``."""
    award = known.award
    if award.state in _UNDER_WAY or _is_in_hand(award, now):
        until = award.claimed_until if _is_in_hand(award, now) else award.not_before
    elif award.state in _TAKEN_AWAY and award.assignment_id:
        until = known.changed_at + quiet_period
        if until <= now:
            return None
    else:
        return None
    return Answer(wish=Wish.WAIT, again_at=max(until or now, now + _SHORTEST_WAIT))


def _is_in_hand(award: Award, now: datetime) -> bool:
    return award.claim is not None and (award.claimed_until is None or award.claimed_until >= now)
