"""Which rules are in force while their file changes, breaks, or cannot be read."""

from __future__ import annotations

import resource
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jobs_stage import (
    BROKEN,
    FIRST_AND_THIRD,
    NORTH,
    SECOND,
    SOUTH,
    LiveShops,
    OpenShop,
    do_round,
    member_id,
    rewrite,
    runs,
)
from structlog.testing import capture_logs

from badgejobs.errors import Later, RulesError
from badgejobs.jobs import dispatching, duties, work
from badgejobs.rules import load_rules, parse_rules

pytest_plugins = ["jobs_fixtures"]

TENTH = """\
  - id: tenth-purchase
    badge: {title: Tenth Purchase}
    when:
      count: orders
      gte: 10
"""


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
    house = open_shop()  # a site that never knew better rules
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
    duties.register(house)
    dispatching.look_after_configured(house)

    broken = work.run_provision(house, NORTH, by="test")
    do_round(house, SOUTH)

    assert broken.error
    assert "north.yaml" in broken.error
    assert shops.given() == []
    assert shops.given(SOUTH) == [(member_id(1, SOUTH), "First Purchase")]


def test_a_process_that_starts_with_broken_rules_decides_by_those_in_force_before(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    do_round(open_shop())
    house = open_shop()
    rewrite(house, BROKEN)
    shops.buys(1, 1)
    with capture_logs() as logs:
        outcomes = do_round(house)

    assert [one.error for one in outcomes] == [None, None, None]
    assert [one["event"] for one in logs] == ["the old rules stay in force"]
    assert shops.given() == [(member_id(1), "First Purchase")]


def test_every_version_that_was_in_force_can_be_read_again_and_runs_name_it(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    house = open_shop()
    first = house.at(NORTH).rules().version
    shops.buys(1, 1)
    do_round(house)
    rewrite(house, FIRST_AND_THIRD + SECOND)
    second = house.at(NORTH).rules().version
    do_round(house)

    with house.store.read() as tx:
        texts = {version: tx.versions.text(NORTH, version) for version in (first, second)}
        award = tx.awards.of_members(NORTH, [member_id(1)])[member_id(1), "first-purchase"]
    assert first != second
    assert texts == {first: FIRST_AND_THIRD, second: FIRST_AND_THIRD + SECOND}
    for version, text in texts.items():
        assert parse_rules(text or "", file="kept").version == version
    assert award.rules_version == first
    decided = {one.kind: one.rules_version for one in runs(house)}
    assert decided["provision"] == second
    named = [one.rules_version for one in runs(house) if one.kind == "provision"]
    assert named == [first, second]


def test_a_file_written_in_two_halves_never_takes_effect_by_its_first_half(
    open_shop: OpenShop, shops: LiveShops
) -> None:
    """The first half is itself a whole rules file, with a badge for one order in place of ten."""
    moment = time.time()
    house = open_shop(clock=lambda: moment)
    at, file = house.at(NORTH), house.settings.sites[NORTH].rules
    assert file
    before = at.rules().version
    with file.open("w", encoding="utf-8") as writer:
        writer.write(FIRST_AND_THIRD + TENTH[:-2])
        writer.flush()
        assert load_rules(file).version != before, "a whole file as far as anyone can tell"

        half = file.stat().st_mtime
        for later in (0.0, 0.5, 1.9):
            moment = half + later
            assert at.rules().version == before
        with pytest.raises(Later) as young:
            at.rules_now()
        assert young.value.seconds <= 2
        writer.write(TENTH[-2:])

    moment = file.stat().st_mtime + 1.9
    assert at.rules().version == before
    moment += 0.2
    assert at.rules().version == at.rules_now().version != before
    assert at.rules().text == FIRST_AND_THIRD + TENTH
