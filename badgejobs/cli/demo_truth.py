"""What the demo is measured against: independent truth, and the literal way of doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from badgejobs.core.activity import Activity
from badgejobs.core.evaluate import evaluate
from badgejobs.core.milestone import Ruleset
from badgejobs.sandbox.history.seed import Expected

#: Which rule of the independent truth each badge of the shipped rules file stands for.
RULE_OF_BADGE = {
    "first-purchase": "orders_count_1",
    "loyal-customer": "orders_count_10",
    "big-spender": "spent_gross_1000",
    "commentator": "comments_count_10",
    "community-helper": "comments_count_25",
}
#: Records on one page of Wix.
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One badge: what the truth expects against what stands at the sandbox."""

    badge: str
    title: str
    expected: int
    assigned: int
    missing: int
    extra: int
    duplicate: int
    #: Awards whose earned time in the ledger is not the truth's.
    other_time: int

    @property
    def agrees(self) -> bool:
        """Exactly the expected members have it, once each, since the right moment."""
        return not (self.missing or self.extra or self.duplicate or self.other_time)


def compare(
    rules: Ruleset,
    expected: Sequence[Expected],
    state: Mapping[str, Any],
    earned: Mapping[tuple[str, str], datetime],
) -> list[Comparison]:
    """Hold each badge of the rules against the truth.

    ``state`` is what the sandbox holds; ``earned`` the ledger's times by (member_id, badge).
    """
    ids = {badge["title"]: badge["id"] for badge in state["badges"]}
    rows = []
    for milestone in rules.milestones:
        rule = RULE_OF_BADGE[milestone.badge]
        truth = {one.member_id: one.earned_at for one in expected if one.rule == rule}
        standing = Counter(
            row["memberId"]
            for row in state["badgeAssignments"]
            if row["badgeId"] == ids.get(milestone.title)
        )
        rows.append(
            Comparison(
                badge=milestone.badge,
                title=milestone.title,
                expected=len(truth),
                assigned=sum(standing.values()),
                missing=len(truth.keys() - standing.keys()),
                extra=len(standing.keys() - truth.keys()),
                duplicate=sum(times - 1 for times in standing.values()),
                other_time=sum(
                    earned.get((member, milestone.badge)) != truth[member]
                    for member in truth.keys() & standing.keys()
                ),
            )
        )
    return rows


def literal_calls(facts: Mapping[str, Collection[Activity]], rules: Ruleset, now: datetime) -> int:
    """Calls that the literal way needs: for each event, query each reached badge, create if new.

    It reads every page of the history once, and after each activity of a member asks for
    every badge which that member has reached whether it is assigned, and creates it if not.
    """
    activities = sum(len(one) for one in facts.values())
    calls = -(-activities // PAGE)
    for own in facts.values():
        for milestone in rules.milestones:
            proof = evaluate(own, milestone, now)
            if proof.earned_at:
                calls += 1 + sum(one.occurred_at >= proof.earned_at for one in own)
    return calls
