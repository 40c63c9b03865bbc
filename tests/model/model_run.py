"""One seed: a live site, workers that meet faults, and what must be true at every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from databases import Clock
from live_site import NOTHING, LiveComments, LiveOrders
from model_laws import CADENCE, EVER, Kind, Laws, Wrong, rules_for
from rung import rung
from site_life import LATE, VERY_LATE, CommentLife, OrderLife
from sqlalchemy import select

from badgejobs.core.source import Probing, Resources, Track, tracks_of
from badgejobs.errors import (
    Ambiguous,
    BadgeJobsError,
    CursorRefused,
    LeaseLost,
    LeaseTaken,
    NotSent,
    RateLimited,
    TokenRefused,
)
from badgejobs.flow.scan import scan
from badgejobs.jobs.retrying import verdict
from badgejobs.store import SqlStore
from badgejobs.store.sql import SqlTransaction
from badgejobs.store.tables import scan as scan_table

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEPS = 8
#: No cursor outlives its slice.
SHORT_LIFE = timedelta(seconds=3)
#: So many rings, with nothing in their way, end whatever reading is open.
MOST_RINGS = 400


class Crashed(BaseException):
    """The process ends here: nothing of ours may catch it."""


def patience(error: BadgeJobsError, failures: int) -> timedelta:
    return timedelta(seconds=verdict(error, max(0, failures)).seconds)


class CrashingStore:
    """The real store, in whose use the process may end at any moment."""

    def __init__(self, store: SqlStore, run: Run) -> None:
        self._store, self._run = store, run

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        self._run.may_crash("before a transaction")
        with self._store.begin() as tx:
            yield tx
            self._run.may_crash("inside a transaction")
        self._run.may_crash("after a transaction")

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        self._run.may_crash("before a reading")
        with self._store.read() as tx:
            yield tx


@dataclass(slots=True, kw_only=True)
class Weather:
    """How often what goes wrong."""

    fault: float
    crash: float
    pause: float
    repeat: float


class Run:
    """One site with its habits, and the workers that read it."""

    def __init__(
        self, seed: int, kind: Kind, store: SqlStore, clock: Clock, *, site: str = ""
    ) -> None:
        self.seed, self.kind, self.clock = seed, kind, clock
        self.chance = chance = Random(f"{kind} {seed}")
        self.site = site or f"{kind}-{seed}"
        self.rules = rules_for(kind)
        self.calm_store = store
        self.store = CrashingStore(store, self)
        #: How far our clock is ahead of Wix's.
        self.skew = timedelta(seconds=chance.choice((-20, 0, 20)))
        self.weather = chance.choice(WEATHERS)
        self.most_pages = chance.choice((1, 2, 4, 1000))
        #: Between two slices of one reading.
        self.between = timedelta(seconds=chance.choice((0, 5, 60)))
        self.source: LiveOrders | LiveComments
        self.life: OrderLife | CommentLife
        if kind == "orders":
            life_of_cursor = chance.choice((None, SHORT_LIFE, timedelta(minutes=2)))
            self.source = LiveOrders(self, self.wix_now, cursor_life=life_of_cursor)
            if life_of_cursor == SHORT_LIFE:
                self.between = SHORT_LIFE * 2
            self.life = OrderLife(self.site, chance, self.wix_now, self.source)
        else:
            self.source = LiveComments(self, self.wix_now)
            self.source.count_lag = timedelta(seconds=chance.choice((0, 10)))
            self.life = CommentLife(self.site, chance, self.wix_now, self.source)
        self.depth = 0
        self.counts = Counter[str]()
        self.laws = Laws(
            kind, self.site, self.source, self.rules, store, now=self.wix_now, skew=self.skew
        )
        self.is_calm = False
        self._live_from: datetime | None = None

    # ------------------------------------------------------------ the wire

    def wix_now(self) -> datetime:
        return self.clock() - self.skew

    def before(self, call: str, *, has_cursor: bool) -> None:
        self._pause()
        self.may_crash(f"before {call}")
        chance = self.chance
        if chance.random() >= self.weather.fault:
            return
        self.counts["faults"] += 1
        errors = [
            Ambiguous("502"),
            Ambiguous("no answer came"),
            RateLimited("429", seconds=chance.choice((1, 20, 60))),
            NotSent("no route"),
            TokenRefused("401"),
        ]
        if has_cursor:
            errors += [CursorRefused("expired")] * 3
        raise chance.choice(errors)

    def after(self, call: str, names: Sequence[str] = ()) -> None:
        self._pause(names)
        self.may_crash(f"after {call}")

    def repeats(self) -> int:
        return self.chance.choice((1, 2)) if self.chance.random() < self.weather.repeat else 0

    def may_crash(self, where: str) -> None:
        if self.chance.random() < self.weather.crash:
            self.counts["crashes"] += 1
            raise Crashed(where)

    def _pause(self, names: Sequence[str] = ()) -> None:
        """The worker hangs; time passes, things happen, and another worker works.

        What happens, happens above all to the records of the page that is on its way.
        """
        if self.depth > 1 or self.chance.random() >= self.weather.pause:
            return
        self.counts["pauses"] += 1
        self.clock.advance(seconds=self.chance.choice((0, 5, 40, 85, 85, 200)))
        if not self.is_calm:
            for name in self.chance.sample(names, min(len(names), 2)):
                self.life.change(self.source.records[name], visible_in=NOTHING)
                self._hint(name)
            self._hint(self.life.happen())
            self.clock.advance(seconds=self.chance.choice((0, 1, 30)))
        self.ring()
        self.laws.check()  # so that what the other one knew is known

    # ------------------------------------------------------------ workers

    def ring(self) -> int:
        """Do once what is due, as the tick would ask for it; how many tracks were."""
        with self.calm_store.begin() as tx:
            due = rung(tx, [self.site], again_after=timedelta(0))
        for _, _, track in due:
            pauses = self.counts["pauses"]
            self.work(track)
            if self.counts["pauses"] > pauses:
                self.laws.check()  # before the next reading mends what a late worker spoiled
        return len(due)

    def work(self, track: Track) -> None:
        """One worker at one slice of one track; it may fail or die."""
        pages = count(1)
        before = self._epoch(track)
        self.depth += 1
        try:
            scan(
                self.site,
                self.source,
                None,
                lambda: self.rules,
                self.store,
                track=track,
                cadence=CADENCE,
                patience=patience,
                time_is_up=lambda: next(pages) > self.most_pages,
            )
        except (LeaseLost, LeaseTaken, Crashed):
            return
        except BadgeJobsError:
            pass
        finally:
            self.depth -= 1
        if self._epoch(track) > before + 1:
            raise Wrong("a worker whose lease was taken over has written")

    def _epoch(self, track: Track) -> int:
        with self.calm_store.begin() as tx:
            found = tx._connection.scalar(
                select(scan_table.c.epoch).where(
                    scan_table.c.site == self.site, scan_table.c.track == track
                )
            )
        assert isinstance(found, int)
        return found

    # ------------------------------------------------------------ the play

    def play(self) -> None:
        """Live and be read, with all that goes wrong; then calm down, and be complete."""
        chance = self.chance
        with self.calm_store.begin() as tx:
            tracks = tracks_of(self.source.mode, is_probed=isinstance(self.source, Probing))
            tx.scans.register(self.site, self.source.name, self.source.mode, tracks=tracks)
        for _ in range(chance.choice((0, 5, 25))):
            self.life.happen()
            self.clock.advance(minutes=chance.choice((0, 1, 30)))
        for _ in range(STEPS):
            for _ in range(chance.randrange(5)):
                self._hint(self.life.happen())
            self.clock.advance(seconds=chance.choice((1, 5, 20, 60, 60, 130, 900)))
            if chance.random() < 0.03:
                self.clock.advance(hours=chance.choice((5, 30, 80)))
            for _ in range(chance.randrange(1, 4)):
                self.ring()
                self.clock.advance(seconds=self.between.total_seconds())
            self.laws.check()
        self.is_calm = True
        self.weather = CALM
        self.settle()

    def _hint(self, name: str) -> None:
        """A webhook tells of it, or does not."""
        if self.kind == "comments" and self.chance.random() < 0.3:
            one = self.source.records[name].last
            with self.calm_store.begin() as tx:
                group = Resources(part=one.part, ids=(one.post,))
                tx.resources.hint(self.site, "comments", [group])

    def settle(self) -> None:
        """Nothing changes any more: each track must find what it promises to find."""
        if self.kind == "orders":
            for _ in range(3):
                self.clock.advance(minutes=5)
                self.rest()
            self.laws.compare(up_to=LATE, promised_by="the live track")
            for _ in range(2):
                self.clock.advance(hours=24, minutes=1)
                self.rest()
            self.laws.compare(up_to=VERY_LATE, promised_by="the re-scan of the last days")
        for _ in range(3):  # one that was open may have seen what was removed since
            self.clock.advance(days=7, hours=1)
            self.rest()
        self.laws.compare(up_to=EVER, promised_by="the reading in full")
        self.laws.check_gone()
        self.laws.check_ledger_is_true()

    def rest(self) -> None:
        """Ring until nothing is due, and what failed before has been tried again; and look."""
        for _ in range(MOST_RINGS):
            if self.ring():
                # less than the live track rests, or there is always something due
                self.clock.advance(seconds=min(self.between.total_seconds(), 6))
            elif waits := self._waits():
                self.clock.advance(seconds=waits.total_seconds())
            else:
                self.laws.check()
                return
        raise Wrong("it never comes to an end")

    def _waits(self) -> timedelta | None:
        """How long until what failed, or died at its work, is tried again."""
        with self.calm_store.begin() as tx:
            rows, now = tx.scans.overview(self.site), tx.now
        again = [row.due_at for row in rows if row.due_at and row.failures]
        # a worker that died when all was written leaves its lease, and nothing to be done
        again += [
            row.lease_until
            for row in rows
            if row.lease_until and (row.due_at is None or row.due_at <= row.lease_until)
        ]
        return max(min(again) - now, timedelta(seconds=1)) if again else None


CALM = Weather(fault=0, crash=0, pause=0, repeat=0)
WEATHERS = (
    CALM,
    Weather(fault=0.1, crash=0, pause=0, repeat=0.1),
    Weather(fault=0.05, crash=0.04, pause=0.1, repeat=0.2),
    Weather(fault=0.02, crash=0.01, pause=0.3, repeat=0),
    Weather(fault=0.25, crash=0.02, pause=0.1, repeat=0.1),
)


def play(seed: int, kind: Kind, store: SqlStore, clock: Clock, *, site: str = "") -> Run:
    """Play a seed to its end; ``Wrong`` names the seed and what is not as it must be."""
    clock.now = START
    run = Run(seed, kind, store, clock, site=site)
    try:
        run.play()
    except Wrong as wrong:
        raise Wrong(f"{kind}, seed {seed}: {wrong}") from wrong
    return run
