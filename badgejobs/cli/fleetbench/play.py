"""One play of a fleet: set up, begun, watched under traffic, and held against the truth."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from badgejobs.cli.fleetbench.ailing import afflict
from badgejobs.cli.fleetbench.traffic import Traffic
from badgejobs.cli.fleetbench.watching import (
    Agreement,
    Spread,
    Watch,
    agreement,
    begun,
    latencies,
    most_requests,
)
from badgejobs.cli.fleetbench.yard import Setting, Yard, at_work, middle, own_megabytes
from badgejobs.cli.progress import Progress
from badgejobs.cli.scanbench.serving import serving
from badgejobs.errors import StateError
from badgejobs.sandbox.remote import RemoteSandbox
from badgejobs.store import SqlStore, open_store
from badgejobs.wix import wire

#: How often it is looked whether something has come true.
_LOOK_SECONDS = 1.0
#: So long may all sites together take to begin, and the last badges to be given.
_PATIENCE_SECONDS = 120.0
_PATIENCE_SECONDS_A_SITE = 2.0

#: What a server counted in a database so far, or nothing where none counts.
Counts = Callable[[], dict[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one play showed of the good sites, and of the machine."""

    sites: int
    seconds: float
    every_seconds: int
    orders: int
    scans: int
    #: In seconds: of the live scans after they were due, and from an order to its badge.
    delay: Spread
    latency: Spread
    agreement: Agreement
    #: The most requests of one site within the sandbox's window, good or bad.
    most_requests: int
    worker_cpu_seconds: float
    worker_megabytes: list[int]
    sandbox_megabytes: int
    tick_milliseconds: float
    slowest_tick_milliseconds: float
    database_bytes: int
    #: As PostgreSQL counts: commits and rows while it was watched.
    database_counts: dict[str, int] = field(default_factory=dict)

    @property
    def longest_wait_in_intervals(self) -> float:
        """How long the live scan that waited longest did so after it was due."""
        return self.delay.most / self.every_seconds


def play(
    setting: Setting,
    *,
    seed: int,
    a_minute: float,
    seconds: float,
    backlog: int,
    tell: Progress,
    counts: Counts = dict,
) -> Played:
    """Set up a fleet, let orders come for so long, and look.

    Raises ``StateError`` where it does not begin, or a process ends.
    """
    traffic = Traffic(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="badgejobs-fleet-")))
        history = traffic.history(folder, setting.sites)
        served = stack.enter_context(
            serving(
                str(history),
                sites=setting.sites,
                rate_limit=wire.REQUESTS_PER_MINUTE,
                lag_seconds=1,
            )
        )
        sandbox = served.remote
        for site, ailment in setting.ailing.items():
            afflict(sandbox, site, ailment, backlog=backlog)
        yard = Yard(folder, setting)
        yard.write(served.url)
        store = open_store(yard.database)
        stack.callback(store.dispose)
        store.migrate()
        stack.enter_context(at_work(yard))
        good = list(setting.good)
        _until_all_begun(yard, store, good, tell)
        _until_settled(yard, tell, seconds=setting.every_seconds)

        tell(f"watching {len(good)} sites for {seconds:.0f} s")
        every = timedelta(seconds=setting.every_seconds)
        since, cpu, before = _now(store), yard.cpu_seconds(), counts()
        with Watch(store, good, every=every) as watch:
            traffic.arrive(sandbox, sites=len(good), a_minute=a_minute, seconds=seconds)
        until, cpu = _now(store), yard.cpu_seconds() - cpu
        after = counts()
        megabytes, held = yard.worker_megabytes(), own_megabytes(served.pid)
        found = _until_given(yard, sandbox, traffic, good, tell)

        late, scans = watch.delays(since=since, until=until)
        ticks = yard.tick_milliseconds()
        everyone = range(1, setting.sites + 1)
        return Played(
            sites=len(good),
            seconds=(until - since).total_seconds(),
            every_seconds=setting.every_seconds,
            orders=traffic.came,
            scans=scans,
            delay=Spread.of(late),
            latency=Spread.of(latencies(sandbox, traffic, good)),
            agreement=found,
            most_requests=max(most_requests(sandbox, everyone).values()),
            worker_cpu_seconds=cpu,
            worker_megabytes=megabytes,
            sandbox_megabytes=held,
            tick_milliseconds=middle(ticks),
            slowest_tick_milliseconds=max(ticks, default=0.0),
            database_bytes=store.size(),
            database_counts={name: after[name] - before[name] for name in after},
        )


def _now(store: SqlStore) -> datetime:
    with store.read() as tx:
        return tx.now.astimezone(UTC)


def _until_all_begun(yard: Yard, store: SqlStore, sites: list[int], tell: Progress) -> None:
    ends = time.monotonic() + _PATIENCE_SECONDS + _PATIENCE_SECONDS_A_SITE * len(sites)
    while (done := begun(store, sites)) < len(sites):
        tell.counted("sites begun", done, of=len(sites))
        yard.require_running()
        if time.monotonic() > ends:
            raise StateError(f"{done} of {len(sites)} sites had begun after all that time")
        time.sleep(_LOOK_SECONDS)


def _until_settled(yard: Yard, tell: Progress, *, seconds: float) -> None:
    """Let an interval pass: waits that began while sites were added are over then."""
    tell(f"letting {seconds:.0f} s pass")
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yard.require_running()
        time.sleep(_LOOK_SECONDS)


def _until_given(
    yard: Yard, sandbox: RemoteSandbox, traffic: Traffic, sites: list[int], tell: Progress
) -> Agreement:
    """Wait for the last badges; how all that stands agrees with the truth then."""
    tell("waiting for the last badges")
    ends = time.monotonic() + _PATIENCE_SECONDS + _PATIENCE_SECONDS_A_SITE * len(sites)
    while True:
        found = agreement(sandbox, traffic, sites)
        if not found.missing or time.monotonic() > ends:
            return found
        yard.require_running()
        time.sleep(_LOOK_SECONDS)
