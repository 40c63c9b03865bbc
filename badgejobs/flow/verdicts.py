"""What is to become of an award: pure answers, from the facts' answer and what is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from badgejobs.core.award import BADGE_GONE, REOPENED, UNSENT, Award, State
from badgejobs.core.evaluate import Answer, Withheld
from badgejobs.core.ledger import Earned, Lapse
from badgejobs.core.milestone import (
    Milestone,
    Ruleset,
    knows_only_the_present,
    leans_on_history,
    sources_of,
)
from badgejobs.flow.lapses import Held, is_ours

UNMET = "the condition is no longer met"
RETIRED = "the rule is retired"
NO_RULE = "no rule gives this badge any more"

#: Why an award is held: whoever has the badge may open pages, and no rule says when it goes.
OPENS_PAGES = "the badge opens pages at Wix: write lifecycle: {revoke: ...} in its rule"
#: Why an award is held: something older may still be read that would take it back.
HISTORY = "history incomplete"
#: Why an award of a badge with a limit is held: somebody not looked at yet may come before.
UNDECIDED = "limit: not all members are decided yet"

#: How the reason begins why an award of a badge with a limit is held that has no place.
IN_LINE = "limit: in line for the first"

Pair = tuple[str, str]


class Outlook:
    """What a decision must know beside the facts, the same for all members of it."""

    def __init__(
        self,
        rules: Ruleset,
        *,
        now: datetime,
        known_to: Mapping[str, datetime],
        complete: Collection[str],
        whole: bool,
        opening_pages: Collection[str] = (),
        gone: Collection[str] = (),
    ) -> None:
        self.now, self.known_to, self.version = now, known_to, rules.version
        self._complete = frozenset(complete)
        #: The places of each badge that has a limit.
        self.limits = {
            one.badge: one.lifecycle.first
            for one in rules.milestones
            if one.lifecycle.first is not None
        }
        leaning = [one for one in rules.milestones if leans_on_history(one)]
        self._leans_on = {one.badge: sources_of(one.condition) for one in leaning}
        incomplete = {one.badge for one in leaning if not self.knows_all_of(one)}
        unsaid = {
            one.badge
            for one in rules.milestones
            if one.badge in opening_pages and not one.lifecycle.stated
        }
        #: The badges whose places may be given out: all who may have one are known.
        barred = incomplete | unsaid | set(gone)
        self.allotting = frozenset(self.limits) - barred if whole else frozenset()
        self._holds = dict.fromkeys(self.limits.keys() - self.allotting, UNDECIDED)
        self._holds |= dict.fromkeys(incomplete, HISTORY)
        self._holds |= dict.fromkeys(unsaid, OPENS_PAGES)
        self._holds |= dict.fromkeys(gone, BADGE_GONE)
        self._of_the_present = {
            one.badge for one in rules.milestones if knows_only_the_present(one.condition)
        }

    def leans_on(self, milestone: Milestone) -> frozenset[str]:
        """The sources up to whose watermark it is decided; none where it is decided to now."""
        return self._leans_on.get(milestone.badge, frozenset())

    def hold(self, badge: str) -> str:
        """Why nothing of this badge may be given now; empty where nothing stands in the way."""
        return self._holds.get(badge, "")

    def knows_all_of(self, milestone: Milestone) -> bool:
        """Whether everything is read that decides about a badge."""
        return all_sources_of(milestone) <= self._complete

    def in_line(self, badge: str) -> str:
        """Why an award of a badge with a limit is held that has no place."""
        return f"{IN_LINE} {self.limits[badge]}"

    def corrects(self, award: Award, answer: Answer) -> bool:
        """Whether an award's ``earned_at`` is to be moved.

        Where a condition asks for what is *not*, each answer is of its own moment; the first
        one stands, and only an earlier one replaces it.
        """
        assert answer.earned_at, "asked only of what is met"
        if (award.earned_at, award.crossed_by) == (answer.earned_at, answer.crossed_by):
            return False
        return award.badge not in self._of_the_present or answer.earned_at < award.earned_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What an award in hand is to be: ``PENDING`` to be sent, else ``HELD`` or ``WITHDRAWN``."""

    state: State
    reason: str = ""


def word_on(
    award: Award,
    answer: Answer | None,
    outlook: Outlook,
    in_front: Mapping[str, Collection[str]],
) -> Word:
    """The last word on an award before it is sent.

    ``in_front`` are the members for whom each badge with a limit has a place.
    """
    if award.by_hand:
        return Word(state=State.PENDING)  # a person wishes it
    if answer is None:
        return Word(state=State.WITHDRAWN, reason=UNMET)
    if refusal := _refusal(answer):
        return Word(state=State.WITHDRAWN, reason=refusal)
    if hold := _hold_on(award, answer, outlook):
        return Word(state=State.HELD, reason=hold)
    waits = award.badge in outlook.limits and not award.has_slot
    if waits and award.member_id not in in_front[award.badge]:
        return Word(state=State.HELD, reason=outlook.in_line(award.badge))
    return Word(state=State.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The difference between what some members earned and what the ledger says."""

    opened: list[Earned] = field(default_factory=list)
    corrected: list[Earned] = field(default_factory=list)
    cleared: list[Pair] = field(default_factory=list)
    #: By reason, as are those withdrawn.
    held: defaultdict[str, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    withdrawn: defaultdict[str, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    lapses: list[Lapse] = field(default_factory=list)
    #: The badges of which an award came, went, or moved in time.
    badges: set[str] = field(default_factory=set)

    def of_member(self, member: str, held: Held, outlook: Outlook) -> None:
        """Add what becomes of one member's awards, under these answers."""
        for badge, answer in held.answers.items():
            award = held.awards.get(badge)
            if award and award.by_hand:
                continue  # a person's wish: facts do not enter into it
            stands = award is not None and is_ours(award)
            told = held.earlier.get(badge, answer) if stands else answer
            if told.met and not (award_may_open(award) and held.defers(answer)):
                self._earned(member, told, award, outlook)
            if award and award.state in UNSENT:
                self._unsent(award, answer, outlook)
        for badge, award in held.awards.items():
            if badge not in held.answers and award.state in UNSENT and not award.by_hand:
                self._withdraw(award, NO_RULE)
        self.lapses.extend(held.lapses())

    def _earned(self, member: str, answer: Answer, award: Award | None, outlook: Outlook) -> None:
        assert answer.earned_at, "what is met was earned at some time"
        badge = answer.milestone.badge
        hold = outlook.hold(badge)
        if badge in outlook.allotting:
            hold = outlook.in_line(badge)
        earned = Earned(
            member_id=member,
            badge=badge,
            earned_at=answer.earned_at,
            crossed_by=answer.crossed_by,
            hold=hold,
        )
        if award_may_open(award):
            if answer.withheld is None:
                self.opened.append(earned)
                self.badges.add(badge)
        elif award and outlook.corrects(award, answer):
            self.corrected.append(earned)
            self.badges.add(badge)

    def _unsent(self, award: Award, answer: Answer, outlook: Outlook) -> None:
        pair = (award.member_id, award.badge)
        if refusal := _refusal(answer):
            self._withdraw(award, refusal)
        elif hold := _hold_on(award, answer, outlook):
            if (award.state, award.reason) != (State.HELD, hold):
                self.held[hold].append(pair)
        elif award.state is State.HELD and award.badge not in outlook.allotting:
            self.cleared.append(pair)

    def _withdraw(self, award: Award, reason: str) -> None:
        self.withdrawn[reason].append((award.member_id, award.badge))
        self.badges.add(award.badge)


def award_may_open(award: Award | None) -> bool:
    """Whether the facts may open an award: there is none, or a rule may give it anew."""
    return award is None or award.state in REOPENED


def _refusal(answer: Answer) -> str:
    """Why an award that was not sent yet is to be taken back; empty where it is not.

    A badge that can no longer be earned anew (``earnable``) is given to those who earned it in
    time, however late it reaches Wix.
    """
    if answer.withheld in {Withheld.HIGHER_TIER, Withheld.EXPIRED}:
        return str(answer.withheld)
    if not answer.met:
        return UNMET
    return RETIRED if answer.withheld is Withheld.RETIRED else ""


def _hold_on(award: Award, answer: Answer, outlook: Outlook) -> str:
    if answer.withheld is Withheld.PAUSED:
        return str(Withheld.PAUSED)
    hold = outlook.hold(award.badge)
    return "" if hold == UNDECIDED and award.has_slot else hold


def all_sources_of(milestone: Milestone) -> frozenset[str]:
    """The sources that decide about a badge, those of the tiers above among them."""
    return sources_of(milestone.condition).union(*map(all_sources_of, milestone.above))
