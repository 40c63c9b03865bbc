"""Progress: how far all members are towards each badge, and who is one step away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from badgejobs.core.award import Award, State
from badgejobs.core.evaluate import Answer, Evaluator
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.core.progress import NEAR_PERCENT, ends_at, nearest, step
from badgejobs.core.proof import Proof
from badgejobs.flow.decide import answers_for, outlook_on
from badgejobs.flow.ports import Store
from badgejobs.flow.walking import batches

#: In these states an award is in the member's hands, on its way, or not to come again by itself.
_NOT_NEAR = frozenset(
    {
        State.HELD,
        State.PENDING,
        State.INFLIGHT,
        State.UNKNOWN,
        State.ASSIGNED,
        State.BLOCKED,
        State.PAUSED,
        State.TAKEN,
        State.NEEDS_ATTENTION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A member who is one step away from a badge."""

    member: str
    answer: Answer
    #: The unmet part of which one more thing would earn the badge.
    part: Proof
    #: Until when it would: after that it is further away, or cannot be earned any more.
    until: datetime | None


def survey(
    site: str,
    rules: Ruleset,
    store: Store,
    *,
    heard: Callable[[int], None] = lambda _: None,
    time_is_up: Callable[[], bool] = lambda: False,
) -> dict[str, dict[int, int]] | None:
    """Look at all members, and keep how many are at which step of each badge.

    ``heard`` is told how many were looked at. Where ``time_is_up`` before the last, ``None``: the
    numbers of the time before stand. Facts are held against the rules alone: who holds a badge by
    a person's hand is counted where the facts say.
    """
    counts = {one.badge: Counter[int]() for one in rules.milestones}
    evaluator, seen = Evaluator(rules.milestones), 0
    with store.read() as tx:
        outlook = outlook_on(tx, site, rules)
    for facts, _ in batches(site, store):
        if time_is_up():
            return None
        for known in facts.values():
            for answer in answers_for(evaluator, known, outlook):
                counts[answer.milestone.badge][step(answer)] += 1
        heard(seen := seen + len(facts))
    found = {badge: dict(sorted(numbers.items())) for badge, numbers in counts.items()}
    with store.begin() as tx:
        tx.progress.replace(site, found)
    return found


def near(
    site: str,
    milestone: Milestone,
    rules: Ruleset,
    store: Store,
    *,
    percent: int = NEAR_PERCENT,
    heard: Callable[[int], None] = lambda _: None,
) -> Iterator[Near]:
    """The members of whom one more thing would earn the badge, in the order of their ids.

    Nobody who holds it, waits for it, or had it taken by a person is among them, and nobody
    while it cannot be earned.
    """
    evaluator, seen = Evaluator((milestone,)), 0
    with store.read() as tx:
        outlook = outlook_on(tx, site, rules)
    ends = milestone.lifecycle.earnable_until
    if milestone.lifecycle.retired or (ends and ends <= outlook.now):
        return
    for facts, awards in batches(site, store, with_awards=True):
        for member, known in facts.items():
            if _is_out(awards.get((member, milestone.badge))):
                continue
            [answer] = answers_for(evaluator, known, outlook)
            if answer.met or answer.withheld or answer.is_paused:
                continue
            proof = answer.proof
            if part := nearest(proof, percent=percent):
                until = min(filter(None, (ends_at(proof, part), ends)), default=None)
                yield Near(member=member, answer=answer, part=part, until=until)
        heard(seen := seen + len(facts))


def _is_out(award: Award | None) -> bool:
    if award is None:
        return False
    # who gave it once does not matter where rules may give it again; what a person wishes does
    return award.state in _NOT_NEAR or award.by_hand
