"""The evaluation measured against plain loops and against SQL, in one run."""

from __future__ import annotations

from typing import Annotated

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.rulebench.rounds import GOALS, OURS, Figures, measured
from badgejobs.cli.rulebench.workload import made_up

_COLUMNS = ("work", "by", "least", "median", "most activities/s", "ours is", "goal")


def measure_rules(
    *,
    members: Annotated[int, typer.Option(min=1, help="Members of the made-up site.")] = 5_000,
    activities: Annotated[int, typer.Option(min=2, help="Half orders, half comments.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Another seed is another site.")] = 7,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds, in which all take turns.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Activities a second through nine and through twelve rules, on one core.

    The same made-up activities are evaluated by badgejobs, folded by plain Python loops written
    for these rules alone, and asked for in SQL over tables in memory that stand already. All
    three must come to the same members, badges and times in every round.

    Example: badgejobs bench rules --members 5000 --activities 100000
    """
    out = Output(as_json=as_json)
    with out.progress() as progress:
        progress(f"making up {activities:,} activities of {members:,} members")
        workload = made_up(members=members, activities=activities, seed=seed)
        progress("measuring")
        found = measured(workload, rounds=rounds)
    ours = {one.work: one.spread[1] for one in found if one.who == OURS}
    out.result(
        {
            "members": members,
            "activities": activities,
            "seed": seed,
            "rounds": rounds,
            "goals_in_activities_a_second": GOALS,
            "figures": [
                {
                    "work": one.work,
                    "by": one.who,
                    "awards": one.earned,
                    "activities_a_second": dict(
                        zip(("least", "median", "most"), map(round, one.spread), strict=True)
                    ),
                    "ours_is_so_many_times_as_fast": round(ours[one.work] / one.spread[1], 2),
                }
                for one in found
            ],
        },
        Rows(_COLUMNS, [_row(one, ours[one.work]) for one in found]),
    )
    out.note("all three came to the same awards, with the same times, in every round")


def _row(one: Figures, ours: float) -> tuple[str, ...]:
    least, middle, most = one.spread
    goal = GOALS[one.work] if one.who == OURS else None
    return (
        one.work,
        one.who,
        f"{least:,.0f}",
        f"{middle:,.0f}",
        f"{most:,.0f}",
        f"{ours / middle:.2f} times as fast" if goal is None else "",
        f"{goal:,}: {'reached' if middle >= goal else 'missed'}" if goal else "",
    )
