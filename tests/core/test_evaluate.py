from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from core_facts import (
    GBP,
    NOON,
    at,
    badge,
    comment,
    comments_at_least,
    order,
    orders_at_least,
    spent_at_least,
)
from hypothesis import given
from hypothesis import strategies as st

from badgejobs.core.activity import Activity, Item, Link, Mark
from badgejobs.core.evaluate import FUTURE_TOLERANCE, Proof, Withheld, evaluate
from badgejobs.core.milestone import (
    AllOf,
    AnyOf,
    Between,
    Condition,
    Distinct,
    Gap,
    Milestone,
    Selection,
    Span,
    Where,
)
from badgejobs.core.policy import CommentPolicy, OrderPolicy, Refusal

LATER = at(10_000)
DAY = 24 * 60
MUCH = at(99 * DAY)
TAKEN = (Mark.APPROVED, Mark.PAID, Mark.REFUNDED)


def why(facts: Collection[Activity], milestone: Milestone, as_of: datetime) -> Proof:
    return evaluate(facts, milestone, as_of).proof


def test_a_count_is_met_by_the_nth_fact_and_earned_at_its_time() -> None:
    facts = [order(f"o{n}", minute=n) for n in range(5)]

    proof = why(facts, badge(orders_at_least(3)), LATER)

    assert proof.met
    assert proof.earned_at == at(2)
    assert proof.number == 5
    assert proof.counted == ("o0", "o1", "o2", "o3", "o4")
    assert proof.next_flip_at is None


def test_one_fact_short_is_not_met_and_has_no_time() -> None:
    proof = why([order("o1"), order("o2")], badge(orders_at_least(3)), LATER)

    assert (proof.met, proof.earned_at, proof.number) == (False, None, 2)


def test_no_facts_at_all_are_zero() -> None:
    proof = why([], badge(AllOf(parts=(orders_at_least(1), spent_at_least(1)))), LATER)

    assert not proof.met
    assert [part.number for part in proof.parts] == [0, 0]


def test_a_sum_is_earned_by_the_order_that_reaches_the_line_to_the_penny() -> None:
    facts = [order("o1", items=4999), order("o2", minute=1, items=1), order("o3", minute=2)]

    proof = why(facts, badge(spent_at_least(5000)), LATER)

    assert (proof.met, proof.earned_at, proof.number) == (True, at(1), 6000)
    assert not evaluate(facts[:1], badge(spent_at_least(5000)), LATER).met


def test_all_is_earned_by_its_latest_part_and_any_by_its_earliest() -> None:
    facts = [order("o1", minute=5), comment("c1", minute=9), comment("c2", minute=11)]
    parts = (orders_at_least(1), comments_at_least(2))

    both = why(facts, badge(AllOf(parts=parts)), LATER)
    either = why(facts, badge(AnyOf(parts=parts)), LATER)

    assert (both.met, both.earned_at) == (True, at(11))
    assert (either.met, either.earned_at) == (True, at(5))


def test_all_without_one_part_is_unmet_and_any_with_one_is_met() -> None:
    parts = (orders_at_least(1), comments_at_least(1))

    both = why([order("o1")], badge(AllOf(parts=parts)), LATER)
    either = why([order("o1")], badge(AnyOf(parts=parts)), LATER)

    assert (both.met, both.earned_at) == (False, None)
    assert (either.met, either.earned_at) == (True, at(0))
    assert [part.met for part in both.parts] == [True, False]


def test_trees_nest() -> None:
    tree = AllOf(
        parts=(
            AnyOf(parts=(orders_at_least(10), spent_at_least(2000))),
            comments_at_least(1),
        )
    )
    facts = [comment("c1", minute=1), order("o1", minute=2), order("o2", minute=3)]

    assert evaluate(facts, badge(tree), LATER).earned_at == at(3)


def test_two_facts_in_one_moment_are_ordered_by_their_id() -> None:
    facts = [order("b", items=700), order("a", items=400)]

    proof = why(facts, badge(spent_at_least(1)), LATER)

    assert proof.counted == ("a", "b")


def test_a_future_fact_is_held_until_its_time_and_says_when_to_look_again() -> None:
    facts = [order("now"), order("ahead", minute=60)]
    milestone = badge(orders_at_least(2))

    held = evaluate(facts, milestone, NOON)

    assert (held.met, held.proof.number, held.proof.counted) == (False, 1, ("now",))
    assert held.next_flip_at == at(60) - FUTURE_TOLERANCE

    a_moment_before = evaluate(facts, milestone, held.next_flip_at - timedelta(microseconds=1))
    assert not a_moment_before.met
    then = evaluate(facts, milestone, held.next_flip_at)
    assert (then.met, then.earned_at, then.next_flip_at) == (True, at(60), None)


def test_a_tree_flips_when_its_earliest_held_fact_comes_due() -> None:
    facts = [order("o", minute=60), comment("c", minute=30)]

    both = AllOf(parts=(orders_at_least(1), comments_at_least(1)))

    assert evaluate(facts, badge(both), NOON).next_flip_at == at(30) - FUTURE_TOLERANCE


def test_a_fact_a_little_ahead_of_our_clock_counts_at_once() -> None:
    ahead = order("o", minute=FUTURE_TOLERANCE.total_seconds() / 60)

    assert evaluate([ahead], badge(orders_at_least(1)), NOON).met


def test_a_void_fact_of_the_future_is_refused_and_not_held() -> None:
    gone = order("o", minute=60, marks=[Mark.PAID, Mark.CANCELLED])

    proof = why([gone], badge(orders_at_least(1)), NOON)

    assert proof.refused == (("o", Refusal.CANCELLED),)
    assert proof.next_flip_at is None


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (order("x", marks=[Mark.PAID, Mark.DEMO]), Refusal.DEMO),
        (order("x", marks=[Mark.PAID, Mark.GONE]), Refusal.GONE),
        (order("x", marks=[Mark.REJECTED]), Refusal.REJECTED),
        (order("x", marks=[Mark.PAID, Mark.CANCELLED]), Refusal.CANCELLED),
        (order("x", marks=[Mark.PAID, Mark.REFUNDED]), Refusal.REFUNDED),
        (order("x", marks=[Mark.APPROVED]), Refusal.NOT_YET),
        (comment("x", marks=[Mark.DELETED]), Refusal.DELETED),
        (comment("x", marks=[Mark.PUBLISHED, Mark.GONE]), Refusal.GONE),
        (comment("x", marks=[Mark.HIDDEN]), Refusal.HIDDEN),
        (comment("x", marks=[Mark.PENDING]), Refusal.PENDING),
        (comment("x", marks=[Mark.PUBLISHED, Mark.STAFF]), Refusal.STAFF),
    ],
)
def test_what_does_not_count_is_named_with_its_reason(fact: Activity, reason: Refusal) -> None:
    either = AnyOf(parts=(orders_at_least(1), comments_at_least(1)))

    proof = why([fact], badge(either), LATER)

    assert not proof.met
    assert [part.refused for part in proof.parts if part.refused] == [(("x", reason),)]


def test_a_sum_leaves_out_foreign_money_and_says_so_while_a_count_takes_the_order() -> None:
    foreign = order("usd", currency="USD")

    proof = why([foreign], badge(AnyOf(parts=(spent_at_least(1), orders_at_least(2)))), LATER)

    assert proof.parts[0].refused == (("usd", Refusal.OTHER_CURRENCY),)
    assert proof.parts[1].counted == ("usd",)


def test_a_partial_refund_leaves_the_count_and_lowers_the_sum() -> None:
    facts = [
        order(
            "o",
            marks=[Mark.PAID, Mark.PARTLY_REFUNDED],
            amounts={"items": 26000, "refunded": 2000},
        )
    ]

    assert evaluate(facts, badge(orders_at_least(1)), LATER).met
    assert evaluate(facts, badge(spent_at_least(24000)), LATER).met
    assert not evaluate(facts, badge(spent_at_least(24001)), LATER).met


def test_a_refund_moves_the_crossing_to_a_later_fact() -> None:
    kept = [order("a", minute=1), order("b", minute=2), order("c", minute=3)]
    refunded = [order("a", minute=1, marks=[Mark.PAID, Mark.REFUNDED]), *kept[1:]]

    assert evaluate(kept, badge(orders_at_least(2)), LATER).earned_at == at(2)
    assert evaluate(refunded, badge(orders_at_least(2)), LATER).earned_at == at(3)


def test_an_order_cancelled_and_revived_counts_as_if_nothing_had_been() -> None:
    milestone = badge(orders_at_least(1))

    assert not evaluate([order("o", marks=[Mark.PAID, Mark.CANCELLED])], milestone, LATER).met
    assert evaluate([order("o")], milestone, LATER).earned_at == at(0)


MARKS = st.frozensets(st.sampled_from(list(Mark)), max_size=4)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(
        st.builds(orders_at_least, st.integers(1, 4)),
        st.builds(spent_at_least, st.integers(1, 4000)),
        st.builds(comments_at_least, st.integers(1, 4)),
        st.builds(
            orders_at_least,
            st.integers(1, 4),
            st.just(OrderPolicy(currency="GBP", min_amount=900, void_when_refunded=False)),
        ),
        st.builds(comments_at_least, st.integers(1, 4), st.just(CommentPolicy(keep_deleted=True))),
    ),
    lambda inner: st.one_of(
        st.builds(AllOf, parts=st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, parts=st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


@st.composite
def member_facts(draw: st.DrawFn) -> list[Activity]:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(("orders", "comments")),
                st.integers(-5, 20),
                st.integers(0, 3000),
                st.sampled_from(("GBP", "USD", None)),
                st.one_of(MARKS, st.just(frozenset({Mark.PAID, Mark.PUBLISHED}))),
            ),
            max_size=12,
        )
    )
    return [
        order(f"{n:02}", minute=minute, items=items, currency=currency, marks=marks)
        if source == "orders"
        else comment(f"{n:02}", minute=minute, marks=marks)
        for n, (source, minute, items, currency, marks) in enumerate(rows)
    ]


@given(facts=member_facts(), condition=CONDITIONS, data=st.data())
def test_the_order_of_arrival_changes_nothing(
    facts: list[Activity], condition: Condition, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(facts))

    assert why(shuffled, badge(condition), NOON) == why(facts, badge(condition), NOON)


@given(facts=member_facts(), condition=CONDITIONS)
def test_met_and_earned_at_always_say_the_same(facts: list[Activity], condition: Condition) -> None:
    proof = why(facts, badge(condition), NOON)

    assert proof.met == (proof.earned_at is not None)
    if proof.earned_at:
        assert proof.earned_at in {fact.occurred_at for fact in facts}
        assert proof.earned_at <= NOON + FUTURE_TOLERANCE


@given(facts=member_facts(), condition=CONDITIONS, extra=st.integers(-5, 5))
def test_one_more_counting_fact_never_takes_a_badge_back(
    facts: list[Activity], condition: Condition, extra: int
) -> None:
    before = evaluate(facts, badge(condition), NOON)
    after = evaluate([*facts, order("more", minute=extra)], badge(condition), NOON)

    if before.earned_at:
        assert after.earned_at is not None
        assert after.earned_at <= before.earned_at


@given(facts=member_facts(), condition=CONDITIONS)
def test_time_alone_changes_the_answer_only_from_the_next_flip_on(
    facts: list[Activity], condition: Condition
) -> None:
    now = evaluate(facts, badge(condition), NOON)
    until = now.next_flip_at or at(10_000)
    just_before = evaluate(facts, badge(condition), until - timedelta(microseconds=1))

    assert (just_before.met, just_before.earned_at) == (now.met, now.earned_at)


@given(facts=member_facts(), threshold=st.integers(1, 4))
def test_every_fact_of_a_source_is_counted_refused_or_held(
    facts: list[Activity], threshold: int
) -> None:
    proof = why(facts, badge(orders_at_least(threshold, GBP)), NOON)

    told = [*proof.counted, *(activity_id for activity_id, _ in proof.refused)]
    held = [f for f in facts if f.occurred_at > NOON + FUTURE_TOLERANCE]
    of_source = {f.activity_id for f in facts if f.source == "orders"}
    assert len(told) == len(set(told))
    assert of_source - set(told) <= {f.activity_id for f in held}
    assert set(told) <= of_source


ORDERS = Selection(source="orders", policy=GBP)


def away(of: Selection) -> Gap:
    return Gap(of=of, gte=Span(exact=timedelta(days=3)))


@pytest.mark.parametrize(
    "of",
    [
        replace(ORDERS, where=Where(channels=frozenset({"POS"}))),
        replace(ORDERS, where=Where(products=frozenset({"tea"}))),
        replace(ORDERS, history_from=at(DAY)),
        replace(ORDERS, stretch=Between(since=at(DAY))),
    ],
    ids=["channel", "product", "history", "between"],
)
def test_what_a_rule_does_not_look_at_begins_no_gap_also_when_it_is_taken_back(
    of: Selection,
) -> None:
    item = Item(product="tea")
    back = replace(order("o2", minute=9 * DAY), channel="POS", items=(item,))
    for marks in ((Mark.APPROVED, Mark.PAID), TAKEN):
        before = replace(order("o1", marks=marks), channel="WEB")
        assert not evaluate([before, back], badge(away(of)), MUCH).met


def test_what_a_guest_placed_and_is_not_linked_begins_no_gap_also_when_it_is_taken_back() -> None:
    for marks in ((Mark.APPROVED, Mark.PAID), TAKEN):
        guest = replace(order("o1", marks=marks), linked_by=Link.CONTACT)
        assert not evaluate([guest, order("o2", minute=9 * DAY)], badge(away(ORDERS)), MUCH).met


def test_what_was_refunded_fills_a_gap_of_orders_of_a_size() -> None:
    of = replace(ORDERS, where=Where(min_amount=500))
    amounts = {"items": 1000, "refunded": 1000}
    between = order("o2", minute=2 * DAY, marks=TAKEN, amounts=amounts)
    ends = [order("o1"), order("o3", minute=4 * DAY)]

    assert evaluate(ends, badge(away(of)), MUCH).met
    assert not evaluate([*ends, between], badge(away(of)), MUCH).met


def test_different_categories_are_told_apart_by_their_ids_and_by_names_where_there_are_none() -> (
    None
):
    tea, coffee = (f"0000000{n}-0000-4000-8000-000000000000" for n in (1, 2))
    everything = "00000000-000000-000000-000000000001"

    def bought(name: str, *categories: str, refunded: int = 0) -> Activity:
        item = Item(product="p", categories=frozenset(categories), refunded=refunded)
        return replace(order(name), items=(item,))

    two = badge(Distinct(of=ORDERS, field="items.category", gte=2))
    one = bought("o1", tea, "tea", everything, "all products")
    assert not evaluate([one], two, LATER).met
    assert not evaluate([one, bought("o2", coffee, "coffee", refunded=1)], two, LATER).met
    assert evaluate([one, bought("o2", coffee, "coffee")], two, LATER).met
    assert evaluate([bought("o1", "tea"), bought("o2", "coffee")], two, LATER).met


@pytest.mark.parametrize("mark", [Mark.BLOCKED, Mark.PENDING])
def test_a_member_who_is_blocked_or_waits_is_given_nothing_and_loses_nothing(mark: Mark) -> None:
    member = Activity(
        site="shop",
        source="membership",
        activity_id="ada",
        member_id="ada",
        occurred_at=at(-9),
        updated_at=at(-9),
        marks=frozenset({Mark.JOINED}),
    )
    paused = replace(member, marks=member.marks | {mark})

    answer = evaluate([order("o1"), paused], badge(orders_at_least(1)), LATER)
    assert (answer.met, answer.withheld, answer.may_open) == (True, Withheld.PAUSED, False)
    assert evaluate([order("o1"), member], badge(orders_at_least(1)), LATER).may_open
