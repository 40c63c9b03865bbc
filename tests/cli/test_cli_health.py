"""Health: what is wrong, its cure, and an exit code; also over HTTP and by heartbeat files."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer
from command_desk import Desk
from sqlalchemy import create_engine, insert
from test_cli_webhooks import _url_in, running

from badgejobs.cli.finding import Finding
from badgejobs.cli.health import beats
from badgejobs.cli.health_checks import examined
from badgejobs.cli.web import reported
from badgejobs.config import HeartbeatFile, Settings
from badgejobs.core.lane import Lane
from badgejobs.errors import DatabaseUnavailable, StateError
from badgejobs.intake.health_page import HealthPage, Report
from badgejobs.service.broker import ensure_broker
from badgejobs.store import open_store
from badgejobs.store.fleet_tables import tick
from badgejobs.store.ticks import ENDED

pytest_plugins = ["cli_fixtures"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an installation whose tables are made."""
    told = Settings(state_dir=tmp_path / "state")
    told.state_dir.mkdir(mode=0o700)
    store = open_store(told.database)
    store.migrate()
    store.dispose()
    return told


@pytest.fixture
def at_work(settings: Settings) -> Iterator[Settings]:
    """Broker, a worker and beat are there, and a tick was a moment ago."""
    store = open_store(settings.database)
    with store.begin() as tx:
        tx.processes.seen("w", "worker", lanes=frozenset(Lane), slots=4)
        tx.processes.seen("b", "beat", lanes=frozenset(), slots=0)
    store.dispose()
    engine = create_engine(settings.database)
    with engine.begin() as connection:
        connection.execute(insert(tick).values(kind=ENDED, slot=1, at=datetime.now(UTC)))
    engine.dispose()
    with ensure_broker(settings.state_dir) as broker:
        yield settings
    assert broker.wait_until_stopped(15)


def wrong(found: list[Finding]) -> dict[str, str]:
    """What is wrong, with its cure."""
    return {one.check: one.cure for one in found if not one.ok}


def test_all_is_well_where_somebody_works_and_nothing_is_late(at_work: Settings) -> None:
    found = examined(at_work)
    assert wrong(found) == {}
    assert [one.check for one in found] == [
        "broker", "database", "workers", "beat", "tick", "due work: assign", "due work: scan",
        "due work: walk", "live scans", "sites", "unknown awards", "awards for a person",
    ]  # fmt: skip


def test_what_is_wrong_is_told_with_its_cure(settings: Settings) -> None:
    assert wrong(examined(settings)) == {
        "broker": "start `badgejobs up`, or worker and beat",
        "workers": "start `badgejobs worker --lanes assign,scan,walk`",
        "beat": "start `badgejobs beat`",
        "tick": "look whether beat, broker and a worker run; see their logs",
    }


def test_a_database_that_does_not_answer_is_asked_nothing_more(tmp_path: Path) -> None:
    found = examined(Settings(state_dir=tmp_path / "none"))
    assert [(one.check, one.ok) for one in found] == [("broker", False), ("database", False)]


def register(settings: Settings, sites: int) -> None:
    """Scans that should have been begun an hour ago."""
    store = open_store(settings.database, clock=lambda: datetime.now(UTC) - timedelta(hours=1))
    with store.begin() as tx:
        for number in range(sites):
            tx.scans.register(f"site-{number}", "orders", "window")
    store.dispose()


@pytest.mark.parametrize(("percent", "ok"), [(49, False), (50, True)])
def test_a_few_late_sites_of_a_fleet_are_no_fault(
    at_work: Settings, percent: int, ok: bool
) -> None:
    register(at_work, 1)
    shop: dict[str, Any] = {"rules": "r.yaml", "api_key": "k"}
    told = Settings.model_validate(
        {
            "state_dir": at_work.state_dir,
            "health": {"late_sites_percent": percent},
            "sites": {f"site-{n}": shop | {"site_id": f"id-{n}"} for n in range(2)},
        }
    )
    found = {one.check: one for one in examined(told)}
    assert found["due work: scan"].ok is ok
    assert found["due work: scan"].finding.startswith("late at 1 site(s)")


def test_a_process_beats_hangs_or_is_gone_by_its_file(settings: Settings) -> None:
    with pytest.raises(StateError, match=r"no worker runs.*start `badgejobs worker`"):
        beats(settings, "worker")
    mine = HeartbeatFile.of_this_process(settings.state_dir, "worker")
    mine.touch()
    assert beats(settings, "worker") == "0 s ago"
    with pytest.raises(StateError, match="no beat runs"):
        beats(settings, "beat")

    killed = HeartbeatFile(mine.path.with_name(f"worker-{2**22 + 1}"))  # beyond any process
    killed.touch()
    os.utime(killed.path, (0, 0))
    assert beats(settings, "worker") == "0 s ago"
    os.utime(mine.path, (time.time() - 61, time.time() - 61))
    with pytest.raises(StateError, match=rf"process {os.getpid()} has not told for 6\d s"):
        beats(settings, "worker")
    mine.remove()
    with pytest.raises(StateError, match="no worker runs"):
        beats(settings, "worker")


def test_the_page_tells_no_error_texts_and_asks_once_for_a_flood() -> None:
    looks = list[str]()

    def whole() -> Report:
        looks.append("whole")
        error = DatabaseUnavailable("cannot reach canary-host")
        broken = Finding(check="database", ok=False, finding=str(error), error=error)
        return reported([broken, Finding(check="beat", ok=True, finding="1 at work")])

    async def ask() -> list[tuple[str, int, str]]:
        page = HealthPage(ready=lambda: Report(ok=True, told={"ok": True}), whole=whole)
        async with TestClient(TestServer(page.application())) as client:
            paths = ["/health/live", "/health/ready", *["/health"] * 20]
            answers = await asyncio.gather(*(client.get(path) for path in paths))
            return [(one.url.path, one.status, await one.text()) for one in answers]

    answers = asyncio.run(ask())
    assert [status for _, status, _ in answers] == [200, 200, *[503] * 20]
    assert looks == ["whole"]
    assert "canary" not in str(answers)
    assert json.loads(answers[-1][2]) == {
        "ok": False,
        "checks": {
            "database": {"ok": False, "finding": "does not answer"},
            "beat": {"ok": True, "finding": "1 at work"},
        },
    }


@pytest.mark.slow
def test_health_by_command_and_over_http_tell_the_same(lonely_desk: Desk) -> None:
    desk = lonely_desk
    desk.write(
        "badgejobs.toml", f"{(desk.folder / 'badgejobs.toml').read_text()}\n[health]\nport = 0\n"
    )
    assert desk.run("migrate").code == 0
    asked = desk.run("health", "--json")
    assert asked.code == 1
    by_command = json.loads(asked.out)
    assert desk.run("health", "--process", "beat").code == 1
    with running(desk, "web") as process:
        url = _url_in(desk.folder / "told", process).removesuffix("/health")
        with httpx.Client(trust_env=False, timeout=30) as client:
            live, ready, whole = (
                client.get(f"{url}/health{path}") for path in ("/live", "/ready", "")
            )
    assert (live.status_code, ready.status_code, whole.status_code) == (200, 200, 503)
    states = {one["check"]: one["ok"] for one in by_command["checks"]}
    assert {name: one["ok"] for name, one in whole.json()["checks"].items()} == states
    assert "shop" not in whole.text
