"""Planning: what rules would do to every award of a site, and nothing is done.

As the difference does, it lets the decision itself be made in transactions that are undone, and
reads what became of each award: there is no second logic that could say otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from badgejobs.core.activity import Activity
from badgejobs.core.award import REOPENED, UNSENT, WAITS_FOR_CAP, Award, Giver, State, Unmet
from badgejobs.core.evaluate import MEMBERSHIP, Answer, Evaluator
from badgejobs.core.guard import HELD_BACK_BY_GUARD
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.core.plan import (
    STANDS,
    Calls,
    Comparison,
    Kind,
    Moved,
    PlanRow,
    Totals,
    calls_for,
    evidence_of,
    in_places,
    opened_as,
)
from badgejobs.flow.decide import MEMBERS_A_BATCH, decide
from badgejobs.flow.difference import undone
from badgejobs.flow.lapses import Held, is_ours
from badgejobs.flow.ports import Store, Transaction
from badgejobs.flow.verdicts import IN_LINE, UNDECIDED, all_sources_of

Pair = tuple[str, str]

BY_PERSON = "a person wished for it"
GIVEN_BY_PERSON = "a person gave it"
TAKEN_BY_PERSON = "a person took it: no rule gives it again"
BY_EARLIER_RULE = "kept by the rule under which it was given"
TIER_STAYS = "a higher tier stays for now"
GOES_BY_TIME = "its time will be over"

#: What waits of members of whom no fact is known: a person's wish, or what was earned by facts
#: that are somebody else's now.
_WAITING = frozenset(State) - {State.WITHDRAWN, State.REVOKED, State.TAKEN}
_PAIRS_A_PAGE = 500


def planned(
    site: str, rules: Ruleset, store: Store, *, heard: Callable[[int], None] = lambda _: None
) -> Iterator[PlanRow]:
    """A row for each member and badge of which these rules do, or did not do, something.

    In the order of the members; those who stand in line for a place come last. Each transaction
    holds some members only, and is undone. ``heard`` is told how many members were decided.
    """
    walk, last, decided = _Walk(site, rules), "", 0
    while True:
        with undone(store) as tx:
            members = tx.activities.members_after(site, last, MEMBERS_A_BATCH)
            rows = walk.of_members(tx, members)
        yield from rows
        heard(decided := decided + len(members))
        if len(members) < MEMBERS_A_BATCH:
            break
        last = members[-1]
    yield from walk.of_others(store)
    with store.read() as tx:
        yield from walk.of_line(tx)


def calls_of(totals: Totals, site: str, rules: Ruleset, store: Store) -> Calls:
    """What bringing it to Wix costs, what is to be created and dressed among it."""
    with store.read() as tx:
        bound, in_force = tx.bindings.bound(site), tx.bindings.applied(site)[0]
    ours = [one for one in rules.milestones if one.look is not None]
    created = sum(one.badge not in bound for one in ours)
    dressed = sum(one.badge in bound and bound[one.badge].look != one.look for one in ours)
    return calls_for(totals, created=created, dressed=dressed, listed=in_force != rules.version)


def moved_since(
    plan: Mapping[Pair, PlanRow],
    site: str,
    rules: Ruleset,
    store: Store,
    *,
    beside: bool = False,
    heard: Callable[[int], None] = lambda _: None,
) -> list[Moved]:
    """What of a plan would be otherwise now; what was done of it meanwhile is not.

    ``beside`` tells that the rules are not those in force: what scans opened meanwhile by those
    is not the plan's.
    """
    comparison = Comparison(plan, beside=beside)
    for row in planned(site, rules, store, heard=heard):
        comparison.add(row)
    comparison.settle(awards_of(site, [row.pair for row in comparison.left], store))
    return comparison.moved


def awards_of(site: str, pairs: Collection[Pair], store: Store) -> dict[Pair, Award]:
    """The awards of these (member_id, badge) as the ledger has them."""
    members, wanted = sorted({member for member, _ in pairs}), set(pairs)
    found = dict[Pair, Award]()
    for start in range(0, len(members), _PAIRS_A_PAGE):
        with store.read() as tx:
            some = tx.awards.of_members(site, members[start : start + _PAIRS_A_PAGE])
        found |= {pair: award for pair, award in some.items() if pair in wanted}
    return found


@dataclass(slots=True)
class _Walk:
    """One walk over all members of a site."""

    site: str
    rules: Ruleset
    #: Who waits for a place of a badge with a limit, until all are known.
    line: defaultdict[str, list[PlanRow]] = field(default_factory=lambda: defaultdict(list))
    _evaluators: dict[str, Evaluator] = field(default_factory=dict)

    def of_members(self, tx: Transaction, members: Collection[str]) -> list[PlanRow]:
        """Decide some members, and tell what became of their awards."""
        seen = dict[str, tuple[Collection[Activity], Held]]()
        before = tx.awards.of_members(self.site, members)

        def looked(member: str, facts: Collection[Activity], held: Held) -> None:
            seen[member] = facts, held

        decide(tx, self.site, members, self.rules, silent=True, looked=looked)
        after = tx.awards.of_members(self.site, members)
        badges = defaultdict[str, dict[str, Award]](dict)
        for (member, badge), one in after.items():
            badges[member][badge] = one
        rows = list[PlanRow]()
        for member, (facts, held) in seen.items():
            own = badges[member]
            for badge in dict.fromkeys((*held.answers, *own)):
                look = _Look(
                    member=member, badge=badge, facts=facts, held=held, now=tx.now,
                    was=before.get((member, badge)), one=own.get(badge),
                )  # fmt: skip
                row = self._row(look)
                if row and row.kind is Kind.HOLD and row.reason == UNDECIDED:
                    self.line[badge].append(row)
                elif row:
                    rows.append(row)
        return rows

    def of_others(self, store: Store) -> Iterator[PlanRow]:
        """What waits of members of whom no fact is known, whom no walk decides."""
        with store.read() as tx:
            badges = {badge for badge, _ in tx.awards.states(self.site)}
        after: Pair | None = ("", "")
        while after is not None:
            with store.read() as tx:
                known = tx.comparing.known(
                    self.site, badges, _WAITING, after=after, limit=_PAIRS_A_PAGE
                )
                awards = [kept.award for kept in known]
                waits = [
                    one
                    for one in awards
                    if one.state is not State.ASSIGNED or one.unmet_since is not None
                ]
                facts = tx.activities.of_members(self.site, {one.member_id for one in waits})
                now = tx.now
            for one in waits:
                if one.member_id not in facts:
                    held = Held(now=now, awards={one.badge: one}, answers={})
                    look = _Look(
                        member=one.member_id,
                        badge=one.badge,
                        facts=(),
                        held=held,
                        now=now,
                        was=one,
                        one=one,
                    )
                    if row := self._row(look):
                        yield row
            last = awards[-1] if len(awards) == _PAIRS_A_PAGE else None
            after = (last.member_id, last.badge) if last else None

    def of_line(self, tx: Transaction) -> Iterator[PlanRow]:
        """Those who stand in line for a place, once the places are given out."""
        for badge, waiting in sorted(self.line.items()):
            first = next(one.lifecycle.first for one in self.rules.milestones if one.badge == badge)
            assert first is not None, "who waits for a place waits for one of so many"
            used, _ = tx.awards.places(self.site, badge)
            yield from in_places(waiting, max(0, first - used), f"{IN_LINE} {first}")

    def _row(self, look: _Look) -> PlanRow | None:
        one, was = look.one, look.was
        if one is None:
            return look.skipped()
        match one.state:
            case State.PENDING | State.INFLIGHT | State.UNKNOWN:
                return look.row(Kind.AWARD, look.why_given(), evident=True)
            case State.HELD:
                return look.row(Kind.HOLD, one.reason, evident=True)
            case State.REVOKING | State.ASSIGNED:
                return self._standing(look)
            case State.WITHDRAWN if was and was.state in UNSENT:
                return look.row(Kind.WITHDRAWAL, one.reason, evident=True)
            case State.WITHDRAWN | State.REVOKED:
                return look.skipped()
            case State.TAKEN:
                return look.row(Kind.SKIP, TAKEN_BY_PERSON) if look.is_met else None
            case state:
                # Wix refuses it, its badge is gone there, or nobody knows: a person is asked
                return look.row(Kind.SKIP, f"{state.replace('_', ' ')}: {one.reason}")

    def _standing(self, look: _Look) -> PlanRow | None:
        """A badge that stands at Wix: it goes, now or later, or it stays."""
        one = look.one
        assert one, "asked only of an award"
        if one.state is State.REVOKING or (one.unmet_since is not None and is_ours(one)):
            return look.taken(one)
        answer = look.held.earlier.get(look.badge) or look.held.answers.get(look.badge)
        if answer and is_ours(one) and (at := self._goes_at(answer, look)):
            return look.row(Kind.EXPIRY, GOES_BY_TIME, at=at)
        if look.badge in look.held.earlier and is_ours(one):
            return look.row(Kind.SKIP, BY_EARLIER_RULE)
        if not look.is_met:
            return None
        by_person = one.giver is Giver.PERSON or one.by_hand
        return look.row(Kind.SKIP, GIVEN_BY_PERSON if by_person else STANDS)

    def _goes_at(self, answer: Answer, look: _Look) -> datetime | None:
        """When time alone ends a badge that stands; ``None`` where it does not."""
        lifecycle, at = answer.milestone.lifecycle, answer.next_flip_at
        ends = lifecycle.revokes or lifecycle.expires_after or lifecycle.expires_at
        if not answer.met or not at or not ends or lifecycle.retired:
            return None
        then = self._evaluator(answer.milestone).answers(look.facts, at)[0]
        return None if then.met else at

    def _evaluator(self, milestone: Milestone) -> Evaluator:
        key = f"{id(milestone)}"
        if key not in self._evaluators:
            self._evaluators[key] = Evaluator((milestone,))
        return self._evaluators[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One member and badge: what is known of it, and the award before and after."""

    member: str
    badge: str
    facts: Collection[Activity]
    held: Held
    now: datetime
    was: Award | None
    one: Award | None

    @property
    def is_met(self) -> bool:
        """Whether the rules in question say that the badge shall stand."""
        answer = self.held.answers.get(self.badge)
        return answer is not None and (answer.met or answer.withheld is not None)

    def why_given(self) -> str:
        """Why an award is given, or is under way already."""
        one, was = self.one, self.was
        if one and one.by_hand:
            return BY_PERSON
        if one and one.reason == WAITS_FOR_CAP:
            return WAITS_FOR_CAP
        reopened = was and one and was.period != one.period and was.state not in REOPENED
        return opened_as("" if was is None or reopened else was.state)

    def taken(self, one: Award) -> PlanRow:
        """A badge that should not stand: it goes now, or later."""
        going = one.state is State.REVOKING
        # what the guard holds back is due, and is looked at again from time to time
        waits = not going and one.reason == HELD_BACK_BY_GUARD
        later = not (going or waits) and (one.revoke_at is None or one.revoke_at > self.now)
        return self.row(
            Kind.REVOCATION,
            one.unmet_because or one.reason,
            at=None if waits else one.revoke_at,
            later=later,
            guarded=not going and one.unmet_because != Unmet.HIGHER_TIER,
            evident=True,
        )

    def skipped(self) -> PlanRow | None:
        """Met, and yet no award is opened: why; ``None`` where it is not met at all."""
        answer = self.held.answers.get(self.badge)
        if answer is None:
            return None
        if answer.withheld:
            return self.row(Kind.SKIP, str(answer.withheld))
        return self.row(Kind.SKIP, TIER_STAYS) if answer.met else None

    def row(
        self,
        kind: Kind,
        reason: str,
        *,
        at: datetime | None = None,
        later: bool = False,
        guarded: bool = False,
        evident: bool = False,
    ) -> PlanRow:
        """A row about it."""
        answer, one = self.held.answers.get(self.badge), self.one
        evidence = ""
        if evident and answer:
            evidence = evidence_of(self.facts, all_sources_of(answer.milestone) | {MEMBERSHIP})
        earned_at = one.earned_at if one else answer.earned_at if answer else None
        unsent = one is not None and one.sent_at is None and one.attempt == 0
        free = one is not None and (one.by_hand or (one.declared and self.was is not None))
        return PlanRow(
            kind=kind,
            member_id=self.member,
            badge=self.badge,
            reason=reason,
            earned_at=earned_at,
            crossed_by=one.crossed_by if one else answer.crossed_by if answer else "",
            at=at,
            later=later,
            guarded=guarded,
            capped=kind in {Kind.AWARD, Kind.HOLD} and unsent and not free,
            was=self.was.state if self.was else "",
            evidence=evidence,
        )
