"""What holds of every rule and all facts.

Each is looked at 250 times, and a thousand times in the long step of ``.ci/run``.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime, timedelta

import core_rules
from core_rules import NOW, badge, facts, milestones, moments
from hypothesis import given, settings
from hypothesis import strategies as st

from badgejobs.core.activity import Activity
from badgejobs.core.counted import Counting
from badgejobs.core.evaluate import FUTURE_TOLERANCE, Answer, evaluate
from badgejobs.core.measure import entries, number_at, numeric, swept
from badgejobs.core.milestone import (
    Age,
    Condition,
    Gap,
    Leaf,
    Lifecycle,
    Milestone,
    Streak,
    knows_only_the_present,
)
from badgejobs.core.policy import Refusal
from badgejobs.core.timeline import Timeline, at_least, complement, every, some, stretch_at
from badgejobs.store.facts import merged

many = settings(max_examples=1000 if "BADGEJOBS_TEST_LONGER" in os.environ else 250, deadline=None)
AN_INSTANT = timedelta(microseconds=1)


def said(answer: Answer) -> tuple[object, ...]:
    return answer.met, answer.earned_at, answer.withheld, answer.crossed_by


def known(facts: Collection[Activity], by: datetime) -> list[Activity]:
    return [one for one in facts if one.occurred_at <= by + FUTURE_TOLERANCE]


@many
@given(facts=facts(), milestone=milestones, data=st.data())
def test_order_page_splits_and_duplicates_change_neither_answer_nor_proof(
    facts: list[Activity], milestone: Milestone, data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5)) if facts else []
    arriving = data.draw(st.permutations([*facts, *again]))
    pages = data.draw(st.integers(1, 4))
    stored = dict[tuple[str, str], Activity]()
    answer = evaluate([], milestone, NOW)
    for page in range(pages):
        for one in arriving[page::pages]:
            key = one.source, one.activity_id
            stored[key] = merged(stored[key], one) if key in stored else one
        # an incremental scan decides after each page
        answer = evaluate(list(stored.values()), milestone, NOW)

    replayed = evaluate(facts, milestone, NOW)
    assert said(answer) == said(replayed)
    assert answer.next_flip_at == replayed.next_flip_at
    assert answer.proof == replayed.proof


@many
@given(facts=facts(), condition=core_rules.growing(), more=core_rules.orders)
def test_more_activity_never_takes_a_badge_that_asks_for_no_window_none_or_gap(
    facts: list[Activity], condition: Condition, more: Activity
) -> None:
    others = [one for one in facts if one.activity_id != more.activity_id]
    before = evaluate(others, badge(condition), NOW)
    after = evaluate([*others, more], badge(condition), NOW)

    if before.earned_at:
        assert after.earned_at is not None
        assert after.earned_at <= before.earned_at


@many
@given(facts=facts(), milestone=milestones, then=moments)
def test_the_past_is_answered_as_it_was_then(
    facts: list[Activity], milestone: Milestone, then: datetime
) -> None:
    answer = evaluate(facts, milestone, then)
    as_it_was = evaluate(known(facts, then), milestone, then)

    assert said(answer) == said(as_it_was)
    assert answer.proof.number == as_it_was.proof.number
    assert answer.proof.counted == as_it_was.proof.counted


@many
@given(facts=facts(), milestone=milestones, then=moments)
def test_the_activities_of_a_proof_alone_give_the_same_answer(
    facts: list[Activity], milestone: Milestone, then: datetime
) -> None:
    answer = evaluate(facts, milestone, then)
    enough = answer.activities

    alone = evaluate([one for one in facts if one.activity_id in enough], milestone, then)

    assert said(alone) == said(answer)
    assert alone.next_flip_at == answer.next_flip_at


@many
@given(facts=facts(), milestone=milestones, then=moments)
def test_time_alone_changes_nothing_before_the_next_flip(
    facts: list[Activity], milestone: Milestone, then: datetime
) -> None:
    now = evaluate(facts, milestone, then)
    until = now.next_flip_at or then + timedelta(days=4000)
    assert until > then
    for moment in (then + (until - then) / 2, until - AN_INSTANT):
        if any(moment < one.occurred_at <= moment + FUTURE_TOLERANCE for one in facts):
            continue  # a fact a little ahead of the clock sets it forward, past the flip perhaps
        later = evaluate(facts, milestone, moment)
        assert (later.met, later.may_open) == (now.met, now.may_open)
        if now.met and not knows_only_the_present(milestone.condition):
            assert later.earned_at == now.earned_at


@many
@given(facts=facts(), leaf=core_rules.numeric(), then=moments)
def test_every_short_cut_finds_what_the_sweep_finds(
    facts: list[Activity], leaf: Leaf, then: datetime
) -> None:
    counted = core_rules.counted(leaf, facts, then)
    assert not isinstance(leaf, Streak | Gap | Age)

    assert list(numeric(leaf)(counted)) == list(swept(leaf, entries(leaf, counted)[0]))


@many
@given(facts=facts(), leaf=core_rules.numeric(), then=moments)
def test_facts_are_told_apart_by_their_marks_alone_only_where_nothing_else_decides(
    facts: list[Activity], leaf: Leaf, then: datetime
) -> None:
    of_source = core_rules.of_its_source(leaf, facts)
    short, whole = Counting(leaf.of), Counting(leaf.of)
    whole._simple = False

    assert short.over(of_source, then) == whole.over(of_source, then)


@many
@given(facts=facts(), leaf=core_rules.numeric(), then=moments)
def test_a_leaf_is_met_just_when_its_number_is_at_its_line(
    facts: list[Activity], leaf: Leaf, then: datetime
) -> None:
    revoked = badge(leaf, Lifecycle(stated=True, revokes=True))
    answer = evaluate(facts, revoked, then)
    assert not isinstance(leaf, Streak | Gap | Age)

    assert answer.met == (answer.proof.number >= leaf.gte)
    given, _ = entries(leaf, core_rules.counted(leaf, facts, then))
    assert answer.proof.number == number_at(leaf, given, core_rules.clock(facts, then))


@many
@given(facts=facts(), leaf=core_rules.streaks(), then=moments)
def test_a_streak_is_met_just_while_it_is_long_enough(
    facts: list[Activity], leaf: Leaf, then: datetime
) -> None:
    assert isinstance(leaf, Streak)
    answer = evaluate(facts, badge(leaf, Lifecycle(stated=True, revokes=True)), then)

    assert answer.met == (answer.proof.number >= leaf.length)


@many
@given(facts=facts(), leaf=st.one_of(core_rules.numeric(), core_rules.rhythmic()))
def test_every_fact_of_the_source_is_counted_refused_or_filling(
    facts: list[Activity], leaf: Leaf
) -> None:
    proof = evaluate(facts, badge(leaf), NOW).proof

    told = {*proof.counted, *proof.passed, *(one for one, _ in proof.refused)}
    assert told == {one.activity_id for one in facts if one.source == leaf.of.source}
    assert not {*proof.counted, *proof.passed} & {one for one, _ in proof.refused}
    assert all(isinstance(reason, Refusal) for _, reason in proof.refused)


stretches = st.lists(
    st.tuples(moments, moments).map(lambda pair: (min(pair), max(pair), "")), max_size=4
).map(lambda found: some([found, ()]))


@many
@given(timelines=st.lists(stretches, min_size=1, max_size=4), at=moments, number=st.integers(1, 4))
def test_the_algebra_of_timelines_is_that_of_every_moment(
    timelines: list[Timeline], at: datetime, number: int
) -> None:
    holding = [stretch_at(one, at) is not None for one in timelines]

    assert (stretch_at(every(timelines), at) is not None) == all(holding)
    assert (stretch_at(some(timelines), at) is not None) == any(holding)
    assert (stretch_at(at_least(number, timelines), at) is not None) == (sum(holding) >= number)
    assert (stretch_at(complement(timelines[0]), at) is not None) != holding[0]
