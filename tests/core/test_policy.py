from __future__ import annotations

import pytest
from core_facts import comment, order

from badgejobs.core.activity import Mark
from badgejobs.core.policy import CommentPolicy, OrderPolicy, Refusal


def test_paid_is_asked_for_by_default() -> None:
    assert OrderPolicy().refusal(order("o", marks=[Mark.APPROVED])) is Refusal.NOT_YET
    assert OrderPolicy().refusal(order("o", marks=[Mark.APPROVED, Mark.PAID])) is None


@pytest.mark.parametrize("when", [Mark.APPROVED, Mark.PAID, Mark.FULFILLED])
def test_an_order_counts_from_the_state_that_the_policy_names(when: Mark) -> None:
    assert OrderPolicy(count_when=when).refusal(order("o", marks=[when])) is None
    assert OrderPolicy(count_when=when).refusal(order("o", marks=[])) is Refusal.NOT_YET


def test_demo_and_gone_orders_never_count_whatever_is_kept() -> None:
    lenient = OrderPolicy(void_when_refunded=False, void_when_cancelled=False)

    assert lenient.refusal(order("o", marks=[Mark.PAID, Mark.DEMO])) is Refusal.DEMO
    assert lenient.refusal(order("o", marks=[Mark.PAID, Mark.GONE])) is Refusal.GONE


def test_refunded_and_cancelled_orders_count_where_the_policy_keeps_them() -> None:
    keeps = OrderPolicy(void_when_refunded=False, void_when_cancelled=False)
    marks = [Mark.PAID, Mark.REFUNDED, Mark.CANCELLED]

    assert keeps.refusal(order("o", marks=marks)) is None
    assert OrderPolicy().refusal(order("o", marks=marks)) is Refusal.CANCELLED


def test_an_imported_order_counts() -> None:
    assert OrderPolicy().refusal(order("o", marks=[Mark.PAID, Mark.IMPORTED])) is None


def test_an_order_of_exactly_the_minimum_counts() -> None:
    policy = OrderPolicy(min_amount=1000, currency="GBP")

    assert policy.refusal(order("o", items=1000)) is None
    assert policy.refusal(order("o", items=999)) is Refusal.BELOW_MINIMUM
    assert policy.refusal(order("o", items=0)) is Refusal.BELOW_MINIMUM


def test_a_free_order_counts_where_no_minimum_is_set() -> None:
    assert OrderPolicy().refusal(order("o", items=0)) is None
    assert OrderPolicy().value(order("o", items=0)) == 0


def test_foreign_money_cannot_be_held_against_a_minimum() -> None:
    policy = OrderPolicy(min_amount=1, currency="GBP")

    assert policy.refusal(order("o", items=10**6, currency="USD")) is Refusal.OTHER_CURRENCY
    assert policy.refusal(order("o", items=10**6, currency=None)) is Refusal.OTHER_CURRENCY


def test_the_minimum_is_held_against_the_amount_that_the_policy_names() -> None:
    bought = order("o", amounts={"items": 900, "total": 1200})

    assert OrderPolicy(min_amount=1000).refusal(bought) is Refusal.BELOW_MINIMUM
    assert OrderPolicy(min_amount=1000, amount="total").refusal(bought) is None


def test_a_refund_leaves_the_sum_and_never_below_zero() -> None:
    returned = order("o", amounts={"items": 900, "refunded": 1200})

    assert OrderPolicy().value(returned) == 0
    assert OrderPolicy(subtract_refunds=False).value(returned) == 900


def test_an_order_without_amounts_adds_nothing() -> None:
    assert OrderPolicy().value(order("o", amounts={"other": 5})) == 0


def test_a_deleted_comment_counts_only_where_the_policy_keeps_it() -> None:
    deleted = comment("c", marks=[Mark.DELETED])

    assert CommentPolicy().refusal(deleted) is Refusal.DELETED
    assert CommentPolicy(keep_deleted=True).refusal(deleted) is None


def test_staff_comments_count_only_where_they_are_included() -> None:
    by_staff = comment("c", marks=[Mark.PUBLISHED, Mark.STAFF])

    assert CommentPolicy().refusal(by_staff) is Refusal.STAFF
    assert CommentPolicy(include_staff=True).refusal(by_staff) is None
    assert CommentPolicy().value(by_staff) == 1


def test_keeping_deleted_comments_does_not_let_staff_in() -> None:
    """A deleted comment of the staff was never one that counted."""
    policy = CommentPolicy(keep_deleted=True)

    assert policy.refusal(comment("c", marks=[Mark.DELETED, Mark.STAFF])) is Refusal.STAFF


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ([Mark.HIDDEN], Refusal.HIDDEN),
        ([Mark.PENDING], Refusal.PENDING),
        ([Mark.PUBLISHED, Mark.STAFF], Refusal.STAFF),
        ([Mark.PUBLISHED], None),
        ([], None),
    ],
)
def test_a_comment_gone_from_wix_keeps_what_it_was_where_deleted_ones_are_kept(
    marks: list[Mark], reason: Refusal | None
) -> None:
    """Spam that was hidden and then cleared away does not begin to count."""
    policy = CommentPolicy(keep_deleted=True)

    assert policy.refusal(comment("c", marks=[*marks, Mark.GONE])) is reason
