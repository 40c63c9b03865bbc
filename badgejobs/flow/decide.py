"""Decide: what the stored facts of some members earn, against what the ledger says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from badgejobs.core.award import Award, State
from badgejobs.core.evaluate import evaluate
from badgejobs.core.ledger import Earned
from badgejobs.core.milestone import Ruleset
from badgejobs.flow.ports import Store, Transaction

#: Members decided in one transaction when all of a site are.
MEMBERS_A_BATCH = 200

UNMET = "the condition is no longer met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision changed in the ledger."""

    opened: int = 0
    withdrawn: int = 0


def decide(tx: Transaction, site: str, members: Collection[str], rules: Ruleset) -> Decided:
    """Hold the facts of these members against all milestones, and write the difference.

    It looks at what is, never at what just happened, so any number of repetitions and any
    order of arrival end in the same ledger. A badge that was given is not taken here.
    """
    if not members:
        return Decided()
    tx.activities.take_turns(site)
    facts = tx.activities.of_members(site, members)
    ledger = tx.awards.of_members(site, members)
    opened, corrected, unmet = list[Earned](), list[Earned](), list[tuple[str, str]]()
    for member in sorted(members):
        for milestone in rules.milestones:
            award = ledger.get((member, milestone.badge))
            proof = evaluate(facts.get(member, ()), milestone, tx.now)
            if proof.earned_at:
                earned = Earned(member_id=member, badge=milestone.badge, earned_at=proof.earned_at)
                if award is None or award.state is State.WITHDRAWN:
                    opened.append(earned)
                elif award.earned_at != proof.earned_at:
                    corrected.append(earned)
            elif award and award.state is State.PENDING:
                unmet.append((member, milestone.badge))
    tx.awards.correct_earned_at(site, corrected)
    return Decided(
        opened=tx.awards.open(site, opened, rules_version=rules.version),
        withdrawn=tx.awards.withdraw(site, unmet, reason=UNMET),
    )


def still_earned(
    tx: Transaction, site: str, awards: Collection[Award], rules: Ruleset
) -> frozenset[tuple[str, str]]:
    """The (member_id, badge) of those awards that the facts earn at this very moment."""
    facts = tx.activities.of_members(site, {award.member_id for award in awards})
    milestones = {milestone.badge: milestone for milestone in rules.milestones}
    return frozenset(
        (award.member_id, award.badge)
        for award in awards
        if (milestone := milestones.get(award.badge))
        and evaluate(facts.get(award.member_id, ()), milestone, tx.now).met
    )


def take_up(site: str, rules: Ruleset, store: Store, *, batches: int) -> tuple[Decided, bool]:
    """Decide all stored members under this version of the rules, some batches at a time.

    Returns what changed and whether every member has been decided. A new badge so sees the
    past; where it stopped is kept, and a later call goes on from there.
    """
    total, done = Decided(), False
    for _ in range(batches):
        with store.begin() as tx:
            version, decided_to = tx.bindings.applied(site)
            if version != rules.version:
                decided_to = ""
            if decided_to is None:
                return total, True
            members = tx.activities.members_after(site, decided_to, MEMBERS_A_BATCH)
            one = decide(tx, site, members, rules)
            done = len(members) < MEMBERS_A_BATCH
            tx.bindings.apply(site, version=rules.version, decided_to=None if done else members[-1])
        total = Decided(opened=total.opened + one.opened, withdrawn=total.withdrawn + one.withdrawn)
        if done:
            break
    return total, done
