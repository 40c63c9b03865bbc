"""Whether the work goes on, as the database tells it."""

from __future__ import annotations

from datetime import timedelta

from databases import Clock
from sqlalchemy import create_engine, insert

from badgejobs.core.award import Timing
from badgejobs.core.lane import Lane
from badgejobs.core.ledger import Earned
from badgejobs.core.source import Track
from badgejobs.store import SqlStore
from badgejobs.store.engine import parse
from badgejobs.store.fleet_tables import standing
from badgejobs.store.health import Late

TEN_MINUTES = timedelta(minutes=10)
MODES = {"window": timedelta(minutes=15), "walk": timedelta(hours=3)}
SITES = ("north", "south")


def late(store: SqlStore, *configured: str) -> dict[Lane, Late]:
    with store.read() as tx:
        return tx.health.late(configured or SITES, than=TEN_MINUTES)


def unread(store: SqlStore) -> Late | None:
    with store.read() as tx:
        return tx.health.unread(SITES, than=MODES, sources={"orders", "comments"})


def registered(store: SqlStore) -> None:
    with store.begin() as tx:
        for site in SITES:
            tx.scans.register(site, "orders", "window", tracks=(Track.LIVE, Track.FULL))
            tx.scans.register(site, "assign", "window")


def read(store: SqlStore, site: str, source: str = "orders") -> None:
    """A live scan that ends well, and is due again in a day."""
    with store.begin() as tx:
        lease = tx.scans.lease(site, source, holds=timedelta(seconds=60))
        tx.scans.release(lease, due_in=timedelta(days=1), completed=True)


def test_what_is_due_is_late_after_a_while_in_its_lane(store: SqlStore, clock: Clock) -> None:
    began = clock.now
    registered(store)
    assert late(store) == {}
    clock.now += TEN_MINUTES + timedelta(seconds=1)

    assert late(store) == {lane: Late(sites=2, oldest=began) for lane in Lane}
    with store.begin() as tx:
        tx.scans.lease("north", "orders", holds=timedelta(seconds=60))
    found = late(store)
    assert found[Lane.SCAN] == Late(sites=1, oldest=began), "one is in a worker's hand"
    assert found[Lane.WALK].sites == 2
    assert late(store, "elsewhere") == {}, "sites of another configuration are not ours"


def test_an_award_is_late_where_its_site_is_given_nothing(store: SqlStore, clock: Clock) -> None:
    opened = clock.now
    with store.begin() as tx:
        for site in SITES:
            tx.bindings.bind(site, "regular", f"wix-{site}")
            earned = [Earned(member_id="ada", badge="regular", earned_at=clock.now)]
            tx.awards.open(site, earned, rules_version="v1")
    assert late(store) == {}
    clock.now += TEN_MINUTES + timedelta(seconds=1)
    assert late(store) == {Lane.ASSIGN: Late(sites=2, oldest=opened)}

    with store.begin() as tx:
        tx.runs.start("south", "assign", started_by="worker")
    assert late(store) == {Lane.ASSIGN: Late(sites=1, oldest=opened)}


def test_a_live_scan_is_late_by_the_bound_of_its_mode(store: SqlStore, clock: Clock) -> None:
    registered(store)
    with store.begin() as tx:
        tx.scans.register("north", "comments", "walk")
    assert unread(store) is None, "what never ended is told by what is due"
    ended = clock.now
    for site in SITES:
        read(store, site)
    read(store, "north", "comments")
    read(store, "north", "assign")
    clock.now += timedelta(minutes=14)
    assert unread(store) is None
    clock.now += timedelta(minutes=2)
    assert unread(store) == Late(sites=2, oldest=ended)
    for site in SITES:
        read(store, site)
    assert unread(store) is None, "a walk may take longer"


def test_awards_that_nobody_settles_are_counted(store: SqlStore, clock: Clock) -> None:
    with store.begin() as tx:
        tx.bindings.bind("north", "regular", "wix-regular")
        earned = [Earned(member_id="ada", badge="regular", earned_at=clock.now)]
        tx.awards.open("north", earned, rules_version="v1")
        batch = tx.awards.claim("north", limit=1, holds=timedelta(seconds=45))
        assert batch is not None
        sent = [one.sent(tx.now, Timing()) for one in batch.awards]
        assert tx.awards.settle(sent, claim=batch.token) == 1
    clock.now += timedelta(minutes=2)
    with store.begin() as tx:
        assert tx.awards.recover(quiet_period=timedelta(seconds=120)) == 1
    half_an_hour = timedelta(minutes=30)
    with store.read() as tx:
        assert tx.health.unknown(SITES, than=half_an_hour) == 0
        assert tx.health.need_attention(SITES) == 0
    clock.now += half_an_hour
    with store.read() as tx:
        assert tx.health.unknown(SITES, than=half_an_hour) == 1
        assert tx.health.unknown(["elsewhere"], than=half_an_hour) == 0


def test_sites_are_counted_without_the_suspended_whose_delay_is_no_fault(
    store: SqlStore, database_url: str, clock: Clock
) -> None:
    registered(store)
    clock.now += TEN_MINUTES + timedelta(seconds=1)
    engine = create_engine(parse(database_url))
    with engine.begin() as connection:
        connection.execute(
            insert(standing).values(
                site="north", refusals=0, suspended_at=clock.now, suspended_by="person",
                reason="moving house", probes=0,
            )
        )  # fmt: skip
    engine.dispose()
    with store.read() as tx:
        assert (tx.health.sites(SITES), tx.health.suspended()) == (1, 1)
        assert tx.health.last_tick() is None
    assert {one.sites for one in late(store).values()} == {1}
