"""Which rules are in force while their file changes, breaks, or cannot be read."""

from __future__ import annotations

import resource
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jobs_stage import (
    BROKEN,
    NORTH,
    SOUTH,
    LiveShops,
    OpenShop,
    do_round,
    member_id,
    rewrite,
    runs,
)
from structlog.testing import capture_logs

from badgejobs.errors import RulesError
from badgejobs.jobs import tasks, work

pytest_plugins = ["jobs_fixtures"]


def test_a_rules_file_that_breaks_leaves_the_old_rules_in_force(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    shops.buys(1, 1)
    do_round(house)

    file = rewrite(house, BROKEN)
    shops.buys(2, 3)
    assert [one.error for one in do_round(house)] == [None, None, None]
    file.unlink()
    shops.buys(3, 1)
    assert [one.error for one in do_round(house)] == [None, None, None]

    assert shops.given() == [
        (member_id(1), "First Purchase"),
        (member_id(2), "First Purchase"),
        (member_id(2), "Third Purchase"),
        (member_id(3), "First Purchase"),
    ]


@pytest.mark.parametrize("gone", [False, True])
def test_broken_rules_are_told_once_a_change_and_not_at_every_page(
    open_shop: OpenShop, gone: bool
) -> None:
    house = open_shop()
    at = house.at(NORTH)
    right = at.rules()
    with capture_logs() as logs:
        file = rewrite(house, BROKEN)
        if gone:
            file.unlink()
        assert {at.rules().version for _ in range(5)} == {right.version}
    assert [one["event"] for one in logs] == ["the old rules stay in force"]


def test_broken_rules_that_are_asked_for_again_and_again_take_no_memory(
    open_shop: OpenShop,
) -> None:
    house = open_shop()
    rewrite(house, BROKEN)

    def frames() -> int:
        with pytest.raises(RulesError) as caught:
            house.at(NORTH).rules()
        return len(list(traceback.walk_tb(caught.value.__traceback__)))

    assert len({frames() for _ in range(20)}) == 1


@contextmanager
def no_file_can_be_opened() -> Iterator[None]:
    """As in a process that has too many of them open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    open_now = len(list(Path("/dev/fd").iterdir()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(open_now - 1, 3), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_rules_that_could_not_be_read_for_a_moment_are_read_again_unchanged(
    open_shop: OpenShop,
) -> None:
    at = open_shop().at(NORTH)
    with no_file_can_be_opened(), pytest.raises(RulesError, match="cannot be read"):
        at.rules()
    assert at.rules().milestones


def test_a_request_waits_without_a_trace_while_the_rules_are_broken(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    shops.buys(1, 1)
    do_round(open_shop())
    house = open_shop()  # a process that never knew better rules
    rewrite(house, BROKEN)
    with house.store.begin() as tx:
        request = tx.requests.add(NORTH, member_id(1))
    before = len(runs(house))
    for _ in range(3):
        with pytest.raises(RulesError):
            work.run_check(house, request, by="test")
    assert len(runs(house)) == before
    with house.store.begin() as tx:
        assert tx.requests.open_ids([NORTH], 10) == [request]


def test_rules_that_were_never_right_stop_their_own_site_alone(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop(sites=(NORTH, SOUTH))
    rewrite(house, BROKEN)
    shops.buys(1, 1)
    shops.buys(1, 1, shop=SOUTH)
    work.register(house)
    tasks.take_up_changed_rules(house)

    broken = work.run_provision(house, NORTH, by="test")
    do_round(house, SOUTH)

    assert broken.error
    assert "north.yaml" in broken.error
    assert shops.given() == []
    assert shops.given(SOUTH) == [(member_id(1, SOUTH), "First Purchase")]
