"""A live sandbox with two shops, houses for them, and the application on a real broker."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import Configure, LiveShops, MakeSettings, OpenShop, configuration, make_world
from jobs_yard import Yard
from kombu import pools
from redis import Redis

from badgejobs.bootstrap import House, open_house
from badgejobs.config import Settings
from badgejobs.jobs import app as jobs
from badgejobs.jobs.brokers import settings_for
from badgejobs.sandbox.server import running
from badgejobs.service.broker import EmbeddedBroker, ensure_broker


@pytest.fixture
def shops() -> Iterator[LiveShops]:
    world = make_world()
    with running(world) as url:
        yield LiveShops(url, world)


@pytest.fixture
def shop_settings(shops: LiveShops, tmp_path: Path, sqlite_template: Path) -> MakeSettings:
    """Settings for the shops over an SQLite file that has our tables."""

    def make(**told: Any) -> Settings:
        settings = configuration(tmp_path / "shop", shops.url, **told)
        settings.state_dir.mkdir(mode=0o700, exist_ok=True)
        file = settings.state_dir / "badgejobs.db"
        if not file.exists():
            shutil.copyfile(sqlite_template, file)
            file.chmod(0o600)
        return settings

    return make


@pytest.fixture
def open_shop(shop_settings: MakeSettings) -> Iterator[OpenShop]:
    """Opens houses without a Redis; closed at the end."""
    with ExitStack() as closing:

        def make(*, clock: Callable[[], float] = time.time, **told: Any) -> House:
            house = open_house(shop_settings(**told), redis_url=None, clock=clock)
            closing.callback(house.close)
            return house

        yield make


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """A real Valkey; ended at the end."""
    with ensure_broker(tmp_path / "valkey") as broker:
        yield broker
    assert broker.wait_until_stopped(10)


@pytest.fixture
def redis(valkey: EmbeddedBroker) -> Iterator[Redis]:
    client = Redis.from_url(valkey.redis_url)
    yield client
    client.close()


@pytest.fixture
def celery_app() -> Iterator[Configure]:
    """Configures the one Celery application of this process; as it was at the end."""
    app = jobs.app
    of_broker = settings_for("redis://", results_url="", queue_prefix="", quorum=False)
    kept = {name: app.conf[name] for name in (*of_broker, "beat_schedule")}
    house = jobs._house
    jobs._house = None

    yield lambda settings, broker_url, redis_url: jobs.configure(
        settings, broker_url=broker_url, redis_url=redis_url
    )
    if jobs._house is not None:
        jobs._house[1].close()
    jobs._settings = jobs._redis_url = None
    jobs._house = house
    _forget_connections()
    app.conf.update(kept)


def _forget_connections() -> None:
    app: Any = jobs.app  # as after a fork, but closed; Celery means its application to live on
    backend = getattr(app._local, "backend", None)
    if backend is not None:
        backend.result_consumer.stop()
        backend.client.close()
        app._local.__dict__.clear()
    app._backend_cache = None
    app.amqp.producer_pool.force_close_all()
    app.pool.force_close_all()
    app._pool = None
    app.amqp._producer_pool = None
    # they are kept by the address of the broker, which the next test may have as well
    pools.reset()


@pytest.fixture
def yard(shops: LiveShops, tmp_path: Path) -> Iterator[Yard]:
    """A configured folder for programs; all that was started in it has ended at the end."""
    with ExitStack() as undo:
        yard = Yard(tmp_path, shops.url, undo)
        yield yard
    if yard.state.exists():
        with ensure_broker(yard.state) as broker:
            pass
        assert broker.wait_until_stopped(15)
