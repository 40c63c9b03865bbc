"""How long the console's pages take over a large record, and what each asks of the database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Annotated

import typer

from badgejobs.bootstrap.console_explaining import ConsoleExplaining
from badgejobs.bootstrap.console_views import ConsoleViews
from badgejobs.bootstrap.house import House
from badgejobs.cli.consolebench.visiting import Visitor, visiting
from badgejobs.cli.consolebench.yard import (
    TOKEN_FILE,
    Size,
    fill,
    house_of,
    redis_of,
    settings_of_a_yard,
)
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.rulebench.workload import SITE
from badgejobs.cli.scanbench.databases import postgres_of_a_wheel
from badgejobs.console import warm
from badgejobs.errors import SettingsError
from badgejobs.jobs.duties import ALL_DUTIES
from badgejobs.store.servers import server_of

#: Milliseconds that a page may take.
GOAL_MS = 200
_BADGE = "first-purchase"
_SITE = f"/sites/{SITE}"
#: Each page that is found without another, with where it is.
_PAGES = {
    "overview": "/",
    "overview, searched": "/?q=shop-01",
    "site": _SITE,
    "lately": f"{_SITE}/live",
    "badge": f"{_SITE}/badges/{_BADGE}",
    "runs": "/runs",
    "failed runs": "/runs?failed=1",
    "runs of the site": f"{_SITE}/runs",
    "drift": f"{_SITE}/drift",
    "quarantine": f"{_SITE}/quarantine",
    "explain a member": f"{_SITE}/members",
    "log-in": "/log-in",
    "become an operator": "/operator",
}
_PAGE_COLUMNS = ("page", "kB", "first ms", "median ms", "95 %", "goal")
_COLUMNS = ("view", "rows", "statements", "cpu ms", "first ms", "median ms", "95 %", "goal")


def measure_console(
    *,
    activities: Annotated[int, typer.Option(min=1_000, help="Of the large site.")] = 1_000_000,
    members: Annotated[int, typer.Option(min=100, help="Of the large site.")] = 100_000,
    awards: Annotated[int, typer.Option(min=1_000, help="Of the large site.")] = 150_000,
    sites: Annotated[int, typer.Option(min=2, max=20_000, help="The large one among them.")] = 200,
    runs: Annotated[int, typer.Option(min=100, help="Half of them the large site's.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=2, help="Each view is looked at so often.")] = 20,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="On the PostgreSQL of the extra dev.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed is another record.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Milliseconds of each page of the console over a large record.

    The record is made up and filled in bulk: one large site among many small ones, with awards
    and their history, runs, drift and quarantine. What a page asks the database and Redis for is
    measured in this process, whole pages over HTTP from the console as a process of its own. A
    goal is reached where both the first look and 95 of 100 are in time.

    Example: badgejobs bench console --activities 1000000

    Example: badgejobs bench console --postgres --json
    """
    out = Output(as_json=as_json)
    size = Size(activities=activities, members=members, awards=awards, sites=sites, runs=runs)
    with (
        out.progress() as tell,
        _database(postgres=postgres) as url,
        settings_of_a_yard(url) as settings,
        redis_of(settings) as redis_url,
    ):
        began = time.perf_counter()
        fill(settings, size, seed=seed, heard=tell)
        filled = time.perf_counter() - began
        with house_of(settings, redis_url=redis_url) as house:
            tell("looking at each view")
            views = ConsoleViews(house, duties=ALL_DUTIES)
            warm(views, ConsoleExplaining(house))  # as the console does at its start
            found = [_measured(house, views, *one, rounds=rounds) for one in _views(views).items()]
            megabytes = house.store.size() / 1_000_000
        tell("looking at each page")
        with visiting(settings.state_dir) as visitor:
            token = (settings.state_dir / TOKEN_FILE).read_text(encoding="ascii")
            seen = list(_looked_at(visitor, token, rounds=rounds))
    out.result(
        {
            "database": "postgresql" if postgres else "sqlite",
            "activities": activities,
            "members": members,
            "awards": awards,
            "sites": sites,
            "runs": runs,
            "seed": seed,
            "seconds_to_fill": round(filled, 1),
            "database_megabytes": round(megabytes),
            "goal_ms": GOAL_MS,
            "views": [one.as_json() for one in found],
            "pages": [one.as_json() for one in seen],
        },
        Rows(_COLUMNS, [one.row() for one in found]),
        Rows(_PAGE_COLUMNS, [one.row() for one in seen]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """Looks at one thing, with what else is to be told of it."""

    name: str
    told: dict[str, int]
    ms: list[float]

    @property
    def spread(self) -> tuple[float, float, float]:
        """The first look, the median, and what 95 of 100 stay below."""
        return self.ms[0], median(self.ms), quantiles(self.ms, n=20, method="inclusive")[-1]

    def as_json(self) -> dict[str, object]:
        names = ("first_ms", "median_ms", "ms_of_95_percent")
        times = dict(zip(names, (round(one, 2) for one in self.spread), strict=True))
        return {"name": self.name, **self.told, **times, "reached": self.is_reached}

    @property
    def is_reached(self) -> bool:
        """Whether the first look, which finds nothing kept, and nearly all others are in time."""
        first, _, nearly_all = self.spread
        return max(first, nearly_all) <= GOAL_MS

    def row(self) -> tuple[str, ...]:
        goal = f"{GOAL_MS} ms: {'reached' if self.is_reached else 'missed'}"
        times = (f"{one:.1f}" for one in self.spread)
        return (self.name, *(f"{one:,}" for one in self.told.values()), *times, goal)


def _looked_at(visitor: Visitor, token: str, *, rounds: int) -> Iterator[_Figures]:
    """Page after page: those to which another leads, and an operator's, once those were seen."""

    def all_of(pages: dict[str, str]) -> Iterator[_Figures]:
        for name, path in pages.items():
            yield _visited(visitor, name, path, rounds=rounds)

    yield from all_of(_PAGES)
    member = visitor.link(f"{_SITE}/members/", on=_PAGES["badge"])
    further = visitor.link(f"{_PAGES['badge']}?", on=_PAGES["badge"])
    linked = {"badge, next holders": further, "member": member}
    yield from all_of({name: path for name, path in linked.items() if path})
    visitor.become_operator(token)
    yield from all_of({"read now": f"{_SITE}/scan", "try again": f"{_SITE}/retry"})
    if member:
        yield from all_of({"give": f"{member}/grant", "take": f"{member}/revoke"})


def _visited(visitor: Visitor, name: str, path: str, *, rounds: int) -> _Figures:
    ms = []
    for _ in range(rounds):
        began = time.perf_counter()
        text = visitor.page(path)
        ms.append((time.perf_counter() - began) * 1000)
    return _Figures(name=name, told={"kilobytes": round(len(text) / 1000)}, ms=ms)


def _views(views: ConsoleViews) -> dict[str, Callable[[], object]]:
    """Each view as the pages ask for it, of the large site where it is of one."""
    far = None
    for _ in range(20):
        far = views.holders(SITE, _BADGE, after=far, limit=500).after or far
    return {
        "totals": views.totals,
        "sites": views.sites,
        "sites, searched": lambda: views.sites(search="shop-01"),
        "site": lambda: views.site(SITE),
        "badges": lambda: views.badges(SITE),
        "days": lambda: views.days(SITE),
        "days of a badge": lambda: views.days(SITE, badge=_BADGE),
        "steps": lambda: views.steps(SITE),
        "happenings": lambda: views.happenings(SITE),
        "happenings of a badge": lambda: views.happenings(SITE, badge=_BADGE),
        "holders": lambda: views.holders(SITE, _BADGE),
        "holders, far on": lambda: views.holders(SITE, _BADGE, after=far),
        "runs": views.runs,
        "runs of a site": lambda: views.runs(SITE),
        "failed runs": lambda: views.runs(failed=True),
        "failed runs of a site": lambda: views.runs("shop-0001", failed=True),
        "drift": lambda: views.drift(SITE),
        "quarantine": lambda: views.quarantine(SITE),
        "alerts": views.alerts,
    }


def _measured(
    house: House, views: ConsoleViews, view: str, look: Callable[[], object], *, rounds: int
) -> _Figures:
    """Each round asks anew: what is kept for a while is forgotten before."""
    ms, cpu = list[float](), list[float]()
    with house.store.statements() as counted:
        for _ in range(rounds):
            views.forget()
            counted.clear()
            began, worked = time.perf_counter(), time.process_time()
            seen = look()
            ms.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - worked) * 1000)
        statements = sum(
            number for text, number in counted.items() if not text.startswith(("PRAGMA", "BEGIN"))
        )
    rows = getattr(seen, "rows", seen)
    number = len(rows) if isinstance(rows, list | tuple) else 1
    return _Figures(
        name=view,
        told={"rows": number, "statements": statements, "cpu_ms": round(median(cpu))},
        ms=ms,
    )


@contextmanager
def _database(*, postgres: bool) -> Iterator[str | None]:
    """The URL of a new PostgreSQL database; ``None`` for an SQLite file of our own."""
    if not postgres:
        yield None
        return
    with postgres_of_a_wheel() as found:
        if found is None:
            raise SettingsError('--postgres needs the extra: pip install "badgejobs[dev]"')
        with server_of(found) as server:
            made = server.create()
            try:
                yield made
            finally:
                server.drop(made)
