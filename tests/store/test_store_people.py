"""Lists are the same page by page as at once, and many sites are told of in a few queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import Clock
from query_plans import plans_of

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.alert import Kind as Alarm
from badgejobs.core.award import Giver, Timing
from badgejobs.core.drift import Drift, Kind
from badgejobs.core.ledger import Earned
from badgejobs.core.source import Track
from badgejobs.errors import Transient
from badgejobs.store import SqlStore
from badgejobs.store.fleet_lines import SiteLine
from badgejobs.store.glance import names

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def filled(store: SqlStore, site: str) -> None:
    """Seven members, of whom two bought nothing and some have badges, in all orders."""
    with store.begin() as tx:
        orders = [
            Activity(
                site=site, source="orders", activity_id=f"o{n}", member_id=f"m{n % 5}",
                occurred_at=T0 + timedelta(hours=n), updated_at=T0, marks=frozenset({Mark.PAID}),
            )
            for n in range(9)
        ]  # fmt: skip
        tx.activities.record(orders, site=site, source="orders", generation=0)
        for badge, members in (("gold", (6, 0, 3, 5)), ("iron", (5, 1))):
            tx.bindings.bind(site, badge, f"wix-{badge}")
            # two of each earned it at the same moment
            earned = [
                Earned(member_id=f"m{n}", badge=badge, earned_at=T0 + timedelta(days=i // 2))
                for i, n in enumerate(members)
            ]
            tx.awards.open(site, earned, rules_version="v1")
        claimed = tx.awards.claim(site, limit=9, holds=timedelta(minutes=1))
        assert claimed
        sent = [one.sent(tx.now, Timing()).given("a", Giver.OURS) for one in claimed.awards]
        tx.awards.settle(sent, claim=claimed.token)


def test_every_list_is_the_same_in_pages_of_any_size(store: SqlStore) -> None:
    filled(store, "s")
    filled(store, "t")
    with store.read() as tx:
        people = tx.people
        members = people.members("s", after="", limit=99)
        with_gold = people.members("s", after="", limit=99, badge="gold")
        holders = people.holders("s", "gold", after=None, limit=99)
        awards = people.awards("s", after=("", ""), limit=99)
        history = people.history("s", after=("", 0), limit=99)
        assert [one.member_id for one in members] == [f"m{n}" for n in range(7)]
        assert members[0].activities == {"orders": (2, T0 + timedelta(hours=5))}
        assert [one.member_id for one in with_gold] == ["m0", "m3", "m5", "m6"]
        assert [one.member_id for one in holders] == ["m0", "m6", "m3", "m5"]
        assert len(awards) == 6
        assert len(history) >= 12
        assert {one.site for _, one in history} == {"s"}
        for size in (1, 2, 3):
            for i in range(0, len(members), size):
                after = members[i - 1].member_id if i else ""
                assert people.members("s", after=after, limit=size) == members[i : i + size]
            for i in range(0, len(holders), size):
                last = holders[i - 1] if i else None
                place = (last.earned_at, last.member_id) if last else None
                page = people.holders("s", "gold", after=place, limit=size)
                assert page == holders[i : i + size]
            for i in range(0, len(awards), size):
                before = awards[i - 1].award if i else None
                key = (before.member_id, before.badge) if before else ("", "")
                assert people.awards("s", after=key, limit=size) == awards[i : i + size]
            for i in range(0, len(history), size):
                number = (history[i - 1][1].member_id, history[i - 1][0]) if i else ("", 0)
                assert people.history("s", after=number, limit=size) == history[i : i + size]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_page_of_members_reads_no_awards_but_theirs(store: SqlStore) -> None:
    filled(store, "s")
    with store.read() as tx, plans_of(tx) as plans:
        tx.people.members("s", after="", limit=99)
    # the index of badges would be gone through from end to end for each page
    of_awards = [one for one in plans if one.startswith("SEARCH award ")]
    assert of_awards
    assert all("member_id" in one for one in of_awards), of_awards


def test_a_fleet_is_told_worst_first_in_as_many_queries_as_one_site(
    store: SqlStore, clock: Clock
) -> None:
    sites = [f"site-{n}" for n in range(20)]
    with store.begin() as tx:
        for name in (*sites, "of-another-file"):
            tx.scans.register(name, "orders", mode="window", tracks=[Track.LIVE, Track.FULL])
        for track in (Track.LIVE, Track.FULL):
            lease = tx.scans.lease(sites[1], "orders", track, holds=timedelta(minutes=1))
            tx.scans.finish(lease, due_in=timedelta(hours=9))
        failing = tx.scans.lease(sites[2], "orders", Track.LIVE, holds=timedelta(minutes=1))
        tx.scans.postpone(failing, due_in=timedelta(hours=9), error=Transient("503"))
        drift = Drift(site=sites[3], member_id="m", badge="gold", kind=Kind.EXTRA, at_wix=1)
        tx.drifts.found(sites[3], [drift])
        tx.alerts.raised(sites[7], Alarm.DRIFT, "look at this")
        tx.awards.open(
            sites[5], [Earned(member_id="m", badge="gold", earned_at=T0)], rules_version="v1"
        )
        tx.standings.suspend(sites[6], by="person", reason="unpaid")
        tx.scans.register(sites[1], "assign", mode="window")

    told: dict[str, SiteLine] = {}
    queries = []
    for some in (sites[:1], sites):
        with store.statements() as counted, store.read() as tx:
            lines = tx.fleet_lines.of(some, duties={"assign"})
            queries.append(counted.total())
            told |= {one.site: one for one in lines}

    assert queries[0] == queries[1]
    assert [one.site for one in lines[:4]] == [sites[7], sites[2], sites[6], sites[3]]
    assert {one.site for one in lines} == set(sites)
    assert (told[sites[1]].known_to, told[sites[1]].due) == (clock(), 1)
    assert (told[sites[0]].known_to, told[sites[0]].due, told[sites[0]].stuck) == (None, 2, 0)
    assert (told[sites[2]].due, told[sites[2]].stuck) == (1, 1)
    assert told[sites[5]].waiting == told[sites[3]].drift == told[sites[7]].alerts == 1
    assert told[sites[6]].suspended
    clock.advance(minutes=11)
    with store.read() as tx:
        [at_rest] = tx.fleet_lines.of(sites[6:7], duties={"assign"})
        assert (at_rest.due, at_rest.stuck) == (0, 0), "nobody is to work for it"
        assert {one.stuck for one in tx.fleet_lines.of(sites[:1], duties={"assign"})} == {2}


def test_names_are_told_at_a_glance_and_nothing_is_made(
    store: SqlStore, database_url: str, tmp_path: Path
) -> None:
    with store.begin() as tx:
        for site, badge in (("s", "gold"), ("s", "goat_2"), ("t", "goatx2"), ("s", "iron")):
            tx.bindings.bind(site, badge, f"wix-{badge}")
    assert names(database_url, "badges", begins="go", site="s") == ["goat_2", "gold"]
    assert names(database_url, "badges", begins="goat_") == ["goat_2"]
    assert names(database_url, "sites", begins="") == []
    missing = tmp_path / "none.db"
    assert names(f"sqlite:///{missing}", "sites", begins="") == []
    assert not missing.exists()
