"""A tick on a real Valkey: the bells in the queue are what is due, and carry only names."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from jobs_stage import (
    BROKEN,
    COMMENTER,
    FIRST_AND_THIRD,
    NORTH,
    SECOND,
    SOUTH,
    Configure,
    LiveShops,
    MakeSettings,
    due,
    member_id,
    read,
    rewrite,
    rows,
    runs,
)
from redis import Redis
from rung import rung

from badgejobs.bootstrap import House
from badgejobs.config import Settings
from badgejobs.core.activity import Unreadable
from badgejobs.core.lane import Lane
from badgejobs.core.ledger import WakeUp
from badgejobs.core.source import Track
from badgejobs.jobs import dispatching, duties, tasks, work
from badgejobs.jobs.app import house
from badgejobs.jobs.queues import LANES, OLDER
from badgejobs.jobs.reconciling import run_reconcile
from badgejobs.service.broker import EmbeddedBroker

pytest_plugins = ["jobs_fixtures"]

#: What a decision counts where it changed nothing.
NOTHING = dict.fromkeys(("opened", "held", "cleared", "withdrawn"), 0)

QUEUES = tuple(f"badgejobs:{lane}" for lane in (*LANES, OLDER))
Bell = tuple[str, tuple[tuple[str, str | int], ...]]


def decoded(message: bytes) -> tuple[str, list[Any], dict[str, Any]]:
    """A message as its task's name, positional and named arguments."""
    envelope = json.loads(message)
    arguments, named, _ = json.loads(base64.b64decode(envelope["body"]))
    return envelope["headers"]["task"], arguments, named


def queued(redis: Redis) -> list[bytes]:
    """The messages in all queues."""
    return [
        bytes(one)
        for queue in QUEUES
        for one in redis.lrange(queue, 0, -1)
        if isinstance(one, bytes)
    ]


def bells(redis: Redis) -> list[Bell]:
    """The bells in the queue, sorted; all their arguments are named."""
    found = []
    for message in queued(redis):
        name, arguments, named = decoded(message)
        assert arguments == []
        found.append((name, tuple(sorted(named.items()))))
    return sorted(found)


def bell(name: str, **arguments: str | int) -> Bell:
    return f"badgejobs.{name}", tuple(sorted(arguments.items()))


@pytest.fixture
def ticking(
    shop_settings: MakeSettings, valkey: EmbeddedBroker, celery_app: Configure, shops: LiveShops
) -> Settings:
    """The application of this process on the broker, with both shops."""
    settings = shop_settings(sites=(NORTH, SOUTH))
    celery_app(settings, valkey.celery_url, valkey.redis_url)
    return settings


def first_of(site: str) -> list[Bell]:
    """What comes first at a site that was never seen: two units beside its assigning."""
    duties = [bell(name, site=site) for name in ("assign", "provision")]
    return [*duties, bell("scan", site=site, source="orders", track="live")]


def then_of(site: str) -> list[Bell]:
    """What is rung for once those are done."""
    return [bell("flip", site=site), bell("scan", site=site, source="orders", track="full")]


def settle(at: House, site: str) -> None:
    """Do all that is due at a site."""
    work.run_provision(at, site, by="test")
    run_reconcile(at, site, by="test")
    for source in at.at(site).wanted_sources():
        read(at, site, source)
    work.run_flip(at, site, by="test")
    work.run_assign(at, site, by="test")


def test_the_first_ticks_ring_for_everything_by_name_two_units_of_a_site_at_once(
    ticking: Settings, redis: Redis
) -> None:
    tasks.tick()
    assert bells(redis) == sorted([*first_of(NORTH), *first_of(SOUTH)])
    for site in (NORTH, SOUTH):
        work.run_provision(house(), site, by="test")
        work.run_scan(house(), site, "orders", by="test")
        work.run_assign(house(), site, by="test")
    redis.delete(*QUEUES)

    tasks.tick()
    assert bells(redis) == sorted([*then_of(NORTH), *then_of(SOUTH)])
    for site in (NORTH, SOUTH):
        work.run_scan(house(), site, "orders", Track.FULL, by="test")
        work.run_scan(house(), site, "orders", by="test")
        work.run_flip(house(), site, by="test")
    redis.delete(*QUEUES)

    tasks.tick()
    rest = [bell("reconcile", site=one) for one in (NORTH, SOUTH)]
    assert set(rest) <= set(bells(redis))


def test_two_ticks_at_once_ring_once(ticking: Settings, redis: Redis) -> None:
    with ThreadPoolExecutor(2) as workers:
        for ticked in [workers.submit(tasks.tick) for _ in range(2)]:
            ticked.result()
    tasks.tick()

    assert bells(redis) == sorted([*first_of(NORTH), *first_of(SOUTH)])


def test_the_threads_of_a_worker_share_one_house(ticking: Settings) -> None:
    together = Barrier(8)

    def opened() -> House:
        together.wait()
        return house()

    with ThreadPoolExecutor(8) as workers:
        found = [one.result() for one in [workers.submit(opened) for _ in range(8)]]

    assert {id(one) for one in found} == {id(house())}


def test_where_nothing_is_due_no_bell_rings(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    tasks.tick()
    shops.buys(1, 3)
    for site in (NORTH, SOUTH):
        settle(house(), site)
    redis.delete(*QUEUES)

    tasks.tick()

    assert due(house()) == set()
    assert bells(redis) == []


def test_a_tick_rings_for_exactly_what_is_due(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    tasks.tick()
    for site in (NORTH, SOUTH):
        settle(house(), site)
    shops.buys(1, 1)
    with house().store.begin() as tx:
        tx.scans.make_due(NORTH, "orders")
        request = tx.requests.add(SOUTH, member_id(1, SOUTH))
    read(house())  # opens an award
    with house().store.begin() as tx:
        tx.scans.make_due(SOUTH, "orders")
    redis.delete(*QUEUES)

    tasks.tick()

    assert bells(redis) == [
        bell("assign", site=NORTH),
        bell("check_member", request=request),
        bell("scan", site=SOUTH, source="orders", track="live"),
    ]


def test_a_redis_that_has_lost_everything_is_rung_anew_once_its_bells_count_as_lost(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    tasks.tick()
    for site in (NORTH, SOUTH):
        settle(house(), site)
    shops.buys(1, 1)
    with house().store.begin() as tx:
        tx.scans.make_due(NORTH, "orders")
    read(house())  # opens an award
    redis.delete(*QUEUES)
    tasks.tick()
    rung = bells(redis)
    assert rung == [bell("assign", site=NORTH)]

    redis.flushall()
    tasks.tick()
    assert bells(redis) == [], "whoever took them may be about to begin"
    dispatching.tick(house(), again_after=dict.fromkeys(Lane, timedelta(0)))

    assert bells(redis) == rung


def test_no_message_holds_a_member_or_a_secret(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    shops.buys(1, 3)
    with house().store.begin() as tx:
        tx.requests.add(NORTH, member_id(1))
    tasks.tick()

    secret = ticking.sites[NORTH].app_secret
    assert secret
    for message in queued(redis):
        _, _, named = decoded(message)
        assert set(named) <= {"site", "source", "track", "request"}
        whole = message.decode() + json.dumps(named)
        assert member_id(1) not in whole
        assert secret.get_secret_value() not in whole


def test_a_changed_rules_file_is_rung_for_by_the_next_tick(ticking: Settings, redis: Redis) -> None:
    tasks.tick()
    for site in (NORTH, SOUTH):
        settle(house(), site)
    redis.delete(*QUEUES)

    rewrite(house(), FIRST_AND_THIRD + SECOND + COMMENTER)
    tasks.tick()

    assert bells(redis) == [
        bell("provision", site=NORTH),
        bell("scan", site=NORTH, source="comments", track="live"),
    ]


def test_a_rules_file_that_cannot_be_used_does_not_stop_the_other_site(
    ticking: Settings, redis: Redis
) -> None:
    rewrite(house(), BROKEN)

    tasks.tick()

    assert set(first_of(SOUTH)) <= set(bells(redis))
    assert bell("scan", site=NORTH, source="orders", track="live") not in bells(redis)


def test_what_lies_in_the_database_of_another_configuration_is_left_alone(
    ticking: Settings, redis: Redis
) -> None:
    with house().store.begin() as tx:
        tx.scans.register("elsewhere", "orders", "window")
        tx.scans.make_due("elsewhere")

    tasks.tick()

    assert not [one for one in bells(redis) if ("site", "elsewhere") in one[1]]


def test_the_daily_reconcile_makes_every_site_due_for_it(ticking: Settings, redis: Redis) -> None:
    tasks.tick()
    for site in (NORTH, SOUTH):
        settle(house(), site)
    redis.delete(*QUEUES)

    tasks.reconcile()
    tasks.tick()

    assert bells(redis) == [bell("reconcile", site=NORTH), bell("reconcile", site=SOUTH)]


def test_a_scan_that_opens_awards_rings_for_them(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    shops.buys(1, 1)
    duties.register(house())

    told = tasks.scan(site=NORTH, source="orders", track="full")

    assert told["opened"] == 1
    rung = {
        bell("assign", site=NORTH),
        bell("scan", site=NORTH, source="orders", track="live"),
    }
    assert rung <= set(bells(redis)), "and the live scan begins where the backfill did"


def test_a_bell_too_many_finds_nothing_to_do(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    shops.buys(1, 3)
    duties.register(house())
    tasks.provision(site=NORTH)
    for _ in range(3):
        tasks.scan(site=NORTH, source="orders", track="full")
        tasks.scan(site=NORTH, source="orders")
        tasks.assign(site=NORTH)
    given, creates = shops.given(), shops.creates()
    assert len(given) == 2

    tasks.assign(site=NORTH)
    tasks.provision(site=NORTH)

    assert shops.given() == given
    assert shops.creates() == creates


def test_a_request_is_done_by_its_bell_and_a_second_bell_says_so(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    with house().store.begin() as tx:
        request = tx.requests.add(NORTH, member_id(1))

    first, second = tasks.check_member(request=request), tasks.check_member(request=request)

    run = runs(house())[-1].id
    assert first == {"run": run, "site": NORTH, "kind": "check_member"}
    assert second == {"kind": "check_member", "request": request, "already": "done"}
    with house().store.begin() as tx:
        assert tx.requests.open_ids([NORTH], 10) == []


def test_a_tick_rings_for_no_request_of_a_site_whose_rules_are_broken(
    ticking: Settings, redis: Redis
) -> None:
    rewrite(house(), BROKEN)
    with house().store.begin() as tx:
        tx.requests.add(NORTH, member_id(1))
        open_one = tx.requests.add(SOUTH, member_id(1))

    tasks.tick()

    asked = [told for name, told in bells(redis) if name == "badgejobs.check_member"]
    assert asked == [(("request", open_one),)]


def test_two_installations_on_one_redis_ring_only_for_themselves(
    shop_settings: MakeSettings, valkey: EmbeddedBroker, celery_app: Configure, redis: Redis
) -> None:
    settings = shop_settings(queue_prefix="another:")
    celery_app(settings, valkey.celery_url, valkey.redis_url)

    tasks.tick()

    assert queued(redis) == []
    assert redis.llen("another:scan") > 0


def test_a_tick_without_the_broker_raises_nothing_and_the_work_stays_due(
    shop_settings: MakeSettings, celery_app: Configure, shops: LiveShops
) -> None:
    settings = shop_settings()
    socket = settings.state_dir / "nobody.sock"
    celery_app(settings, f"redis+socket://{socket}?virtual_host=0", f"unix://{socket}")

    tasks.tick()

    assert (NORTH, "orders") in due(house())
    # and it is rung for anew once the bell counts as lost
    with house().store.begin() as tx:
        assert rung(tx, [NORTH])
    assert (NORTH, duties.ASSIGN) in rows(house())


def test_a_bell_for_a_site_of_another_configuration_ends_well(ticking: Settings) -> None:
    told = tasks.scan(site="elsewhere", source="orders")
    assert "there is no site 'elsewhere'" in told["error"]


def test_a_tick_rings_for_members_whose_time_has_come_and_their_bell_decides_them(
    ticking: Settings, redis: Redis, shops: LiveShops
) -> None:
    tasks.tick()
    shops.buys(1, 1)
    for site in (NORTH, SOUTH):
        settle(house(), site)
    with house().store.begin() as tx:
        past = tx.now - timedelta(seconds=1)
        told = {
            member_id(1): WakeUp(member_id=member_id(1), at=past),
            member_id(2): WakeUp(member_id=member_id(2), at=tx.now + timedelta(days=1)),
        }
        tx.wake_ups.replace(NORTH, list(told), list(told.values()))
    redis.delete(*QUEUES)

    tasks.tick()
    assert bells(redis) == [bell("flip", site=NORTH)]
    tasks.flip(site=NORTH)
    redis.delete(*QUEUES)
    tasks.tick()

    assert bells(redis) == []
    with house().store.read() as tx:
        assert tx.wake_ups.overview(NORTH, tx.scans.known_to(NORTH)).later == 1


def test_a_site_that_is_to_be_decided_anew_is_rung_for_until_it_is(
    ticking: Settings, redis: Redis
) -> None:
    tasks.tick()
    for site in (NORTH, SOUTH):
        settle(house(), site)
    with house().store.begin() as tx:
        tx.bindings.decide_anew(SOUTH)
    redis.delete(*QUEUES)

    tasks.tick()
    assert bells(redis) == [bell("flip", site=SOUTH)]
    tasks.flip(site=SOUTH)

    assert work.due_flips(house(), [NORTH, SOUTH], 9) == []


def test_a_tick_rings_for_quarantine_only_where_a_record_of_it_is_due(
    ticking: Settings, redis: Redis
) -> None:
    tasks.tick()
    for site in (NORTH, SOUTH):
        settle(house(), site)
    bad = Unreadable(source="orders", activity_id="o1", reason="status: unknown")
    with house().store.begin() as tx:
        for site in (NORTH, SOUTH):
            tx.quarantine.add([bad], site=site, generation=0)
        tx.quarantine.ask(NORTH)
    redis.delete(*QUEUES)

    tasks.tick()

    assert bells(redis) == [bell("quarantine", site=NORTH)]
