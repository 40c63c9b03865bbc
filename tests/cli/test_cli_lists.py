"""Lists of members, holders and awards tell what is recorded, whole, and nothing that is secret."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_desk import Desk, Ended, member_id
from fleet_desk import FleetDesk
from one_process import run_here

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.alert import Kind as Alarm
from badgejobs.core.award import Giver, Timing
from badgejobs.core.drift import Drift, Kind
from badgejobs.core.ledger import Earned, WakeUp
from badgejobs.core.source import Track
from badgejobs.errors import Transient
from badgejobs.store import SqlStore, open_store
from badgejobs.store.acting import acting
from badgejobs.store.tables import METADATA

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANA, BEN, CAY = (member_id(n) for n in (1, 2, 3))
EVIL = '=HYPERLINK("http://evil.example")'


class Here(Desk):
    """A desk whose commands run within this process, and whose Wix is away."""

    def run(self, *arguments: str, **environment: str) -> Ended:
        return run_here(arguments, folder=self.folder, environment=environment)


@pytest.fixture
def lived(tmp_path: Path) -> Iterator[tuple[Here, SqlStore]]:
    """Three members with orders and badges: one given, one found to be a person's, one held."""
    desk = Here(tmp_path, "http://127.0.0.1:9")
    assert desk.run("migrate").code == 0
    store = open_store(f"sqlite:///{tmp_path}/state/badgejobs.db")
    with store.begin() as tx:
        orders = [
            Activity(
                site="shop", source="orders", activity_id=f"o{n}", member_id=member,
                occurred_at=NOW - timedelta(days=n), updated_at=NOW, marks=frozenset({Mark.PAID}),
                amounts={"total": 100 * n}, currency="EUR",
            )
            for n, member in enumerate([ANA, ANA, BEN])
        ]  # fmt: skip
        tx.activities.record(orders, site="shop", source="orders", generation=0)
        tx.bindings.bind("shop", "gold", "wix-gold")
        earned = [
            Earned(member_id=member, badge="gold", earned_at=NOW - timedelta(days=n), hold=hold)
            for n, (member, hold) in enumerate([(ANA, ""), (BEN, ""), (CAY, EVIL)])
        ]
        tx.awards.open("shop", earned, rules_version="v1-of-the-rules")
        claimed = tx.awards.claim("shop", limit=9, holds=timedelta(minutes=1))
        assert claimed
        tx.awards.settle(
            [one.sent(tx.now, Timing()) for one in claimed.awards], claim=claimed.token
        )
        given = [
            one.sent(tx.now, Timing()).given("a", Giver.OURS if one.member_id == ANA
                                             else Giver.PERSON)
            for one in claimed.awards
        ]  # fmt: skip
        with acting(actor="olga", note="fair"):
            tx.awards.settle(given, claim=claimed.token)
        tx.wake_ups.replace("shop", [ANA], [WakeUp(member_id=ANA, at=NOW)])
        drift = Drift(site="shop", member_id=ANA, badge="gold", kind=Kind.EXTRA, at_wix=1)
        tx.drifts.found("shop", [drift])
        tx.requests.add("shop", ANA)
    yield desk, store
    store.dispose()


def lines(ended: Ended) -> list[dict[str, object]]:
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def test_members_are_told_by_what_they_did_and_have_in_order_of_their_ids(
    lived: tuple[Here, SqlStore],
) -> None:
    desk, _ = lived
    all_of_them = lines(desk.run("members", "list", "shop", "--json"))
    assert [one["member"] for one in all_of_them] == [ANA, BEN, CAY]
    assert all_of_them[0]["activities"] == {
        "orders": {"number": 2, "latest": "2026-05-01T12:00:00+00:00"}
    }
    assert [one["badges"] for one in all_of_them] == [
        {"gold": "assigned"}, {"gold": "assigned"}, {"gold": "held"}
    ]  # fmt: skip
    assert all_of_them == lines(desk.run("members", "list", "shop", "--badge", "gold", "--json"))
    short = desk.run("members", "list", "shop", "--limit", "2")
    assert short.out.count("\n") == 2
    assert "first 2" in short.err

    shown = desk.run("members", "show", "shop", CAY)
    assert EVIL in shown.out
    assert "held" in shown.out
    told = json.loads(desk.run("members", "show", "shop", ANA.upper(), "--json").out)
    assert [one["giver"] for one in told["awards"]] == ["ours"]
    assert "claim" not in told["awards"][0]
    assert "nothing is recorded" in desk.run("members", "show", "shop", member_id(9)).out


def test_holders_are_those_at_wix_with_who_gave_and_by_which_rules(
    lived: tuple[Here, SqlStore],
) -> None:
    desk, _ = lived
    rows = lines(desk.run("holders", "shop", "gold", "--json"))
    assert [(one["member"], one["giver"], one["by"], one["rules_version"]) for one in rows] == [
        (BEN, "person", "olga", "v1-of-the-rules"), (ANA, "ours", "olga", "v1-of-the-rules")
    ]  # fmt: skip
    assert all(one["since"] for one in rows)
    table = list(csv.DictReader(io.StringIO(desk.run("holders", "shop", "gold", "--csv").out)))
    assert [one["member"] for one in table] == [BEN, ANA]
    missing = desk.run("holders", "shop", "gould")
    assert (missing.code, "did you mean 'gold'?" in missing.err) == (4, True)
    assert "nobody has" in desk.run("holders", "shop", "first-purchase").out


def test_an_export_has_every_row_is_ours_alone_and_no_formula(
    lived: tuple[Here, SqlStore],
) -> None:
    desk, store = lived
    file = desk.folder / "awards.csv"
    assert desk.run("export", "shop", "--out", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    awards = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert [one["member_id"] for one in awards] == [ANA, BEN, CAY]
    assert awards[2]["reason"] == f"'{EVIL}"
    assert awards[2]["silent"] == "no"
    assert list(desk.folder.glob(".awards.csv*")) == []
    history = lines(desk.run("export", "shop", "--what", "history", "--format", "jsonl"))
    with store.read() as tx:
        kept = [one for who in (ANA, BEN, CAY) for one in tx.awards.history("shop", who)]
    assert [(one["member_id"], one["to_state"], one["note"]) for one in history] == [
        (one.member_id, one.to_state, one.note) for one in kept
    ]
    nowhere = desk.run("export", "shop", "--out", str(desk.folder / "none" / "a.csv"))
    assert (nowhere.code, "name a file in a folder" in nowhere.err) == (4, True)


def test_an_export_in_json_has_the_rows_of_the_csv_and_is_refused_beside_it(
    lived: tuple[Here, SqlStore],
) -> None:
    desk, _ = lived
    table = list(csv.DictReader(io.StringIO(desk.run("export", "shop", "--format", "csv").out)))
    found = lines(desk.run("export", "shop", "--json"))
    assert [list(one) for one in found] == [list(row) for row in table]
    assert [(one["member_id"], one["badge"], one["state"]) for one in found] == [
        (ANA, "gold", "assigned"), (BEN, "gold", "assigned"), (CAY, "gold", "held"),
    ]  # fmt: skip
    assert [one["giver"] for one in found] == ["ours", "person", None]
    assert found[2]["reason"] == EVIL, "a program reads it as it is"
    for same in (("--format", "jsonl"), ("--format", "jsonl", "--json")):
        assert lines(desk.run("export", "shop", *same)) == found
    assert desk.run("export", "shop").out == desk.run("export", "shop", "--format", "csv").out

    file = desk.folder / "awards.csv"
    refused = desk.run("export", "shop", "--format", "csv", "--json", "--out", str(file))
    assert (refused.code, refused.out, file.exists()) == (4, "", False)
    assert "--format csv and --json exclude each other: name one of them" in refused.err


def test_what_is_told_of_a_member_is_one_json_object_with_json_or_without(
    lived: tuple[Here, SqlStore],
) -> None:
    desk, _ = lived
    told = json.loads(desk.run("export-member", "shop", ANA, "--json").out)
    assert list(told) == ["site", "member", "at", "number", "rows"]
    assert (told["site"], told["member"]) == ("shop", ANA)
    numbers = {kind: len(rows) for kind, rows in told["rows"].items() if rows}
    assert numbers == {
        "activities": 2, "awards": 1, "history": 3, "drift": 1, "wake_ups": 1, "requests": 1,
    }  # fmt: skip
    assert told["number"] == sum(numbers.values())
    same = json.loads(desk.run("export-member", "shop", ANA).out)
    assert same | {"at": None} == told | {"at": None}


def test_what_is_no_file_is_not_replaced_by_a_list_or_a_plan(
    lived: tuple[Here, SqlStore],
) -> None:
    desk, _ = lived
    pipe = desk.folder / "pipe"
    os.mkfifo(pipe)
    for command in ("export", "plan"):
        ended = desk.run(command, "shop", "--out", str(pipe))
        assert (ended.code, "is no plain file" in ended.err) == (4, True)
    assert pipe.is_fifo()


def test_who_is_near_stands_in_csv_as_no_formula(lived: tuple[Here, SqlStore]) -> None:
    desk, store = lived
    with store.begin() as tx:
        orders = [
            Activity(
                site="shop", source="orders", activity_id=f"e{n}", member_id=EVIL,
                occurred_at=NOW, updated_at=NOW, marks=frozenset({Mark.APPROVED, Mark.PAID}),
            )
            for n in range(2)
        ]  # fmt: skip
        tx.activities.record(orders, site="shop", source="orders", generation=0)
    row, *_ = csv.DictReader(io.StringIO(desk.run("near", "shop", "third-purchase", "--csv").out))
    assert (row["member"], row["missing"]) == (f"'{EVIL}", "1 more")


def test_what_is_told_of_a_member_is_all_that_is_erased_and_then_no_table_has_their_id(
    lived: tuple[Here, SqlStore],
) -> None:
    desk, store = lived
    told = json.loads(desk.run("export-member", "shop", ANA).out)
    dry = json.loads(desk.run("erase-member", "shop", ANA, "--json").out)
    assert {kind: len(rows) for kind, rows in told["rows"].items()} == dry["rows"]
    assert told["rows"]["activities"][0]["amounts"] == {"total": 0}
    for kind in ("awards", "history", "wake_ups", "drift", "requests"):
        assert told["rows"][kind], kind

    assert desk.run("erase-member", "shop", ANA, "--yes").code == 0

    with store.read() as tx:
        for name, table in METADATA.tables.items():
            for row in tx._connection.execute(table.select()):
                assert ANA not in repr(row), name
    assert not any(json.loads(desk.run("export-member", "shop", ANA).out)["rows"].values())


def test_status_of_many_sites_is_a_line_each_worst_first_and_of_one_says_what_is_stuck(
    tmp_path: Path,
) -> None:
    desk = FleetDesk(tmp_path, "http://127.0.0.1:9")
    desk.add_app()
    for n in range(3):
        instance = f"aaaaaaaa-0000-4000-8000-00000000000{n}"
        how = ("--app", "ours", "--instance", instance, "--pack", "standard", "--no-check")
        assert desk.add(f"shop-{n}", *how).code == 0
    with desk.store.begin() as tx:
        tx.scans.register("shop-1", "orders", "window", tracks=[Track.LIVE, Track.FULL])
        lease = tx.scans.lease("shop-1", "orders", Track.LIVE, holds=timedelta(minutes=1))
        tx.scans.postpone(lease, due_in=timedelta(hours=1), error=Transient("Wix answered 503"))
        tx.alerts.raised("shop-2", Alarm.DRIFT, "look at this")

    shown = desk.run("status")
    told = desk.told("status", "--limit", "1")
    one = desk.told("status", "shop-1")

    lines = [line.split("\t") for line in shown.out.splitlines() if line.startswith("shop-")]
    assert [line[0] for line in lines] == ["shop-2", "shop-1", "shop-0"]
    assert {len(line) for line in lines} == {12}
    assert "3 sites: " in shown.out
    fleet = told["fleet"]
    assert (fleet["sites"], fleet["totals"]["alerts"], fleet["totals"]["stuck"]) == (3, 1, 1)
    assert [line["site"] for line in fleet["worst_first"]] == ["shop-2"]
    assert fleet["worst_first"][0]["budget"]["percent"] is None, "no broker tells"
    assert {alert["site"] for alert in told["alerts"]} == {"shop-2"}
    [stuck] = one["stuck"]
    assert stuck["what"] == "orders live"
    assert stuck["why"] == "Wix answered 503 (1 tries failed)"
    assert one["budget"][0]["per_minute"] == 180
    desk.store.dispose()
