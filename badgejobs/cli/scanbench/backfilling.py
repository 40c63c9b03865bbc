"""A first reading watched from outside: its time, its calls, its memory, and what a kill costs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from random import Random

import psutil

from badgejobs.cli.scanbench.serving import SITE, Served
from badgejobs.cli.scanbench.worker import SOURCE
from badgejobs.errors import StateError
from badgejobs.flow.cadence import PAGE
from badgejobs.store import SqlStore
from badgejobs.wix import wire

#: The clock of the worker after a kill is so much further ahead: its predecessor's lease is over.
_AHEAD_SECONDS = 120
#: How often the memory is looked at, and how often the sandbox is asked how far it is.
_LOOK_SECONDS, _ASK_SECONDS = 0.02, 0.25
#: A kill comes so long after its page at most: anywhere between two pages.
_LATEST_SECONDS = 0.05


@dataclass(slots=True, kw_only=True)
class Watched:
    """What was seen."""

    orders: int
    seconds: float = 0.0
    #: Of the processor, by the workers.
    cpu_seconds: float = 0.0
    #: By path, at the sandbox.
    calls: dict[str, int] = field(default_factory=dict)
    #: How many pages had been asked for at each kill.
    killed_at: list[int] = field(default_factory=list)
    peak_bytes: int = 0
    sandbox_peak_bytes: int = 0
    database_bytes: int = 0
    stored: int = 0

    @property
    def needed(self) -> int:
        """The calls that there must be: one a page."""
        return ceil(self.orders / PAGE)

    @property
    def made(self) -> int:
        """The calls that there were, tokens among them."""
        return sum(self.calls.values())

    @property
    def excess_percent(self) -> float:
        """How many more there were than there must be."""
        return 100 * (self.made - self.needed) / self.needed

    @property
    def read_again(self) -> int:
        """Pages that were asked for twice."""
        return self.calls.get(wire.ORDERS_SEARCH, 0) - self.needed


def backfilled(
    served: Served,
    folder: Path,
    store: SqlStore,
    *,
    orders: int,
    kills: int,
    seed: int,
    database_url: str | None,
    heard: Callable[[int], None],
) -> Watched:
    """Let workers read all orders, one after the other where they are killed.

    ``StateError`` where a worker fails, or not all orders are stored at the end.
    """
    found = Watched(orders=orders)
    luck = Random(seed)  # noqa: S311 - the moments of kills, the same again for a seed
    targets = sorted(luck.randrange(found.needed) for _ in range(kills))
    began = time.monotonic()
    for life, target in enumerate([*targets, None]):
        worker = _started(folder, ahead=life * _AHEAD_SECONDS, database_url=database_url)
        with worker:
            try:
                _watch(worker, served, found, until=target, heard=heard)
                if target is not None:
                    time.sleep(luck.uniform(0, _LATEST_SECONDS))
            finally:
                if worker.poll() is None:
                    worker.send_signal(signal.SIGKILL)
        if target is not None and worker.returncode == -signal.SIGKILL:
            found.killed_at.append(_asked(served))
        elif worker.returncode:
            raise StateError(f"the worker ended with code {worker.returncode}; see its messages")
        else:
            break
    found.seconds = time.monotonic() - began
    found.calls, found.database_bytes = served.calls(), store.size()
    with store.read() as tx:
        found.stored = tx.activities.number(SITE, SOURCE)
    if found.stored != orders:
        raise StateError(f"{found.stored:,} orders are stored, not {orders:,}")
    return found


def _started(folder: Path, *, ahead: int, database_url: str | None) -> subprocess.Popen[bytes]:
    told = {name: value for name, value in os.environ.items() if not name.startswith("BADGEJOBS_")}
    if database_url:
        told["BADGEJOBS_DATABASE_URL"] = database_url
    line: Sequence[str] = [sys.executable, "-m", "badgejobs.cli.scanbench.worker", str(ahead)]
    return subprocess.Popen(line, cwd=folder, env=told, stdout=subprocess.DEVNULL)


def _watch(
    worker: subprocess.Popen[bytes],
    served: Served,
    found: Watched,
    *,
    until: int | None,
    heard: Callable[[int], None],
) -> None:
    """Look at a worker until it ends, or until so many pages were asked for."""
    looked_at, sandbox = psutil.Process(worker.pid), psutil.Process(served.pid)
    ask_at, cpu_before = 0.0, found.cpu_seconds
    while worker.poll() is None:
        try:
            found.peak_bytes = max(found.peak_bytes, looked_at.memory_info().rss)
            cpu = looked_at.cpu_times()
            found.cpu_seconds = max(found.cpu_seconds, cpu_before + cpu.user + cpu.system)
        except psutil.NoSuchProcess:
            return
        if (now := time.monotonic()) >= ask_at:
            asked = _asked(served)
            heard(min(asked * PAGE, found.orders))
            rss = sandbox.memory_info().rss
            found.sandbox_peak_bytes = max(found.sandbox_peak_bytes, rss)
            if until is not None and asked > until:
                return
            near = until is not None and until - asked < PAGE
            ask_at = now + (_LOOK_SECONDS if near else _ASK_SECONDS)
        time.sleep(_LOOK_SECONDS)


def _asked(served: Served) -> int:
    return served.calls().get(wire.ORDERS_SEARCH, 0)
