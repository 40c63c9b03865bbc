"""The lines of the page on triggers, typed as they stand there, before real processes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest
from jobs_stage import NORTH, SECRET, LiveShops, order_prefix
from jobs_yard import AUTHORIZED, FlowerApi, Yard, eventually

from badgejobs import jobs
from badgejobs.bootstrap import open_house
from badgejobs.config import Settings
from badgejobs.jobs import asking
from badgejobs.jobs.app import app
from badgejobs.service.addresses import free_port
from badgejobs.store.runs import Run

pytest_plugins = ["jobs_fixtures"]

PAGE = (Path(jobs.__file__).parent / "README.md").read_text(encoding="utf-8")


def blocks(section: str, language: str) -> list[str]:
    """The fenced blocks of a language in a section of the page."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def typed(yard: Yard, port: int, script: str) -> str:
    """What a shell says to these lines in the folder of the yard."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
    ended = subprocess.run(
        [which("bash") or "bash", "-euxo", "pipefail", "-c",
         script.replace("my-shop", NORTH).replace("127.0.0.1:5555", f"127.0.0.1:{port}")],
        cwd=yard.folder,
        env=inherited
        | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "BADGEJOBS_CONFIG": str(yard.config),
            "BADGEJOBS_STATE_DIR": str(yard.state),
            "FLOWER_BASIC_AUTH": AUTHORIZED,
            "NO_COLOR": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    for canary in (SECRET, "bbbbbbbb-", order_prefix(NORTH)):
        assert canary not in ended.stdout + ended.stderr
    return ended.stdout


def runs_of(yard: Yard) -> list[Run]:
    house = open_house(Settings(state_dir=yard.state), redis_url=None)
    try:
        with house.store.begin() as tx:
            return tx.runs.recent(None, 200)
    finally:
        house.close()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_lines_of_the_page_do_what_they_say_and_double_nothing(
    yard: Yard, shops: LiveShops
) -> None:
    port = free_port()
    worker = yard.start("badgejobs", "worker")
    [start] = re.findall(r"^badgejobs (flower --write)", PAGE, re.MULTILINE)
    flower = yard.start("badgejobs", *start.split(), "--port", str(port))
    worker.says("ready.")
    flower.listens(port)
    assert FlowerApi(port).ask("/api/tasks") == {}
    ours, celerys, flowers = blocks("Four ways to ask", "sh")
    [python] = blocks("Four ways to ask", "python")
    shops.buys(1, 3, shop=NORTH)

    said = typed(yard, port, ours)
    assert re.search(r"^\d+\tprovision\tcreated 2", said, re.MULTILINE)
    assert re.search(r"^\d+\tbackfill orders\t.*new 3", said, re.MULTILINE)
    assert re.search(r"^\d+\tassign\tclaimed 2, created 2", said, re.MULTILINE)
    given = shops.given()
    assert [title for _, title in given] == ["First Purchase", "Third Purchase"]
    eventually(lambda: {"audit orders", "reconcile"} <= {o.kind for o in runs_of(yard)} or None)

    shops.buys(2, 1, shop=NORTH)
    said = typed(yard, port, celerys)
    assert "1 node online" in said
    eventually(lambda: len(shops.given()) == 3 or None)
    [read] = [
        one
        for one in runs_of(yard)
        if (one.kind, one.started_by) == ("scan orders", "worker, asked by celery")
    ]
    assert read.numbers["new"] == 1

    said = typed(yard, port, flowers + f"python - <<'PYTHON'\n{python}PYTHON\n")
    assert '"kind": "assign"' in said
    assert '"kind": "scan orders"' in said
    last = re.search(r"(\d+)\s*$", said)
    assert last
    shown = typed(yard, port, f"badgejobs runs --id {last[1]} --json")
    assert '"started_by": "worker, asked by celery"' in shown
    assert len(shops.given()) == 3, "asked for ten times, given once"
    assert shops.given()[0] in given
    # what a worker rings for beside it, for other sites or by itself, is asked for by nobody
    assert {one.started_by for one in runs_of(yard)} - {"worker"} == {
        f"worker, asked by {who}" for who in asking.PEOPLE - {asking.CONSOLE}
    }
    assert not [one.error for one in runs_of(yard) if one.error]
    assert [one.stop() for one in (flower, worker)] == [0, 0], worker.said()


def test_the_page_lists_each_task() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if name.startswith("badgejobs.")}
    assert set(re.findall(r"^\| `(badgejobs\.\w+)`", PAGE, re.MULTILINE)) == ours
