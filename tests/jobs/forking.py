"""A program that opens a house, uses all of it, and forks; it prints one line of JSON.

Run as ``python forking.py FOLDER WIX_URL BROKER_URL REDIS_URL``. Each child reads its own site
a hundred times, while the other child and the parent do the same.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init
from jobs_stage import NORTH, SHOPS, SOUTH, configuration, order_prefix

from badgejobs.bootstrap import House
from badgejobs.core.milestone import Wants
from badgejobs.core.source import Track, Window
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs import app as jobs

READINGS = 100


def use(house: House, site: str, times: int) -> dict[str, Any]:
    """Ask Wix, the database and the throttle so often; what came back, counted."""
    source = house.at(site).source("orders", Wants())
    client = house.at(site).client(Track.LIVE)
    own = foreign = written = 0
    errors: list[str] = []
    for number in range(times):
        try:
            for one in source.fetch(client, Window(since=None), None).activities:
                if one.activity_id.startswith(order_prefix(site)):
                    own += 1
                else:
                    foreign += 1
            with house.store.begin() as tx:
                tx.runs.start(site, f"reading {number}", started_by=str(os.getpid()))
                written += 1
        except BadgeJobsError as error:
            errors.append(f"{type(error).__name__}: {error}")
    return {
        "own": own, "foreign": foreign, "errors": errors, "written": written,
        "house_of": jobs._house[0] if jobs._house else None, "pid": os.getpid(),
    }  # fmt: skip


def forked(work: Callable[[], dict[str, Any]]) -> tuple[int, int]:
    """Do the work in a child; its pid, and where its answer can be read."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    code = 1
    try:
        os.close(reader)
        with os.fdopen(writer, "w", encoding="utf-8") as answer:
            json.dump(work(), answer)
        code = 0
    finally:
        os._exit(code)


def answered(child: tuple[int, int]) -> dict[str, Any]:
    """What a child answered, once it ended well."""
    pid, reader = child
    with os.fdopen(reader, encoding="utf-8") as answer:
        text = answer.read()
    assert os.waitpid(pid, 0)[1] == 0, "a child failed"
    found: dict[str, Any] = json.loads(text)
    return found


def main(folder: str, wix_url: str, broker_url: str, redis_url: str) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # a fork beside threads of the database
    settings = configuration(Path(folder), wix_url, sites=SHOPS)
    jobs.configure(settings, broker_url=broker_url, redis_url=redis_url)
    parents = jobs.house()
    before = use(parents, NORTH, 1)
    use(parents, SOUTH, 1)

    def child(site: str, *, like_celery: bool) -> Callable[[], dict[str, Any]]:
        def work() -> dict[str, Any]:
            if like_celery:
                # what a pool child does first: the parent's house is abandoned
                worker_process_init.send(sender=None)
            mine = jobs.house()
            found = use(mine, site, READINGS)
            return found | {"same_house": mine is parents}

        return work

    children = {
        NORTH: forked(child(NORTH, like_celery=True)),
        SOUTH: forked(child(SOUTH, like_celery=False)),
    }
    meanwhile = use(parents, NORTH, 20)
    answers = {site: answered(one) for site, one in children.items()}
    after = {site: use(parents, site, 1) for site in SHOPS}
    with parents.store.begin() as tx:
        kept = len(tx.runs.recent(None, 1000))
    parents.close()
    told = {"before": before, "meanwhile": meanwhile, "children": answers, "after": after}
    print(json.dumps(told | {"pid": os.getpid(), "rows": kept}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main(*sys.argv[1:])
