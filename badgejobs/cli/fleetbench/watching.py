"""What can be seen of a fleet from outside: the database, and the sandbox's own counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Event, Thread
from typing import Any, Self

from badgejobs.cli.fleetbench.traffic import Traffic
from badgejobs.cli.fleetbench.yard import name_of
from badgejobs.core.source import Track
from badgejobs.sandbox import builtin
from badgejobs.sandbox.remote import RemoteSandbox
from badgejobs.store import SqlStore

SOURCE = "orders"


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


class Watch:
    """Looks again and again when each site's live scan ended last, oftener than one may end."""

    def __init__(self, store: SqlStore, sites: Iterable[int], *, every: timedelta) -> None:
        self._store, self._every = store, every
        self._ends: dict[str, set[datetime]] = {name_of(site): set() for site in sites}
        self._over = Event()
        self._thread = Thread(target=self._look_again_and_again)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def delays(self, *, since: datetime, until: datetime) -> tuple[list[float], int]:
        """How many seconds after it was due each live scan had ended, and how many there were.

        A live scan is due an interval after the one before it ended. One that was due and had
        not ended by ``until`` counts with what it had waited by then.
        """
        found, scans = list[float](), 0
        for ends in self._ends.values():
            times = sorted(end for end in ends if end <= until)
            for before, after in pairwise([*times, until]):
                is_over = after is not until
                if after <= since or (not is_over and after < before + self._every):
                    continue
                scans += is_over
                found.append(max(0.0, (after - before - self._every).total_seconds()))
            if not times:
                found.append((until - since).total_seconds())
        return found, scans

    def _look_again_and_again(self) -> None:
        while not self._over.wait(self._every.total_seconds() / 3):
            self._look()

    def _look(self) -> None:
        with self._store.read() as tx:
            rows = tx.scans.overview()
        for row in rows:
            is_ours = row.source == SOURCE and row.track is Track.LIVE and row.site in self._ends
            if is_ours and row.completed_at:
                self._ends[row.site].add(row.completed_at)


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
    wanted, found = set(sites), list[float]()
    for site in sorted({site for site, _, _ in traffic.earned_at if site in wanted}):
        for one, title in _standing(sandbox, site):
            came = traffic.earned_at.get((site, one["memberId"], title))
            if came:
                given = datetime.fromisoformat(one["createdDate"]).astimezone(UTC)
                found.append((given - came).total_seconds())
    return found


def most_requests(sandbox: RemoteSandbox, sites: Iterable[int]) -> dict[int, int]:
    """The most requests of each site in any window of the sandbox's limit, refused ones too."""
    return {site: int(sandbox.stats(builtin.instance_id(site))["mostInWindow"]) for site in sites}


def _standing(sandbox: RemoteSandbox, site: int) -> list[tuple[dict[str, Any], str]]:
    state = sandbox.state(builtin.instance_id(site))
    titles = {badge["id"]: str(badge["title"]) for badge in state["badges"]}
    return [(one, titles.get(one["badgeId"], "")) for one in state["badgeAssignments"]]
