"""What each piece of work costs, from which `badgejobs plan-capacity` reckons all else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from badgejobs.bootstrap.house import House
from badgejobs.cli.logs import set_up_logs
from badgejobs.cli.opening import spare_the_collector
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.progress import Progress
from badgejobs.cli.scanbench.databases import new_databases, postgres_of_a_wheel
from badgejobs.cli.scanbench.rules import RULES
from badgejobs.cli.scanbench.serving import SITE, Served, serving
from badgejobs.cli.scanbench.worker import Unthrottled
from badgejobs.config import SecretStr, Settings, SiteSettings, prepare_state_dir
from badgejobs.core.source import Track
from badgejobs.core.unit_costs import MEASURED
from badgejobs.errors import StateError
from badgejobs.jobs import duties, tracks, work
from badgejobs.jobs.units import BY_HAND, Outcome
from badgejobs.sandbox import builtin
from badgejobs.sources.installed import found_sources
from badgejobs.store import open_store
from badgejobs.store.runs import SCHEDULE

_RULES = (
    RULES
    + """\
  - {id: talker, badge: {title: Talker}, when: {count: comments, gte: 10}}
"""
)
#: Runs whose rows are weighed.
_RUNS = 2_000
_LATER_SECONDS = 1_000
#: What a driver or a pool says beside our own statements.
_NOT_OURS = ("BEGIN", "PRAGMA", "SELECT 1")

#: The database for orders and the one for comments; ``None`` for an SQLite file.
_Urls = tuple[str | None, str | None]


def measure_units(
    *,
    orders: Annotated[int, typer.Option(min=1_000, help="Read as a history.")] = 20_000,
    comments: Annotated[int, typer.Option(min=100, help="On a twentieth as many posts.")] = 5_000,
    scans: Annotated[int, typer.Option(min=1, help="Live scans that find nothing.")] = 200,
    database: Annotated[
        str | None,
        typer.Option(help="URL of a PostgreSQL whose user may make databases; each is dropped."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """CPU, statements and bytes of a scan that finds nothing, of an order, a comment, an award.

    One process over a real database and a real sandbox, without the pace and without Celery.
    Beside each figure stands the one that `badgejobs plan-capacity` goes by.

    Example: badgejobs bench units --orders 5000
    """
    out = Output(as_json=as_json)
    set_up_logs(level="ERROR", form="console")
    with out.progress() as tell, ExitStack() as stack:
        urls: dict[str, _Urls] = {"sqlite": (None, None)}
        server = database or stack.enter_context(postgres_of_a_wheel())
        if server:
            first, second = stack.enter_context(new_databases(server, 2))
            urls["postgresql"] = first, second
        found = {
            name: _measured(both, tell, orders=orders, comments=comments, scans=scans)
            for name, both in urls.items()
        }
    names = list(next(iter(found.values())))
    out.result(
        {"figures": found, "planned_with": {name: MEASURED[name].value for name in names}},
        Rows(
            ("figure", *found, "planned with"),
            [
                (
                    f"{name.replace('_', ' ')}, {MEASURED[name].unit}",
                    *(f"{one[name]:,.4g}" for one in found.values()),
                    f"{MEASURED[name].value:,.4g}",
                )
                for name in names
            ],
        ),
    )


@dataclass(slots=True)
class _Spent:
    """What some work took of this process."""

    seconds: float = 0.0
    statements: int = 0


def _measured(
    urls: _Urls, tell: Progress, *, orders: int, comments: int, scans: int
) -> dict[str, float]:
    found = dict[str, float]()
    with serving(f"orders:{orders}") as served, _house(served, urls[0]) as house:
        _done(work.run_provision(house, SITE, by=BY_HAND))
        tell(f"reading {orders:,} orders")
        size = house.store.size()
        spent = _spent(house, lambda: _read(house, "orders"))
        found["order_cpu_ms"] = 1000 * spent.seconds / orders
        found["order_bytes"] = (house.store.size() - size) / orders
        _done(work.run_flip(house, SITE, by=BY_HAND))
        tell("giving what was earned")
        given, size, calls = 0, house.store.size(), sum(served.calls().values())

        def heard(number: int) -> None:
            nonlocal given
            given += number

        spent = _spent(house, lambda: _give(house, heard))
        if given:
            found["award_cpu_ms"] = 1000 * spent.seconds / given
            found["award_calls"] = (sum(served.calls().values()) - calls) / given
        tell(f"{scans:,} scans that find nothing")
        found |= _idle(house, served, "orders", scans)
        size = house.store.size()
        _log(house)
        found["run_bytes"] = (house.store.size() - size) / _RUNS
    posts = comments // 20
    with serving(f"comments:{comments}:{posts}") as served, _house(served, urls[1]) as house:
        tell(f"reading {comments:,} comments")
        size = house.store.size()
        spent = _spent(house, lambda: _read(house, "comments"))
        found["comment_cpu_ms"] = 1000 * spent.seconds / comments
        found["comment_bytes"] = (house.store.size() - size) / comments
        found["probe_cpu_ms"] = _idle(house, served, "comments", scans)["scan_cpu_ms"]
    return found


def _idle(house: House, served: Served, source: str, scans: int) -> dict[str, float]:
    def look() -> None:
        _done(work.run_scan(house, SITE, source, by=SCHEDULE))
        tracks.due_beside(house, SITE, source, Track.LIVE)

    look()  # fills caches
    calls = sum(served.calls().values())

    def look_often() -> None:
        for _ in range(scans):
            look()

    spent = _spent(house, look_often)
    return {
        "scan_cpu_ms": 1000 * spent.seconds / scans,
        "scan_statements": spent.statements / scans,
        "scan_calls": (sum(served.calls().values()) - calls) / scans,
    }


def _read(house: House, source: str) -> None:
    while _done(work.run_scan(house, SITE, source, Track.FULL, by=BY_HAND)).more:
        pass


def _give(house: House, heard: Callable[[int], None]) -> None:
    while _done(work.run_assign(house, SITE, by=BY_HAND, heard=heard)).more:
        pass


def _log(house: House) -> None:
    for _ in range(_RUNS):
        with house.store.begin() as tx:
            run = tx.runs.start(SITE, "scan orders", started_by=BY_HAND)
            tx.runs.finish(run, numbers={"calls": 1, "new": 1, "pages": 1, "seen": 1})


def _done(outcome: Outcome) -> Outcome:
    if outcome.error:
        raise StateError(f"{outcome.kind} of the measurement ended early: {outcome.error}")
    return outcome


def _spent(house: House, does: Callable[[], object]) -> _Spent:
    with house.store.statements() as sent:
        began = time.process_time()
        does()
        seconds = time.process_time() - began
    ours = [number for text, number in sent.items() if not text.startswith(_NOT_OURS)]
    return _Spent(seconds, sum(ours))


@contextmanager
def _house(served: Served, url: str | None) -> Iterator[House]:
    with TemporaryDirectory(prefix="badgejobs-bench-") as name:
        rules = Path(name) / "rules.yaml"
        rules.write_text(_RULES, encoding="utf-8")
        settings = Settings(
            state_dir=Path(name) / "state",
            wix_base_url=served.url,
            sites={
                SITE: SiteSettings(
                    rules=rules,
                    app_id=builtin.APP_ID,
                    app_secret=SecretStr(builtin.APP_SECRET),
                    instance_id=builtin.instance_id(1),
                )
            },
        )
        prepare_state_dir(settings.state_dir)
        house = House(
            settings,
            open_store(url or settings.database),
            Unthrottled(),
            found_sources(),
            # rules that were written this moment would be waited for
            lambda: time.time() + _LATER_SECONDS,
        )
        try:
            house.store.migrate()
            duties.register(house)
            spare_the_collector()
            yield house
        finally:
            house.close()
