"""Each state of an award is told in words, with since when and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from writing import milestone, with_when

from badgejobs.core.award import BADGE_GONE, WAITS_FOR_CAP, Award, Giver, State, Unmet
from badgejobs.core.evaluate import evaluate
from badgejobs.core.explanation import Explanation, LastChange
from badgejobs.core.guard import HELD_BACK_BY_GUARD
from badgejobs.rules.wording.standings import standing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=2)
GOLD = milestone(with_when("{count: orders, gte: 1}"))
AWARD = Award(
    site="shop",
    member_id="ada",
    badge="a",
    state=State.PENDING,
    earned_at=NOW,
    rules_version="v1",
    crossed_by="o1",
)
EXPLANATION = Explanation(
    site="shop",
    member="ada",
    badge="a",
    milestone=GOLD,
    now=NOW,
    as_of=NOW,
    version="v1",
    in_force="v1",
    all_decided=True,
    answer=evaluate([], GOLD, NOW),
)


def told(award: Award | None, **more: Any) -> str:
    last = LastChange(at=NOW, to_state=award.state, reason="", actor="rules") if award else None
    return "\n".join(standing(replace(EXPLANATION, award=award, last=last, **more)))


@pytest.mark.parametrize(
    ("state", "more", "said"),
    [
        (State.PENDING, {}, "to be given at the next turn"),
        (State.PENDING, {"not_before": SOON}, "to be given not before 2026-03-01 12:02:00+00:00"),
        (
            State.PENDING,
            {"reason": WAITS_FOR_CAP, "not_before": SOON},
            "it goes on by itself 2026-03-01 12:02:00+00:00, or `badgejobs release shop",
        ),
        (State.HELD, {"reason": "history incomplete"}, "12:00:00+00:00: history incomplete"),
        (State.HELD, {"reason": BADGE_GONE}, "`badgejobs provision shop --recreate a`"),
        (State.INFLIGHT, {"sent_at": NOW}, "a request to give it left 2026-03-01 12:00"),
        (
            State.UNKNOWN,
            {"not_before": SOON, "empty_reads": 1},
            "nothing is sent again before Wix is read again 2026-03-01 12:02:00+00:00 (1 of 2",
        ),
        (State.ASSIGNED, {"giver": Giver.OURS}, "stands at Wix, given by the rules"),
        (State.ASSIGNED, {"giver": Giver.PERSON}, "given by a person (rules): no rule takes it"),
        (
            State.ASSIGNED,
            {"giver": Giver.OURS, "missed_at": NOW},
            "a complete reading of Wix did not find it 2026-03-01",
        ),
        (
            State.ASSIGNED,
            {"unmet_since": NOW, "unmet_because": Unmet.HIGHER_TIER.value},
            "(a higher tier is held), known since 2026-03-01 12:00:00+00:00: it stays until a",
        ),
        (
            State.ASSIGNED,
            {"unmet_since": NOW, "unmet_because": Unmet.EXPIRED.value, "revoke_at": NOW},
            "it is taken at the next turn",
        ),
        (
            State.ASSIGNED,
            {
                "unmet_since": NOW,
                "unmet_because": Unmet.CONDITION.value,
                "revoke_at": SOON,
                "reason": HELD_BACK_BY_GUARD,
            },
            "a person is asked; `badgejobs release shop`",
        ),
        (
            State.WITHDRAWN,
            {"reason": "override cleared", "sent_at": NOW, "giver": Giver.PERSON},
            "withdrawn 2026-03-01 12:00:00+00:00: override cleared\ndecided under the rules of now",
        ),
        (State.WITHDRAWN, {"reason": "refunded"}, "withdrawn 2026-03-01 12:00:00+00:00, before"),
        (State.BLOCKED, {"reason": "no"}, "refused by Wix for this member since"),
        (State.PAUSED, {}, "paused since 2026-03-01 12:00:00+00:00: the badge is gone at Wix"),
        (State.REVOKING, {"reason": "expired"}, "being taken away since"),
        (State.REVOKED, {"reason": "expired"}, "expired; earned again, it is given again"),
        (State.TAKEN, {}, "`badgejobs clear-override shop ada a` lets the rules give it again"),
        (State.NEEDS_ATTENTION, {"reason": "3 attempts"}, "then `badgejobs retry shop`"),
    ],
)
def test_each_state_says_since_when_why_and_what_to_do(
    state: State, more: dict[str, Any], said: str
) -> None:
    assert said in told(replace(AWARD, state=state, **more))


def test_rules_that_are_not_taken_up_yet_are_the_reason_of_what_is_missing_in_the_ledger() -> None:
    answer = EXPLANATION.answer
    assert answer
    earned = answer._replace(met=True, earned_at=NOW)
    assert "not taken up yet" in told(None, answer=earned, in_force="v0")
    assert "being decided" in told(None, answer=earned, all_decided=False)
    assert "`badgejobs check shop ada`" in told(None, answer=earned)
    assert told(None) == "no award: not earned"
