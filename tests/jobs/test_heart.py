"""Worker and beat tell that they live: in a file, and in the database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from badgejobs.config import HeartbeatFile, SecretStr, Settings
from badgejobs.core.lane import Lane
from badgejobs.jobs.heart import Heart
from badgejobs.store import SqlStore
from badgejobs.store.engine import parse


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def told(tmp_path: Path, database_url: str) -> Settings:
    return Settings(state_dir=tmp_path, database_url=SecretStr(database_url))


@pytest.fixture
def heart(told: Settings, seconds: Seconds) -> Iterator[Heart]:
    heart = Heart("worker", told, clock=seconds)
    heart.works_for(["assign", "scan", "celery"], slots=4)
    yield heart
    heart.stop()


def alive(store: SqlStore) -> list[tuple[str, frozenset[Lane], int]]:
    with store.read() as tx:
        return [(one.kind, one.lanes, one.slots) for one in tx.processes.alive()]


def test_a_beat_is_told_in_the_file_and_in_the_database_until_the_end(
    heart: Heart, told: Settings, store: SqlStore
) -> None:
    heart.beat()
    assert alive(store) == [("worker", frozenset({Lane.ASSIGN, Lane.SCAN}), 4)]
    assert len(HeartbeatFile.found(told.state_dir, "worker")) == 1

    heart.stop()
    assert alive(store) == []
    assert HeartbeatFile.found(told.state_dir, "worker") == []


def test_beats_that_come_too_soon_write_nothing(
    heart: Heart, told: Settings, seconds: Seconds
) -> None:
    heart.beat()
    (one,) = HeartbeatFile.found(told.state_dir, "worker")
    one.remove()
    seconds.now += 4
    heart.beat()
    assert HeartbeatFile.found(told.state_dir, "worker") == []
    seconds.now += 2
    heart.beat()
    assert HeartbeatFile.found(told.state_dir, "worker") == [one]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_no_connection_is_left_open_for_a_child_to_inherit(heart: Heart, database_url: str) -> None:
    heart.beat()
    engine = create_engine(parse(database_url))
    with engine.connect() as connection:
        others = connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
    assert others == 0


def test_a_database_that_is_away_stops_no_heart(tmp_path: Path) -> None:
    away = SecretStr("postgresql://nobody@127.0.0.1:1/none")
    heart = Heart("beat", Settings(state_dir=tmp_path, database_url=away))
    heart.beat()
    assert len(HeartbeatFile.found(tmp_path, "beat")) == 1
    heart.stop()
    assert HeartbeatFile.found(tmp_path, "beat") == []


def test_who_waits_for_a_broker_is_not_taken_for_one_that_hangs(
    heart: Heart, told: Settings
) -> None:
    before = threading.active_count()
    with heart.waiting():
        while not HeartbeatFile.found(told.state_dir, "worker"):
            threading.Event().wait(0.01)
    assert threading.active_count() == before
