"""What can be seen of a fleet from outside: the database, and the sandbox's own counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from badgejobs.cli.fleetbench.traffic import Traffic
from badgejobs.cli.fleetbench.yard import name_of
from badgejobs.core.source import Track
from badgejobs.sandbox import builtin
from badgejobs.sandbox.remote import RemoteSandbox
from badgejobs.store import SqlStore

SOURCE = "orders"
_LIVE = f"scan {SOURCE}"
#: More runs than a measurement has.
_MOST_RUNS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How numbers lie."""

    number: int
    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of these; zeros where there are none.

        >>> Spread.of([3, 1, 2])
        Spread(number=3, p50=2, p95=3, most=3)
        """
        found = sorted(values) or [0.0]
        last = len(found) - 1
        return cls(
            number=len(found),
            p50=found[round(last * 0.5)],
            p95=found[round(last * 0.95)],
            most=found[-1],
        )

    def as_json(self) -> dict[str, float]:
        """For ``--json``."""
        return {"number": self.number, "p50": round(self.p50, 3), "p95": round(self.p95, 3),
                "max": round(self.most, 3)}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What stands at the sandbox, held against who has earned what."""

    expected: int = 0
    missing: int = 0
    extra: int = 0
    duplicate: int = 0

    @property
    def is_exact(self) -> bool:
        """Exactly those who earned it have it, once each."""
        return not (self.missing or self.extra or self.duplicate)


def begun(store: SqlStore, sites: Collection[int]) -> int:
    """How many sites have had their history read, their rules taken up and a live scan."""
    done = defaultdict[str, set[Any]](set)
    with store.read() as tx:
        for row in tx.scans.overview():
            if row.completed_at and row.source == SOURCE:
                done[row.site].add(row.track)
            if row.completed_at and row.source == "provision":
                done[row.site].add(row.source)
    wanted = {Track.LIVE, Track.FULL, "provision"}
    return sum(done[name_of(site)] >= wanted for site in sites)


def delays(
    store: SqlStore, sites: Sequence[int], *, since: datetime, until: datetime, every: timedelta
) -> tuple[list[float], int]:
    """How many seconds after it was due each live scan had ended, and how many scans there were.

    A live scan is due an interval after the one before it ended. One that was due and had not
    ended by ``until`` counts with what it had waited by then.
    """
    ends = defaultdict[str, list[datetime]](list)
    with store.read() as tx:
        within = tx.now - since + 4 * every
        names = [name_of(site) for site in sites]
        for run in tx.runs.find(names, source=SOURCE, within=within, limit=_MOST_RUNS):
            if run.kind == _LIVE and run.ended_at and run.ended_at <= until:
                ends[run.site].append(run.ended_at)
    found, scans = list[float](), 0
    for name in names:
        times = sorted(ends[name])
        for before, after in pairwise([*times, until]):
            is_over = after is not until
            if after <= since or (not is_over and after < before + every):
                continue
            scans += is_over
            found.append(max(0.0, (after - before - every).total_seconds()))
        if not times:
            found.append((until - since).total_seconds())
    return found, scans


def agreement(sandbox: RemoteSandbox, traffic: Traffic, sites: Iterable[int]) -> Agreement:
    """All badges that stand at these sites."""
    expected = missing = extra = duplicate = 0
    for site in sites:
        standing = Counter(
            (one["memberId"], title) for one, title in _standing(sandbox, site) if title
        )
        due = traffic.due(site)
        expected += len(due)
        missing += len(due - standing.keys())
        extra += len(standing.keys() - due)
        duplicate += sum(times - 1 for times in standing.values())
    return Agreement(expected=expected, missing=missing, extra=extra, duplicate=duplicate)


def latencies(sandbox: RemoteSandbox, traffic: Traffic, sites: Iterable[int]) -> list[float]:
    """Seconds from an order's coming to its badge's standing at the sandbox."""
    wanted = set(sites)
    touched = {site for site, _, _ in traffic.earned_at if site in wanted}
    return [
        (at - traffic.earned_at[key]).total_seconds()
        for site in sorted(touched)
        for one, title in _standing(sandbox, site)
        if (key := (site, one["memberId"], title)) in traffic.earned_at
        and (at := datetime.fromisoformat(one["createdDate"]).astimezone(UTC))
    ]


def most_requests(sandbox: RemoteSandbox, sites: Iterable[int]) -> dict[int, int]:
    """The most requests of each site in any window of the sandbox's limit, refused ones too."""
    return {
        site: int(sandbox.stats(builtin.instance_id(site))["mostInWindow"]) for site in sites
    }


def _standing(sandbox: RemoteSandbox, site: int) -> list[tuple[dict[str, Any], str]]:
    state = sandbox.state(builtin.instance_id(site))
    titles = {badge["id"]: str(badge["title"]) for badge in state["badges"]}
    return [(one, titles.get(one["badgeId"], "")) for one in state["badgeAssignments"]]
