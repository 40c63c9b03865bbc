"""A badge for the first so many: who has a place, who waits, and that none is given twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import Clock as StandingClock
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import ONE_ORDER, Clock, Stage, milestone, rules_of
from wix_double import lost

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.award import State
from badgejobs.core.ledger import Earned
from badgejobs.core.milestone import Lifecycle
from badgejobs.errors import NotSent
from badgejobs.flow.decide import MEMBERS_A_BATCH, decide, take_up
from badgejobs.flow.verdicts import HISTORY, IN_LINE, UNDECIDED, UNMET
from badgejobs.store import SqlStore, open_store

REFUNDED = (Mark.APPROVED, Mark.PAID, Mark.REFUNDED)
TITLE = "One Order"


def first(number: int) -> Lifecycle:
    return Lifecycle(first=number)


def shop(store: SqlStore, clock: Clock, places: int, *, site: str = "shop") -> Stage:
    """A site whose history is known, with a badge for the first so many."""
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=first(places)), site=site)
    at.provision()
    at.scan()
    at.decide_due()
    return at


def buys(at: Stage, *members: str, ago: timedelta = timedelta(0)) -> None:
    """Each pays an order, one second after the other, so long ago; it is read now."""
    for member in members:
        at.wait(seconds=1)
        at.orders.put(at.order(f"{member}-1", member, at=at.clock() - ago, updated_at=at.clock()))
    at.scan()


def refunds(at: Stage, member: str) -> None:
    at.wait(seconds=1)
    known = at.orders.records[f"{member}-1"]
    at.orders.put(
        replace(
            known, marks=frozenset(REFUNDED), updated_at=at.clock(), revision=known.revision + 1
        )
    )
    at.scan()


def states(at: Stage, *members: str) -> list[State]:
    found = at.awards(*members)
    return [found[member, "one-order"] for member in members]


def places(at: Stage) -> tuple[int, int]:
    """(used for good, in line for the rest)."""
    with at.store.read() as tx:
        return tx.awards.places(at.site, "one-order")


def test_the_first_so_many_get_the_badge_and_who_comes_after_waits_in_line(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 2)
    buys(at, "ada", "bob", "cyd", "dan")

    assert states(at, "ada", "bob", "cyd", "dan") == [
        State.PENDING, State.PENDING, State.HELD, State.HELD
    ]  # fmt: skip
    assert at.award("cyd").reason == "limit: in line for the first 2"
    at.assign_all()
    at.wait(hours=1)
    at.decide_due()
    at.assign_all()
    assert at.wix.standing == {(TITLE, "ada"): 1, (TITLE, "bob"): 1}
    assert places(at) == (2, 2)


def test_a_late_older_order_of_the_next_member_displaces_the_last_one_who_was_not_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 2)
    buys(at, "ada", "bob", "cyd")

    at.orders.put(at.order("cyd-0", "cyd", at=clock() - timedelta(days=9), updated_at=clock()))
    at.scan()

    assert states(at, "ada", "bob", "cyd") == [State.PENDING, State.HELD, State.PENDING]
    at.assign_all()
    assert set(at.wix.standing) == {(TITLE, "ada"), (TITLE, "cyd")}


def test_a_late_older_order_displaces_nobody_who_was_sent(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, 2)
    buys(at, "ada", "bob", "cyd")
    at.assign_all()

    buys(at, "eve", ago=timedelta(days=9))

    assert states(at, "ada", "bob", "cyd", "eve") == [
        State.ASSIGNED, State.ASSIGNED, State.HELD, State.HELD
    ]  # fmt: skip
    assert at.assign() is None


def test_of_two_in_the_same_second_the_smaller_order_id_is_first_and_then_the_smaller_member(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 1)
    at.orders.put(at.order("a", "ada"), at.order("B", "bob"), at.order("C", "cyd"))
    at.scan()
    # by their bytes, so that every database agrees
    assert states(at, "ada", "bob", "cyd") == [State.HELD, State.PENDING, State.HELD]

    # where time alone crossed the line for all, the members decide
    with store.begin() as tx:
        tx.awards.correct(
            at.site,
            [
                Earned(member_id=one, badge="one-order", earned_at=clock())
                for one in ("cyd", "ada", "bob")
            ],
        )
        assert tx.awards.in_front(at.site, "one-order", first=2) == {"ada", "bob"}


def test_the_place_of_a_member_who_is_erased_stays_used(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, 2)
    buys(at, "ada", "bob", "cyd")
    at.assign_all()

    at.erase("ada")
    del at.orders.records["ada-1"]
    at.reconcile()
    at.decide_due()
    buys(at, "dan")

    assert states(at, "bob", "cyd", "dan") == [State.ASSIGNED, State.HELD, State.HELD]
    assert at.assign() is None
    assert places(at) == (2, 2)


def test_a_place_that_was_never_sent_is_given_back(store: SqlStore, clock: Clock) -> None:
    at = shop(store, clock, 1)
    buys(at, "ada", "bob")

    refunds(at, "ada")

    assert states(at, "ada", "bob") == [State.WITHDRAWN, State.PENDING]


def test_a_place_of_a_request_that_surely_never_happened_is_given_back(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 1)
    buys(at, "ada", "bob")
    at.wix.script("create", NotSent("no route"))
    at.assign()
    assert places(at) == (0, 2)

    refunds(at, "ada")
    at.wait(minutes=5)
    at.assign_all()

    assert at.wix.standing == {(TITLE, "bob"): 1}


def sent_in_vain(at: Stage) -> None:
    """Ada's answer is lost, and two reads find that the request came to nothing."""
    at.wix.script("create", lost())
    at.assign()
    for _ in range(2):
        at.wait(minutes=5)
        at.assign()
    assert at.award("ada").state is State.PENDING
    assert at.wix.standing == {}


def test_a_place_that_was_sent_stays_used_when_the_award_is_withdrawn_after_all(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 1)
    buys(at, "ada", "bob")
    sent_in_vain(at)

    refunds(at, "ada")
    at.assign_all()

    assert states(at, "ada", "bob") == [State.WITHDRAWN, State.HELD]
    assert places(at) == (1, 1)
    assert at.wix.standing == {}


def test_who_had_a_place_that_was_sent_and_earns_the_badge_anew_has_it_still(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 1)
    buys(at, "ada", "bob")
    sent_in_vain(at)
    refunds(at, "ada")

    at.wait(days=1)
    at.orders.put(at.order("ada-2", "ada"))
    at.scan()
    at.decide_due()  # what leans on history is decided up to the end of a scan
    at.assign_all()

    assert at.wix.standing == {(TITLE, "ada"): 1}
    assert places(at) == (1, 1)


def test_nobody_has_a_place_before_the_history_is_complete(store: SqlStore, clock: Clock) -> None:
    """The first page shows two members, the last one who came before them all."""
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=first(1)), page_size=2)
    at.provision()
    at.decide_due()
    at.orders.put(
        at.order("o1", "ada"),
        at.order("o2", "bob"),
        at.order(
            "o3", "cyd", at=clock() - timedelta(days=1), updated_at=clock() + timedelta(seconds=1)
        ),
    )
    at.scan(time_is_up=lambda: True)
    assert [at.award(one).reason for one in ("ada", "bob")] == [HISTORY, HISTORY]

    at.scan()
    with store.begin() as tx:
        decide(tx, at.site, ["bob"], at.rules)
    assert at.award("bob").reason == UNDECIDED, "not before all were decided"
    at.decide_due()

    assert states(at, "ada", "bob", "cyd") == [State.HELD, State.HELD, State.PENDING]


def test_a_new_rule_gives_no_place_before_the_last_member_is_decided(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER)
    at.provision()
    at.scan()
    at.decide_due()
    at.record(*(at.order(f"o{n}", f"m{n:04}") for n in range(2 * MEMBERS_A_BATCH)))
    oldest = f"m{2 * MEMBERS_A_BATCH - 1:04}"
    at.record(at.order("oldest", oldest, at=clock() - timedelta(days=9)))
    early = replace(milestone("early", ONE_ORDER.condition), lifecycle=first(1))
    at.rules = rules_of(early, version="v2")

    take_up(at.site, at.rules, store, batches=1)
    with store.begin() as tx:
        decide(tx, at.site, ["m0000"], at.rules)
    assert at.awards("m0000")["m0000", "early"] is State.HELD
    assert at.award("m0000", "early").reason == UNDECIDED
    at.decide_due()

    with store.read() as tx:
        assert tx.awards.in_front(at.site, "early", first=1) == {oldest}
        assert tx.awards.states(at.site)["early", State.PENDING] == 1


def test_who_is_displaced_while_a_worker_has_the_award_in_hand_is_not_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 1)
    buys(at, "ada")
    at.orders.put(at.order("bob-1", "bob", at=clock() - timedelta(days=1), updated_at=clock()))
    at.wix.meanwhile("assignments", at.scan)

    at.assign_all()

    assert at.wix.standing == {(TITLE, "bob"): 1}
    assert states(at, "ada", "bob") == [State.HELD, State.ASSIGNED]
    assert at.award("ada").reason == "limit: in line for the first 1"


def test_a_limit_that_is_raised_lets_the_next_ones_in_and_a_lowered_one_takes_no_place_away(
    store: SqlStore, clock: Clock
) -> None:
    at = shop(store, clock, 2)
    buys(at, "ada", "bob", "cyd", "dan")
    at.assign_all()

    at.rules = rules_of(replace(ONE_ORDER, lifecycle=first(3)), version="v2")
    at.decide_due()
    assert states(at, "cyd", "dan") == [State.PENDING, State.HELD]
    at.rules = rules_of(replace(ONE_ORDER, lifecycle=first(1)), version="v3")
    at.decide_due()

    assert states(at, "ada", "bob", "cyd") == [State.ASSIGNED, State.ASSIGNED, State.HELD]
    assert at.assign() is None


# ---------------------------------------------------------------- whatever the order

MEMBERS = ("ada", "bob", "cyd", "dan", "eve")


@pytest.fixture(scope="module")
def arena() -> Iterator[tuple[SqlStore, StandingClock]]:
    clock = StandingClock()
    store = open_store("sqlite://", clock=clock)
    store.migrate()
    yield store, clock
    store.dispose()


sites = iter(range(10**9))


@given(
    dates=st.lists(st.integers(0, 3), min_size=len(MEMBERS), max_size=len(MEMBERS)),
    order=st.permutations(range(len(MEMBERS))),
    refunded=st.sets(st.integers(0, len(MEMBERS) - 1)),
    places=st.integers(0, 4),
    pages=st.integers(1, 3),
)
@settings(max_examples=25)
def test_before_anything_is_sent_the_places_depend_on_the_facts_and_not_on_their_order(
    *,
    arena: tuple[SqlStore, StandingClock],
    dates: list[int],
    order: list[int],
    refunded: set[int],
    places: int,
    pages: int,
) -> None:
    at = shop(*arena, places, site=f"site-{next(sites)}")
    at.orders.page_size = pages
    began = at.clock() - timedelta(days=9)
    facts = [
        at.order(f"o{n}", member, at=began + timedelta(seconds=dates[n]), updated_at=at.clock())
        for n, member in enumerate(MEMBERS)
    ]
    for n in order:
        at.wait(seconds=1)
        at.orders.put(replace(facts[n], updated_at=at.clock()))
        at.scan()
    for n in sorted(refunded):
        at.wait(seconds=1)
        at.orders.put(
            replace(facts[n], marks=frozenset(REFUNDED), updated_at=at.clock(), revision=2)
        )
    at.scan()

    stand = sorted(
        (facts[n] for n in range(len(MEMBERS)) if n not in refunded),
        key=lambda one: (one.occurred_at, one.activity_id),
    )
    members = [_member(one) for one in stand]
    assert dict(zip(members, states(at, *members), strict=True)) == {
        member: State.PENDING if n < places else State.HELD for n, member in enumerate(members)
    }
    assert {at.award(MEMBERS[n]).reason for n in refunded} <= {UNMET}
    at.assign_all()
    assert set(at.wix.standing) == {(TITLE, member) for member in members[:places]}


def _member(one: Activity) -> str:
    assert one.member_id
    return one.member_id


def test_who_waits_in_line_says_so_once_the_places_are_given_out(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=first(1)))
    at.provision()
    for member in ("ada", "bob"):
        at.wait(seconds=1)
        at.orders.put(at.order(f"{member}-1", member))
    at.scan(time_is_up=lambda: True)
    assert states(at, "ada", "bob") == [State.HELD, State.HELD]
    at.scan()
    at.decide_due()

    with at.store.read() as tx:
        awards = tx.awards.of_members(at.site, ["ada", "bob"])
    told = {member: (one.state, one.reason) for (member, _), one in awards.items()}
    assert told["ada"][0] is State.PENDING
    assert told["bob"] == (State.HELD, f"{IN_LINE} 1")


def test_a_place_stays_with_whom_it_was_given_once_though_an_override_is_cleared(
    store: SqlStore, clock: Clock
) -> None:
    limited = replace(ONE_ORDER, lifecycle=first(1))
    at = Stage(store, clock, limited, page_size=50)
    at.earn("ada")
    at.decide_due()
    at.assign_all()
    at.wix.take(at.wix_id(), "ada")
    for _ in range(2):
        at.wait(hours=1)
        at.reconcile()
    with store.begin() as tx:
        assert tx.comparing.clear_overrides(at.site, [("ada", limited.badge)]) == 1
    at.decide_due()
    at.wix.script("create", NotSent("no connection"))
    at.assign()
    with store.read() as tx:
        assert tx.awards.places(at.site, limited.badge) == (1, 0)
