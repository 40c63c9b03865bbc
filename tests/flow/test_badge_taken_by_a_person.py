"""badge-removed: what a person took away is not given again until a person says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stage import ONE_ORDER, TWO_ORDERS, Clock, Stage

from badgejobs.core.award import State
from badgejobs.flow.override import clear_override
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TITLE = "One Order"


def taken_by_hand(store: SqlStore, clock: Clock) -> Stage:
    """A site whose owner took a badge from ada, seen so by two readings."""
    at = Stage(store, clock)
    at.earn("ada", "bob")
    at.assign_all()
    at.wait(hours=1)
    at.wix.take(at.wix_id(), "ada")
    for _ in range(2):
        at.reconcile()
        at.wait(days=1)
    return at


def test_one_reading_without_it_changes_nothing(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada", "bob")
    at.assign_all()
    at.wait(hours=1)
    at.wix.take(at.wix_id(), "ada")

    at.reconcile()

    assert at.award("ada").state is State.ASSIGNED


def test_nothing_that_runs_by_itself_gives_it_again(store: SqlStore, clock: Clock) -> None:
    at = taken_by_hand(store, clock)
    assert at.awards("ada", "bob") == {
        ("ada", "one-order"): State.TAKEN,
        ("bob", "one-order"): State.ASSIGNED,
    }

    at.orders.put(at.order("another", "ada"))
    at.scan()
    at.rules = replace(at.rules, version="v2", milestones=(ONE_ORDER, TWO_ORDERS))
    at.provision()
    at.decide_due()
    with store.begin() as tx:
        tx.awards.revive(at.site)
    at.assign_all()
    for _ in range(3):
        at.wait(days=1)
        at.reconcile()
        at.decide_due()
        at.assign_all()

    assert at.award("ada", "one-order").state is State.TAKEN
    assert at.wix.standing[TITLE, "ada"] == 0
    assert at.wix.standing[TITLE, "bob"] == 1


def test_a_person_who_clears_it_lets_the_rule_give_it_again(store: SqlStore, clock: Clock) -> None:
    at = taken_by_hand(store, clock)

    assert clear_override(at.site, [("ada", "one-order")], at.rules, store).opened == 1
    at.assign_all()

    assert at.wix.standing == {(TITLE, "ada"): 1, (TITLE, "bob"): 1}
    assert at.award("ada", "one-order").silent, "what stood there once before is no news"
