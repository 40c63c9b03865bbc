from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from jobs_stage import Configure
from own_redis import OwnRedis

from badgejobs.config import Settings
from badgejobs.core.lane import Lane
from badgejobs.jobs.app import app
from badgejobs.jobs.ringing import ring, waiting

pytest_plugins = ["jobs_fixtures"]


@pytest.fixture
def no_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The application with our settings, and the address of a broker that is not there."""
    lonely = Celery("lonely", broker=f"redis+socket://{tmp_path}/nobody.sock", set_as_current=False)
    for name in ("task_publish_retry_policy", "broker_transport_options", "task_serializer"):
        setattr(lonely.conf, name, getattr(app.conf, name))
    monkeypatch.setattr("badgejobs.jobs.ringing.app", lonely)
    yield
    lonely.close()


def test_without_a_broker_a_bell_is_lost_and_nothing_is_raised(no_broker: None) -> None:
    assert ring("badgejobs.assign", site="shop") is None


def test_without_broker_and_results_a_bell_is_lost_too(
    celery_app: Configure, tmp_path: Path
) -> None:
    socket = tmp_path / "nobody.sock"
    settings = Settings(state_dir=tmp_path)
    celery_app(settings, f"redis+socket://{socket}?virtual_host=0", f"unix://{socket}")

    # Celery by itself would try for 20 s to listen for the answer, and then raise
    assert ring("badgejobs.assign", site="shop") is None


def test_a_lost_bell_is_told_with_its_name_and_no_more(
    no_broker: None, capsys: pytest.CaptureFixture[str]
) -> None:
    ring("badgejobs.scan", site="shop", source="orders")

    told = capsys.readouterr()
    assert "bell not rung" in told.out + told.err


def test_messages_are_counted_again_once_a_broker_that_was_away_is_back(
    celery_app: Configure, tmp_path: Path
) -> None:
    with OwnRedis(tmp_path) as server:
        celery_app(Settings(state_dir=tmp_path), server.url, server.url)
        assert ring("badgejobs.assign", site="shop")
        assert waiting(Lane.ASSIGN) == 1
        server.stop()
        assert ring("badgejobs.assign", site="shop") is None
        assert waiting(Lane.ASSIGN) is None
        server.start()
        # a tick asks this before it rings
        assert waiting(Lane.ASSIGN) == 1
