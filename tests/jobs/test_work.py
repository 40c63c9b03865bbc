"""Units of work against a live sandbox: what came of them stands in its state and in our rows."""

from __future__ import annotations

from datetime import timedelta

from jobs_stage import (
    COMMENTER,
    FIRST_AND_THIRD,
    NORTH,
    SECOND,
    SECRET,
    SOUTH,
    LiveShops,
    OpenShop,
    do_round,
    due,
    member_id,
    read,
    rewrite,
    rows,
    runs,
)

from badgejobs.core.source import Track
from badgejobs.errors import CredentialsRefused, RateLimited
from badgejobs.jobs import dispatching, duties, work
from badgejobs.jobs.reconciling import run_reconcile
from badgejobs.jobs.retrying import FIRST_PROBE
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]


def test_a_round_gives_exactly_what_was_earned(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop()
    shops.buys(1, 3)
    shops.buys(2, 2)
    shops.buys(3, 1, shop=SOUTH)  # another site's member, who is none of ours

    outcomes = do_round(house)

    assert [one.error for one in outcomes] == [None, None, None]
    assert shops.given() == [
        (member_id(1), "First Purchase"),
        (member_id(1), "Third Purchase"),
        (member_id(2), "First Purchase"),
    ]
    assert shops.given(SOUTH) == []


def test_a_second_round_creates_nothing(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop()
    shops.buys(1, 3)
    do_round(house)
    creates, given = shops.creates(), shops.given()

    shops.buys(1, 1)
    outcomes = do_round(house)

    assert outcomes[1].numbers["new"] == 1
    assert shops.creates() == creates
    assert shops.given() == given


def test_every_unit_leaves_a_row_with_its_kind_and_numbers(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 3)

    do_round(house)
    run_reconcile(house, NORTH, by="test")

    kept = runs(house)
    assert [one.kind for one in kept] == [
        "provision",
        "backfill orders",
        "scan orders",
        "assign",
        "reconcile",
    ]
    assert {(one.site, one.started_by, one.error) for one in kept} == {(NORTH, "test", None)}
    assert all(one.ended_at and one.ended_at >= one.started_at for one in kept)
    assert kept[0].numbers["created"] == 2
    assert kept[1].numbers["new"] == 3
    assert kept[1].numbers["opened"] == 2
    assert kept[2].numbers["new"] == 0, "the overlap alone"
    assert kept[3].numbers["created"] == 2


def test_an_outcome_is_small_and_names_no_member(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop()
    shops.buys(1, 3)

    for outcome in do_round(house):
        told = outcome.as_json()
        assert len(str(told)) < 400
        assert member_id(1) not in str(told)


def test_wrong_credentials_end_every_unit_well_and_without_the_secret(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    wrong = "another-secret-9876543210"
    house = open_shop(secret=wrong)
    shops.buys(1, 1)

    outcomes = do_round(house)[:2]

    for outcome in outcomes:
        assert isinstance(outcome.cause, CredentialsRefused)
        assert outcome.error
        assert not outcome.more
    told = [*(one.error for one in runs(house)), *(one.last_error for one in rows(house).values())]
    assert any(told)
    for text in told:
        assert text is None or (wrong not in text and SECRET not in text)
    assert shops.given() == []


def test_what_only_a_person_can_mend_is_due_ever_later(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=400, count=3)
    duties.register(house)
    waits = []

    for _ in range(3):
        with house.store.begin() as tx:
            tx.scans.make_due(NORTH, "orders", Track.FULL)
        work.run_scan(house, NORTH, "orders", Track.FULL, by="test")
        due_at = rows(house, Track.FULL)[NORTH, "orders"].due_at
        ended_at = runs(house)[-1].ended_at
        assert due_at
        assert ended_at
        waits.append(due_at - ended_at)

    assert rows(house, Track.FULL)[NORTH, "orders"].failures == 3
    # each is 1/2 to 1 of 300 s, 600 s, 1200 s; a second for the time that the writing took
    for before, wait in enumerate(waits):
        longest = timedelta(seconds=FIRST_PROBE * 2**before)
        assert longest / 2 - timedelta(seconds=1) <= wait <= longest


def test_a_duty_that_fails_is_due_later_too(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop(secret="another-secret-9876543210")

    do_round(house)

    row = rows(house)[NORTH, duties.PROVISION]
    assert row.failures == 1
    assert row.last_error
    assert (NORTH, duties.PROVISION) not in due(house)


def test_a_pause_that_wix_asks_for_is_no_failure(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop()
    duties.register(house)
    shops.fault(wire.ORDERS_SEARCH, kind=FaultKind.STATUS, status=429, retry_after="40")

    outcome = read(house)

    assert isinstance(outcome.cause, RateLimited)
    row, ended_at = rows(house, Track.FULL)[NORTH, "orders"], runs(house)[-1].ended_at
    assert row.failures == 0
    assert row.due_at
    assert ended_at
    assert row.due_at - ended_at >= timedelta(seconds=39)


def test_an_error_in_the_middle_keeps_what_was_done_before(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop(assign={"batch": 1})
    shops.buys(1, 1)
    shops.buys(2, 1)
    duties.register(house)
    work.run_provision(house, NORTH, by="test")
    read(house)
    shops.fault(wire.ASSIGNMENTS, kind=FaultKind.SLOW, delay_seconds=0)  # the first goes well
    shops.fault(wire.ASSIGNMENTS, kind=FaultKind.STATUS, status=429, retry_after="1")

    stopped = work.run_assign(house, NORTH, by="test")

    assert isinstance(stopped.cause, RateLimited)
    assert stopped.numbers["created"] == len(shops.given()) == 1
    assert runs(house)[-1].numbers.items() >= stopped.numbers.items()
    assert rows(house)[NORTH, duties.ASSIGN].failures == 0


def test_a_source_that_no_rule_reads_is_not_known_to_the_database(open_shop: OpenShop) -> None:
    house = open_shop()

    duties.register(house)

    assert {source for _, source in rows(house)} == {"orders", *duties.DUTIES}


def test_a_source_that_no_rule_reads_any_more_is_not_scanned(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + COMMENTER)
    duties.register(house)
    rewrite(house, FIRST_AND_THIRD)
    shops.comments(1)

    outcome = read(house, NORTH, "comments")

    assert (outcome.error, outcome.more, outcome.numbers) == (None, False, {})
    assert shops.calls(wire.COMMENTS_QUERY, wire.COMMENTS_COUNT) == 0
    assert (NORTH, "comments") not in due(house)


def test_a_comment_on_a_new_post_waits_for_the_walk_and_asks_for_no_other(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + COMMENTER)
    duties.register(house)
    shops.comments(1)
    first = read(house, NORTH, "comments")
    assert first.numbers["new"] == 1
    assert not first.more
    walked = shops.calls(wire.COMMENTS_QUERY)

    shops.comments(2, post="a-new-post")
    again = read(house, NORTH, "comments")

    assert again.error is None
    assert again.more is False
    assert shops.calls(wire.COMMENTS_QUERY) == walked
    assert (NORTH, "comments") not in due(house)


def test_a_scan_under_a_lease_that_is_held_does_nothing(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    duties.register(house)
    with house.store.begin() as tx:
        tx.scans.lease(NORTH, "orders", holds=timedelta(seconds=60))
        tx.scans.lease(NORTH, duties.ASSIGN, holds=timedelta(seconds=60))

    outcomes = [
        work.run_scan(house, NORTH, "orders", by="test"),
        work.run_assign(house, NORTH, by="test"),
    ]

    for outcome in outcomes:
        assert outcome.error
        assert not outcome.more
    assert not shops.world.journal.counts
    assert rows(house)[NORTH, "orders"].failures == 0


def test_a_new_badge_in_the_rules_is_taken_up_and_sees_the_past(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 2)
    do_round(house)
    dispatching.look_after_configured(house)
    assert (NORTH, duties.PROVISION) not in due(house)

    rewrite(house, FIRST_AND_THIRD + SECOND)
    dispatching.look_after_configured(house)
    assert (NORTH, duties.PROVISION) in due(house)
    taken_up = work.run_provision(house, NORTH, by="test")
    work.run_assign(house, NORTH, by="test")

    assert taken_up.numbers["created"] == 1
    assert taken_up.numbers["opened"] == 1
    assert shops.given() == [(member_id(1), "First Purchase"), (member_id(1), "Second Purchase")]
    dispatching.look_after_configured(house)
    assert (NORTH, duties.PROVISION) not in due(house)


def test_a_request_about_a_member_is_decided_once_and_closed(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 2)
    shops.buys(2, 2)
    do_round(house)
    rewrite(house, FIRST_AND_THIRD + SECOND)
    with house.store.begin() as tx:
        request = tx.requests.add(NORTH, member_id(1))

    first = work.run_check(house, request, by="test")
    second = work.run_check(house, request, by="test")

    assert first
    assert first.numbers == {"opened": 1, "held": 0, "cleared": 0, "withdrawn": 0}
    assert second is None
    with house.store.begin() as tx:
        row = tx.requests.get(request)
        members = [member_id(1), member_id(2)]
        opened = tx.awards.of_members(NORTH, members)
    assert row
    assert row.done_at
    assert row.outcome == "opened 1, withdrew 0"
    assert (member_id(1), "second-purchase") in opened
    assert (member_id(2), "second-purchase") not in opened
    assert [one.kind for one in runs(house)][-1] == "check_member"


def test_a_request_that_is_not_there_is_nothing_to_do(open_shop: OpenShop) -> None:
    assert work.run_check(open_shop(), 4711, by="test") is None
