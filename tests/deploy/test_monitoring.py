"""The dashboard and the alert rules speak of metrics that there are, and of commands likewise."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from flower.events import get_prometheus_metrics
from prometheus_client.parser import text_string_to_metric_families
from typer.main import get_command

from badgejobs.cli import application
from badgejobs.core.totals import CALLS, RUN_SECONDS, key, observed
from badgejobs.metrics import Figures, exposed, families

FOLDER = Path(__file__).parents[2] / "badgejobs" / "deploy" / "monitoring"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana-dashboard.json").read_text())
PANELS = [one for one in DASHBOARD["panels"] if one["type"] != "row"]
QUERIES = [target["expr"] for one in PANELS for target in one["targets"]]
PAGE = (FOLDER.parent / "monitoring.md").read_text()
COMPOSE = yaml.safe_load((FOLDER.parents[2] / "docker-compose.yml").read_text())
#: How names of series begin: ours, and Flower's.
_PREFIXES = "(?:badgejobs|flower)_"


def series() -> dict[str, set[str]]:
    """Every series that can be asked for, with its labels, as an empty installation exposes it."""
    labels = {
        families.PREFIX + one.name: set(one.labels)
        for kind in (families.GAUGES, families.COUNTERS, families.HISTOGRAMS)
        for one in kind
    }
    text = exposed(Figures(version="0", database_answers=True), accept="")[0].decode()
    found = dict[str, set[str]]()
    for family in text_string_to_metric_families(text):
        of = labels[family.name]
        match family.type:
            case "counter":
                found[f"{family.name}_total"] = of
            case "histogram":
                found |= {f"{family.name}_{end}": of for end in ("sum", "count")}
                found[f"{family.name}_bucket"] = of | {"le"}
            case _:
                found[family.name] = of
    return found


def flowers() -> dict[str, set[str]]:
    """Every series of Flower's own, with its labels, as its package makes them."""
    found = dict[str, set[str]]()
    for metric in vars(get_prometheus_metrics()).values():
        (family,) = metric.describe()
        ends = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}
        for end in ends.get(family.type, [""]):
            of = set(metric._labelnames)
            found[family.name + end] = of | {"le"} if end == "_bucket" else of
    return found


def test_every_metric_of_dashboard_and_rules_is_exposed_with_its_labels() -> None:
    ours, theirs = series(), flowers()
    known = ours | theirs
    asked = [rule["expr"] for rule in RULES] + QUERIES
    named = set[str]()
    for query in asked:
        for name, selector in re.findall(rf"\b({_PREFIXES}\w+)(\{{[^}}]*\}})?", query):
            assert name in known, query
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
            assert labels <= known[name] | {"job"}, query
            named.add(name)
        for grouped in re.findall(r"\bby \(([^)]*)\)", query):
            of = set.union(*(known[one] for one in re.findall(rf"{_PREFIXES}\w+", query)), {"job"})
            assert set(grouped.replace(" ", "").split(",")) <= of, query
    assert named & theirs.keys(), "Flower is scraped, and so a panel shows something of it"
    unused = {name.removesuffix("_sum").removesuffix("_count") for name in ours} - {
        name.removesuffix(end) for name in named for end in ("_bucket", "_sum", "_count", "")
    }
    assert {one for one in unused if not one.endswith("_bucket")} == set(), "no panel shows it"


def test_what_is_scraped_runs_under_that_name_wherever_the_prometheus_does() -> None:
    jobs = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    found = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    assert found == {"badgejobs": ["web:8091"], "flower": ["flower:5555"]}
    services = COMPOSE["services"]
    profiles = services["prometheus"]["profiles"]
    for (target,) in found.values():
        name, _, port = target.partition(":")
        assert services[name].get("profiles", profiles) == profiles, name
        assert services[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
        assert set(services[name]["networks"]) & set(services["prometheus"]["networks"])


def test_what_several_of_badgejobs_web_tell_alike_is_not_added_up() -> None:
    for query in [rule["expr"] for rule in RULES] + QUERIES:
        rates = re.findall(r"\b(?:rate|increase)\(", query)
        assert query.count("max without (instance)") == len(rates), query
        assert rates or "sum(badgejobs" not in query, query


def test_every_panel_has_a_place_of_its_own_and_a_source() -> None:
    places = set[tuple[int, int]]()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & places, panel["title"]
        assert at["x"] + at["w"] <= 24
        places |= cells
    assert all(one["datasource"]["uid"] == "${datasource}" for one in PANELS)
    rows = [one["title"] for one in DASHBOARD["panels"] if one["type"] == "row"]
    assert rows == ["Overview", "Freshness", "Awards", "API budget", "Workers"]


def test_every_alert_says_what_is_the_matter_and_names_a_command_that_there_is() -> None:
    main: Any = get_command(application())
    for rule in RULES:
        text = rule["annotations"]["description"]
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["alert"] in PAGE, "the page tells of every alert"
        commands = re.findall(r"`badgejobs ([^`]+)`", text)
        assert commands, rule["alert"]
        for words in commands:
            first, *rest = words.split()
            command = main.commands[first]
            if hasattr(command, "commands"):
                command = command.commands[rest.pop(0)]
            options = {name for one in command.params for name in one.opts}
            assert {word for word in rest if word.startswith("--")} <= options, words


def test_every_metric_is_told_of_in_the_page() -> None:
    for name in series():
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert f"`{family}`" in PAGE, family


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_takes_the_rules_and_each_fires_when_it_should(tmp_path: Path) -> None:
    for name in ("alerts.yml", "prometheus.yml"):
        shutil.copyfile(FOLDER / name, tmp_path / name)
    shutil.copyfile(Path(__file__).with_name("alerts_test.yml"), tmp_path / "alerts_test.yml")
    config = (tmp_path / "prometheus.yml").read_text()
    (tmp_path / "prometheus.yml").write_text(
        config.replace("/etc/prometheus/", f"{tmp_path}/").replace("/run/secrets/", f"{tmp_path}/")
    )
    (tmp_path / "metrics_token").write_text("t")
    for words in (
        ("check", "rules", "alerts.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "alerts_test.yml"),
    ):
        told = subprocess.run(
            ["promtool", *words],  # noqa: S607 - whichever the machine has
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr
    figures = Figures(
        version="1",
        database_answers=True,
        ages={"orders": [1.0, 2.0]},
        site_ages={("shop", "orders"): 1.0},
        awards={"held": 3},
        totals={key(CALLS, lane="scan", answer="2xx"): 1} | observed(RUN_SECONDS, 2, kind="assign"),
    )
    linted = subprocess.run(
        ["promtool", "check", "metrics"],  # noqa: S607 - as above
        input=exposed(figures, accept="")[0],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (linted.returncode, linted.stderr) == (0, b""), linted.stdout + linted.stderr
    fired = re.findall(r'alertname="(\w+)"', (tmp_path / "alerts_test.yml").read_text())
    assert {*fired} == {rule["alert"] for rule in RULES}
