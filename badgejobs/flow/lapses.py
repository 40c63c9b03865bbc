"""Whether badges of ours that stand at Wix should go, and when: pure answers.

Grace runs from when it became known that a condition ceased: after a refund the facts say that
it was never met. On a ladder the better tier is given before the other is taken, and a tier to
fall back to before the one that was lost, so that a member is never without both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from badgejobs.core.award import REOPENED, Award, Giver, State, Unmet
from badgejobs.core.evaluate import Answer, Withheld
from badgejobs.core.guard import HELD_BACK
from badgejobs.core.ledger import Lapse, WakeUp
from badgejobs.core.lifecycle import taken_at, term_ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a member has, and what the facts say of it."""

    now: datetime
    #: By badge, as are the answers.
    awards: Mapping[str, Award]
    #: By the rules in force.
    answers: Mapping[str, Answer]
    #: By what those badges are held to that were given under an earlier version.
    earlier: Mapping[str, Answer] = field(default_factory=dict)

    def lapses(self) -> list[Lapse]:
        """What is to be noted of each badge of ours that stands; nothing that is noted already."""
        found = list[Lapse]()
        for badge, award in self.awards.items():
            if is_ours(award):
                new = self._lapse_of(badge, award)
                if (new.because or "", new.since, new.goes_at) != _noted(award):
                    found.append(new)
        return found

    def wake_ups(self) -> Iterator[WakeUp]:
        """When grace is over, or a term that the facts do not know of."""
        for badge, award in self.awards.items():
            own = self._own(badge, award) if is_ours(award) else None
            if own and own.goes_at and own.goes_at > self.now:
                yield WakeUp(member_id=award.member_id, at=own.goes_at)

    def defers(self, answer: Answer) -> bool:
        """Whether a tier is not to be given, since a better one of ours stands and stays as yet.

        By grace, or by earlier rules: the facts under the rules in force say that it is lost.
        """
        return any(self._stays(above.badge) for above in answer.milestone.above)

    def _stays(self, badge: str) -> bool:
        award = self.awards.get(badge)
        if award is None or not is_ours(award):
            return False
        own = self._own(badge, award)
        return own is None or (own.goes_at is not None and own.goes_at > self.now)

    def _lapse_of(self, badge: str, award: Award) -> Lapse:
        own = self._own(badge, award)
        if own is None:
            return Lapse(member_id=award.member_id, badge=badge)
        goes_at = own.goes_at if self._may_go(badge, own) else None
        put_off_to = award.revoke_at if own.because == award.unmet_because else None
        if goes_at and put_off_to and goes_at <= self.now < put_off_to <= self.now + HELD_BACK:
            goes_at = put_off_to
        return Lapse(
            member_id=own.member_id,
            badge=badge,
            because=own.because,
            since=own.since,
            goes_at=goes_at,
        )

    def _own(self, badge: str, award: Award) -> Lapse | None:
        """Whether this badge should go by itself, whatever the member's other tiers."""
        now = self.answers.get(badge)
        if now is None or now.milestone.lifecycle.retired:
            return None  # a rule that is gone or out of use takes nothing
        answer = self.earlier.get(badge, now)
        lifecycle, because = answer.milestone.lifecycle, None
        if answer.withheld is Withheld.EXPIRED:
            because = Unmet.EXPIRED
        elif answer.withheld is Withheld.HIGHER_TIER:
            because = Unmet.HIGHER_TIER
        elif answer.unmet:
            because = Unmet.CONDITION
        elif not answer.met and (lifecycle.expires_after or lifecycle.expires_at):
            because = Unmet.EXPIRED
        if because is None:
            return None
        known = award.unmet_since if award.unmet_because == because else None
        since = known or self.now
        goes_at = since
        if because is Unmet.CONDITION:
            # by the facts as they are now it may have been met again and lost again meanwhile
            ceased = max(since, answer.ceased_at or since)
            goes_at = taken_at(ceased, answer.milestone)
        elif because is Unmet.EXPIRED and answer.withheld is None:
            goes_at = term_ends_at(award.earned_at, since, answer.milestone)
        return Lapse(
            member_id=award.member_id, badge=badge, because=because, since=since, goes_at=goes_at
        )

    def _may_go(self, badge: str, own: Lapse) -> bool:
        """Whether nothing has to come first."""
        answer = self.answers[badge]
        if answer.is_paused:
            return False
        milestone = answer.milestone
        if own.because is Unmet.HIGHER_TIER:
            return any(self._stands(above.badge) for above in milestone.above)
        if milestone.ladder is None:
            return True
        instead = self._instead_of(badge, milestone.ladder)
        if instead is None or self._stands(instead):
            return True
        other = self.awards.get(instead)
        # a person took it, and so it does not come
        return other is not None and other.state is State.TAKEN

    def _instead_of(self, badge: str, ladder: str) -> str | None:
        """The tier that the member shall have in place of one: it stands, or will be given."""
        for other, answer in self.answers.items():
            if other == badge or answer.milestone.ladder != ladder or not answer.met:
                continue
            award = self.awards.get(other)
            is_there = award is not None and award.state not in REOPENED
            if is_there or answer.withheld is None:
                return other
        return None

    def _stands(self, badge: str) -> bool:
        """Whether a badge stands at Wix, and is not to go itself."""
        award = self.awards.get(badge)
        if award is None or award.state is not State.ASSIGNED:
            return False
        return not is_ours(award) or self._own(badge, award) is None


def is_ours(award: Award) -> bool:
    """Whether rules may take this award's badge away: we gave it, by a rule."""
    return award.state is State.ASSIGNED and award.giver is Giver.OURS and not award.by_hand


def _noted(award: Award) -> tuple[str, datetime | None, datetime | None]:
    return award.unmet_because, award.unmet_since, award.revoke_at
