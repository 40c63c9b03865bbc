"""Two shops at a live sandbox, servers of one's own, and fleets that work for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from chaos_fleet import Fleet, MakeFleet
from databases import migrate
from jobs_stage import LiveShops, make_world
from own_postgres import OwnPostgres
from own_redis import OwnRedis

from badgejobs.sandbox.server import running


@pytest.fixture
def shops() -> Iterator[LiveShops]:
    world = make_world()
    with running(world) as url:
        yield LiveShops(url, world)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[OwnPostgres]:
    with OwnPostgres() as server:
        yield server


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """Nothing that it holds survives its end."""
    with OwnRedis(tmp_path, forgets=True) as server:
        yield server


@pytest.fixture
def make_fleet(
    shops: LiveShops, own_postgres: OwnPostgres, own_redis: OwnRedis, tmp_path: Path
) -> Iterator[MakeFleet]:
    with ExitStack() as undo:

        def make(**told: Any) -> Fleet:
            url = own_postgres.create()
            migrate(url)
            return Fleet(tmp_path, shops, undo, database_url=url, redis_url=own_redis.url, **told)

        yield make
