"""How the demo looks while it runs, and its verdict at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from badgejobs.cli.demo_truth import Comparison
from badgejobs.core.award import State
from badgejobs.core.milestone import Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is there to see at one moment."""

    seconds: float
    #: Records that have arrived at the sandbox and how many there are, by source.
    arrived: Mapping[str, tuple[int, int]]
    #: Records in the ledger, by source.
    recorded: Mapping[str, int]
    #: Awards by (badge, state).
    awards: Mapping[tuple[str, State], int]
    #: Answered API requests by path.
    calls: Mapping[str, int]
    throttled: int = 0
    processes: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_arrived(self) -> bool:
        """Whether all of the history is at the sandbox."""
        return all(total and arrived == total for arrived, total in self.arrived.values())

    @property
    def total_calls(self) -> int:
        """All API requests; asking for a token is none."""
        return sum(number for path, number in self.calls.items() if "oauth2" not in path)

    def of(self, badge: str, *states: State) -> int:
        """Awards of one badge in some states."""
        return sum(self.awards.get((badge, state), 0) for state in states)

    def line(self) -> str:
        """One plain line, for logs and pipes."""
        arrived = ", ".join(
            f"{source} {self.recorded.get(source, 0)}/{total}"
            for source, (_, total) in self.arrived.items()
        )
        given = sum(n for (_, state), n in self.awards.items() if state is State.ASSIGNED)
        return (
            f"{self.seconds:5.1f} s  recorded {arrived}; awards {sum(self.awards.values())}, "
            f"assigned {given}; API calls {self.total_calls}"
        )


def live(snapshot: Snapshot, rules: Ruleset) -> RenderableType:
    """The picture that is drawn anew while the demo runs."""
    history = Table.grid(padding=(0, 2))
    for source, (arrived, total) in snapshot.arrived.items():
        recorded = snapshot.recorded.get(source, 0)
        history.add_row(
            Text(source, style="bold"),
            ProgressBar(total=max(total, 1), completed=recorded, width=36),
            f"{recorded:,} recorded",
            Text(f"{arrived:,} of {total:,} arrived", style="dim"),
        )
    badges = Table(box=None, padding=(0, 2), header_style="dim")
    for column in ("badge", "decided", "on their way", "assigned"):
        badges.add_column(column, justify="left" if column == "badge" else "right")
    for milestone in rules.milestones:
        name = milestone.badge
        decided = sum(n for (badge, _), n in snapshot.awards.items() if badge == name)
        badges.add_row(
            _label(milestone.title, milestone.look.background if milestone.look else None),
            f"{decided:,}",
            f"{snapshot.of(name, State.PENDING, State.INFLIGHT, State.UNKNOWN):,}",
            Text(f"{snapshot.of(name, State.ASSIGNED):,}", style="bold green"),
        )
    calls = Text(f"{snapshot.total_calls} API calls", style="bold")
    calls.append(f" in {snapshot.seconds:.0f} s", style="dim")
    if snapshot.throttled:
        calls.append(f", {snapshot.throttled} answered 429", style="yellow")
    running = Text("  ".join(f"{n} {s}" for n, s in snapshot.processes.items()), style="dim")
    return Panel(
        Group(history, Text(), badges, Text(), calls, running),
        title="badgejobs demo: real orders and comments become badges",
        title_align="left",
        border_style="#796EFF",
        box=box.ROUNDED,
        padding=(1, 2),
    )


def verdict(rows: Sequence[Comparison], rules: Ruleset) -> Table:
    """Each badge: expected by independent truth against what stands at the sandbox."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title="expected by independent truth, and assigned at the sandbox",
        title_justify="left",
        title_style="bold",
    )
    names = ("badge", "expected", "assigned", "missing", "extra", "duplicate", "other time", "")
    for name in names:
        table.add_column(name, justify="left" if name in {"badge", ""} else "right")
    looks = {one.badge: one.look for one in rules.milestones}
    for row in rows:
        look = looks[row.badge]
        numbers = (row.expected, row.assigned, row.missing, row.extra, row.duplicate,
                   row.other_time)  # fmt: skip
        table.add_row(
            _label(row.title, look.background if look else None),
            *(f"{number:,}" for number in numbers),
            Text("agrees", style="green") if row.agrees else Text("differs", style="bold red"),
        )
    return table


def economy(snapshot: Snapshot, literal: int) -> Text:
    """The price in API calls, and what the literal way would have paid."""
    used = max(1, snapshot.total_calls)
    text = Text(f"{used:,} API calls", style="bold")
    text.append(f"; the literal query-then-create for each event needs {literal:,} ")
    text.append(f"({literal / used:.0f} times as many)", style="dim")
    return text


def _label(title: str, background: str | None) -> Text:
    return Text.assemble((" ● ", background or "default"), title)
