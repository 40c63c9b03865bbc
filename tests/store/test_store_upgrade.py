"""A database of the first version, with what it held, becomes one of this version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from databases import Clock
from sqlalchemy import MetaData, Table, create_engine

from badgejobs.core.activity import Activity, Item, Mark
from badgejobs.core.milestone import Wants
from badgejobs.core.source import Track
from badgejobs.core.watermark import Round
from badgejobs.store import SqlStore, open_store
from badgejobs.store.engine import parse
from badgejobs.store.schema import _config

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HOLDS = timedelta(seconds=80)

_FACT = {"site": "s", "member_id": "ada", "occurred_at": AT, "updated_at": AT, "first_seen_at": AT}
_SCAN = {"site": "s", "scanning": False, "generation": 0, "failures": 0, "due_at": AT}
_DONE = {"completed_at": AT, "completed_started_at": AT}
OLD_ROWS: dict[str, list[dict[str, Any]]] = {
    "activity": [
        _FACT | {"source": "orders", "activity_id": "o1", "revision": 0, "part": ""}
        | {"marks": "approved paid", "amounts": '{"items":1250}', "currency": "EUR"}
        | {"generation": 0},
        _FACT | {"source": "comments", "activity_id": "c1", "revision": 3, "part": "blog"}
        | {"marks": "published", "amounts": "{}", "generation": 7},
    ],
    "scan": [
        _SCAN | _DONE | {"source": "orders", "mode": "window", "epoch": 4, "lease_until": AT}
        | {"due_at": None, "scanning": True, "cursor": "c", "since": AT, "reached": AT},
        _SCAN | _DONE | {"source": "comments", "mode": "walk", "epoch": 2, "generation": 7}
        | {"complete_from": AT},
        _SCAN | _DONE | {"source": "assign", "mode": "window", "epoch": 9},
    ],
    "quarantine": [
        {"site": "s", "source": "orders", "activity_id": "o9", "reason": "total: missing"}
        | {"first_seen_at": AT, "last_seen_at": AT},
    ],
    "award": [
        {"site": "s", "member_id": "ada", "badge": "first", "state": "assigned", "attempt": 1}
        | {"earned_at": AT, "opened_at": AT, "changed_at": AT, "rules_version": "v1"}
        | {"empty_reads": 0, "reason": ""},
    ],
}  # fmt: skip


@pytest.fixture
def upgraded(empty_database_url: str, clock: Clock) -> Iterator[SqlStore]:
    engine = create_engine(parse(empty_database_url))
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for name, rows in OLD_ROWS.items():
            table = Table(name, MetaData(), autoload_with=connection)
            for row in rows:
                connection.execute(table.insert().values(row))
    engine.dispose()
    clock.now = datetime.now(UTC) + timedelta(minutes=1)
    store = open_store(empty_database_url, clock=clock)
    store.migrate()
    store.check_schema()
    yield store
    store.dispose()


def facts(store: SqlStore) -> dict[str, Activity]:
    with store.read() as tx:
        return {one.activity_id: one for one in tx.activities.of_members("s", ["ada"])["ada"]}


def test_old_facts_and_awards_stand_as_they_were(upgraded: SqlStore) -> None:
    found = facts(upgraded)
    assert (found["o1"].occurred_at, dict(found["o1"].amounts)) == (AT, {"items": 1250})
    assert found["o1"].marks == {Mark.APPROVED, Mark.PAID}
    assert (found["o1"].items, found["o1"].channel, found["o1"].rate) == ((), "", None)
    assert (found["c1"].revision, found["c1"].own, found["c1"].length) == (3, False, 0)
    with upgraded.read() as tx:
        awards = tx.awards.of_members("s", ["ada"])
    upgraded.dispose()
    assert [one.state.value for one in awards.values()] == ["assigned"]


def test_every_source_is_read_again_from_its_beginning(upgraded: SqlStore) -> None:
    with upgraded.begin() as tx:
        assert tx.scans.complete("s", Wants()) == frozenset()
        tx.scans.register("s", "orders", "window", tracks=[Track.FULL, Track.LIVE])
        due = {one for one in ("orders", "comments") if tx.scans.is_due("s", one, Track.FULL)}
        orders = tx.scans.lease("s", "orders", Track.FULL, holds=HOLDS)
        comments = tx.scans.lease("s", "comments", Track.FULL, holds=HOLDS)
    upgraded.dispose()
    assert due == {"orders", "comments"}
    assert (orders.place, orders.is_complete) == (Round(), False)
    assert comments.place == Round(generation=7), "its walks go on counting"


def test_an_old_row_is_renewed_by_the_very_state_that_it_came_from(upgraded: SqlStore) -> None:
    richer = replace(facts(upgraded)["o1"], items=(Item(product="mug", amount=1250),))
    with upgraded.begin() as tx:
        told = tx.activities.record([richer], site="s", source="orders", generation=0)
        tx.scans.register("s", "orders", "window", tracks=[Track.FULL])
        lease = tx.scans.lease("s", "orders", Track.FULL, holds=HOLDS)
        tx.scans.keep(lease, Round(complete_from=AT), holds=HOLDS)
        tx.scans.release(lease, due_in=timedelta(seconds=60), completed=True)
        assert tx.scans.complete("s", Wants()) == {"orders"}
    assert (told.new, told.changed) == (0, 1)
    assert facts(upgraded)["o1"] == richer
    upgraded.dispose()


def test_what_an_old_version_could_not_understand_is_asked_for_at_once(
    upgraded: SqlStore,
) -> None:
    with upgraded.begin() as tx:
        assert tx.quarantine.due_sites(["s"]) == ["s"]
        assert tx.quarantine.due("s", "orders", limit=9) == ["o9"]
        [one] = tx.quarantine.listed(["s"])
    assert (one.reason, one.tries, one.tried_by, one.first_seen_at) == ("total: missing", 0, "", AT)
