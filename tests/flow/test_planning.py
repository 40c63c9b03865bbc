"""What a plan tells row by row, that nothing is done by it, and what makes it stale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from databases import Clock
from sqlalchemy import select
from stage import FREE, ONE_ORDER, TALKER, TWO_ORDERS, Stage, milestone, orders_at_least, rules_of

from badgejobs.core.activity import Mark
from badgejobs.core.award import BADGE_GONE, Award, State, Unmet
from badgejobs.core.calendar import Span
from badgejobs.core.evaluate import Withheld
from badgejobs.core.guard import HELD_BACK_BY_GUARD, Guard
from badgejobs.core.milestone import Lifecycle, Milestone, Ruleset
from badgejobs.core.plan import STANDS, Kind, PlanRow, Totals, came_true
from badgejobs.flow import planning
from badgejobs.flow.planning import awards_of, calls_of, moved_since, planned
from badgejobs.flow.verdicts import NO_RULE, UNMET
from badgejobs.store import SqlStore
from badgejobs.store.tables import METADATA

BADGE = "one-order"
# planning has no SQL of its own: that of the difference is tried on both databases
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REFUNDED = (Mark.APPROVED, Mark.PAID, Mark.REFUNDED)
TAKES = Lifecycle(revokes=True, stated=True)


def shop(store: SqlStore, clock: Clock, *milestones: Milestone, members: int = 4) -> Stage:
    """A site whose member m3 has three orders, m2 two, and so on, all read and decided."""
    at = Stage(store, clock, *milestones, page_size=50)
    at.provision()
    at.decide_due()
    for number in range(members):
        for n in range(number):
            at.wait(seconds=1)
            at.orders.put(at.order(f"m{number}-{n}", f"m{number}"))
    at.scan()
    at.decide_due()
    return at


def everything(at: Stage) -> dict[str, list[Any]]:
    """Every row of every table."""
    with at.store.read() as tx:
        return {
            name: sorted(map(str, tx._connection.execute(select(table))))
            for name, table in METADATA.tables.items()
        }


def plan_of(at: Stage, rules: Ruleset | None = None) -> dict[tuple[str, str], PlanRow]:
    """The plan, which changes nothing, by (member, badge)."""
    before = everything(at)
    rows = list(planned(at.site, rules or at.rules, at.store))
    assert everything(at) == before
    by_pair = {row.pair: row for row in rows}
    assert len(by_pair) == len(rows), "one row a member and badge"
    return by_pair


def told(rows: Iterable[PlanRow]) -> set[tuple[str, str, str]]:
    return {(row.member_id, row.column, row.reason) for row in rows}


def moved(at: Stage, plan: dict[tuple[str, str], PlanRow], rules: Ruleset | None = None) -> str:
    return "\n".join(map(str, moved_since(plan, at.site, rules or at.rules, at.store)))


def put(at: Stage, award: Award, **changes: Any) -> None:
    """Write an award as it came to be otherwise than by rules."""
    with at.store.begin() as tx:
        tx.comparing.of(at.site, [(award.member_id, award.badge)], lock=True)
        tx.comparing.write([(award, replace(award, **changes))])


def test_what_is_new_waits_stands_and_is_taken_back_has_a_row_with_what_crossed_the_line(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, TWO_ORDERS)
    at.assign_all()
    put(at, at.award("m3"), state=State.PENDING, giver=None, sent_at=None, attempt=0)
    rules = rules_of(ONE_ORDER, replace(TWO_ORDERS, condition=orders_at_least(3)), version="v2")
    plan = plan_of(at, rules)
    assert told(row for row in plan.values() if row.badge == BADGE) == {
        ("m1", "award", "earned"), ("m2", "award", "earned"), ("m3", "award", "earned"),
    }  # fmt: skip
    row = plan["m3", "two-orders"]
    assert (row.column, row.reason) == ("award", "opened already, and waits for its turn")
    assert row.crossed_by == "m3-2"
    assert ("m2", "two-orders") not in plan, "it stands for good, though it is not met any more"
    totals = Totals()
    for one in plan.values():
        totals.add(one)
    calls = calls_of(totals, at.site, rules, at.store)
    assert (calls.queries, calls.creates, calls.deletes, calls.badges) == (1, 1, 0, 3)

    gone = plan_of(at, rules_of(ONE_ORDER, version="v3"))
    assert gone["m3", "two-orders"].column == "withdrawal"
    assert gone["m3", "two-orders"].reason == NO_RULE


def test_what_is_taken_now_and_later_and_what_goes_by_time_says_when(
    store: SqlStore, clock: Clock
) -> None:
    year = replace(ONE_ORDER, lifecycle=Lifecycle(expires_after=Span(exact=timedelta(days=365))))
    at = shop(store, clock, replace(TWO_ORDERS, lifecycle=TAKES), year)
    at.assign_all()
    assert {one.kind for one in plan_of(at).values()} == {Kind.SKIP, Kind.EXPIRY}
    ends = plan_of(at)["m1", BADGE]
    assert ends.kind is Kind.EXPIRY
    assert ends.at == at.award("m1", BADGE).earned_at + timedelta(days=365)
    harder = replace(TWO_ORDERS, condition=orders_at_least(3), lifecycle=TAKES)
    now = plan_of(at, rules_of(harder, version="v2"))["m2", "two-orders"]
    assert (now.column, now.reason, now.guarded) == ("taken now", Unmet.CONDITION, True)
    graceful = replace(harder, lifecycle=replace(TAKES, grace=Span(exact=timedelta(days=7))))
    later = plan_of(at, rules_of(graceful, version="v2"))["m2", "two-orders"]
    assert (later.column, later.at) == ("taken later", clock() + timedelta(days=7))


def test_what_the_guard_holds_back_is_taken_now_by_the_plan_that_lets_it_go(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    at.assign_all()
    at.orders.put(at.order("m1-0", "m1", marks=REFUNDED, revision=2))
    at.scan()
    before = plan_of(at)
    at.revoke_all(Guard(percent=0, least=0))
    assert at.award("m1").reason == HELD_BACK_BY_GUARD
    row = plan_of(at)["m1", BADGE]
    assert (row.column, row.guarded, row.at) == ("taken now", True, None)
    assert not moved(at, before)


def test_a_tier_that_goes_once_the_lower_one_is_given_is_counted_by_the_guard(
    store: SqlStore, clock: Clock
) -> None:
    gold = replace(TWO_ORDERS, ladder="buyers", lifecycle=TAKES)
    silver = replace(ONE_ORDER, ladder="buyers", lifecycle=TAKES, above=(gold,))
    at = shop(store, clock, gold, silver, members=3)
    at.assign_all()
    at.orders.put(at.order("m2-0", "m2", marks=REFUNDED, revision=2))
    at.scan()
    plan, totals = plan_of(at), Totals()
    assert (plan["m2", BADGE].column, plan["m2", "two-orders"].column) == ("award", "taken later")
    for row in plan.values():
        totals.add(row)
    calls = calls_of(totals, at.site, at.rules, at.store)
    assert (totals.guarded, calls.deletes) == (1, 1)


@pytest.mark.parametrize(
    ("state", "column", "reason"),
    [
        (State.TAKEN, "skip", planning.TAKEN_BY_PERSON),
        (State.BLOCKED, "skip", "blocked: Wix says no"),
        (State.NEEDS_ATTENTION, "skip", "needs attention: Wix says no"),
        (State.PAUSED, "skip", "paused: Wix says no"),
        (State.UNKNOWN, "award", "the answer of Wix is lost: settled by reading"),
    ],
)
def test_what_is_not_for_the_rules_to_say_is_in_the_plan_as_it_stands(
    store: SqlStore, clock: Clock, state: State, column: str, reason: str
) -> None:
    at = shop(store, clock, ONE_ORDER, members=2)
    put(at, at.award("m1"), state=state, reason="Wix says no", attempt=1)
    row = plan_of(at)["m1", BADGE]
    assert (row.column, row.reason, row.was) == (column, reason, state)


def test_who_is_skipped_though_the_badge_is_met_is_told_why(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, ONE_ORDER)
    at.assign_all()
    higher = replace(TWO_ORDERS, ladder="buyers")
    lower = replace(milestone("first", orders_at_least(1)), ladder="buyers", above=(higher,))
    retired = replace(milestone("old", orders_at_least(1)), lifecycle=Lifecycle(retired=True))
    closed = replace(
        milestone("fair", orders_at_least(1)),
        lifecycle=Lifecycle(earnable_until=clock() - timedelta(days=1)),
    )  # fmt: skip
    plan = plan_of(at, rules_of(ONE_ORDER, higher, lower, retired, closed, version="v2"))
    assert plan["m1", BADGE].reason == STANDS
    assert plan["m2", "first"].reason == Withheld.HIGHER_TIER
    assert plan["m1", "old"].reason == Withheld.RETIRED
    assert plan["m1", "fair"].reason == Withheld.NOT_EARNABLE
    assert plan["m1", "first"].kind is Kind.AWARD
    kept = replace(
        rules_of(milestone(BADGE, orders_at_least(3)), version="v3"),
        earlier={"v1": {BADGE: ONE_ORDER}},
    )
    assert plan_of(at, kept)["m1", BADGE].reason == planning.BY_EARLIER_RULE
    with at.store.begin() as tx:
        tx.bindings.note_gone(at.site, BADGE)
    at.orders.put(at.order("m9-0", "m9"))
    at.scan()
    assert plan_of(at)["m9", BADGE].reason == BADGE_GONE


def test_places_go_to_those_who_crossed_the_line_first(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, TWO_ORDERS)
    few = replace(ONE_ORDER, lifecycle=Lifecycle(first=2))
    rules = rules_of(few, version="v2")
    plan = plan_of(at, rules)
    assert told(row for row in plan.values() if row.badge == BADGE) == {
        ("m1", "award", "earned"), ("m2", "award", "earned"),
        ("m3", "hold", "limit: in line for the first 2"),
    }  # fmt: skip
    at.rules = rules
    at.provision()
    at.decide_due()
    assert not moved(at, plan), "what was taken up is what was planned"
    at.assign_all()
    assert not moved(at, plan)


def test_a_new_order_makes_a_plan_stale_which_names_it_and_one_that_changes_no_row_does_not(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, ONE_ORDER)
    at.assign_all()
    rules = rules_of(ONE_ORDER, milestone("three", orders_at_least(3)), version="v2")
    plan = plan_of(at, rules)
    assert not moved(at, plan, rules)
    at.wait(seconds=1)
    at.orders.put(at.order("m1-new", "m1"))
    at.comments.put(at.comment("c1", "m3"))
    at.scan()
    at.scan(at.comments)
    assert not moved(at, plan, rules), "no row is another"
    at.wait(seconds=1)
    at.orders.put(at.order("m2-new", "m2"))
    at.scan()
    assert moved(at, plan, rules) == "three: nothing -> award: m2"
    at.orders.put(at.order("m3-new", "m3"))
    at.scan()
    assert "three: award -> the same, by other facts: m3" in moved(at, plan, rules)
    at.orders.put(*(at.order(f"m3-{n}", "m3", marks=REFUNDED, revision=2) for n in range(3)))
    at.scan()
    assert "three: award -> nothing: m3" in moved(at, plan, rules)


def test_awards_that_scans_open_beside_a_plan_of_other_rules_are_not_its_own(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, ONE_ORDER)
    at.assign_all()
    rules = rules_of(ONE_ORDER, milestone("three", orders_at_least(3)), version="v2")
    plan, own = plan_of(at, rules), plan_of(at)
    at.orders.put(at.order("m9-0", "m9"))
    at.scan()
    assert not moved_since(plan, at.site, rules, store, beside=True)
    assert moved(at, plan, rules) == "one-order: nothing -> award: m9"
    assert moved(at, own) == "one-order: nothing -> award: m9"
    withdrawing = rules_of(TWO_ORDERS, version="v3")
    none = dict[tuple[str, str], PlanRow]()
    (one, *_) = [
        one
        for one in moved_since(none, at.site, withdrawing, store, beside=True)
        if one.badge == BADGE
    ]
    assert (one.now, one.named) == (f"withdrawal ({NO_RULE})", ["m9"])


def test_what_workers_brought_to_wix_meanwhile_is_the_plan_coming_true(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=TAKES), TALKER)
    at.assign_all()
    at.orders.put(at.order("m1-0", "m1", marks=REFUNDED, revision=2))
    at.orders.put(at.order("m5-0", "m5"), at.order("m6-0", "m6"))
    at.scan()
    plan = plan_of(at)
    assert {(row.member_id, row.column) for row in plan.values() if row.kind is not Kind.SKIP} == {
        ("m1", "taken now"), ("m5", "award"), ("m6", "award"),
    }  # fmt: skip
    put(at, at.award("m6"), state=State.BLOCKED, reason="Wix says no")
    assert not moved(at, plan), "no fact and no rule ended it"
    assert not came_true(plan["m6", BADGE], at.award("m6"))
    put(at, at.award("m6"), state=State.PENDING, reason="")
    at.assign_all()
    at.revoke_all(FREE)
    assert not moved(at, plan)
    awards = awards_of(at.site, list(plan), at.store)
    assert all(came_true(row, awards.get(pair)) for pair, row in plan.items())


def test_what_waits_of_somebody_without_any_fact_is_in_the_plan(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, ONE_ORDER, members=2)
    with at.store.begin() as tx:
        before = tx.awards.of_members(at.site, ["m1"])["m1", BADGE]
        wish = replace(before, member_id="stranger", by_hand=True)
        tx.byhand.write([(None, wish)], {})
    plan = plan_of(at)
    assert plan["stranger", BADGE].reason == planning.BY_PERSON
    assert plan["stranger", BADGE].kind is Kind.AWARD
    assert not plan["stranger", BADGE].capped
    assert UNMET not in {row.reason for row in plan.values()}
