"""Plug-ins at work: what they read earns badges, and what is wrong with them stays theirs."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from distributions import REVIEWS, install, link, plain
from jobs_stage import (
    FIRST_AND_THIRD,
    NORTH,
    SOUTH,
    LiveShops,
    OpenShop,
    do_round,
    member_id,
    rewrite,
)

from badgejobs.bootstrap import House
from badgejobs.core.source import Track
from badgejobs.errors import SourceBroken
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import Outcome
from badgejobs.sandbox.records.collection import Record
from badgejobs.store.overviews import ScanOverview

pytest_plugins = ["jobs_fixtures"]

#: No two modules of this process share a name.
NUMBERS = itertools.count()

CRITIC = """\
  - id: critic
    badge: {title: Critic}
    when: {count: reviews, gte: 2}
"""
QUIZZER = """\
  - id: quizzer
    badge: {title: Quizzer}
    when: {count: quizzes, gte: 1}
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that this Python sees beside its own."""
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def quizzes(shelf: Path, text: str) -> None:
    """Install a plug-in named so, in place of the one that is there; a new process sees it."""
    for about in shelf.glob("*.dist-info"):
        shutil.rmtree(about)
    module = f"quizzes_{next(NUMBERS)}"
    install(shelf, "quiz-plug", points={"quizzes": f"{module}:Source"}, modules={module: text})


def reviewed(shops: LiveShops, member: int, times: int, **fields: Any) -> None:
    """A member, who is a contact of another id, writes so many reviews."""
    site, now = shops.site(), shops.world.clock()
    contact = member_id(member).replace("b", "a")
    body = {"id": member_id(member), "contactId": contact, "status": "APPROVED"}
    site.members.put(Record(body, site.members.fields), now)
    for number in range(times):
        review = {
            "id": member_id(100 * member + number).replace("b", "e"),
            "author": {"contactId": contact},
            "moderation": {"moderationStatus": "APPROVED"},
            "createdDate": "2026-01-05T12:00:00.000Z",
            "updatedDate": "2026-01-05T12:00:00.000Z",
            "revision": "1",
        }
        site.reviews.put(Record(review | fields, site.reviews.fields), now)


def row_of_quizzes(house: House) -> ScanOverview:
    """How the one track stands on which the plug-in is read."""
    with house.store.read() as tx:
        [row] = [one for one in tx.scans.overview() if one.source == "quizzes"]
    return row


def done(house: House, site: str, source: str) -> Outcome:
    return work.run_scan(house, site, source, Track.FULL, by="test")


def test_what_a_plug_in_reads_earns_badges_like_all_else(
    open_shop: OpenShop, shops: LiveShops, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(shelf, REVIEWS)
    monkeypatch.syspath_prepend(str(REVIEWS))
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + CRITIC)
    reviewed(shops, 1, 2)
    reviewed(shops, 2, 1)
    reviewed(shops, 3, 2, moderation={"moderationStatus": "REJECTED"})
    shops.buys(2, 1)

    duties.register(house)
    work.run_provision(house, NORTH, by="test")
    outcomes = [done(house, NORTH, name) for name in ("orders", "reviews")]
    work.run_assign(house, NORTH, by="test")

    assert [one.error for one in outcomes] == [None, None]
    assert outcomes[1].kind == "backfill reviews"
    assert outcomes[1].numbers["seen"] == 5
    assert shops.given() == [(member_id(1), "Critic"), (member_id(2), "First Purchase")]


BROKEN = {
    "cannot be imported": "import a_module_that_nobody_has",
    "failed": plain("quizzes").replace("return Page(activities=())", "raise KeyError(cursor)"),
    "failed when made": plain("quizzes").replace("self.site = site", "raise ValueError(site)"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_plug_in_ends_its_own_scan_and_no_other(
    open_shop: OpenShop, shops: LiveShops, shelf: Path, how: str
) -> None:
    quizzes(shelf, BROKEN[how])
    house = open_shop(sites=(NORTH, SOUTH))
    rewrite(house, FIRST_AND_THIRD + QUIZZER)
    shops.buys(1, 1)
    shops.buys(2, 1, shop=SOUTH)

    for site in (NORTH, SOUTH):
        duties.register(house)
        work.run_provision(house, site, by="test")
        assert done(house, site, "orders").error is None
    failed = done(house, NORTH, "quizzes")
    for site in (NORTH, SOUTH):
        work.run_assign(house, site, by="test")

    assert isinstance(failed.cause, SourceBroken)
    assert "quiz-plug 1.0" in str(failed.error)
    row = row_of_quizzes(house)
    assert (row.failures, row.last_error) == (1, failed.error)
    assert row.lease_until is None
    with house.store.read() as tx:
        assert row.due_at
        assert row.due_at > tx.now, "it is looked at again, later"
    assert shops.given() == [(member_id(1), "First Purchase")]
    assert shops.given(SOUTH) == [(member_id(2, SOUTH), "First Purchase")]


def test_a_broken_plug_in_that_no_rule_reads_is_not_even_imported(
    open_shop: OpenShop, shops: LiveShops, shelf: Path
) -> None:
    quizzes(shelf, "raise SystemExit(7)")
    house = open_shop()
    shops.buys(1, 1)
    duties.register(house)
    work.run_provision(house, NORTH, by="test")
    assert done(house, NORTH, "orders").error is None
    work.run_assign(house, NORTH, by="test")
    assert shops.given() == [(member_id(1), "First Purchase")]


def test_what_was_read_stays_read_while_a_plug_in_is_broken(
    open_shop: OpenShop, shelf: Path
) -> None:
    quizzes(shelf, plain("quizzes"))
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + QUIZZER)
    do_round(house)
    assert done(house, NORTH, "quizzes").error is None
    before = row_of_quizzes(house)
    assert before.completed_at is not None

    quizzes(shelf, "import a_module_that_nobody_has")
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + QUIZZER)
    duties.register(house)
    assert isinstance(done(house, NORTH, "quizzes").cause, SourceBroken)
    broken = row_of_quizzes(house)
    assert (broken.mode, broken.place) == (before.mode, before.place)
    assert broken.completed_at == before.completed_at

    quizzes(shelf, plain("quizzes"))
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + QUIZZER)
    duties.register(house)
    after = row_of_quizzes(house)
    assert (after.mode, after.place) == (before.mode, before.place)


def test_one_that_was_broken_from_the_start_is_read_in_its_own_way_once_it_is_mended(
    open_shop: OpenShop, shelf: Path
) -> None:
    quizzes(shelf, "import a_module_that_nobody_has")
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + QUIZZER)
    do_round(house)
    done(house, NORTH, "quizzes")

    quizzes(shelf, plain("quizzes"))
    house = open_shop()
    rewrite(house, FIRST_AND_THIRD + QUIZZER)
    duties.register(house)
    assert done(house, NORTH, "quizzes").error is None
    row = row_of_quizzes(house)
    assert (row.mode, row.track, row.failures) == ("walk", Track.FULL, 0)
    assert row.completed_at is not None
