"""Whether bad sites slow others down, and what a large fleet takes, in real processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

import typer

from badgejobs.cli.fleetbench.ailing import ailments
from badgejobs.cli.fleetbench.play import Counts, Played, play
from badgejobs.cli.fleetbench.yard import Setting
from badgejobs.cli.logs import set_up_logs
from badgejobs.cli.output import Output, Rows
from badgejobs.cli.scanbench.databases import postgres_of_a_wheel
from badgejobs.errors import SettingsError
from badgejobs.store.servers import server_of
from badgejobs.wix import wire

#: How many times as long the p95 of the delay may be with bad sites, and how many intervals a
#: site may wait for its scan.
RATIO_GOAL, INTERVALS_GOAL = 1.2, 2.0


def measure_fleet(
    *,
    sites: Annotated[int, typer.Option(min=1, max=10_000, help="The bad ones among them.")] = 50,
    bad: Annotated[
        int, typer.Option(min=0, help="By turns: always 429, time-outs, refused, a backlog.")
    ] = 4,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 2,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at once, each.")] = 4,
    pool: Annotated[
        Literal["threads", "prefork"], typer.Option(help="What the workers run jobs in.")
    ] = "threads",
    minutes: Annotated[float, typer.Option(min=0.05, help="Watched so long.")] = 3.0,
    every: Annotated[int, typer.Option(min=1, help="Seconds between scans of a site.")] = 20,
    tick: Annotated[int, typer.Option(min=1, help="Seconds between ticks.")] = 2,
    orders_a_minute: Annotated[
        float, typer.Option(min=0.1, help="New orders a minute, of all sites.")
    ] = 60.0,
    backlog: Annotated[
        int, typer.Option(min=1, help="Orders of a bad site with a backlog.")
    ] = 100_000,
    database: Annotated[
        str | None,
        typer.Option(help="URL of a PostgreSQL whose user may make databases; each is dropped."),
    ] = None,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="On the PostgreSQL of the extra dev.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Another seed is other traffic.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Scan delays of the good sites of a fleet, without the bad ones and with them.

    A sandbox, beat and workers run as processes of their own; orders come to good sites at
    random. A live scan is due an interval after the last one ended, and its delay is how long
    after that it has ended. Without bad sites the fleet is played once.

    Example: badgejobs bench fleet --sites 50 --bad 4 --workers 2 --minutes 3
    """
    if bad >= sites:
        raise SettingsError("--bad is less than --sites: the delays are those of the good ones")
    out = Output(as_json=as_json)
    set_up_logs(level="ERROR", form="console")
    setting = Setting(
        sites=sites, bad=ailments(bad), workers=workers, concurrency=concurrency, pool=pool,
        every_seconds=every, tick_seconds=tick,
    )  # fmt: skip
    alone = replace(setting, sites=sites - bad, bad=())
    plays = {"without bad sites": alone} | ({f"with {bad} bad": setting} if bad else {})
    with out.progress() as tell, _server(database, wheel=postgres) as server:
        played = dict[str, Played]()
        for name, one in plays.items():
            tell(f"a fleet {name}")
            with _database(server) as (url, counts):
                played[name] = play(
                    replace(one, database=url),
                    seed=seed,
                    a_minute=orders_a_minute,
                    seconds=60 * minutes,
                    backlog=backlog,
                    tell=tell,
                    counts=counts,
                )
    found = {name: _figures(one) for name, one in played.items()}
    all_plays = list(played.values())
    first, last = all_plays[0], all_plays[-1]
    ratio = last.delay.p95 / first.delay.p95 if bad and first.delay.p95 else None
    out.result(
        {
            "database": "postgresql" if server else "sqlite",
            "workers": workers,
            "concurrency": concurrency,
            "pool": pool,
            "every_seconds": every,
            "tick_seconds": tick,
            "orders_a_minute": orders_a_minute,
            "seed": seed,
            "plays": found,
            "ratio_of_p95": None if ratio is None else round(ratio, 2),
            "goals": {"ratio_of_p95": RATIO_GOAL, "intervals": INTERVALS_GOAL,
                      "most_requests": wire.REQUESTS_PER_MINUTE},
        },
        Rows(("figure", *played), _rows(all_plays)),
        _verdicts(ratio, last),
    )  # fmt: skip


@contextmanager
def _server(url: str | None, *, wheel: bool) -> Iterator[str | None]:
    if url is not None or not wheel:
        yield url
        return
    with postgres_of_a_wheel() as found:
        if found is None:
            raise SettingsError('--postgres needs the extra: pip install "badgejobs[dev]"')
        yield found


@contextmanager
def _database(server_url: str | None) -> Iterator[tuple[str | None, Counts]]:
    """A database of its own on the server, and what is counted in it; or neither."""
    if server_url is None:
        yield None, dict
        return
    with server_of(server_url) as server:
        url = server.create()
        try:
            yield url, lambda: server.counts(url)
        finally:
            server.drop(url)


def _figures(one: Played) -> dict[str, Any]:
    spreads = {"delay_seconds": one.delay.as_json(), "latency_seconds": one.latency.as_json()}
    plain = asdict(one)
    del plain["delay"], plain["latency"]
    return spreads | plain | {
        "longest_wait_in_intervals": round(one.longest_wait_in_intervals, 2),
        "cpu_milliseconds_a_scan": round(_cpu_a_scan(one), 1),
        "database_a_scan": {
            name: round(number / max(1, one.scans), 1)
            for name, number in one.database_counts.items()
        },
    }  # fmt: skip


def _cpu_a_scan(one: Played) -> float:
    """What the workers take for a live scan, ticks and all that goes with it."""
    return 1000 * one.worker_cpu_seconds / max(1, one.scans)


def _rows(plays: list[Played]) -> list[tuple[str, ...]]:
    def row(name: str, *cells: str) -> tuple[str, ...]:
        return (name, *cells)

    return [
        row("sites that are watched", *(f"{one.sites:,}" for one in plays)),
        row("live scans", *(f"{one.scans:,}" for one in plays)),
        row("scan delay, s: p50", *(f"{one.delay.p50:.2f}" for one in plays)),
        row("scan delay, s: p95", *(f"{one.delay.p95:.2f}" for one in plays)),
        row("scan delay, s: most", *(f"{one.delay.most:.2f}" for one in plays)),
        row("longest wait, intervals", *(f"{one.longest_wait_in_intervals:.2f}" for one in plays)),
        row("order to badge, s: p50", *(f"{one.latency.p50:.1f}" for one in plays)),
        row("order to badge, s: p95", *(f"{one.latency.p95:.1f}" for one in plays)),
        row("badges earned", *(f"{one.agreement.expected:,}" for one in plays)),
        row("missing, not earned, twice", *(
            f"{one.agreement.missing}, {one.agreement.extra}, {one.agreement.duplicate}"
            for one in plays)),
        row("most requests of a site in 60 s", *(str(one.most_requests) for one in plays)),
        row("a tick, ms: median, most", *(
            f"{one.tick_milliseconds:.0f}, {one.slowest_tick_milliseconds:.0f}" for one in plays)),
        row("worker CPU a scan, ms", *(f"{_cpu_a_scan(one):.1f}" for one in plays)),
        row("CPU of the workers, share of a core", *(
            f"{one.worker_cpu_seconds / one.seconds:.0%}" for one in plays)),
        row("worker memory, MB", *(
            ", ".join(map(str, one.worker_megabytes)) for one in plays)),
        row("sandbox memory, MB", *(str(one.sandbox_megabytes) for one in plays)),
        row("commits a scan", *(
            f"{one.database_counts.get('xact_commit', 0) / max(1, one.scans):.1f}"
            if one.database_counts else "" for one in plays)),
    ]  # fmt: skip


def _verdicts(ratio: float | None, last: Played) -> str:
    goals = [
        (last.longest_wait_in_intervals <= INTERVALS_GOAL,
         f"no scan waits more than {INTERVALS_GOAL:g} intervals"),
        (last.most_requests <= wire.REQUESTS_PER_MINUTE,
         f"no site above {wire.REQUESTS_PER_MINUTE} requests in any 60 s"),
        (last.agreement.is_exact, "exactly who earned a badge has it, once"),
    ]  # fmt: skip
    if ratio is not None:
        told = f"p95 with bad sites {ratio:.2f} times that without, {RATIO_GOAL:g} at most"
        goals.insert(0, (ratio <= RATIO_GOAL, told))
    return "\n".join(f"{'reached' if holds else 'missed'}: {goal}" for holds, goal in goals)
