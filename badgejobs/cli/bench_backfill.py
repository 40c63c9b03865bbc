"""The first reading of a large shop measured, from outside, with kills where they are asked for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.scanbench.backfilling import Watched, backfilled
from badgejobs.cli.scanbench.databases import unused
from badgejobs.cli.scanbench.serving import serving, settings_for

_MEGABYTE = 1_000_000
#: What we want to keep below.
GOALS = {"excess_percent": 1.0, "peak_megabytes": 250.0}
_KILLS = 5
_COLUMNS = ("figure", "value", "goal")


def measure_backfill(
    *,
    orders: Annotated[int, typer.Option(min=1, help="Orders of the made-up shop.")] = 1_000_000,
    database: Annotated[
        str | None,
        typer.Option(help="URL of an empty database, which is left filled. Default: SQLite."),
    ] = None,
    kill: Annotated[
        bool, typer.Option("--kill", help="End the worker with SIGKILL now and then.")
    ] = False,
    kills: Annotated[int, typer.Option(min=1, help="How often, with --kill.")] = _KILLS,
    seed: Annotated[int, typer.Option(min=0, help="Another seed is another shop.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Orders a second of a first reading without throttle, its calls and its memory.

    The sandbox that serves the orders and the worker that reads them are processes of their own;
    calls are counted at the sandbox, memory is looked at from outside. With --kill the worker is
    killed at moments that the seed chooses, and a new one goes on where it was.

    Example: badgejobs bench backfill --orders 100000 --kill
    """
    out = Output(as_json=as_json)
    number = kills if kill else 0
    with (
        out.progress() as progress,
        serving(f"orders:{orders}:{seed}") as served,
        settings_for(served.url) as folder,
        unused(database or f"sqlite:///{folder}/state/badgejobs.db") as store,
    ):
        progress(f"reading {orders:,} orders of seed {seed}")
        found = backfilled(
            served,
            folder,
            store,
            orders=orders,
            kills=number,
            seed=seed,
            database_url=database,
            heard=lambda done: progress.counted("orders read", done, of=orders),
        )
    out.result(_told(found) | {"seed": seed, "goals_below": GOALS}, Rows(_COLUMNS, _rows(found)))


def _told(found: Watched) -> dict[str, Any]:
    return {
        "orders": found.orders,
        "stored": found.stored,
        "seconds": round(found.seconds, 1),
        "worker_cpu_seconds": round(found.cpu_seconds, 1),
        "orders_a_second": round(found.orders / found.seconds),
        "calls": {
            "made": found.made,
            "needed": found.needed,
            "excess_percent": round(found.excess_percent, 3),
            "by_path": found.calls,
        },
        "killed_at_page": found.killed_at,
        "pages_read_again": found.read_again,
        "peak_megabytes": round(found.peak_bytes / _MEGABYTE, 1),
        "sandbox_peak_megabytes": round(found.sandbox_peak_bytes / _MEGABYTE, 1),
        "database_megabytes": round(found.database_bytes / _MEGABYTE, 1),
    }


def _rows(found: Watched) -> list[tuple[str, ...]]:
    excess, peak = found.excess_percent, found.peak_bytes / _MEGABYTE
    return [
        ("orders read and stored", f"{found.stored:,}", ""),
        ("seconds", f"{found.seconds:,.1f}", ""),
        ("seconds of the workers' processor", f"{found.cpu_seconds:,.1f}", ""),
        ("orders/s", f"{found.orders / found.seconds:,.0f}", ""),
        ("calls", f"{found.made:,} for {found.needed:,} pages", ""),
        ("more calls than pages", f"{excess:.3f} %", _goal("excess_percent", excess, "%")),
        ("kills, at page", ", ".join(map(str, found.killed_at)) or "none", ""),
        (
            "pages read again",
            str(found.read_again),
            f"{len(found.killed_at)} at most: {_word(found.read_again <= len(found.killed_at))}",
        ),
        ("most memory of a worker, MB", f"{peak:.1f}", _goal("peak_megabytes", peak, "MB")),
        ("most memory of the sandbox, MB", f"{found.sandbox_peak_bytes / _MEGABYTE:.1f}", ""),
        ("database, MB", f"{found.database_bytes / _MEGABYTE:.1f}", ""),
    ]


def _goal(name: str, value: float, unit: str) -> str:
    return f"below {GOALS[name]:g} {unit}: {_word(value < GOALS[name])}"


def _word(is_reached: bool) -> str:
    return "reached" if is_reached else "missed"
