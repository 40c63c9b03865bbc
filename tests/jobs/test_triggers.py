"""What a person asks a task for: done though it is not due, told with its run, or with the cure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import task_postrun
from jobs_stage import BROKEN, NORTH, SOUTH, Configure, LiveShops, MakeSettings, rewrite, runs
from redis import Redis

from badgejobs.core.source import Track
from badgejobs.errors import LeaseTaken
from badgejobs.jobs import asking, duties, ringing, tasks
from badgejobs.jobs.app import house
from badgejobs.jobs.queues import LANES, OLDER
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.service.broker import EmbeddedBroker, ensure_broker
from badgejobs.wix import wire

pytest_plugins = ["jobs_fixtures"]

QUEUES = tuple(f"badgejobs:{lane}" for lane in (*LANES, OLDER))
ALL = ["assign", "check_member", "flip", "notify", "provision", "quarantine", "reconcile", "scan"]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    """A real Valkey for all of these."""
    with ensure_broker(tmp_path_factory.mktemp("valkey")) as broker:
        yield broker
    assert broker.wait_until_stopped(10)


@pytest.fixture(autouse=True)
def _served(
    shop_settings: MakeSettings, valkey: EmbeddedBroker, celery_app: Configure, redis: Redis
) -> None:
    """The application of this process on the broker, with both shops, and an empty queue."""
    redis.flushall()
    settings = shop_settings(sites=(NORTH, SOUTH))
    celery_app(settings, valkey.celery_url, valkey.redis_url)


@pytest.fixture
def _as_workers_do() -> Iterator[None]:
    yield
    asking.sends_as(asking.WORKER)


def asked(name: str, by: str | None = "flower", **arguments: Any) -> dict[str, Any]:
    """What a task answers to a message that says who sent it."""
    task = getattr(tasks, name)
    headers = {asking.HEADER: by} if by else {}
    told: dict[str, Any] = task.apply(kwargs=arguments, headers=headers, throw=True).get()
    return told


def headers_of(redis: Redis) -> list[dict[str, Any]]:
    """The headers of the messages in the queues."""
    messages = [one for queue in QUEUES for one in redis.lrange(queue, 0, -1)]
    return [json.loads(one)["headers"] for one in messages]


def read_before(shops: LiveShops) -> None:
    """A site whose history was read, and whose badges were given."""
    shops.buys(1, 1)
    duties.register(house())
    asked("provision", site=NORTH)
    for track in ("full", "live"):
        asked("scan", site=NORTH, source="orders", track=track)
    asked("assign", site=NORTH)


def test_a_result_names_its_run_and_the_run_who_asked(shops: LiveShops) -> None:
    read_before(shops)
    shops.buys(1, 2)

    told = asked("scan", site=NORTH, source="orders")

    run = runs(house())[-1]
    assert told["run"] == run.id
    assert (told["kind"], told["new"]) == ("scan orders", 2)
    assert (run.kind, run.started_by) == ("scan orders", "worker, asked by flower")
    with house().store.read() as tx:
        assert tx.runs.get(run.id) == run
        assert tx.runs.get(run.id + 1) is None


@pytest.mark.parametrize("by", ["somebody", "", None, "webhook"])
def test_who_is_no_way_to_ask_is_the_schedule(by: str | None, shops: LiveShops) -> None:
    asked("scan", by, site=NORTH, source="orders")

    assert runs(house())[-1].started_by == "worker"


def test_what_is_not_due_is_read_for_a_person_and_not_for_a_bell_too_many(
    shops: LiveShops,
) -> None:
    read_before(shops)
    shops.buys(2, 1)

    bell = asked("scan", None, site=NORTH, source="orders", track="full")
    person = asked("scan", "celery", site=NORTH, source="orders", track="full")

    assert "is not due; again in " in bell["waits"]
    assert "run" not in bell
    assert (person["kind"], person["seen"]) == ("audit orders", 2)


def test_a_duty_that_rests_after_a_failure_is_done_for_a_person(shops: LiveShops) -> None:
    read_before(shops)
    shops.fault(wire.BADGES_QUERY, kind=FaultKind.STATUS, status=503)
    assert "503" in asked("provision", site=NORTH)["error"]

    bell, person = asked("provision", None, site=NORTH), asked("provision", site=NORTH)

    assert "rests after a failure" in bell["waits"]
    assert "error" not in bell
    assert "error" not in person
    assert "waits" not in person


def test_a_site_that_no_tick_has_seen_yet_can_be_asked_for(shops: LiveShops) -> None:
    for duty in ("provision", "reconcile", "flip", "quarantine", "assign"):
        told = asked(duty, site=NORTH)
        assert told["run"], told
        assert "error" not in told


def test_a_second_trigger_names_the_run_that_is_at_the_same_work(shops: LiveShops) -> None:
    read_before(shops)
    with house().store.begin() as tx:
        first = tx.runs.start(NORTH, "scan orders", started_by="worker")
        lease = tx.scans.lease(NORTH, "orders", holds=timedelta(seconds=80))
    calls = len(shops.world.journal.entries)

    second = asked("scan", site=NORTH, source="orders")

    assert second == {
        "run": first, "site": NORTH, "kind": "scan orders", "already": "at work"
    }  # fmt: skip
    assert len(shops.world.journal.entries) == calls
    with house().store.begin() as tx:
        tx.scans.release(lease, due_in=timedelta(0), completed=False)


def test_a_full_reading_at_work_is_left_alone_by_a_second_trigger(shops: LiveShops) -> None:
    read_before(shops)
    with house().store.begin() as tx:
        lease = tx.scans.lease(NORTH, "orders", Track.FULL, holds=timedelta(seconds=80))

    told = asked("scan", site=NORTH, source="orders", track="full")

    assert told["already"] == "at work"
    with house().store.begin() as tx:
        with pytest.raises(LeaseTaken):
            tx.scans.lease(NORTH, "orders", Track.FULL, holds=timedelta(seconds=80))
        tx.scans.release(lease, due_in=timedelta(hours=1), completed=False)
        assert not tx.scans.is_due(NORTH, "orders", Track.FULL), "no second reading follows it"


def test_triggers_again_and_again_double_no_award(shops: LiveShops) -> None:
    for _ in range(3):
        read_before(shops)
    assert len(shops.given()) == 2, "the first and the third purchase, once"


def test_without_a_source_each_is_rung_for_in_the_same_name(redis: Redis) -> None:
    told = asked("scan", site=NORTH)

    assert told == {"kind": "scan", "rung": "orders", "site": NORTH}
    [message] = headers_of(redis)
    assert message[asking.HEADER] == "flower"
    assert message["kwargsrepr"] == "{'site': 'north', 'source': 'orders', 'track': 'live'}"


def test_nobody_asked_for_other_sites_that_are_rung_for_meanwhile_nor_waits_for_them(
    shops: LiveShops, redis: Redis
) -> None:
    read_before(shops)
    with house().store.begin() as tx:
        tx.scans.make_due(SOUTH, duties.RECONCILE)
        tx.scans.make_due(NORTH, duties.RECONCILE)
    redis.flushall()
    children = list[Any]()

    def ended(task: Any, **_: Any) -> None:
        children.extend(task.request.children or [])

    task_postrun.connect(ended)
    try:
        asked("reconcile", "cli", site=NORTH)
    finally:
        task_postrun.disconnect(ended)
    theirs = {
        (one["task"], one["kwargsrepr"]): (one[asking.HEADER], one["id"])
        for one in headers_of(redis)
    }
    assert {by for (_, told), (by, _) in theirs.items() if SOUTH in told} == {"worker"}
    assert {by for (_, told), (by, _) in theirs.items() if NORTH in told} <= {"cli"}
    assert sorted(one.id for one in children) == sorted(
        task for (_, told), (_, task) in theirs.items() if NORTH in told
    )

    redis.flushall()
    with house().store.begin() as tx:
        tx.scans.make_due(NORTH)
    asked("tick", "celery")
    assert {one[asking.HEADER] for one in headers_of(redis)} == {"worker"}


@pytest.mark.usefixtures("_as_workers_do")
def test_each_message_says_which_program_sent_it(redis: Redis) -> None:
    ringing.ring("badgejobs.assign", site=NORTH)
    asking.sends_as(asking.CLI)
    ringing.ring("badgejobs.assign", site=NORTH)

    assert [one[asking.HEADER] for one in headers_of(redis)] == ["cli", "worker"]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("scan", {"site": "nowhere"}, "there is no site 'nowhere'; known: north, south"),
    ("scan", {"site": "nowhere", "source": "orders"}, "there is no site"),
    ("assign", {"site": "nowhere"}, "there is no site"),
    ("provision", {"site": "nowhere"}, "there is no site"),
    ("reconcile", {"site": "nowhere"}, "there is no site"),
    ("scan", {"site": NORTH, "source": "ordres"}, "of north reads that source; its rules read: o"),
    ("scan", {"site": NORTH, "source": "comments"}, "its rules read: orders"),
    ("scan", {"site": NORTH, "source": "orders", "track": "all"}, "write one of live, full"),
    ("scan", {}, "badgejobs.scan needs site; its names: site, source (optional)"),
    ("scan", {"site": NORTH, "member": "m-1"}, "badgejobs.scan has no argument member"),
    ("scan", {"site": 5}, "site must be a text"),
    ("scan", {"site": [NORTH]}, "site must be a text"),
    ("assign", {"site": None}, "site must be a text"),
    ("check_member", {"request": "1"}, "request must be a whole number"),
    ("check_member", {"request": True}, "request must be a whole number"),
]


def test_what_was_written_wrong_is_told_with_the_cure_and_nothing_is_called(
    shops: LiveShops,
) -> None:
    for name, arguments, says in WRONG:
        told = asked(name, **arguments)
        assert set(told) == {"error"}, (name, arguments)
        assert says in told["error"]
    assert runs(house()) == []
    assert not shops.world.journal.entries


def test_arguments_without_names_are_refused_by_each_task_and_not_repeated() -> None:
    for name in ALL:
        told = getattr(tasks, name).apply(args=("member-of-ours",), throw=True).get()
        assert "takes its arguments by name, as kwargs" in told["error"]
        assert "member-of-ours" not in told["error"]


def test_rules_that_cannot_be_used_are_named_with_their_line(shops: LiveShops) -> None:
    rewrite(house(), BROKEN)

    told = asked("scan", site=NORTH, source="orders")

    assert "north.yaml:4:" in told["error"]
    assert not shops.world.journal.entries
