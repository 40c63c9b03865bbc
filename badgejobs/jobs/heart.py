"""The heartbeat of worker and beat: a file for those beside them, a row for all others.

The file is touched by what the process lives by (a worker's loop, beat's scheduler), so one that
hangs is seen; a lost broker is no fault of the process and lets it beat on. The row is written
over a connection of its own that is closed before anything else runs, so that no child of a
worker, which begins as a copy of it, ever shares one.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import structlog
from celery import Celery, bootsteps
from celery.worker.consumer import Consumer

from badgejobs.config import HeartbeatFile, Settings
from badgejobs.core.lane import Lane
from badgejobs.errors import BadgeJobsError
from badgejobs.jobs.queues import lanes_in
from badgejobs.store import SqlStore, open_store
from badgejobs.store.processes import SEEN_EVERY

log = structlog.get_logger(__name__)

_EVERY_SECONDS = SEEN_EVERY.total_seconds()


class Heart:
    """Beats for one process of ours; calls that come too soon do nothing."""

    def __init__(
        self,
        kind: str,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kind, self._clock = kind, clock
        self._lanes, self._slots = frozenset[Lane](), 0
        #: A restart is another process, even where it gets the number of the one before.
        self.name = f"{kind}@{socket.gethostname()}.{os.getpid()}.{time.time():.0f}"
        self._file = HeartbeatFile.of_this_process(settings.state_dir, kind)
        self._store: SqlStore = open_store(settings.database, brief=True)
        self._last = float("-inf")

    def works_for(self, queues: Iterable[str], *, slots: int) -> None:
        """What it takes jobs from, and how many at once."""
        self._lanes = lanes_in(frozenset(queues))
        self._slots = slots

    def beat(self) -> None:
        """Say that this process lives, in its file and in the database."""
        if self._clock() - self._last < _EVERY_SECONDS / 2:
            return
        self._last = self._clock()
        self.touch()
        try:
            with self._store.begin() as tx:
                tx.processes.seen(self.name, self._kind, lanes=self._lanes, slots=self._slots)
        except BadgeJobsError as error:
            log.warning("the heartbeat is not written down", error=str(error))

    def touch(self) -> None:
        """Say it in the file alone."""
        try:
            self._file.touch()
        except OSError as error:
            log.warning("the heartbeat file cannot be written", error=error.strerror)

    def stop(self) -> None:
        """The process ends as it should."""
        self._file.remove()
        try:
            with self._store.begin() as tx:
                tx.processes.ended(self.name)
        except BadgeJobsError as error:
            log.warning("the end is not written down", error=str(error))
        self._store.dispose()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Touch the file meanwhile: this process waits for a broker, and hangs not."""
        over = threading.Event()

        def touching() -> None:
            self.touch()
            while not over.wait(_EVERY_SECONDS):
                self.touch()

        thread = threading.Thread(target=touching, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


_heart: Heart | None = None


def beat() -> None:
    """Say that this process lives, if it is one that tells so."""
    if _heart is not None:
        _heart.beat()


@contextmanager
def waiting() -> Iterator[None]:
    """Beat on meanwhile, if this process does at all: it waits for a broker."""
    with _heart.waiting() if _heart is not None else nullcontext():
        yield


@contextmanager
def beating(app: Celery, settings: Settings, kind: str) -> Iterator[None]:
    """Let the ``worker`` or ``beat`` that this process is meanwhile tell that it lives."""
    global _heart  # noqa: PLW0603 - Celery makes worker and scheduler by itself, from names
    _heart = Heart(kind, settings)
    app.steps["consumer"].add(Beating)
    app.conf.worker_consumer = f"{__name__}:PatientConsumer"
    try:
        yield
    finally:
        _heart.stop()
        _heart = None


class Beating(bootsteps.StartStopStep):
    """Beats by the loop of a worker, begun anew with each connection to the broker."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._entry: Any = None

    def start(self, parent: Any) -> None:
        """The worker takes jobs from now on."""
        if _heart is not None:
            queues = [queue.name for queue in parent.task_consumer.queues]
            _heart.works_for(queues, slots=parent.controller.concurrency)
            _heart.beat()
            self._entry = parent.timer.call_repeatedly(_EVERY_SECONDS, _heart.beat)

    def stop(self, parent: Any) -> None:
        """The connection is lost, or the worker ends."""
        if self._entry is not None:
            parent.timer.cancel(self._entry)
            self._entry = None


class PatientConsumer(Consumer):
    """Celery's consumer, which lets the heart beat on where the broker is away."""

    def ensure_connected(self, conn: Any) -> Any:
        """Wait for the broker."""
        with waiting():
            return super().ensure_connected(conn)
