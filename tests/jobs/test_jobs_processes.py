"""The whole of it as an operator starts it: worker, beat and Flower as processes of their own."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from jobs_stage import NORTH, SECRET, SHOPS, SOUTH, LiveShops, order_prefix
from jobs_yard import FlowerApi, Yard, eventually

from badgejobs.bootstrap import open_house
from badgejobs.config import HeartbeatFile, Settings
from badgejobs.service.addresses import free_port
from badgejobs.service.broker import ensure_broker
from badgejobs.store.runs import Run

pytest_plugins = ["jobs_fixtures"]

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def yard(shops: LiveShops, tmp_path: Path) -> Iterator[Yard]:
    with ExitStack() as undo:
        yard = Yard(tmp_path, shops.url, undo)
        yield yard
    if yard.state.exists():
        with ensure_broker(yard.state) as broker:
            pass
        assert broker.wait_until_stopped(15)


def scans(yard: Yard, site: str) -> list[Run]:
    """The readings of a site that found something new, oldest first."""
    house = open_house(Settings(state_dir=yard.state), redis_url=None)
    try:
        with house.store.begin() as tx:
            found = tx.runs.recent(site, 100)
    finally:
        house.close()
    kinds = ("backfill orders", "scan orders")
    ended = [one for one in reversed(found) if one.kind in kinds and one.ended_at]
    return [one for one in ended if one.numbers["new"]]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_flower_shows_the_worker_and_its_scans_and_can_ring_for_one(
    yard: Yard, shops: LiveShops
) -> None:
    port = free_port()
    worker = yard.start("badgejobs", "worker", "--pool", "prefork", "--concurrency", "2")
    flower = yard.start("badgejobs", "flower", "--port", str(port))
    api = FlowerApi(port)
    worker.says("ready.")
    flower.listens(port)
    shops.buys(1, 3, shop=NORTH)
    shops.buys(1, 5, shop=SOUTH)

    name = eventually(lambda: next(iter(api.ask("/api/workers?refresh=1")), None))
    assert name.startswith("badgejobs-")
    for site in SHOPS:
        yard.command("scan", site, "orders")

    # nobody rings but the workers: a new site's live scan has its backfill rung for
    for site, orders in ((NORTH, 3), (SOUTH, 5)):
        task = eventually(partial(api.scanned, site, new=orders))
        assert task["kwargs"] == str({"site": site, "source": "orders", "track": "full"})
        assert task["args"] in ("[]", "()")
        assert task["worker"] == name
        assert f"'new': {orders}" in task["result"]
        assert len(task["result"]) < 300
        assert [one.numbers["new"] for one in scans(yard, site)] == [orders]

    # one by hand, from Flower
    shops.buys(2, 1, shop=SOUTH)
    before = len(scans(yard, SOUTH))
    sent = api.ask(
        "/api/task/send-task/badgejobs.scan", {"kwargs": {"site": SOUTH, "source": "orders"}}
    )
    again = eventually(lambda: api.scanned(SOUTH, new=1))
    assert again["uuid"] == sent["task-id"]
    ran = scans(yard, SOUTH)[before:]
    assert [(one.numbers["new"], one.error) for one in ran] == [(1, None)]

    everything = json.dumps(api.ask("/api/tasks"))
    for secret in (SECRET, "bbbbbbbb", order_prefix(NORTH)):
        assert secret not in everything
    assert [one.stop() for one in (flower, worker)] == [0, 0], worker.said()
    for one in (flower, worker):
        assert "Traceback" not in one.said()
        assert SECRET not in one.said()


def procfile() -> dict[str, list[str]]:
    """The programs of the Procfile by name."""
    lines = (PROJECT / "Procfile").read_text("utf-8").splitlines()
    pairs = [line.split(":", 1) for line in lines if line.strip()]
    return {name: shlex.split(command) for name, command in pairs}


def test_the_procfile_names_every_program() -> None:
    assert set(procfile()) == {"release", "worker", "walker", "beat", "web", "flower"}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", ["worker", "walker", "beat", "web", "flower"])
def test_each_line_of_the_procfile_starts_and_ends_well(program: str, yard: Yard) -> None:
    port = free_port()
    # the port of the Procfile may be in use on this machine
    more = ["--port", str(port)] if program == "flower" else []
    started = yard.start(*procfile()[program], *more)

    if program == "flower":
        started.listens(port)
    elif program == "web":
        started.says("health is told at")
    elif program == "beat":
        started.rings(yard.state)  # it says nothing
    else:
        started.says("ready.")

    kind = {"walker": "worker"}.get(program, program)
    if kind in {"worker", "beat"}:
        eventually(lambda: HeartbeatFile.found(yard.state, kind) or None)
    assert started.stop() == 0, started.said()
    assert HeartbeatFile.found(yard.state, kind) == []
    assert "Traceback" not in started.said()
