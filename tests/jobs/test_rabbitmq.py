"""RabbitMQ as the broker: the pipeline from an order to a badge, with whole processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
import rabbit
from jobs_stage import NORTH, SHOPS, SOUTH, LiveShops, member_id
from jobs_yard import Yard, eventually

from badgejobs.errors import BrokerUnavailable, SettingsError
from badgejobs.jobs import brokers
from badgejobs.service.broker import ensure_broker
from badgejobs.store import open_store

pytest_plugins = ["jobs_fixtures"]

PASSWORD = "rabbit-canary-0123456789"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    # The long step of .ci/run installs it where it can, and else says loudly that this is left out.
    pytest.mark.skipif(not rabbit.at_hand(), reason="no RabbitMQ is installed here"),
]


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real RabbitMQ."""
    with rabbit.running(tmp_path_factory.mktemp("rabbit") / "mq", password=PASSWORD) as url:
        yield url


@pytest.fixture
def yard(shops: LiveShops, tmp_path: Path, rabbitmq: str) -> Iterator[Yard]:
    with ExitStack() as undo:
        yard = Yard(tmp_path, shops.url, undo, {"BADGEJOBS_BROKER_URL": rabbitmq})
        yield yard
    with ensure_broker(yard.state) as broker:
        pass
    assert broker.wait_until_stopped(15)


def is_idle(yard: Yard) -> bool:
    """Whether no worker has anything in hand, and no bell is on its way to one."""
    store = open_store(f"sqlite:///{yard.state / 'badgejobs.db'}")
    try:
        with store.read() as tx:
            leased = any(one.lease_until for one in tx.scans.overview())
            # What came due when beat had stopped is in nobody's hand.
            return not leased and not tx.dispatch.rung().total()
    finally:
        store.dispose()


def test_orders_become_badges_over_rabbitmq_though_a_worker_is_killed(
    yard: Yard, shops: LiveShops
) -> None:
    for shop in SHOPS:
        shops.buys(1, 3, shop=shop)
    first = yard.start("badgejobs", "worker", "--pool", "prefork", "--concurrency", "2")
    first.says("ready.")
    beat = yard.start("badgejobs", "beat")
    expected = {
        shop: [(member_id(1, shop), title) for title in ("First Purchase", "Third Purchase")]
        for shop in SHOPS
    }

    for shop in SHOPS:
        eventually(lambda shop=shop: shops.given(shop) == expected[shop] or None)  # type: ignore[misc]
    # one that is killed at work keeps its lease for a while: that is tried elsewhere
    assert beat.stop() == 0, beat.said()
    eventually(lambda: is_idle(yard) or None)
    first_said = first.said()
    for process in psutil.Process(first.process.pid).children(recursive=True):
        process.kill()
    first.kill()
    shops.buys(2, 1, shop=SOUTH)
    yard.command("scan", SOUTH, "orders")  # waits in RabbitMQ: nobody is there to take it
    second = yard.start("badgejobs", "worker", "--name", "second", "--pool", "threads")
    second.says("ready.")

    expected[SOUTH] = sorted([*expected[SOUTH], (member_id(2, SOUTH), "First Purchase")])
    eventually(lambda: (shops.given(SOUTH) == expected[SOUTH]) or None)
    assert shops.given(NORTH) == expected[NORTH]
    # what people look at says the same, and nothing shows the password
    status = yard.start("badgejobs", "status", "--json")
    assert status.process.wait(60) == 0, status.said()
    told = json.loads(status.said()[status.said().index("{") :])
    assert told["services"]["broker"] == "answers"
    assert told["services"]["workers"].startswith("second@")
    doctor = yard.start("badgejobs", "doctor", "--json")
    doctor.process.wait(60)
    assert "RabbitMQ and Redis answer" in doctor.said()
    lines = [" ".join(one.cmdline()) for one in psutil.Process().children(recursive=True)]
    assert second.stop() == 0, second.said()
    for said in (first_said, second.said(), beat.said(), status.said(), doctor.said(), *lines):
        assert PASSWORD not in said
        assert "Traceback" not in said


def test_who_is_not_let_in_is_told_what_to_correct(rabbitmq: str) -> None:
    brokers.ping(rabbitmq)
    with pytest.raises(SettingsError, match=r"BADGEJOBS_BROKER_URL") as refused:
        brokers.ping(rabbitmq.replace(PASSWORD, "wrong-canary"))
    with pytest.raises(SettingsError, match=r"vhost elsewhere not found") as unknown:
        brokers.ping(rabbitmq.removesuffix("/") + "elsewhere")
    with pytest.raises(BrokerUnavailable, match="does not answer") as away:
        brokers.ping(f"amqp://jobs:{PASSWORD}@127.0.0.1:1//")
    for error in (refused, unknown, away):
        assert "canary" not in str(error.value)
