"""How long an explanation takes: of ordinary members, and of the busiest there are."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from badgejobs.cli.output import Output, Rows
from badgejobs.cli.rulebench.twelve import all_twelve
from badgejobs.cli.rulebench.workload import SITE, Workload, made_up
from badgejobs.core.milestone import Ruleset
from badgejobs.flow.explaining import explain
from badgejobs.rules.wording.explanations import as_data, lines
from badgejobs.store import SqlStore, open_store

#: Milliseconds that an explanation of an ordinary member may take.
GOAL_MS = 100
_PAGE = 2_000
_COLUMNS = ("members", "activities of each", "explained", "median ms", "95 %", "most", "goal")


def measure_explain(
    *,
    members: Annotated[int, typer.Option(min=2, help="Members of the made-up site.")] = 2_000,
    activities: Annotated[int, typer.Option(min=2, help="Half orders, half comments.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Another seed is another site.")] = 7,
    some: Annotated[int, typer.Option("--of", min=2, help="So many members are explained.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Milliseconds of an explanation, of twelve badges of ordinary and of the busiest members.

    From the database to the last line of text and to the JSON, in this process, on SQLite.

    Example: badgejobs bench explain --activities 100000
    """
    out = Output(as_json=as_json)
    with out.progress() as progress, TemporaryDirectory(prefix="badgejobs-bench-") as folder:
        progress(f"recording {activities:,} activities of {members:,} members")
        workload = made_up(members=members, activities=activities, seed=seed)
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        _record(store, workload)
        progress("measuring")
        by_size = sorted(workload.members, key=lambda one: len(workload.members[one]))
        middle = len(by_size) // 2
        found = [
            _measured(store, workload, "ordinary", by_size[middle : middle + some]),
            _measured(store, workload, "busiest", by_size[-some:]),
        ]
        store.dispose()
    out.result(
        {
            "members": members,
            "activities": activities,
            "seed": seed,
            "goal_ms": GOAL_MS,
            "figures": [one.as_json() for one in found],
        },
        Rows(_COLUMNS, [one.row() for one in found]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    who: str
    sizes: tuple[int, int]
    ms: list[float]

    @property
    def spread(self) -> tuple[float, float, float]:
        """Median, what 95 of 100 stay below, and most."""
        return median(self.ms), quantiles(self.ms, n=20)[-1], max(self.ms)

    def as_json(self) -> dict[str, object]:
        names = ("median_ms", "ms_of_95_percent", "most_ms")
        told = dict(zip(names, (round(one, 2) for one in self.spread), strict=True))
        return {"members": self.who, "activities": self.sizes, "explained": len(self.ms)} | told

    def row(self) -> tuple[str, ...]:
        least, most = self.sizes
        middle, nearly_all, longest = self.spread
        goal = f"{GOAL_MS} ms: {'reached' if nearly_all <= GOAL_MS else 'missed'}"
        return (
            self.who, f"{least:,} to {most:,}", f"{len(self.ms):,}", f"{middle:.1f}",
            f"{nearly_all:.1f}", f"{longest:.1f}", goal if self.who == "ordinary" else "",
        )  # fmt: skip


def _measured(store: SqlStore, workload: Workload, who: str, members: list[str]) -> _Figures:
    rules = Ruleset(version="bench", milestones=all_twelve())
    taken = [_once(store, member, one.badge, rules) for member in members for one in all_twelve()]
    sizes = [len(workload.members[one]) for one in members]
    return _Figures(who=who, sizes=(min(sizes), max(sizes)), ms=taken)


def _once(store: SqlStore, member: str, badge: str, rules: Ruleset) -> float:
    began = time.perf_counter()
    found = explain(store, SITE, member, badge, rules)
    _spent(lines(found))
    as_data(found)
    return (time.perf_counter() - began) * 1000


def _spent(some: Iterable[str]) -> None:
    for _ in some:
        pass


def _record(store: SqlStore, workload: Workload) -> None:
    store.migrate()
    for source in ("orders", "comments"):
        every = workload.of(source)
        while page := list(islice(every, _PAGE)):
            with store.begin() as tx:
                tx.activities.record(page, site=SITE, source=source, generation=1)
