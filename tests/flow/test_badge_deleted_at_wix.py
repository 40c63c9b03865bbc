"""badge-deleted: its awards wait, a person is told once, and it is made anew only when told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from refunds import refund, restore
from stage import ONE_ORDER, TIMING, TWO_ORDERS, Clock, Stage

from badgejobs.core.alert import Kind
from badgejobs.core.award import State
from badgejobs.core.milestone import Lifecycle
from badgejobs.errors import NotSent
from badgejobs.flow.gone import recreate
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TAKES = Lifecycle(stated=True, revokes=True)


def test_a_deleted_badge_pauses_its_awards_tells_once_and_is_not_made_again(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS)
    at.earn("ada")
    at.assign_all()
    at.wix.drop_badge(at.wix_id("one-order"))
    at.earn("bob")
    at.assign_all()
    for day in range(10):
        at.wait(days=1)
        at.reconcile()
        at.rules = replace(at.rules, version=f"v{day}")
        at.provision()
        at.decide_due()
        at.assign_all()

    assert at.wix.titles == ["Two Orders"]
    assert {at.award(one, "one-order").state for one in ("ada", "bob")} == {State.PAUSED}
    assert at.wix.standing == {("Two Orders", "ada"): 1, ("Two Orders", "bob"): 1}
    with store.read() as tx:
        alerts = [one for one in tx.alerts.open([at.site]) if one.kind is Kind.BADGE_GONE]
    assert [one.subject for one in alerts] == ["one-order"]
    assert f"badgejobs provision {at.site} --recreate one-order" in alerts[0].text


def test_a_person_who_has_it_created_anew_gives_it_to_those_who_earn_it_now(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.assign_all()
    at.wix.drop_badge(at.wix_id())
    at.earn("bob")
    at.assign_all()
    at.wait(days=1)
    at.reconcile()

    recreate(at.site, ONE_ORDER, at.wix, store, quiet_period=TIMING.quiet_period)
    at.decide_due()
    at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1, ("One Order", "bob"): 1}
    with store.read() as tx:
        assert not tx.alerts.open([at.site])


def unearned_and_deleted(store: SqlStore, clock: Clock) -> Stage:
    """A badge is to be taken by its rule, and nobody knows yet that it is gone at Wix."""
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    at.earn("ada")
    at.assign_all()
    refund(at, "ada-1", "ada-2")
    at.wix.drop_badge(at.wix_id())
    return at


def test_what_a_rule_finds_gone_with_its_badge_was_taken_by_nobody(
    store: SqlStore, clock: Clock
) -> None:
    at = unearned_and_deleted(store, clock)

    at.revoke_all()

    assert at.award().state is State.PAUSED
    restore(at, "ada-1")
    recreate(at.site, at.rules.milestones[0], at.wix, store, quiet_period=TIMING.quiet_period)
    at.decide_due()
    at.assign_all()
    at.wait(minutes=3)
    at.assign_all()
    assert at.wix.standing == {("One Order", "ada"): 1}


def test_while_it_is_not_told_whether_a_badge_is_gone_nobody_is_held_to_have_taken_it(
    store: SqlStore, clock: Clock
) -> None:
    at = unearned_and_deleted(store, clock)
    at.wix.script("get_badge", NotSent("no route"))

    at.revoke()
    assert at.award().state is State.ASSIGNED
    at.wait(seconds=10)
    at.revoke()

    assert at.award().state is State.PAUSED
