"""What a person gives while a create of ours is under way stays a person's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from databases import Clock
from refunds import refund
from stage import ONE_ORDER, Stage

from badgejobs.core.award import Giver, State
from badgejobs.core.milestone import Lifecycle
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TAKES = Lifecycle(stated=True, revokes=True)


def given_beside_ours(store: SqlStore, clock: Clock) -> Stage:
    """Ours was answered, and the owner's was born within the time of our request."""
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=TAKES))
    at.wix.second_create = "row"
    at.earn("ada")
    at.wix.meanwhile("create", lambda: at.wix.give(at.wix_id(), "ada"))
    at.assign_all()
    assert at.wix.standing == {("One Order", "ada"): 2}
    return at


def test_when_ours_was_taken_by_its_rule_the_owners_is_not_held_for_ours(
    store: SqlStore, clock: Clock
) -> None:
    at = given_beside_ours(store, clock)
    refund(at, "ada-1", "ada-2")
    assert at.revoke_all()["revoked"] == 1
    at.wait(minutes=5)

    at.reconcile()
    at.decide_due()
    at.revoke_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)


def test_when_the_owner_took_ours_and_left_the_other_that_one_is_a_persons(
    store: SqlStore, clock: Clock
) -> None:
    at = given_beside_ours(store, clock)
    ours = at.award().assignment_id
    at.wix.delete_assignments([ours or ""], fence=lambda: None)
    for _ in range(2):
        at.wait(minutes=5)
        at.reconcile()

    refund(at, "ada-1", "ada-2")
    at.revoke_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert at.award().giver is Giver.PERSON
