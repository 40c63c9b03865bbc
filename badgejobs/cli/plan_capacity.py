"""What a fleet of a size will need, before it stands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.core.capacity import DAY, Fleet, Plan, plan
from badgejobs.core.unit_costs import MEASURED

_GIGABYTE = 1e9
#: Connections left for those who look at the database and for its own keepers.
_FOR_OTHERS = 20


def plan_capacity(
    *,
    sites: Annotated[int, typer.Option(min=1)],
    orders_per_day: Annotated[float, typer.Option(min=0, help="Of all sites together.")],
    comments_per_day: Annotated[float, typer.Option(min=0, help="Of all sites together.")] = 0,
    badges: Annotated[int, typer.Option(min=1, help="Of a site.")] = 5,
    members_per_site: Annotated[int, typer.Option(min=0)] = 1_000,
    history_orders: Annotated[int, typer.Option(min=0, help="Of a site, at first.")] = 10_000,
    history_comments: Annotated[int, typer.Option(min=0, help="Of a site, at first.")] = 0,
    posts: Annotated[int, typer.Option(min=1, help="Of a site, with comments.")] = 500,
    orders_every: Annotated[int, typer.Option(min=1, help="scan.orders_every_seconds")] = 60,
    comments_every: Annotated[int, typer.Option(min=1, help="scan.comments_every_seconds")] = 60,
    tick: Annotated[int, typer.Option(min=1, help="tick_seconds")] = 10,
    requests_per_minute: Annotated[int, typer.Option(min=1, max=200)] = 180,
    awards_per_order: Annotated[float, typer.Option(min=0, max=100)] = 0.1,
    utilisation: Annotated[
        float, typer.Option(min=0.05, max=0.95, help="How busy workers are to be on average.")
    ] = 0.5,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at once of a worker.")] = 4,
    sqlite: Annotated[bool, typer.Option("--sqlite", help="With the embedded database.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Calls, workers, database and delays of a fleet, reckoned from measured unit costs.

    Nothing is asked or started. The unit costs are those of one small machine: `badgejobs bench
    units` and `badgejobs bench fleet` measure them on yours.

    Example: badgejobs plan-capacity --sites 10000 --orders-per-day 200000
    """
    fleet = Fleet(
        sites=sites,
        orders_a_day=orders_per_day,
        comments_a_day=comments_per_day,
        badges=badges,
        members=members_per_site,
        history_orders=history_orders,
        history_comments=history_comments,
        posts=posts,
        orders_every_seconds=orders_every,
        comments_every_seconds=comments_every,
        tick_seconds=tick,
        requests_a_minute=requests_per_minute,
        awards_an_order=awards_per_order,
        utilisation=utilisation,
        jobs_at_once=concurrency,
        is_sqlite=sqlite,
    )
    found = plan(fleet)
    out = Output(as_json=as_json)
    out.result(
        _told(found) | {"fleet": asdict(fleet), "unit_costs": _costs()},
        Rows(("figure", "value"), _rows(found)),
        Rows(("setting", "value"), _settings(fleet, found)),
        Rows(("calls of a site and day", "number"),
             [(name, f"{number:,.0f}") for name, number in found.calls_a_day.items()]),
        Rows(("CPU seconds of a day", "number", "share of a core"),
             [(name, f"{number:,.0f}", f"{number / DAY:.1%}")
              for name, number in found.cpu_seconds_a_day.items()]),
    )  # fmt: skip
    for one in found.warnings:
        out.note(f"over budget: {one.what}; {one.cure}")
    if not found.warnings:
        out.note("nothing is over its budget")


def _settings(fleet: Fleet, found: Plan) -> list[tuple[str, str]]:
    """What to write and to start."""
    return [
        ("scan.orders_every_seconds", f"{fleet.orders_every_seconds:g}"),
        ("scan.comments_every_seconds", f"{fleet.comments_every_seconds:g}"),
        ("tick_seconds", f"{fleet.tick_seconds:g}"),
        ("requests_per_minute", str(fleet.requests_a_minute)),
        (f"badgejobs worker --concurrency {fleet.jobs_at_once}", f"{found.workers} of them"),
        ("max_connections of PostgreSQL", f"{found.connections + _FOR_OTHERS} or more"),
    ]


def _told(found: Plan) -> dict[str, Any]:
    return {
        name: {key: round(number, 1) for key, number in value.items()}
        if isinstance(value, dict)
        else round(value, 2)
        if isinstance(value, float)
        else value
        for name, value in asdict(found).items()
    } | {"calls": round(found.calls, 1)}


def _costs() -> dict[str, Any]:
    return {name: asdict(one) for name, one in MEASURED.items()}


def _rows(found: Plan) -> list[tuple[str, str]]:
    lanes = ", ".join(f"{lane} {slots}" for lane, slots in found.slots_by_lane.items())
    first = timedelta(seconds=round(found.first_reading_seconds))
    return [
        ("calls of a site a day", f"{found.calls:,.0f}"),
        ("share of its pace", f"{found.share_of_pace_percent:.1f} %"),
        ("jobs a second, all sites", f"{found.jobs_a_second:,.1f}"),
        ("cores for workers", f"{found.cores:,.2f}"),
        ("workers", str(found.workers)),
        ("jobs at once, by lane", lanes),
        ("PostgreSQL connections", str(found.connections)),
        ("database when all is read", _bytes(found.database_bytes_at_first)),
        ("database after a year", _bytes(found.database_bytes_after_a_year)),
        ("memory of Redis", _bytes(found.broker_bytes)),
        ("first reading of all sites", str(first)),
        ("from order to badge, on average", f"{found.latency_seconds:.0f} s"),
        ("from order to badge, at worst", f"{found.latency_at_worst_seconds:.0f} s"),
    ]


def _bytes(number: float) -> str:
    """A size for people.

    >>> _bytes(1_234_000), _bytes(2.5e9)
    ('1 MB', '2.5 GB')
    """
    return f"{number / _GIGABYTE:,.1f} GB" if number >= _GIGABYTE else f"{number / 1e6:,.0f} MB"
