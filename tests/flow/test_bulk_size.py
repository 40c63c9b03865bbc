"""After a lost answer to a bulk create the next ones are smaller, and grow with clear answers."""

from __future__ import annotations

import pytest
from stage import Clock, Stage
from wix_double import lost

from badgejobs.core.award import State
from badgejobs.errors import AlreadyExists, RateLimited, Refused
from badgejobs.store import SqlStore

CROWD = [f"m{n:03}" for n in range(230)]


def sizes(at: Stage) -> list[int]:
    """How many awards each create held, in order."""
    return [len(call.pairs) for call in at.wix.named("create", "create_many")]


def earn(at: Stage, members: list[str]) -> None:
    """One order each, in one page."""
    at.provision()
    at.orders.put(*(at.order(member, member) for member in members))
    at.scan()


def test_after_a_lost_bulk_the_next_holds_20_and_each_clear_answer_doubles_it(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, page_size=500)
    earn(at, CROWD)
    at.wix.script("create_many", lost())

    at.assign_all()
    assert sizes(at) == [100, 20, 40, 70]
    at.wait(seconds=120)
    at.assign_all()
    at.wait(seconds=30)
    at.assign_all()

    assert sizes(at)[4:] == [20] * 5, "together once more, and not one by one"
    earn(at, [f"n{n:03}" for n in range(120)])
    at.assign_all()
    assert sizes(at)[9:] == [100, 20], "as large as ever"
    assert set(at.wix.standing.values()) == {1}
    assert len(at.wix.standing) == 350


def test_a_second_loss_makes_it_small_again(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, page_size=500)
    earn(at, CROWD)
    at.wix.script("create_many", lost(), None, lost())

    at.assign_all()

    assert sizes(at) == [100, 20, 40, 20, 40, 10]


def test_what_was_lost_is_read_together_however_small_a_call_may_be(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, page_size=500)
    earn(at, CROWD[:100])
    at.wix.script("create_many", lost())
    at.assign_all()
    at.wix.calls.clear()
    at.wait(seconds=120)

    at.assign_all()

    assert len(at.wix.named("assignments")) == 1


@pytest.mark.parametrize("error", [RateLimited("slower", seconds=1), Refused("an item is bad")])
def test_a_clear_no_makes_no_call_smaller(store: SqlStore, clock: Clock, error: Exception) -> None:
    at = Stage(store, clock, page_size=500)
    earn(at, CROWD[:3])
    at.wix.script("create_many", error)
    at.assign_all()
    at.wait(seconds=5)
    earn(at, CROWD[3:103])
    at.assign_all()

    assert max(sizes(at)) == 100
    assert set(at.wix.standing.values()) == {1}


def test_a_word_about_one_thing_in_answer_to_all_counts_as_lost(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, page_size=500)
    earn(at, CROWD[:150])
    at.wix.script("create_many", AlreadyExists("409"))

    at.assign_all()

    assert sizes(at) == [100, 20, 30]


def test_one_site_is_not_slowed_by_the_lost_answers_of_another(
    store: SqlStore, clock: Clock
) -> None:
    at, other = Stage(store, clock, page_size=500), Stage(store, clock, site="b", page_size=500)
    earn(at, CROWD[:100])
    at.wix.script("create_many", lost())
    at.assign_all()
    earn(other, CROWD[:100])

    other.assign_all()

    assert sizes(other) == [100]


def test_one_member_over_whom_wix_stumbles_stops_nobody_else(store: SqlStore, clock: Clock) -> None:
    """Every call that names that member is lost, and never applied."""
    at = Stage(store, clock, page_size=500)
    earn(at, CROWD[:120])
    create, create_many = at.wix.create_assignment, at.wix.create_assignments

    def one(badge: str, member: str, **told: object) -> object:
        if member == CROWD[7]:
            at.wix.script("create", lost())
        return create(badge, member, **told)  # type: ignore[arg-type]

    def many(pairs: list[tuple[str, str]], **told: object) -> object:
        if CROWD[7] in {member for _, member in pairs}:
            at.wix.script("create_many", lost())
        return create_many(pairs, **told)  # type: ignore[arg-type]

    at.wix.create_assignment = one  # type: ignore[method-assign,assignment]
    at.wix.create_assignments = many  # type: ignore[method-assign,assignment]
    for _ in range(30):
        at.assign_all()
        at.wait(seconds=60)

    assert at.award(CROWD[7]).state is State.NEEDS_ATTENTION
    assert len(at.wix.standing) == 119
    assert set(at.wix.standing.values()) == {1}
    assert sizes(at).count(1) == 20, "only those who stood beside it a second time go alone"
