"""What rules take back: badge-edited, badge-notify, badge-permissions, badge-retired, badge-tiers.

And what went wrong in other systems where badges are taken away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from stage import (
    ONE_ORDER,
    TIMING,
    TWO_ORDERS,
    Clock,
    Stage,
    milestone,
    orders_at_least,
    patience,
    rules_of,
)

from badgejobs.core.activity import Mark
from badgejobs.core.alert import Kind
from badgejobs.core.award import Giver, State
from badgejobs.core.calendar import Span
from badgejobs.core.guard import Guard
from badgejobs.core.milestone import Lifecycle, Milestone, OnChange
from badgejobs.flow.revoke import revoke
from badgejobs.rules import SiteDefaults, parse_rules
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAID = (Mark.APPROVED, Mark.PAID)
REFUNDED = (*PAID, Mark.REFUNDED)
TAKES = Lifecycle(stated=True, revokes=True)
TITLE = "One Order"


def becomes(at: Stage, order: str, *marks: Mark) -> None:
    """An order changes at Wix, and is read."""
    at.wait(seconds=1)
    known = at.orders.records[order]
    at.orders.put(
        replace(known, marks=frozenset(marks), revision=known.revision + 1, updated_at=at.clock())
    )
    at.scan()


def works(at: Stage) -> None:
    """All that is due is given and taken, while the site is read on."""
    for _ in range(4):
        at.decide_due()
        at.assign_all()
        while revoke(
            at.site,
            at.wix,
            at.rules,
            at.store,
            timing=TIMING,
            batch=100,
            patience=patience,
            guard=Guard(),
        ):
            pass
        at.wait(seconds=130)
        at.scan()


def shop(store: SqlStore, clock: Clock, *badges: Milestone) -> Stage:
    """A site whose past is known, so that nothing waits for it."""
    at = Stage(store, clock, *badges)
    at.provision()
    at.scan()
    at.decide_due()
    at.wait(hours=1)
    return at


def buys(at: Stage, members: Iterable[str], *, number: int = 1) -> None:
    """Orders of each, read and given what they earn."""
    for member in members:
        at.orders.put(*(at.order(f"{member}-{n}", member) for n in range(1, number + 1)))
    at.scan()
    works(at)


# ---------------------------------------------------------------- badge-edited


@pytest.mark.parametrize("on_change", list(OnChange))
def test_a_harder_rule_leaves_the_badge_to_its_holders_or_takes_it_as_the_rule_says(
    store: SqlStore, clock: Clock, on_change: OnChange
) -> None:
    lifecycle = replace(TAKES, on_change=on_change)
    easy = replace(ONE_ORDER, lifecycle=lifecycle)
    hard = replace(easy, condition=orders_at_least(2))
    at = shop(store, clock, easy)
    buys(at, ["ada"])
    buys(at, ["bob"], number=2)
    assert set(at.wix.standing) == {(TITLE, "ada"), (TITLE, "bob")}

    earlier = {"v1": {easy.badge: easy}} if on_change is OnChange.GRANDFATHER else {}
    at.rules = replace(rules_of(hard, version="v2"), earlier=earlier)
    at.provision()
    works(at)
    buys(at, ["cyd"])

    kept = {(TITLE, "ada")} if on_change is OnChange.GRANDFATHER else set()
    assert set(at.wix.standing) == kept | {(TITLE, "bob")}


# ---------------------------------------------------------------- badge-notify


def test_a_badge_that_comes_back_is_a_new_period_and_silent(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    buys(at, ["ada"])
    assert (at.award().period, at.award().silent) == (1, False)

    becomes(at, "ada-1", *REFUNDED)
    works(at)
    assert at.award().state is State.REVOKED
    assert at.wix.standing == {}
    becomes(at, "ada-1", *PAID)
    works(at)

    assert at.wix.standing == {(TITLE, "ada"): 1}
    assert (at.award().period, at.award().silent) == (2, True)


# ---------------------------------------------------------------- badge-permissions


def test_what_would_be_taken_above_the_guard_waits_for_a_person(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=TAKES, opens_pages=True))
    members = [f"m{number:02}" for number in range(40)]
    buys(at, members)
    assert len(at.wix.standing) == 40

    for member in members[:11]:
        becomes(at, f"{member}-1", *REFUNDED)
    works(at)

    assert len(at.wix.standing) == 40, "11 are more than 10, and more than 5 % of 40"
    with store.read() as tx:
        (told,) = [one for one in tx.alerts.open([at.site]) if one.kind is Kind.REVOCATIONS]
    assert "--yes-this-removes-access" in told.text
    becomes(at, f"{members[0]}-1", *PAID)
    at.wait(hours=2)
    works(at)
    assert len(at.wix.standing) == 30, "10 are let pass"


# ---------------------------------------------------------------- badge-retired


def test_a_retired_badge_is_given_to_nobody_and_taken_from_nobody(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    buys(at, ["ada"])
    retired = replace(ONE_ORDER, lifecycle=replace(TAKES, retired=True))
    at.rules = rules_of(retired, version="v2")
    at.provision()
    works(at)

    buys(at, ["bob"])
    becomes(at, "ada-1", *REFUNDED)
    works(at)

    assert at.wix.standing == {(TITLE, "ada"): 1}


# ---------------------------------------------------------------- badge-tiers


def test_the_lower_tier_goes_once_the_higher_one_stands_and_not_before(
    store: SqlStore, clock: Clock
) -> None:
    text = """\
version: 1
ladders:
  - id: buyer
    measure: {count: orders}
    down: when_unmet
    tiers:
      - {id: low, badge: {title: Low}, gte: 1}
      - {id: high, badge: {title: High}, gte: 2}
"""
    rules = parse_rules(text, file="r.yaml", site=SiteDefaults(timezone="UTC", currency="GBP"))
    at = shop(store, clock, *rules.milestones)
    buys(at, ["ada"])
    assert set(at.wix.standing) == {("Low", "ada")}
    held = list[set[tuple[str, str]]]()
    watch = [lambda: held.append({pair for pair, n in at.wix.standing.items() if n})] * 20
    at.wix.meanwhile("before delete", *watch)

    at.wait(hours=1)
    at.orders.put(at.order("ada-2", "ada"))
    at.scan()
    works(at)
    assert set(at.wix.standing) == {("High", "ada")}
    becomes(at, "ada-2", *REFUNDED)
    works(at)
    assert set(at.wix.standing) == {("Low", "ada")}

    assert held == [{("Low", "ada"), ("High", "ada")}] * 2, "both stand whenever one is taken"


# ---------------------------------------------------------------- defects of others


def test_losing_one_badge_leaves_the_others(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, ONE_ORDER, replace(TWO_ORDERS, lifecycle=TAKES))
    buys(at, ["ada", "bob"], number=2)

    becomes(at, "ada-1", *REFUNDED)
    works(at)

    assert set(at.wix.standing) == {
        ("One Order", "ada"), ("One Order", "bob"), ("Two Orders", "bob")
    }  # fmt: skip


def test_a_refund_takes_back_once_and_an_order_that_counts_again_gives_again(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    buys(at, ["ada"])
    becomes(at, "ada-1", *REFUNDED)
    works(at)
    becomes(at, "ada-1", *REFUNDED, Mark.CANCELLED)
    works(at)
    assert len(at.wix.named("delete_many")) == 1

    becomes(at, "ada-1", *PAID)
    works(at)
    assert at.wix.standing == {(TITLE, "ada"): 1}
    assert len(at.wix.named("delete_many")) == 1


def test_a_badge_given_by_hand_survives_what_rules_take(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    at.wix.give(at.wix_id(), "ada")
    at.wait(hours=1)
    buys(at, ["ada", "bob"])
    assert at.award("ada").giver is Giver.PERSON

    for member in ("ada", "bob"):
        becomes(at, f"{member}-1", *REFUNDED)
    works(at)
    at.wait(days=30)
    works(at)

    assert at.wix.standing == {(TITLE, "ada"): 1}


def test_met_again_within_its_grace_a_badge_never_went(store: SqlStore, clock: Clock) -> None:
    grace = replace(TAKES, grace=Span(exact=timedelta(days=7)))
    at = shop(store, clock, milestone("one-order", ONE_ORDER.condition))
    at.rules = rules_of(replace(at.rules.milestones[0], lifecycle=grace))
    buys(at, ["ada", "bob"])
    for member in ("ada", "bob"):
        becomes(at, f"{member}-1", *REFUNDED)
    at.wait(days=6)
    works(at)
    assert len(at.wix.standing) == 2
    becomes(at, "ada-1", *PAID)
    at.wait(days=2)
    works(at)

    assert set(at.wix.standing) == {(TITLE, "ada")}
