"""A site's new awards within an hour are capped, unless somebody said how many there would be."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from stage import CADENCE, ONE_ORDER, TALKER, TWO_ORDERS, Clock, Stage, rules_of
from wix_double import lost

from badgejobs.core import allowance
from badgejobs.core.activity import Mark
from badgejobs.core.alert import Kind
from badgejobs.core.award import State
from badgejobs.core.source import Track
from badgejobs.errors import RateLimited
from badgejobs.flow.decide import decide
from badgejobs.flow.scan import scan
from badgejobs.store import SqlStore

CROWD = [f"m{n:02}" for n in range(10)]
HOUR = timedelta(hours=1)


def capped(store: SqlStore, clock: Clock, *, most: int = 4, first: int = 1) -> Stage:
    """A site that is set up, with ``first`` awards given then, and that is given few an hour."""
    at = Stage(store, clock, page_size=500)
    at.earn(*(f"old{n}" for n in range(first)))
    at.most_an_hour = most
    at.assign_all()
    at.wait(minutes=10)
    return at


def live(at: Stage, members: Sequence[str] = CROWD) -> None:
    """Members place an order each, and the live scan reads them."""
    at.orders.put(*(at.order(member, member) for member in members))
    at.live()


def given(at: Stage) -> int:
    return sum(at.wix.standing.values())


def alerts(at: Stage) -> list[str]:
    with at.store.read() as tx:
        return [one.text for one in tx.alerts.open([at.site]) if one.kind is Kind.CAPPED]


def waiting(at: Stage) -> tuple[int, datetime | None]:
    with at.store.read() as tx:
        return tx.awards.waiting_for_cap(at.site)


def declare(at: Stage, number: int, *, holds: timedelta = HOUR) -> None:
    with at.store.begin() as tx:
        tx.allowances.declare(
            at.site, allowance.Kind.AWARDS, number, holds=holds, declared_by="test"
        )


def hasten(at: Stage, number: int | None = None) -> int:
    with at.store.begin() as tx:
        return tx.awards.hasten(at.site, number=number)


def test_no_more_than_the_cap_are_sent_in_an_hour_and_the_rest_waits_for_the_next(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock)
    live(at)
    began = clock()

    at.assign_all()

    assert given(at) == 1 + 4
    assert waiting(at) == (6, began + HOUR)
    at.wait(minutes=59)
    assert at.assign() is None
    at.wait(minutes=1)
    at.assign_all()
    assert given(at) == 1 + 8
    at.wait(hours=1)
    at.assign_all()
    assert given(at) == 1 + 10
    assert set(at.wix.standing.values()) == {1}


def test_within_any_hour_no_more_than_the_cap_are_sent(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock, most=5)
    for n in range(40):
        live(at, [f"a{n}", f"b{n}"])
        at.assign_all()
        at.wait(minutes=7)
    for _ in range(60):
        at.assign_all()
        at.wait(minutes=17)

    sent = [call.at for call in at.wix.named("create", "create_many") for _ in call.pairs]
    assert len(sent) == 1 + 80
    for moment in sent[1:]:
        assert sum(moment <= one < moment + HOUR for one in sent[1:]) <= 5


def test_who_has_waited_longest_goes_first(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    live(at, CROWD[:6])
    at.assign_all()
    at.wait(minutes=59)
    live(at, ["late1", "late2", "late3"])
    at.wait(minutes=1)

    at.assign_all()

    states = at.awards(*CROWD[:6], "late1", "late2", "late3")
    assert {states[one, "one-order"] for one in CROWD[:6]} == {State.ASSIGNED}
    assert (
        sum(states[one, "one-order"] is State.ASSIGNED for one in ("late1", "late2", "late3")) == 2
    )


def test_an_alert_names_how_many_wait_and_the_command_and_ends_with_the_waiting(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock)
    live(at)
    at.assign_all()

    [text] = alerts(at)
    assert "6 new awards wait" in text
    assert "no more than 4 in an hour" in text
    assert "`badgejobs release shop --awards 6`" in text
    at.wait(hours=1)
    at.assign_all()
    [text] = alerts(at)
    assert "2 new awards wait" in text
    at.wait(hours=1)
    at.assign_all()
    assert alerts(at) == []


def test_an_alert_ends_when_those_who_waited_do_not_earn_it_any_more(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock)
    live(at, CROWD[:5])
    at.assign_all()
    assert len(alerts(at)) == 1
    at.wait(minutes=1)
    at.orders.put(
        *(at.order(one, one, revision=2, marks=[Mark.PAID, Mark.REFUNDED]) for one in CROWD[:5])
    )
    at.live()

    assert at.assign() is None
    assert alerts(at) == []


def test_the_first_set_up_and_its_backfill_are_outside_the_cap(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER, TWO_ORDERS, page_size=3)
    at.most_an_hour = 2
    at.provision()
    for member in CROWD:
        at.orders.put(at.order(f"{member}-1", member), at.order(f"{member}-2", member))
    at.scan()
    at.decide_due()

    at.assign_all()

    assert given(at) == 20
    assert at.award(CROWD[0]).declared
    assert alerts(at) == []


def test_facts_that_stood_before_the_first_rules_are_outside_the_cap(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.most_an_hour = 2
    at.provision()
    at.record(*(at.order(member, member) for member in CROWD))
    at.decide_due()

    at.assign_all()

    assert given(at) == 10


def test_a_lowered_threshold_on_a_running_site_is_capped(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock, TWO_ORDERS, page_size=500)
    at.earn("old")
    at.decide_due()
    live(at)
    at.most_an_hour = 4
    at.assign_all()
    assert given(at) == 1
    at.rules = rules_of(
        TWO_ORDERS.__class__(
            badge=TWO_ORDERS.badge,
            title=TWO_ORDERS.title,
            look=TWO_ORDERS.look,
            condition=ONE_ORDER.condition,
        ),
        version="v2",
    )
    at.decide_due()

    at.assign_all()

    assert given(at) == 1 + 4
    assert len(alerts(at)) == 1


def test_a_change_of_rules_before_the_history_is_whole_is_no_set_up(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock)
    at.rules = rules_of(TWO_ORDERS)
    at.decide_due()
    live(at)
    with store.begin() as tx:
        tx.bindings.decide_anew(at.site, history_grew=True)
    at.rules = rules_of(TWO_ORDERS, ONE_ORDER, version="v2")
    at.provision()

    at.decide_due()

    with store.read() as tx:
        awards = tx.awards.of_members(at.site, CROWD)
    assert len(awards) == len(CROWD)
    assert not any(one.declared for one in awards.values())


def test_a_flood_waits_in_hours_worth_and_is_not_written_anew_for_each_that_goes(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock, most=4)
    live(at, [f"m{n:02}" for n in range(14)])

    at.assign_all()

    with store.read() as tx:
        awards = tx.awards.of_members(at.site, [f"m{n:02}" for n in range(14)])
    waits = sorted(one.not_before for one in awards.values() if one.not_before)
    assert len(waits) == 10
    first = waits[0]
    assert [wait - first for wait in waits] == [HOUR * (index // 4) for index in range(10)]


def test_the_past_of_a_source_that_new_rules_read_is_outside_the_cap(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock)
    at.rules = rules_of(ONE_ORDER, TALKER, version="v2")
    at.provision()
    at.decide_due()
    at.comments.put(*(at.comment(f"c-{one}", one) for one in CROWD))
    at.scan(at.comments)

    at.assign_all()

    assert given(at) == 1 + 10


@pytest.mark.parametrize(("asked_by", "expected"), [("cli", 10), (None, 4), ("a new secret", 4)])
def test_a_past_that_a_person_has_read_anew_is_outside_the_cap_from_page_to_page(
    store: SqlStore, clock: Clock, asked_by: str | None, expected: int
) -> None:
    """It is theirs to the end, also where it is cut off in between."""
    at = capped(store, clock)
    at.decide_due()
    # late records with old stamps, that no live scan would ever see
    at.wait(days=1)
    long_ago = clock() - timedelta(days=9)
    at.orders.page_size = 3
    at.orders.put(*(at.order(one, one, at=long_ago, updated_at=long_ago) for one in CROWD))
    with store.begin() as tx:
        tx.scans.make_due(at.site, "orders", Track.FULL, asked_by=asked_by)

    def slice_of_it() -> bool:
        return scan(
            at.site, at.orders, at.wix, lambda: at.rules, store, track=Track.FULL,
            cadence=CADENCE, patience=lambda *_: HOUR, time_is_up=lambda: True,
            declaring=lambda by: by == "cli",
        ).more  # fmt: skip

    while slice_of_it():
        pass
    at.assign_all()

    assert given(at) == 1 + expected
    assert {at.award(one).silent for one in CROWD} == {asked_by == "cli"}, "an audit's find is news"


def test_what_was_declared_passes_and_only_so_many(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    declare(at, 3)
    live(at)

    at.assign_all()

    assert given(at) == 1 + 4 + 3
    assert waiting(at)[0] == 3
    with store.read() as tx:
        assert tx.allowances.left(at.site, allowance.Kind.AWARDS) == 0


def test_what_was_declared_does_not_use_up_the_room_of_others(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock)
    declare(at, 100)
    live(at)
    at.assign_all()
    assert given(at) == 1 + 10
    at.wait(hours=1)
    live(at, [f"later{n}" for n in range(4)])

    at.assign_all()

    assert given(at) == 1 + 14
    with store.read() as tx:
        assert tx.allowances.left(at.site, allowance.Kind.AWARDS) == 0, "its hour is over"


def test_those_who_wait_go_at_once_when_they_are_released(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    live(at)
    at.assign_all()
    declare(at, 5)

    assert hasten(at, 5) == 5
    at.assign_all()

    assert given(at) == 1 + 4 + 5
    assert waiting(at)[0] == 1
    assert [at.award(one).state for one in CROWD[:9]] == [State.ASSIGNED] * 9, "the first first"


def test_to_hasten_without_a_word_lets_nobody_pass(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    live(at)
    at.assign_all()

    assert hasten(at) == 6
    at.assign_all()

    assert given(at) == 1 + 4
    assert waiting(at)[0] == 6


def test_a_second_attempt_is_no_new_award(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    live(at, CROWD[:4])
    at.wix.script("create_many", lost())
    at.assign_all()
    for _ in range(2):
        at.wait(seconds=120)
        at.assign_all()

    assert given(at) == 1 + 4


def test_what_was_not_sent_after_all_leaves_its_room(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    live(at)
    at.wix.script("create_many", RateLimited("slower", seconds=7))
    at.assign_all()
    at.wait(seconds=60)
    at.assign_all()

    assert given(at) == 1 + 4


def test_one_sites_cap_is_not_anothers(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    live(at)
    at.assign_all()
    other = Stage(store, clock, site="other", page_size=500)
    other.most_an_hour = 4
    other.earn("x")
    live(other, CROWD[:3])

    other.assign_all()

    assert given(other) == 4


def test_four_workers_at_once_do_not_fill_the_same_room_twice(
    store: SqlStore, clock: Clock
) -> None:
    at = capped(store, clock, most=30)
    at.batch = 7
    live(at, [f"m{n:03}" for n in range(80)])

    with ThreadPoolExecutor(4) as workers:
        for one in [workers.submit(at.assign_all) for _ in range(4)]:
            one.result()

    assert given(at) == 1 + 30
    assert waiting(at)[0] == 50


def test_a_wish_of_a_person_is_outside_the_cap(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    live(at)
    at.assign_all()
    with store.begin() as tx:
        awards = tx.awards.of_members(at.site, [CROWD[9]])
        tx._connection.exec_driver_sql(
            "UPDATE award SET by_hand = true, not_before = NULL WHERE member_id = 'm09'"
        )
    assert awards[CROWD[9], "one-order"].state is State.PENDING

    at.assign_all()

    assert at.award(CROWD[9]).state is State.ASSIGNED
    assert given(at) == 1 + 5


def test_a_decision_that_was_declared_opens_any_number(store: SqlStore, clock: Clock) -> None:
    at = capped(store, clock)
    at.record(*(at.order(one, one) for one in CROWD))
    with store.begin() as tx:
        decide(tx, at.site, CROWD, at.rules, declared=True)

    at.assign_all()

    assert given(at) == 11
