"""Decide: what the stored facts of some members earn, against what the ledger says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from badgejobs.core.activity import Activity
from badgejobs.core.award import Award
from badgejobs.core.evaluate import Answer, Evaluator
from badgejobs.core.ledger import Earned, WakeUp
from badgejobs.core.milestone import Ruleset
from badgejobs.flow.lapses import Held, is_ours
from badgejobs.flow.ports import Store, Transaction
from badgejobs.flow.verdicts import OPENS_PAGES, UNDECIDED, Changes, Outlook, Word, word_on

#: Members decided in one transaction when all of a site are.
MEMBERS_A_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision changed in the ledger."""

    #: Awards that may be given at once.
    opened: int = 0
    #: Awards that were opened and wait, or that could have been given until now.
    held: int = 0
    #: Awards that waited and may be given now.
    cleared: int = 0
    withdrawn: int = 0

    def __add__(self, other: Decided) -> Decided:
        return Decided(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )


def decide(
    tx: Transaction,
    site: str,
    members: Collection[str],
    rules: Ruleset,
    *,
    silent: bool = False,
    declared: bool = False,
    looked: Callable[[str, Collection[Activity], Held], None] | None = None,
) -> Decided:
    """Hold the facts of these members against all milestones, and write the difference.

    It looks at what is, never at what just happened, so any number of repetitions and any
    order of arrival end in the same ledger. A badge that was given is not taken here: that it
    should be, and from when on, is noted. When time alone will change an answer, or grace is
    over, the member is to be woken then.
    Of what is opened by a ``silent`` decision nobody is told: it was earned long ago. A
    ``declared`` one may open any number, which the hourly cap does not count. ``looked`` is told
    of each member what they have, and what the facts say of it.
    """
    if not members:
        return Decided()
    tx.activities.take_turns(site)
    outlook = outlook_on(tx, site, rules)
    evaluator, before = Evaluator(rules.milestones), Earlier(rules)
    facts = tx.activities.of_members(site, members)
    ledger = tx.awards.of_members(site, members)
    by_member = _by_member(ledger.values())
    changes, wake_ups = Changes(), list[WakeUp]()
    for member in sorted(members):
        awards, known = by_member.get(member, {}), facts.get(member)
        answers = answers_for(evaluator, known, outlook)
        held = Held(
            now=outlook.now,
            awards=awards,
            answers={answer.milestone.badge: answer for answer in answers},
            earlier=before.answers(awards.values(), known, outlook),
        )
        if looked:
            looked(member, known or (), held)
        changes.of_member(member, held, outlook)
        wake_ups += _wake_ups(member, (*answers, *held.earlier.values()), held, outlook)
    tx.wake_ups.replace(site, members, wake_ups)
    return _written(tx, site, changes, outlook, silent=silent, declared=declared)


def last_words(
    tx: Transaction, site: str, awards: Collection[Award], rules: Ruleset
) -> dict[tuple[str, str], Word]:
    """What is to become of each (member_id, badge) in hand, by the facts of this very moment.

    Asked right before anything is sent, so that what was refunded or has lost its place since
    the award was opened never reaches Wix.
    """
    tx.activities.take_turns(site)
    outlook = outlook_on(tx, site, rules)
    wanted = {award.badge for award in awards}
    evaluator = Evaluator(tuple(one for one in rules.milestones if one.badge in wanted))
    facts = tx.activities.of_members(site, {award.member_id for award in awards})
    answers = {
        (member, answer.milestone.badge): answer
        for member, known in facts.items()
        for answer in answers_for(evaluator, known, outlook)
    }
    in_front = {
        badge: tx.awards.in_front(site, badge, first=first)
        for badge, first in outlook.limits.items()
        if badge in wanted
    }
    return {
        (award.member_id, award.badge): word_on(
            award, answers.get((award.member_id, award.badge)), outlook, in_front
        )
        for award in awards
    }


def allot_again(tx: Transaction, site: str, badges: Collection[str], rules: Ruleset) -> None:
    """Give out the places of these badges anew, as far as they have a limit.

    For when awards lost their place otherwise than by a decision: nobody may wait for a place
    that is free.
    """
    limited = {one.badge for one in rules.milestones if one.lifecycle.first is not None}
    if wanted := limited & set(badges):
        outlook = outlook_on(tx, site, rules)
        _allotted(tx, site, wanted & outlook.allotting, outlook)


def take_up(site: str, rules: Ruleset, store: Store, *, batches: int) -> tuple[Decided, bool]:
    """Decide all stored members under this version of the rules, some batches at a time.

    Returns what changed and whether every member has been decided. A new badge so sees the
    past; where it stopped is kept, and a later call goes on from there. The places of badges
    with a limit are given out when the last member is decided, and not before.
    """
    total, done = Decided(), False
    for _ in range(batches):
        with store.begin() as tx:
            tx.activities.take_turns(site)
            version, decided_to = tx.bindings.applied(site)
            # by its first rules, and never yet with its whole history: all of it is its set-up
            is_new = tx.bindings.whole(site) is None and tx.versions.is_first(site, rules.version)
            if version != rules.version:
                decided_to = ""
                tx.versions.note(site, rules.version, rules.text)
            if decided_to is None:
                if not _opens_pages_and_says_so(tx, site, rules):
                    return total, True
                decided_to = ""
            members = tx.activities.members_after(site, decided_to, MEMBERS_A_BATCH)
            # a new badge sees the past, and nobody is told of what was earned long ago
            total += decide(tx, site, members, rules, silent=True, declared=is_new)
            done = len(members) < MEMBERS_A_BATCH
            tx.bindings.apply(site, version=rules.version, decided_to=None if done else members[-1])
            if done:
                outlook = outlook_on(tx, site, rules)
                total += _allotted(tx, site, outlook.allotting, outlook)
        if done:
            break
    return total, done


def flip(site: str, rules: Ruleset, store: Store, *, batches: int) -> tuple[Decided, bool]:
    """Decide the members whose time has come, in key order, some batches at a time.

    Returns what changed and whether none is left. A member is decided once a call, and is due
    again only at a later moment, so that this comes to an end.
    """
    total, after = Decided(), ""
    for _ in range(batches):
        with store.begin() as tx:
            tx.activities.take_turns(site)
            members = tx.wake_ups.due(
                site, tx.scans.known_to(site), after=after, limit=MEMBERS_A_BATCH
            )
            total += decide(tx, site, members, rules)
        if len(members) < MEMBERS_A_BATCH:
            return total, True
        after = members[-1]
    return total, False


def _opens_pages_and_says_so(tx: Transaction, site: str, rules: Ruleset) -> bool:
    """Whether awards wait for a word of their rule that has been said.

    Rules that say what they meant before are the same version, so nothing else lets these go.
    """
    waiting = {badge for badge, _, reason, _ in tx.awards.reasons(site) if reason == OPENS_PAGES}
    if not waiting:
        return False
    outlook = outlook_on(tx, site, rules)
    return any(outlook.hold(badge) != OPENS_PAGES for badge in waiting)


class Earlier:
    """What awards are held to that were given under earlier versions of the rules."""

    def __init__(self, rules: Ruleset) -> None:
        self._rules = rules
        self._evaluators = dict[str, Evaluator]()

    def answers(
        self, awards: Iterable[Award], facts: Collection[Activity] | None, outlook: Outlook
    ) -> dict[str, Answer]:
        """The answers for those of one member's awards that stand and are held to other words."""
        found = dict[str, Answer]()
        for version in {one.rules_version for one in awards if is_ours(one)}:
            if not (words := self._rules.earlier.get(version)):
                continue
            if version not in self._evaluators:
                self._evaluators[version] = Evaluator(tuple(words.values()))
            under = {one.badge for one in awards if one.rules_version == version and is_ours(one)}
            found |= {
                answer.milestone.badge: answer
                for answer in answers_for(self._evaluators[version], facts, outlook)
                if answer.milestone.badge in under
            }
        return found


def answers_for(
    evaluator: Evaluator, facts: Collection[Activity] | None, outlook: Outlook
) -> tuple[Answer, ...]:
    """The answers for one member; of whom nothing is known, nothing is earned.

    Such a member is erased or was never there, or what was theirs is somebody else's now; a
    rule that asks for what is not must not find them deserving.
    """
    answers = evaluator.answers(facts or (), outlook.now, outlook.known_to)
    if facts:
        return answers
    return tuple(
        one._replace(
            met=False,
            earned_at=None,
            next_flip_at=None,
            withheld=None,
            unmet=one.milestone.lifecycle.revokes,
            turns_at=None,
        )
        for one in answers
    )


def outlook_on(
    tx: Transaction, site: str, rules: Ruleset, *, at: datetime | None = None
) -> Outlook:
    """What is known of a site beside its members' facts, at this moment.

    ``at`` another one the facts are held against the rules as they are, whatever a source knows.
    """
    return Outlook(
        rules,
        now=at or tx.now,
        known_to={} if at else tx.scans.known_to(site),
        complete=tx.scans.complete(site, rules.wants),
        whole=tx.bindings.whole(site) == rules.version,
        opening_pages=tx.bindings.opening_pages(site),
        gone=tx.bindings.gone(site),
    )


def _by_member(awards: Iterable[Award]) -> dict[str, dict[str, Award]]:
    found = dict[str, dict[str, Award]]()
    for award in awards:
        found.setdefault(award.member_id, {})[award.badge] = award
    return found


def _wake_ups(member: str, answers: Iterable[Answer], held: Held, outlook: Outlook) -> list[WakeUp]:
    """When the member is to be decided again: one moment for all that is known alike."""
    first = dict[frozenset[str], datetime]()
    moments = [
        (outlook.leans_on(answer.milestone), at)
        for answer in answers
        for at in (answer.next_flip_at, answer.turns_at)
        if at
    ]
    # the end of a grace asks no source
    moments += [(one.waits_for, one.at) for one in held.wake_ups()]
    for waits_for, at in moments:
        first[waits_for] = min(first.get(waits_for, at), at)
    return [WakeUp(member_id=member, at=at, waits_for=waits_for) for waits_for, at in first.items()]


def _written(
    tx: Transaction,
    site: str,
    changes: Changes,
    outlook: Outlook,
    *,
    silent: bool,
    declared: bool,
) -> Decided:
    """Write what a decision came to."""
    tx.awards.correct(site, changes.corrected)
    tx.awards.mark(site, changes.lapses)
    ready = [one for one in changes.opened if not one.hold]
    waiting = [one for one in changes.opened if one.hold]

    def opened(some: Sequence[Earned]) -> int:
        return tx.awards.open(
            site, some, rules_version=outlook.version, silent=silent, declared=declared
        )

    decided = Decided(
        opened=opened(ready),
        held=opened(waiting)
        + sum(tx.awards.hold(site, pairs, reason=reason) for reason, pairs in changes.held.items()),
        cleared=tx.awards.clear(site, changes.cleared),
        withdrawn=sum(
            tx.awards.withdraw(site, pairs, reason=reason)
            for reason, pairs in changes.withdrawn.items()
        ),
    )
    return decided + _allotted(tx, site, changes.badges & outlook.allotting, outlook)


def _allotted(tx: Transaction, site: str, badges: Collection[str], outlook: Outlook) -> Decided:
    """Give out the places of badges with a limit, after their awards may have changed."""
    total = Decided()
    for badge in sorted(badges):
        cleared, held = tx.awards.allot(
            site,
            badge,
            first=outlook.limits[badge],
            reason=outlook.in_line(badge),
            instead_of=UNDECIDED,
        )
        total += Decided(cleared=cleared, held=held)
    return total
