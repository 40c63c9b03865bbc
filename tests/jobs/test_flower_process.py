"""The real Flower before a real worker: it only shows, or triggers for who has the password."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jobs_stage import NORTH, SECRET, SOUTH, LiveShops, order_prefix
from jobs_yard import FlowerApi, Started, Yard, eventually
from prometheus_client.parser import text_string_to_metric_families

import badgejobs
from badgejobs.bootstrap import open_house
from badgejobs.config import Settings
from badgejobs.service.addresses import free_port
from badgejobs.store.runs import Run

pytest_plugins = ["jobs_fixtures"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

#: What must stand in no answer: the app's secret, members, orders, the app and its instances.
CANARIES = (SECRET, "bbbbbbbb-", order_prefix(NORTH), "aaaaaaaa-", "eeeeeeee-")
DASHBOARD = Path(badgejobs.__file__).parent / "deploy" / "monitoring" / "grafana-dashboard.json"
SCAN = {"kwargs": {"site": NORTH, "source": "orders"}}


def flowering(yard: Yard, *, prefix: str = "") -> tuple[Started, FlowerApi]:
    """Flower as a process, once it listens."""
    port = free_port()
    flower = yard.start("badgejobs", "flower", "--port", str(port))
    flower.listens(port)
    return flower, FlowerApi(port, prefix=prefix)


def runs_of(yard: Yard) -> dict[int, Run]:
    house = open_house(Settings(state_dir=yard.state), redis_url=None)
    try:
        with house.store.begin() as tx:
            return {one.id: one for one in tx.runs.recent(None, 100)}
    finally:
        house.close()


def assert_shown(metrics: str) -> None:
    """What the dashboard asks of Flower is what Flower tells, with numbers in it."""
    told = {
        (sample.name, label): sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        for label in sample.labels
    }
    queries = [
        target["expr"]
        for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]
        for target in panel.get("targets", [])
        if "flower_" in target["expr"]
    ]
    assert queries
    for query in queries:
        (name,), (label,) = re.findall(r"flower_\w+", query), re.findall(r"\bby \((\w+)\)", query)
        assert told[name, label] > 0, query


def test_flower_only_shows_until_it_is_told_that_it_may_write(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWER_URL_PREFIX", "flower")
    flower, api = flowering(yard, prefix="/flower")

    for path in ("task/async-apply", "task/apply", "task/send-task"):
        assert api.status(f"/api/{path}/badgejobs.scan", SCAN) == 403
    for path in ("worker/shutdown/w", "worker/pool/grow/w", "task/revoke/t", "task/abort/t"):
        assert api.status(f"/api/{path}", {}) == 403
    assert api.ask("/api/tasks") == {}, "it can be looked at"
    for stranger in (None, "watcher:guessed"):
        for path in ("/", "/tasks", "/api/tasks", "/api/workers", "/api/task/result/x"):
            assert api.status(path, authorized=stranger) == 401
        # without a password by design, and with nothing in them that needs one
        assert api.page("/healthcheck", authorized=stranger) == "OK"
        assert api.status("/metrics", authorized=stranger) == 200
    assert flower.stop() == 0
    assert "Flower may write" not in flower.said()
    assert "Traceback" not in flower.said()


def test_in_write_mode_a_scan_is_triggered_seen_to_end_and_found_in_the_list(
    yard: Yard, shops: LiveShops
) -> None:
    yard.config.write_text("flower_write = true\n" + yard.config.read_text("utf-8"), "utf-8")
    worker = yard.start("badgejobs", "worker", "--pool", "prefork", "--concurrency", "2")
    flower, api = flowering(yard)
    another = FlowerApi(api.port, origin="https://elsewhere.example")
    worker.says("ready.")
    shops.buys(1, 3, shop=NORTH)
    assert api.trigger("provision", site=NORTH)["created"] == 2

    assert another.status("/api/task/async-apply/badgejobs.scan", SCAN) == 403

    # a new site: what the scan rings for reads its past, and gives the badges
    assert api.trigger("scan", site=NORTH) == {"kind": "scan", "rung": "orders", "site": NORTH}
    eventually(lambda: len(shops.given()) == 2 or None)
    shops.buys(2, 1, shop=NORTH)
    told = api.trigger("scan", site=NORTH, source="orders")
    eventually(lambda: len(shops.given()) == 3 or None)

    assert (told["kind"], told["new"], told["opened"]) == ("scan orders", 1, 1)
    ran = runs_of(yard)
    row = ran[told["run"]]
    assert (row.site, row.kind, row.numbers["new"]) == (NORTH, "scan orders", 1)
    assert {one.started_by for one in ran.values()} == {"worker, asked by flower"}
    assert sorted(title for _, title in shops.given()) == [
        "First Purchase", "First Purchase", "Third Purchase"
    ]  # fmt: skip

    wrong = api.trigger("scan", site=NORTH, source="ordres")
    assert wrong == {"error": "no rule of north reads that source; its rules read: orders"}
    assert "there is no site 'west'" in api.trigger("scan", site="west")["error"]
    forged = {"kwargs": {"site": SOUTH, "source": "orders"}, "headers": {"badgejobs_by": "cli"}}
    api.ask("/api/task/send-task/badgejobs.scan", forged)

    def listed() -> dict[str, Any] | None:
        # shown from the moment on at which Flower has switched the events of the worker on
        api.trigger("scan", site=NORTH, source="orders")
        tasks = api.ask("/api/tasks?taskname=badgejobs.scan&state=SUCCESS")
        return next((one for one in tasks.values() if "'run'" in (one["result"] or "")), None)

    task = eventually(listed)
    assert task["kwargs"] in {
        str(SCAN["kwargs"]), "{'site': 'south', 'source': 'orders'}"
    }  # fmt: skip
    assert task["args"] in {"[]", "()"}
    assert task["result"].startswith("{'run': ")
    assert len(task["result"]) < 120
    assert {one.started_by for one in runs_of(yard).values()} == {"worker, asked by flower"}
    pages = ["/", "/tasks", "/broker", "/metrics", f"/task/{task['uuid']}", "/api/tasks"]
    pages += ["/api/workers?refresh=1", f"/worker/{task['worker']}", "/api/task/types"]
    pages.append(f"/api/task/info/{task['uuid']}")
    everything = {path: api.page(path) for path in pages}
    assert_shown(everything["/metrics"])
    for canary in CANARIES:
        assert not [path for path, text in everything.items() if canary in text], canary
    assert [one.stop() for one in (flower, worker)] == [0, 0], worker.said()
    assert "Flower may write" in flower.said()
    for one in (flower, worker):
        assert "Traceback" not in one.said()
        assert SECRET not in one.said()
