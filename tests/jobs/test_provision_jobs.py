"""A site's badges through the real client: how they look, in which order, and when they go."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jobs_stage import (
    FIRST_AND_THIRD,
    NORTH,
    SECOND,
    LiveShops,
    OpenShop,
    do_round,
    member_id,
    rewrite,
    rows,
)
from structlog.testing import capture_logs

from badgejobs.bootstrap import House
from badgejobs.core.alert import Alert
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import Outcome
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.kinds import BADGES
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

BLUE = FIRST_AND_THIRD.replace(
    "{title: First Purchase}", "{title: First Purchase, background: '#0000FF'}"
)


def provision(house: House, **how: Any) -> Outcome:
    duties.register(house)
    return work.run_provision(house, NORTH, by="cli", **how)


def badges(shops: LiveShops) -> dict[str, dict[str, Any]]:
    """The bodies of the badges by title, in the order in which they are shown."""
    site = shops.site()
    bodies = [site.badges.current[one].body for one in site.display_order]
    return {body["title"]: body for body in bodies}


def by_owner(shops: LiveShops, badge: str, /, **changes: str) -> None:
    """The owner changes a badge in the dashboard."""
    body = badges(shops)[badge]
    revision = str(int(body["revision"]) + 1)
    changed = Record(body | changes | {"revision": revision}, BADGES)
    shops.site().badges.put(changed, shops.world.clock())


def deleted(shops: LiveShops, title: str) -> None:
    """The owner deletes a badge, and with it all its assignments."""
    site, badge_id, now = shops.site(), badges(shops)[title]["id"], shops.world.clock()
    site.badges.remove(badge_id, now)
    site.display_order.remove(badge_id)
    for one in list(site.assignments.current.values()):
        if one.body["badgeId"] == badge_id:
            site.assignments.remove(one.id, now)


def open_alerts(house: House) -> list[Alert]:
    with house.store.read() as tx:
        return tx.alerts.open([NORTH])


def calls(shops: LiveShops) -> int:
    return len(shops.world.journal.entries)


def test_a_changed_look_reaches_wix_once_and_costs_nothing_after(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    provision(house)
    rewrite(house, BLUE)

    assert provision(house).numbers["changed"] == 1

    first = badges(shops)["First Purchase"]
    assert (first["backgroundColor"], first["revision"]) == ("#0000FF", "2")
    before = calls(shops)
    assert provision(house).error is None
    assert calls(shops) == before, "the hourly duty asks nothing where nothing is to be done"


@pytest.mark.parametrize("status", [409, 400])
@pytest.mark.parametrize("times", [1, 2])
def test_an_owner_who_is_faster_costs_one_more_reading_and_then_a_later_try(
    open_shop: OpenShop, shops: LiveShops, status: int, times: int
) -> None:
    house = open_shop()
    provision(house)
    rewrite(house, BLUE)
    path = wire.BADGE.replace("{id}", badges(shops)["First Purchase"]["id"])
    error = {"code": "REVISION_MISMATCH", "description": "changed since", "data": {}}
    body = json.dumps({"message": "", "details": {"applicationError": error}}).encode()
    shops.fault(path, method="PATCH", kind=FaultKind.STATUS, status=status, count=times, body=body)

    outcome = provision(house)

    if times == 2:
        assert "was changed at Wix while its look" in str(outcome.error)
        outcome = provision(house)
    assert (outcome.error, outcome.numbers["changed"]) == (None, 1)
    assert badges(shops)["First Purchase"]["backgroundColor"] == "#0000FF"
    asked = [one.method for one in shops.world.journal.entries if one.path == path]
    assert asked == ["GET", "PATCH"] * (times + 1)


def test_badges_are_shown_in_the_order_of_the_file(open_shop: OpenShop, shops: LiveShops) -> None:
    house = open_shop()
    provision(house)
    assert list(badges(shops)) == ["First Purchase", "Third Purchase"]
    head, badge, rest = FIRST_AND_THIRD.partition("badges:\n")
    rewrite(house, head + badge + SECOND + rest)

    assert provision(house).error is None

    assert list(badges(shops)) == ["Second Purchase", "First Purchase", "Third Purchase"]
    moves = [one for one in shops.world.journal.entries if one.path.endswith("/move")]
    assert len(moves) == 2, "one when they were new, and one for the new one"


def test_a_title_changed_in_the_dashboard_is_logged_and_left(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    provision(house)
    by_owner(shops, "First Purchase", title="Erster Einkauf")

    with capture_logs() as logs:
        provision(house, read_anew=True)

    [told] = [one for one in logs if "another title" in one["event"]]
    assert (told["badge"], told["was"], told["title"]) == (
        "first-purchase", "First Purchase", "Erster Einkauf",
    )  # fmt: skip
    assert "Erster Einkauf" in badges(shops)


@pytest.mark.parametrize(
    ("method", "first_call"),
    [("GET", 1), ("PATCH", 1), ("POST", 2)],
    ids=["read", "change", "move"],
)
def test_looks_and_order_that_fail_stop_no_award(
    open_shop: OpenShop, shops: LiveShops, method: str, first_call: int
) -> None:
    house = open_shop()
    provision(house)
    head, badge, rest = BLUE.partition("badges:\n")
    rewrite(house, head + badge + SECOND + rest)
    of_one = wire.BADGE.replace("{id}", "*")
    shops.fault(of_one, method=method, first_call=first_call, kind=FaultKind.STATUS, status=503)
    shops.buys(1, 2)

    failed, *_ = do_round(house)

    assert failed.error
    assert (member_id(1), "Second Purchase") in shops.given()
    provision(house)
    provision(house)
    assert next(iter(badges(shops))) == "Second Purchase"
    assert badges(shops)["First Purchase"]["backgroundColor"] == "#0000FF"


def a_404(shops: LiveShops, house: House) -> None:
    """A new award meets the badge that is gone."""
    shops.buys(2, 1)
    do_round(house)


def a_reading(shops: LiveShops, house: House) -> None:
    """The badges are read anew."""
    del shops
    provision(house, read_anew=True)


@pytest.mark.parametrize("noticed", [a_404, a_reading])
def test_a_badge_deleted_at_wix_is_told_once_and_created_anew_only_by_a_person(
    open_shop: OpenShop,
    shops: LiveShops,
    noticed: Callable[[LiveShops, House], None],
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    do_round(house)
    deleted(shops, "First Purchase")
    with capture_logs() as logs:
        noticed(shops, house)
        for _ in range(10):
            do_round(house)

    asked = [one for one in logs if one["event"] == "a person is asked for"]
    assert len(asked) == 1
    assert "--recreate first-purchase" in asked[0]["text"]
    assert list(badges(shops)) == ["Third Purchase"]
    assert len(open_alerts(house)) == 1
    creates = shops.creates()

    outcome = provision(house, anew="first-purchase")
    work.run_assign(house, NORTH, by="test")

    assert (outcome.error, outcome.numbers["created"]) == (None, 1)
    assert (member_id(1), "First Purchase") in shops.given()
    assert open_alerts(house) == []
    assert shops.creates() == creates + 2, "one badge, and one call for all who earn it"
    assert list(badges(shops)) == ["First Purchase", "Third Purchase"]
    assert rows(house)[NORTH, duties.PROVISION].last_error is None
