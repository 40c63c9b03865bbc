from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_desk import Desk, run
from sandbox_process import HISTORY, serving

from badgejobs.sandbox import builtin

pytest_plugins = ["cli_fixtures"]


@pytest.mark.slow
def test_from_a_sandbox_to_badges_with_three_commands(tmp_path: Path) -> None:
    """The README's section on testing rules in CI."""
    seed = tmp_path / "activity.json"
    seed.write_text(json.dumps(HISTORY))
    with serving(tmp_path, "--seed", str(seed), "--lag", "0", "--rate-limit", "0") as url:
        made = run(
            ["init", "my-shop", "--sandbox", url, "--folder", "ci"], folder=tmp_path, environment={}
        )
        assert made.code == 0, made.err
        assert (tmp_path / "ci" / "my-shop.secret").stat().st_mode & 0o777 == 0o600
        (tmp_path / "ci" / "my-shop.yaml").write_text(
            "version: 1\nbadges:\n  - id: twice\n    badge: {title: Twice}\n"
            "    when: {count: orders, gte: 2}\n"
        )
        configured = ["--config", "ci/badgejobs.toml"]
        done = run([*configured, "sync", "my-shop", "--json"], folder=tmp_path, environment={})
        assert done.code == 0, done.err
        shown = run(["sandbox", "state", "--url", url, "--json"], folder=tmp_path, environment={})
    assert json.loads(shown.out) == {"Twice": [HISTORY["members"][0]["id"]]}


def test_serve_prints_the_credentials_that_work(tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        shown = run(["sandbox", "state", "--url", url], folder=tmp_path, environment={})
        assert (shown.code, shown.out) == (0, ""), shown.err
        assert "0 badge(s), 0 assignment(s)" in shown.err
    told = (tmp_path / "serve.err").read_text()
    assert f"the sandbox answers on {url}" in told
    for word in (builtin.site_id(1), builtin.instance_id(1), builtin.APP_ID, builtin.APP_SECRET):
        assert word in told


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (
            ["serve", "--port", "0", "--seed", "reel"],
            "name 'empty', 'real', 'orders:N', 'comments:NUMBER:POSTS' or a JSON file",
        ),
        (["serve", "--replay", "5"], "--replay and --data belong to --seed real"),
        (["serve", "--host", "0.0.0.0"], "for this machine only"),  # noqa: S104 - refused
        (["state", "--url", "http://127.0.0.1:1"], "serve --port 1`, or name another"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    arguments: list[str], match: str, lonely_desk: Desk
) -> None:
    ended = lonely_desk.run("sandbox", *arguments)
    assert ended.code != 0
    assert match in ended.err
    assert ended.err.count("\n") == 1, ended.err


def test_switches_are_turned_when_it_starts_and_while_it_runs(tmp_path: Path) -> None:
    def turned(*arguments: str) -> dict[str, object]:
        shown = run(
            ["sandbox", "switch", *arguments, "--url", url, "--json"],
            folder=tmp_path,
            environment={},
        )
        assert shown.code == 0, shown.err
        return {name: one["position"] for name, one in json.loads(shown.out).items()}

    with serving(tmp_path, "--switch", "countLimit=7", "--switch", "unknownOnCreate=accept") as url:
        before = turned()
        assert (before["countLimit"], before["unknownOnCreate"]) == (7, "accept")
        after = turned("countLimit=null", "badCredentialsStatus=401")
        assert (after["countLimit"], after["badCredentialsStatus"]) == (None, 401)
        assert after["unknownOnCreate"] == "accept"


@pytest.mark.parametrize(
    ("turn", "match"),
    [
        ("unknownOnCreate", "no NAME=POSITION"),
        ("unknownOnCreat=400", "unknownOnCreat is no switch; there are"),
        ("unknownOnCreate=401", "unknownOnCreate must be one of 404, 400, accept"),
    ],
)
def test_what_is_no_switch_is_wrong_usage(turn: str, match: str, lonely_desk: Desk) -> None:
    for command in (["switch", turn], ["serve", "--port", "0", "--switch", turn]):
        ended = lonely_desk.run("sandbox", *command)
        assert ended.code == 2
        assert match in ended.err


@pytest.mark.parametrize("url", ["https://www.wixapis.com", "http://example.com", "127.0.0.1"])
def test_init_for_a_sandbox_takes_this_machine_only(url: str, lonely_desk: Desk) -> None:
    ended = lonely_desk.run("init", "x", "--sandbox", url, "--folder", "new")
    assert ended.code == 4
    assert not (lonely_desk.folder / "new").exists()


@pytest.mark.slow
def test_the_bench_reports_both_figures_and_their_ratio(lonely_desk: Desk) -> None:
    ended = lonely_desk.run_apart("bench", "sandbox", "--pages", "10", "--rounds", "1", "--json")
    found = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert found["sandbox_pages_a_second"] > 0
    assert found["client_pages_a_second"] > 0
    assert found["bytes_a_page"] > 100_000
