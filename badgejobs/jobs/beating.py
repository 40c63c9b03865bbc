"""A beat that ticks by itself, so that no worker's slot is needed to find out what is due."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry, Service
from celery.signals import beat_init

from badgejobs.jobs import heart


class Ticking(PersistentScheduler):
    """Celery's schedule, but ticks are not sent to a queue: they are done here.

    Slots may all be at long work, and a tick that waits for one is late for every site. At each
    turn it tells that it lives.
    """

    _busy = _ending = False

    def tick(self, *args: Any, **options: Any) -> float:
        """Do or send what is due; the seconds until the next turn.

        Raises:
            SystemExit: Beat was asked to end.
        """
        self._end_if_asked()
        with self._being(busy=True):
            wait: float = super().tick(*args, **options)
            heart.beat()
        self._end_if_asked()
        return wait

    def end(self) -> None:
        """End at once where beat rests or waits, else after what it is at.

        A second asking does not wait for that.

        Raises:
            SystemExit: At once.
        """
        if not self._busy or self._ending:
            self._ending = True
            raise SystemExit
        self._ending = True

    def apply_async(
        self,
        entry: ScheduleEntry,
        producer: Any = None,
        advance: bool = True,  # noqa: FBT001, FBT002 - as Celery calls it
        **options: Any,
    ) -> Any:
        """Do a tick, or send what is no tick."""
        if entry.task != "badgejobs.tick":
            return super().apply_async(entry, producer=producer, advance=advance, **options)
        if advance:
            self.reserve(entry)
        self.app.loader.import_default_modules()
        self.app.tasks[entry.task](**(entry.kwargs or {}))
        return None

    def _ensure_connected(self) -> Any:
        """Wait for the broker, which is no sign of a process that hangs."""
        with heart.waiting(), self._being(busy=False):
            self._end_if_asked()
            return super()._ensure_connected()  # type: ignore[misc]  # not in the stubs

    def _end_if_asked(self) -> None:
        if self._ending:
            raise SystemExit

    @contextmanager
    def _being(self, *, busy: bool) -> Iterator[None]:
        before, self._busy = self._busy, busy
        try:
            yield
        finally:
            self._busy = before


@beat_init.connect
def end_between_ticks(sender: Service, **_: Any) -> None:
    """Let SIGTERM and SIGINT end beat where that breaks nothing.

    Celery's own handler closes the schedule and raises SystemExit wherever the process happens to
    be. Inside a callback of a weak reference Python drops that, and beat ran on into a schedule
    that is closed; inside a transaction it would break a tick.
    """
    schedule = sender.scheduler
    if not isinstance(schedule, Ticking):
        return

    def ask(*_: object) -> None:
        schedule.end()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
