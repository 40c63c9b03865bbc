"""Why a member has a badge or not is said as the ledger and the facts stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock
from stage import ONE_ORDER, TALKER, TWO_ORDERS, Stage, milestone, orders_at_least, rules_of

from badgejobs.core.activity import Mark
from badgejobs.core.award import Giver, State
from badgejobs.core.calendar import Span
from badgejobs.core.explanation import Explanation
from badgejobs.core.milestone import Count, Lifecycle, Milestone, OrderPolicy, Rolling, Selection
from badgejobs.errors import SettingsError
from badgejobs.flow.byhand import Wanted, grant
from badgejobs.flow.explaining import explain
from badgejobs.flow.progress import near, survey
from badgejobs.rules.wording.explanations import as_data, lines
from badgejobs.store import SqlStore, acting

REFUNDED = (Mark.APPROVED, Mark.PAID, Mark.REFUNDED)
WEEK = Selection(
    source="orders",
    policy=OrderPolicy(),
    stretch=Rolling(span=Span(exact=timedelta(days=7))),
)


def shop(store: SqlStore, clock: Clock, *milestones: Milestone, **orders: int) -> Stage:
    """A site whose members have so many orders, a second apart; all is read and decided."""
    at = Stage(store, clock, *milestones, page_size=50)
    at.provision()
    at.decide_due()
    for member, number in orders.items():
        for n in range(number):
            at.wait(seconds=1)
            at.orders.put(at.order(f"{member}-{n}", member))
    at.scan()
    at.decide_due()
    return at


def why(at: Stage, member: str, badge: str = "one-order") -> Explanation:
    return explain(at.store, at.site, member, badge, at.rules)


def text(at: Stage, member: str, badge: str = "one-order") -> str:
    return "\n".join(lines(why(at, member, badge)))


def test_each_activity_is_named_with_its_reason_and_what_is_missing_by_when(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, milestone("week", Count(of=WEEK, gte=3)), ada=1)
    first = clock()
    at.wait(days=1)
    at.orders.put(at.order("void", marks=REFUNDED))
    at.scan()
    data = as_data(why(at, "ada", "week"))
    assert not data["met"]
    proof = data["proof"]
    assert (proof["number"], proof["missing"]) == (1, "2 more")
    assert proof["counted"] == ("ada-0",)
    assert proof["not_counted"] == [{"id": "void", "reason": "refunded in full"}]
    assert proof["missing_by"] == first + timedelta(days=7)
    told = text(at, "ada", "week")
    assert "missing: 2 more by 2026-03-08 12:00:01+00:00, when the first" in told
    assert "not counted: void of 2026-03-02 12:00:01+00:00: refunded in full" in told
    assert "no award: not earned" in told
    # as of a week later the one that counted has left
    later = explain(store, at.site, "ada", "week", at.rules, as_of=first + timedelta(days=8))
    assert later.is_past
    assert as_data(later)["proof"]["counted"] == ()


def test_an_unread_history_an_unknown_member_and_an_unknown_badge_are_said_plainly(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, TWO_ORDERS, TALKER, ada=2)
    assert "the history of comments is not read to its end" in text(at, "ada", "talker")
    assert as_data(why(at, "ada", "talker"))["incomplete_history"] == ["comments"]
    assert "the history" not in text(at, "ada", "two-orders")
    assert "nothing that this member did is recorded" in text(at, "eve", "two-orders")
    assert why(at, "ada", "two ORDERS").badge == "two-orders"
    with pytest.raises(SettingsError, match="did you mean 'two-orders'"):
        why(at, "ada", "two-order")
    # a badge that the rules have no more, and that the member was given
    at.rules = rules_of(TALKER, version="v2")
    assert "no rule gives this badge any more" in text(at, "ada", "two-orders")


def test_what_is_given_by_hand_taken_or_lost_is_told_with_who_when_and_why(
    store: SqlStore, clock: Clock
) -> None:
    lapses = Lifecycle(stated=True, revokes=True, grace=Span(exact=timedelta(days=2)))
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=lapses), ada=1, bob=1, cyd=1, dan=0)
    assert "to be given at the next turn" in text(at, "ada")
    at.assign_all()
    assert "stands at Wix, given by the rules 2026-03-01 12:00:03" in text(at, "ada")
    with acting(actor="eva", note="won the raffle"):
        wanted = [Wanted(member_id="dan", badge="one-order")]
        grant(at.site, wanted, at.rules, store, quiet_period=timedelta(seconds=120))
    at.assign_all()
    assert "given by a person (eva, 'won the raffle'): no rule takes it" in text(at, "dan")
    # a refund: grace first, then it goes
    at.wait(days=1)
    at.orders.put(replace(at.order("ada-0", marks=REFUNDED, revision=2), occurred_at=clock()))
    at.scan()
    assert "grace until 2026-03-04 12:00:03+00:00, then it is taken" in text(at, "ada")
    at.wait(days=3)
    at.decide_due()
    at.revoke_all()
    told = text(at, "ada")
    assert "taken back by a rule 2026-03-05 12:00:03+00:00: the condition is no longer" in told
    # a person takes one at Wix, which two readings see
    with store.read() as tx:
        at.wix.take(tx.bindings.of(at.site)["one-order"], "bob")
    at.reconcile()
    at.wait(days=1)
    at.reconcile()
    assert "taken by a person" in text(at, "bob")
    assert "`badgejobs clear-override shop bob one-order`" in text(at, "bob")


def test_a_place_in_line_and_the_rules_that_an_award_is_held_to_are_told(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=Lifecycle(first=1)), ada=1, bob=1, cyd=1)
    at.assign_all()
    at.decide_due()
    assert "number 2 in line, and 0 places of 1 left; 1 are used up" in text(at, "cyd")
    assert as_data(why(at, "bob"))["award"]["in_line"] == 1
    lapses = Lifecycle(stated=True, revokes=True)
    earlier = replace(ONE_ORDER, lifecycle=lapses)
    harder = replace(milestone("one-order", orders_at_least(3)), lifecycle=lapses)
    at.rules = replace(rules_of(harder, version="v2"), earlier={"v1": {"one-order": earlier}})
    found = why(at, "ada")
    assert found.held_to
    data = as_data(found)
    assert (data["met"], data["award"]["held_to_earlier_rules"]) == (True, True)
    assert data["proof_by_rules_of_now"]["missing"] == "2 more"
    assert "held to those still (on_rule_change: grandfather)" in text(at, "ada")


def test_near_lists_who_is_one_step_away_and_neither_holds_waits_nor_was_taken_from(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, TWO_ORDERS, ada=1, bob=2, cyd=1, dan=0, eve=1)
    with acting(actor="eva", note="a friend"):
        wanted = [Wanted(member_id="cyd", badge="two-orders")]
        grant(at.site, wanted, at.rules, store, quiet_period=timedelta(seconds=120))
    found = list(near(at.site, TWO_ORDERS, at.rules, store))
    assert [(one.member, one.part.number, one.until) for one in found] == [
        ("ada", 1, None),
        ("eve", 1, None),
    ]
    taken = replace(at.award("cyd", "two-orders"), state=State.TAKEN, giver=Giver.PERSON)
    with store.begin() as tx:
        tx.comparing.of(at.site, [("cyd", "two-orders")], lock=True)
        tx.comparing.write([(taken, taken.override_cleared())])
    assert [one.member for one in near(at.site, TWO_ORDERS, at.rules, store)] == [
        "ada",
        "cyd",
        "eve",
    ]
    retired = replace(TWO_ORDERS, lifecycle=Lifecycle(retired=True))
    assert not list(near(at.site, retired, rules_of(retired), store))


def test_a_survey_counts_every_member_once_and_stands_until_the_next_is_whole(
    store: SqlStore, clock: Clock
) -> None:
    five = milestone("five", orders_at_least(5))
    at = shop(store, clock, TWO_ORDERS, five, ada=1, bob=2, cyd=4)
    found = {"two-orders": {5: 1, 10: 2}, "five": {2: 1, 4: 1, 8: 1}}
    assert survey(at.site, at.rules, store) == found
    at.rules = rules_of(ONE_ORDER, version="v2")
    assert survey(at.site, at.rules, store, time_is_up=lambda: True) is None
    with store.read() as tx:
        assert tx.progress.of(at.site) == found
