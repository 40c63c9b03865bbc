"""Whatever waits is due again by the database alone: bells that are lost cost only time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from databases import Clock
from refunds import refund
from stage import TWO_ORDERS, Stage
from wix_double import lost

from badgejobs.core.guard import Guard
from badgejobs.core.milestone import Lifecycle
from badgejobs.store import SqlStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TAKES = Lifecycle(stated=True, revokes=True)
NOTHING_GOES = Guard(percent=0, least=0)


def is_rung_for(at: Stage) -> bool:
    """Whether a tick finds an award of the site due; it asks as often as it likes."""
    with at.store.begin() as tx:
        first, second = (tx.awards.due_sites([at.site], 9) for _ in range(2))
    assert first == second
    return first == [at.site]


def test_what_waits_to_be_given_and_what_has_lost_its_answer(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada", "bob")
    assert is_rung_for(at)
    at.wix.script("create_many", lost())
    at.assign_all()
    assert not is_rung_for(at)

    at.wait(seconds=121)
    assert is_rung_for(at)
    at.assign_all()
    at.wait(seconds=31)
    assert is_rung_for(at), "a second reading"


def test_what_waits_for_the_hour(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("old")
    at.most_an_hour = 1
    at.assign_all()
    at.wait(minutes=10)
    at.orders.put(*(at.order(one, one) for one in ("ada", "bob")))
    at.live()
    at.assign_all()
    assert not is_rung_for(at)

    at.wait(hours=1)
    assert is_rung_for(at)


def test_what_is_to_be_taken_and_what_the_guard_holds_back(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, replace(TWO_ORDERS, lifecycle=TAKES))
    at.earn("ada", "bob")
    at.assign_all()
    refund(at, "ada-1")
    assert is_rung_for(at)
    assert at.revoke_all(NOTHING_GOES) == {"claimed": 1, "held_back": 1}
    assert not is_rung_for(at)

    at.wait(hours=1)
    assert is_rung_for(at)
