"""What must not be given now is held, says why, and is let go when nothing stands in its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from stage import ONE_ORDER, TALKER, Clock, Stage, milestone, rules_of

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.award import State
from badgejobs.core.calendar import Span
from badgejobs.core.evaluate import Withheld
from badgejobs.core.milestone import (
    AllOf,
    Count,
    Gap,
    Lifecycle,
    NoneOf,
    OrderPolicy,
    Rolling,
    Selection,
)
from badgejobs.flow.decide import decide, take_up
from badgejobs.flow.verdicts import HISTORY, NO_RULE, RETIRED, UNMET
from badgejobs.store import SqlStore

ORDERS = Selection(source="orders", policy=OrderPolicy())
REFUNDED = (Mark.APPROVED, Mark.PAID, Mark.REFUNDED)

#: One order in the last ten days: an older fact that is read later could take none of it back,
#: but all that has a window waits for the history.
BUSY = milestone(
    "busy",
    Count(of=replace(ORDERS, stretch=Rolling(span=Span(exact=timedelta(days=10)))), gte=1),
)


def cut_off(at: Stage) -> None:
    """The first scan of orders, ended after its first page."""
    at.scan(time_is_up=lambda: True)


def test_what_leans_on_history_is_held_until_the_history_is_complete_and_then_given(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, BUSY, page_size=1)
    at.provision()
    at.orders.put(at.order("o1", "ada"), at.order("o2", "bob"))

    cut_off(at)
    assert (at.award().state, at.award().reason) == (State.HELD, HISTORY)
    assert at.assign() is None
    at.scan()
    assert at.awards("ada", "bob") == {
        ("ada", "busy"): State.HELD,
        ("bob", "busy"): State.PENDING,
    }, "the last page makes the history whole, and decides its own member alone"
    decided = at.decide_due()

    assert decided.cleared == 1
    at.assign_all()
    assert set(at.wix.standing) == {("Busy", "ada"), ("Busy", "bob")}
    assert at.history() == [
        ("busy", State.HELD, HISTORY),
        ("busy", State.PENDING, ""),
        ("busy", State.INFLIGHT, ""),
        ("busy", State.ASSIGNED, ""),
    ]


def test_what_can_only_grow_is_given_before_the_history_is_complete(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, page_size=1)
    at.provision()
    at.orders.put(at.order("new", "ada"), at.order("newer", "bob"))
    cut_off(at)
    at.assign_all()
    assert at.wix.standing == {("One Order", "ada"): 1}

    at.wait(hours=1)
    at.orders.put(at.order("old", "ada", at=clock() - timedelta(days=9), updated_at=clock()))
    at.scan()

    assert at.award().earned_at == clock() - timedelta(days=9), "corrected, and silently"
    assert at.history()[-1] == ("one-order", State.ASSIGNED, "")
    assert at.wix.standing[("One Order", "ada")] == 1


@pytest.mark.parametrize(
    "condition",
    [
        Gap(of=ORDERS, gte=Span(exact=timedelta(days=2))),
        AllOf(
            parts=(
                Count(of=ORDERS, gte=2),
                NoneOf(parts=(Count(of=ORDERS, gte=9),)),
            )
        ),
    ],
    ids=["gap", "none"],
)
def test_every_kind_that_leans_on_history_waits_for_it(
    store: SqlStore, clock: Clock, condition: Gap | AllOf
) -> None:
    at = Stage(store, clock, milestone("leans", condition), page_size=2)
    at.provision()
    at.orders.put(
        at.order("o1", at=clock() - timedelta(days=5), updated_at=clock()),
        at.order("o2", updated_at=clock()),
        at.order("o3", "bob", updated_at=clock() + timedelta(seconds=1)),
    )
    cut_off(at)
    assert at.awards("ada") == {("ada", "leans"): State.HELD}

    at.scan()
    at.decide_due()
    assert at.awards("ada") == {("ada", "leans"): State.PENDING}


def test_a_badge_that_ends_so_long_after_it_was_earned_waits_for_the_history(
    store: SqlStore, clock: Clock
) -> None:
    year = Lifecycle(expires_after=Span(months=12))
    first = replace(milestone("first", Count(of=ORDERS, gte=1)), lifecycle=year)
    at = Stage(store, clock, first, page_size=1)
    at.provision()
    long_ago = clock() - timedelta(days=900)
    at.orders.put(at.order("new", "ada"), at.order("newer", "bob"))
    at.orders.put(
        at.order("old", "ada", at=long_ago, updated_at=clock() + timedelta(seconds=1)),
    )

    cut_off(at)
    assert (at.award().state, at.award().reason) == (State.HELD, HISTORY)
    at.scan()
    at.decide_due()
    at.assign_all()

    assert set(at.wix.standing) == {("First", "bob")}


def test_a_source_that_a_rule_does_not_read_holds_nothing(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, BUSY, TALKER)
    at.provision()
    at.orders.put(at.order("o1"))
    at.comments.put(*(at.comment(f"c{n}") for n in range(3)))
    at.scan(at.comments, time_is_up=lambda: True)

    at.scan()
    at.decide_due()

    assert at.awards("ada")["ada", "busy"] is State.PENDING


def test_what_is_held_and_refunded_is_withdrawn_and_never_sent(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, BUSY, page_size=1)
    at.provision()
    at.orders.put(at.order("o1"), at.order("o2", "bob", updated_at=clock()))
    cut_off(at)
    at.wait(seconds=1)
    at.orders.put(at.order("o1", marks=REFUNDED, revision=2))

    at.scan()
    at.decide_due()

    assert at.history()[-1] == ("busy", State.WITHDRAWN, UNMET)
    at.assign_all()
    assert at.wix.standing == {("Busy", "bob"): 1}


def test_nothing_that_is_held_is_lost_when_the_worker_dies_at_the_end_of_the_history(
    store: SqlStore, clock: Clock
) -> None:
    """The end of the scan and the wish to decide anew are written together."""
    at = Stage(store, clock, BUSY, page_size=1)
    at.provision()
    at.decide_due()
    at.orders.put(at.order("o1"), at.order("o2", "bob"))
    at.scan()  # and here the worker dies

    with store.read() as tx:
        assert tx.scans.complete(at.site, at.rules.wants) >= {"orders"}
        assert tx.bindings.undecided([at.site]) == {at.site: "v1"}
    one, done = take_up(at.site, at.rules, store, batches=1)
    assert (one.cleared, done) == (1, True)


def test_a_later_scan_of_a_known_history_holds_nothing(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, BUSY, page_size=1)
    at.provision()
    at.scan()
    at.decide_due()
    at.wait(minutes=1)
    at.orders.put(at.order("o1"), at.order("o2", "bob"))

    cut_off(at)

    assert at.awards("ada") == {("ada", "busy"): State.PENDING}


def test_an_unsent_award_whose_rule_is_gone_or_retired_is_withdrawn(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, BUSY, ONE_ORDER, page_size=1)
    at.provision()
    at.orders.put(at.order("o1"), at.order("o2", "bob"))
    cut_off(at)
    retired = replace(ONE_ORDER, lifecycle=Lifecycle(retired=True))
    at.rules = rules_of(retired, version="v2")

    at.decide_due()

    assert at.history()[2:] == [
        ("one-order", State.WITHDRAWN, RETIRED),
        ("busy", State.WITHDRAWN, NO_RULE),
    ]
    at.scan()
    assert at.awards("bob") == {}, "and nobody earns it any more"


def test_a_badge_given_before_its_rule_was_retired_stays(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.assign_all()
    at.rules = rules_of(replace(ONE_ORDER, lifecycle=Lifecycle(retired=True)), version="v2")

    at.decide_due()

    assert at.award().state is State.ASSIGNED
    assert at.unmet() == {}


def test_a_badge_earned_in_its_season_is_given_though_it_reaches_wix_after(
    store: SqlStore, clock: Clock
) -> None:
    season = Lifecycle(earnable_until=clock() + timedelta(hours=1))
    at = Stage(store, clock, replace(ONE_ORDER, lifecycle=season))
    at.earn("ada")
    at.wait(hours=2)
    at.earn("bob")

    at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert at.awards("bob") == {}


def test_what_asks_for_the_absence_of_a_thing_is_not_earned_by_who_is_not_there(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, milestone("quiet", NoneOf(parts=(Count(of=ORDERS, gte=2),))))
    at.earn("ada")
    at.orders.put(at.order("b1", "bob"))
    at.wait(minutes=1)
    at.scan()
    at.decide_due()
    assert at.awards("bob") == {("bob", "quiet"): State.PENDING}

    at.erase("bob")
    at.reconcile()
    at.decide_due()

    with store.begin() as tx:
        decide(tx, at.site, ["bob", "nobody"], at.rules)
    assert at.awards("ada", "bob", "nobody") == {}


def test_the_first_moment_at_which_a_thing_was_absent_stays_the_moment_of_the_award(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, milestone("quiet", NoneOf(parts=(Count(of=ORDERS, gte=2),))))
    at.provision()
    at.orders.put(at.order("o1"))
    at.scan()
    at.decide_due()
    first = at.award().earned_at

    for _ in range(3):
        at.wait(days=1)
        at.scan()
        at.reconcile()
        at.decide_due()

    assert at.award().earned_at == first


def test_a_member_who_is_blocked_is_given_nothing_until_they_are_not(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER)
    at.provision()
    at.decide_due()
    at.orders.put(at.order("o1", "ada"))
    at.scan()
    assert at.award().state is State.PENDING

    def as_a_member(*marks: Mark, revision: int) -> None:
        joined = Activity(
            site=at.site,
            source="membership",
            activity_id="ada",
            member_id="ada",
            occurred_at=clock() - timedelta(days=9),
            updated_at=clock(),
            revision=revision,
            marks=frozenset({Mark.JOINED, *marks}),
        )
        with store.begin() as tx:
            tx.activities.record([joined], site=at.site, source="membership", generation=1)
            decide(tx, at.site, ["ada"], at.rules)

    as_a_member(Mark.BLOCKED, revision=1)
    assert (at.award().state, at.award().reason) == (State.HELD, str(Withheld.PAUSED))
    at.assign()
    assert not at.wix.standing

    as_a_member(revision=2)
    at.assign_all()
    assert len(at.wix.standing) == 1

    as_a_member(Mark.BLOCKED, revision=3)
    assert at.award().state is State.ASSIGNED, "a block takes nothing back"
