"""When a badge that stands should go: what the facts say, grace, terms, and the guard's sums."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.award import Unmet
from badgejobs.core.calendar import Period, Span
from badgejobs.core.evaluate import evaluate
from badgejobs.core.guard import Guard, Tally, not_counted
from badgejobs.core.lifecycle import held_as_before, lapse, taken_at, term_ends_at
from badgejobs.core.milestone import Count, Lifecycle, Milestone, Renew, Rolling, Selection
from badgejobs.core.policy import OrderPolicy

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = Span(exact=7 * DAY)
ROLLING = Count(
    of=Selection(source="orders", policy=OrderPolicy(), stretch=Rolling(span=Span(exact=30 * DAY))),
    gte=1,
)


def active(**lifecycle: object) -> Milestone:
    return Milestone(
        badge="active",
        title="Active",
        look=None,
        condition=ROLLING,
        lifecycle=replace(Lifecycle(revokes=True), **lifecycle),  # type: ignore[arg-type]
    )


def order(at: datetime, *more: Mark) -> Activity:
    return Activity(
        site="shop", source="orders", activity_id="o1", member_id="ada", occurred_at=at,
        updated_at=at, marks=frozenset({Mark.APPROVED, Mark.PAID, *more}),
    )  # fmt: skip


def test_grace_hides_that_the_condition_ceased_and_the_answer_says_both() -> None:
    facts, one = [order(NOON)], active(grace=WEEK)

    before = evaluate(facts, one, NOON + 29 * DAY)
    assert (before.met, before.unmet, before.turns_at) == (True, False, NOON + 30 * DAY)
    within = evaluate(facts, one, NOON + 33 * DAY)
    assert (within.met, within.unmet, within.ceased_at) == (True, True, NOON + 30 * DAY)
    assert within.next_flip_at == NOON + 37 * DAY
    after = evaluate(facts, one, NOON + 40 * DAY)
    assert (after.met, after.unmet, after.turns_at) == (False, True, None)


def test_after_a_refund_the_condition_never_was_met() -> None:
    answer = evaluate([order(NOON, Mark.REFUNDED)], active(grace=WEEK), NOON + DAY)
    assert (answer.met, answer.unmet, answer.ceased_at) == (False, True, None)


def test_a_badge_that_is_never_taken_is_not_asked_after() -> None:
    answer = evaluate([order(NOON)], active(revokes=False), NOON + 90 * DAY)
    assert (answer.met, answer.unmet, answer.turns_at) == (True, False, None)


def test_what_lapsed_last_is_told_of_several_stretches() -> None:
    timeline = [(NOON, NOON + DAY, ""), (NOON + 2 * DAY, NOON + 3 * DAY, "")]
    assert lapse(timeline, NOON + 2 * DAY) == (False, None)
    assert lapse(timeline, NOON + DAY) == (True, NOON + DAY)
    assert lapse(timeline, NOON + 9 * DAY) == (True, NOON + 3 * DAY)


def test_a_check_waits_for_the_beginning_of_its_period() -> None:
    one = active(checked=Period.MONTH)
    first = datetime(2026, 4, 1, tzinfo=UTC)
    assert taken_at(NOON, one) == first
    assert taken_at(first, one) == first, "and is at once where it falls on it"
    assert taken_at(NOON + 28 * DAY, active(checked=Period.MONTH, grace=WEEK)) > first


@pytest.mark.parametrize(
    ("lifecycle", "ends"),
    [
        ({"expires_at": NOON + 5 * DAY}, NOON + 5 * DAY),
        ({"expires_after": WEEK}, NOON + 7 * DAY),
        ({"expires_after": WEEK, "renew": Renew.WHILE_MET}, NOON + 9 * DAY),
    ],
)
def test_a_term_that_the_facts_do_not_tell_of_is_counted_from_the_record(
    lifecycle: dict[str, object], ends: datetime
) -> None:
    assert term_ends_at(NOON, NOON + 2 * DAY, active(**lifecycle)) == ends


def test_earlier_words_keep_what_they_meant_and_look_as_today() -> None:
    before = active(grace=WEEK)
    now = replace(before, title="New", lifecycle=Lifecycle(first=3))
    kept = held_as_before(before, now)
    assert (kept.title, kept.lifecycle.first) == ("New", 3)
    assert (kept.lifecycle.revokes, kept.lifecycle.grace) == (True, WEEK)
    assert held_as_before(replace(now, title="Old"), now) == now


@given(number=st.integers(0, 2000), of=st.integers(0, 2000), guard=st.builds(
    Guard, percent=st.integers(0, 100), least=st.integers(0, 50)
))  # fmt: skip
def test_the_guard_lets_pass_a_few_or_a_small_share(number: int, of: int, guard: Guard) -> None:
    few, small = number <= guard.least, number * 100 <= of * guard.percent
    assert guard.passes(number, of=of) is (few or small)


def test_what_went_is_weighed_with_what_is_due_against_all_there_were() -> None:
    tally = Tally(due=5, gone=6, standing=94)
    assert (tally.number, tally.of) == (11, 100)
    assert not_counted(settled_in=False) == {Unmet.HIGHER_TIER}
    assert not_counted(settled_in=True) == {Unmet.HIGHER_TIER, Unmet.EXPIRED}
