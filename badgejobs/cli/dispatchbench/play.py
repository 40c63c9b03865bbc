"""The play: ticks, queues and slots in virtual time, over the real tables."""

from __future__ import annotations

import heapq
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from random import Random

from badgejobs.cli.dispatchbench.fleet import GIVES, NOTHING_SECONDS, Plan, Played, seconds_of
from badgejobs.core.lane import Lane
from badgejobs.core.ledger import Lease
from badgejobs.core.source import Track
from badgejobs.errors import LeaseTaken, NotSent
from badgejobs.jobs.retrying import patience
from badgejobs.jobs.rooms import bounds
from badgejobs.jobs.turns import again_after, ring_in_turns, ring_next
from badgejobs.store import open_store
from badgejobs.store.dispatch import Due
from badgejobs.store.processes import Process

_BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
_HOLDS = timedelta(seconds=90)
_LIKE = "like"
#: A history is read in so many slices.
_SLICES = 30


class Play:
    """One fleet at work, from the moment at which all of it is due at once."""

    def __init__(self, plan: Plan, *, tell: Callable[[str], None] = lambda _: None) -> None:
        self.plan, self.played, self._tell = plan, Played(), tell
        self._chance = Random(plan.seed)  # noqa: S311 - a play
        self._now = 0.0
        self.store = open_store("sqlite://", clock=lambda: _at(self._now))
        self.names = [f"site{number:05d}" for number in range(plan.sites)]
        self.bad = set(self.names[: round(plan.sites * plan.bad)])
        self._backlog = self.names[-round(plan.sites * plan.backlog) :] if plan.backlog else []
        self._slices = dict.fromkeys(self._backlog, _SLICES)
        self._queues: dict[Lane, deque[Due]] = {lane: deque() for lane in Lane}
        self._turn = cycle(Lane)
        self._free = plan.slots
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._due = dict.fromkeys(self.names, 0.0)
        self._at_site = Counter[str]()

    def run(self) -> Played:
        """Play it to its end."""
        self._set_up()
        for at in range(0, self.plan.seconds, self.plan.tick):
            self._after(at, self._tick)
        try:
            while self._events and self._events[0][0] < self.plan.seconds:
                self._now, _, do = heapq.heappop(self._events)
                do()
            self._now = self.plan.seconds
            self._note_what_still_waits()
        finally:
            self.store.dispose()
        return self.played

    def _set_up(self) -> None:
        self.store.migrate()
        slots = self.plan.slots
        self.played.bounds = bounds(
            [
                Process(
                    name="w", kind="worker", lanes=frozenset(Lane), slots=slots,
                    began_at=_BEGINS, seen_at=_BEGINS,
                )
            ],
            tick_seconds=self.plan.tick,
        )  # fmt: skip
        with self.store.begin() as tx:
            for source in ("orders", "assign", "reconcile"):
                tracks = [Track.LIVE, Track.FULL] if source == "orders" else [Track.LIVE]
                tx.scans.register(_LIKE, source, "window", tracks=tracks)
            idle = [("orders", Track.FULL), ("assign", Track.LIVE), ("reconcile", Track.LIVE)]
            for source, track in idle:
                lease = tx.scans.lease(_LIKE, source, track, holds=_HOLDS)
                tx.scans.release(lease, due_in=timedelta(days=1), completed=True)
            tx.copies.spread(_LIKE, self.names)
            for site in self._backlog:
                tx.scans.make_due(site, "orders", Track.FULL)

    def _tick(self) -> None:
        began = time.perf_counter()
        with self.store.statements() as sent:
            with self.store.begin() as tx:
                without_worker = tx.dispatch.rung()
            rung = ring_in_turns(
                self.store,
                (),
                self.played.bounds,
                again_after=again_after(without_worker, lambda lane: len(self._queues[lane])),
                deliver=self._deliver,
            )
        self.played.tick_seconds.append(time.perf_counter() - began)
        self.played.statements.append(sum(sent.values()))
        self.played.bells.append(rung)
        with self.store.read() as tx:
            for lane, out in tx.dispatch.out().items():
                self.played.most_out[lane] = max(self.played.most_out[lane], out)
        self._tell(f"{self._now:,.0f} s of {self.plan.seconds:,}: {rung:,} bells")

    def _deliver(self, due: list[Due]) -> bool:
        for one in due:
            if self._chance.random() < self.plan.lost:
                self.played.lost += 1
            else:
                self._queues[one.lane].append(one)
        self._after(0, self._take)
        return True

    def _take(self) -> None:
        """Slots that are free take what waits, from the queues by turns, as Celery does."""
        while self._free and any(self._queues.values()):
            lane = next(lane for lane in self._turn if self._queues[lane])
            self._free -= 1
            self._begin(self._queues[lane].popleft())

    def _begin(self, due: Due) -> None:
        short = due.lane is not Lane.WALK
        try:
            with self.store.begin() as tx:
                lease = tx.scans.lease(
                    due.site, due.source, due.track, holds=_HOLDS, if_rested=True, if_due=True
                )
        except LeaseTaken:
            self.played.doubled += 1
            self._after(NOTHING_SECONDS, lambda: self._freed(due))
            return
        if due.source != "assign":
            self._at_site[due.site] += 1
            most = max(self.played.most_of_a_site, self._at_site[due.site])
            self.played.most_of_a_site = most
        if due.source == "orders" and due.track is Track.LIVE:
            self._scanned(due.site)
        wait = seconds_of(due, bad=due.site in self.bad)
        spread = self._chance.uniform(0.5, 1.5) if short else 1.0
        self._after(wait * spread, lambda: self._end(due, lease))

    def _scanned(self, site: str) -> None:
        late = (self._now - self._due[site]) / self.plan.interval
        (self.played.bad_delays if site in self.bad else self.played.delays).append(late)
        self.played.scans[site] = self.played.scans.get(site, 0) + 1

    def _end(self, due: Due, lease: Lease) -> None:
        gives = due.source == "orders" and self._chance.random() < GIVES
        error = NotSent("Wix does not answer") if due.site in self.bad else None
        wait = patience(error, lease.failures) if error else self._next(due)
        with self.store.begin() as tx:
            if error:
                tx.scans.postpone(lease, due_in=wait, error=error)
            else:
                tx.scans.release(lease, due_in=wait, completed=True)
            bell = tx.dispatch.hasten(due.site, "assign") if gives and not error else None
        if due.source == "orders" and due.track is Track.LIVE:
            self._due[due.site] = self._now + wait.total_seconds()
        if due.source != "assign":
            self._at_site[due.site] -= 1
        if bell:
            self._deliver([bell])
        self._freed(due)

    def _next(self, due: Due) -> timedelta:
        if due.source != "orders":
            return timedelta(days=1)
        if due.track is Track.LIVE:
            return timedelta(seconds=self.plan.interval)
        self.played.walks += 1
        self._slices[due.site] -= 1
        return timedelta(0 if self._slices[due.site] else 1)

    def _freed(self, due: Due) -> None:
        self._free += 1
        if due.lane is Lane.WALK:
            bound = self.played.bounds[Lane.WALK]
            ring_next(self.store, (), Lane.WALK, bound=bound, deliver=self._deliver)
        self._take()

    def _note_what_still_waits(self) -> None:
        for site, due in self._due.items():
            if due < self._now and site not in self.bad and not self._at_site[site]:
                self.played.delays.append((self._now - due) / self.plan.interval)

    def _after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._order), do))


def _at(seconds: float) -> datetime:
    return _BEGINS + timedelta(seconds=seconds)
