"""Thousands of sites, played: how long each waits for its turn, and what a tick costs."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median
from typing import Annotated

import typer

from badgejobs.cli.dispatchbench.fleet import LOAD, Plan, Played
from badgejobs.cli.dispatchbench.play import Play
from badgejobs.cli.output import Output, Rows


def measure_dispatch(
    *,
    sites: Annotated[int, typer.Option(min=1, help="Sites of the fleet.")] = 10_000,
    minutes: Annotated[int, typer.Option(min=1, help="Minutes of virtual time.")] = 5,
    interval: Annotated[int, typer.Option(min=10, help="Seconds between scans of a site.")] = 60,
    bad: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of sites whose calls time out.")
    ] = 0.0,
    lost: Annotated[
        float, typer.Option(min=0, max=100, help="Percent of messages that are lost.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Another seed is another course.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """How long sites wait for their scans, in virtual time, under the real dispatcher.

    Its SQL runs on a database in memory; workers only take the time that work was measured to
    take, and are as many as make a load of 70 %. All sites are due at once in the beginning,
    and one in a hundred has its history to be read.

    Example: badgejobs bench dispatch --sites 10000 --bad 0.5
    """
    out = Output(as_json=as_json)
    plan = Plan(
        sites=sites,
        seconds=60 * minutes,
        interval=interval,
        seed=seed,
        bad=bad / 100,
        lost=lost / 100,
    )
    with out.progress() as progress:
        progress(f"playing {sites:,} sites with {plan.slots} slots")
        played = Play(plan, tell=progress).run()
    found = figures(plan, played)
    out.result(
        asdict(plan) | {"load": LOAD} | found,
        Rows(
            ("figure", "value"), [(name.replace("_", " "), f"{n:g}") for name, n in found.items()]
        ),
    )


def figures(plan: Plan, played: Played) -> dict[str, float]:
    """What is told of a play."""
    delays, ticks = sorted(played.delays), sorted(played.tick_seconds)
    ms = [1000 * one for one in ticks]
    sites_and_intervals = plan.sites * plan.seconds / plan.interval
    return {
        "slots": plan.slots,
        "scans": len(delays),
        "delay_p50_in_intervals": round(median(delays), 3),
        "delay_p95_in_intervals": round(delays[int(0.95 * (len(delays) - 1))], 3),
        "delay_max_in_intervals": round(delays[-1], 3),
        "slices_of_walks": played.walks,
        "tick_ms_median": round(median(ms), 1),
        "tick_ms_max": round(ms[-1], 1),
        "statements_a_tick": round(sum(played.statements) / len(ms), 1),
        "rows_rung_per_site_and_interval": round(sum(played.bells) / sites_and_intervals, 2),
        "bells_that_found_nothing": played.doubled,
        "bells_lost": played.lost,
    }
