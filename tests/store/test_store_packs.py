"""Packs of rules in the database: versions, who goes by which, and who takes up another."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from databases import Clock
from sqlalchemy import insert

from badgejobs.core.pack import SETTLES_IN
from badgejobs.errors import Refused
from badgejobs.store import SqlStore
from badgejobs.store.fleet_tables import site

SITES = [f"site-{number:02}" for number in range(40)]
ONE, TWO = "version: 1\n# one\n", "version: 1\n# two\n"


def put(store: SqlStore, text: str, **more: Any) -> tuple[int, bool]:
    told = {"note": "", "added_by": "mara"} | more
    with store.begin() as tx:
        return tx.packs.put("shops", text, **told)


def add(store: SqlStore, *names: str, pack: str = "shops", overrides: str = "") -> None:
    """Sites as `badgejobs sites add` writes them, with the duty to provision far away."""
    with store.begin() as tx:
        for name in names:
            tx._connection.execute(
                insert(site).values(
                    name=name, pack=pack, overrides=overrides, comment_apps="",
                    added_at=tx.now, changed_at=tx.now,
                )
            )  # fmt: skip
            tx.scans.register(name, "provision", "window")
            tx.scans.register(name, "assign", "window")
            for duty in ("provision", "assign"):
                lease = tx.scans.lease(name, duty, holds=timedelta(minutes=1))
                tx.scans.release(lease, due_in=timedelta(days=9), completed=True)


def due_soon(store: SqlStore) -> dict[tuple[str, str], datetime]:
    with store.read() as tx:
        rows = tx.scans.overview()
        soon = tx.now + timedelta(days=1)
    return {(one.site, one.source): one.due_at for one in rows if one.due_at and one.due_at < soon}


def go_by(store: SqlStore, version: int, among: Collection[str] = SITES) -> set[str]:
    with store.read() as tx:
        pack = tx.packs.existing("shops")
    return {one for one in among if pack.version_for(one) == version}


def test_the_first_version_is_in_force_and_the_next_waits(store: SqlStore) -> None:
    assert put(store, ONE, note="first") == (1, True)
    assert put(store, TWO) == (2, True)
    assert put(store, TWO, note="again", added_by="ada") == (2, False)
    assert put(store, ONE) == (3, True), "an older text is a new version"
    with store.read() as tx:
        pack = tx.packs.existing("shops")
        assert (pack.stable, pack.canary) == (1, None)
        told = [(one.version, one.note, one.added_by) for one in tx.packs.versions("shops")]
        assert told == [(1, "first", "mara"), (2, "", "mara"), (3, "", "mara")]
        assert tx.packs.text("shops", 2) == TWO
        assert tx.packs.names() == ["shops"]
        assert tx.packs.get("none") is None
        assert tx.packs.text("none", 1) is None


def test_what_is_not_there_is_refused_with_what_is(store: SqlStore) -> None:
    put(store, ONE)
    with store.begin() as tx:
        with pytest.raises(Refused, match="no pack 'blogs'; known: shops; `badgejobs packs put"):
            tx.packs.promote("blogs", 1)
        with pytest.raises(Refused, match="'shops' has no version 2; its versions: 1"):
            tx.packs.promote("shops", 2)
        with pytest.raises(Refused, match="no version of the pack 'shops' is tried"):
            tx.packs.end_canary("shops")
        with pytest.raises(Refused, match="no site of the pack 'shops': strange"):
            tx.packs.start_canary("shops", 1, sites=["strange"])


def test_just_those_sites_take_up_rules_whose_version_changes(
    store: SqlStore, clock: Clock
) -> None:
    put(store, ONE)
    put(store, TWO)
    add(store, *SITES)
    add(store, "elsewhere", pack="blogs")
    assert due_soon(store) == {}

    with store.begin() as tx:
        assert tx.packs.start_canary("shops", 2, sites=SITES[:2]) == 2
        when = tx.now + SETTLES_IN
    assert go_by(store, 2) == set(SITES[:2])
    assert due_soon(store) == {(one, "provision"): when for one in SITES[:2]}

    clock.advance(seconds=60)
    with store.begin() as tx:
        added = tx.packs.start_canary("shops", 2, percent=30)
        when = tx.now + SETTLES_IN
    assert len(go_by(store, 2)) == 2 + added
    assert {one for one, at in due_soon(store).items() if at == when} == {
        (one, "provision") for one in go_by(store, 2) - set(SITES[:2])
    }

    with store.begin() as tx:
        assert tx.packs.promote("shops", 2) == len(SITES) - 2 - added
        assert tx.packs.promote("shops", 2) == 0
    assert go_by(store, 2) == set(SITES)
    assert set(due_soon(store)) == {(one, "provision") for one in SITES}


def test_the_end_of_a_trial_is_for_those_that_tried(store: SqlStore) -> None:
    put(store, ONE)
    put(store, TWO)
    add(store, *SITES)
    with store.begin() as tx:
        tx.packs.start_canary("shops", 2, sites=SITES[3:5])
    with store.begin() as tx:
        assert tx.packs.end_canary("shops") == 2
        pack = tx.packs.existing("shops")
    assert (pack.canary, pack.canary_sites, pack.canary_since) == (None, frozenset(), None)
    assert go_by(store, 1) == set(SITES)


def test_an_earlier_version_is_gone_back_to_by_all(store: SqlStore) -> None:
    put(store, ONE)
    put(store, TWO)
    add(store, *SITES[:3])
    with store.begin() as tx:
        tx.packs.promote("shops", 2)
        tx.packs.start_canary("shops", 1, sites=SITES[:1])
    with store.begin() as tx:
        assert tx.packs.promote("shops", 1) == 2
    assert go_by(store, 1, SITES[:3]) == set(SITES[:3])


def test_sites_of_a_configuration_file_take_part(store: SqlStore) -> None:
    put(store, ONE)
    put(store, TWO)
    with store.begin() as tx:
        assert tx.packs.start_canary("shops", 2, sites=["filed"], others=["filed", "other"]) == 1
        assert tx.packs.promote("shops", 2, others=["filed", "other"]) == 1


def test_a_change_that_was_seen_before_another_one_is_refused(
    store: SqlStore, clock: Clock
) -> None:
    put(store, ONE)
    with store.read() as tx:
        seen = tx.packs.existing("shops").changed_at
    put(store, TWO)
    with store.begin() as tx:
        tx.packs.start_canary("shops", 2, percent=5, seen=seen)
    clock.advance(seconds=1)
    with store.begin() as tx:
        seen_later = tx.packs.existing("shops").changed_at
        tx.packs.start_canary("shops", 2, percent=6, seen=seen_later)
    with store.begin() as tx, pytest.raises(Refused, match="was changed meanwhile"):
        tx.packs.promote("shops", 2, seen=seen_later)


def test_nothing_stands_of_a_change_that_is_undone(store: SqlStore) -> None:
    put(store, ONE)
    put(store, TWO)
    add(store, SITES[0])

    with suppress(Refused), store.begin() as tx:
        tx.packs.promote("shops", 2)
        tx.packs.promote("shops", 3)
    assert go_by(store, 1, SITES[:1]) == {SITES[0]}
    assert due_soon(store) == {}


def test_the_sites_of_a_pack_are_listed_in_pages(store: SqlStore) -> None:
    add(store, *SITES[:5], overrides="remove: [a]")
    add(store, "elsewhere", pack="blogs")
    with store.read() as tx:
        first = tx.packs.sites_after("shops", "", 3)
        assert [one for one, _ in first] == SITES[:3]
        assert tx.packs.sites_after("shops", SITES[2], 3) == [
            (one, "remove: [a]") for one in SITES[3:5]
        ]
        assert tx.packs.numbers_of_sites() == {"shops": 5, "blogs": 1}
