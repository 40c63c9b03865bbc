"""A beat that ticks by itself, so that no worker's slot is needed to find out what is due."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry, Service
from celery.signals import beat_init

from badgejobs.jobs import heart

_INSISTS_AFTER_SECONDS = 5.0


class Ticking(PersistentScheduler):
    """Celery's schedule, but ticks are not sent to a queue: they are done here.

    Slots may all be at long work, and a tick that waits for one is late for every site. At each
    turn it tells that it lives.
    """

    _busy = False
    #: When it was asked to end, by the monotonic clock.
    _asked_at: float | None = None

    def tick(self, *args: Any, **options: Any) -> float:
        """Do or send what is due; the seconds until the next turn.

        Raises:
            SystemExit: Beat was asked to end.
        """
        self._end_if_asked()
        with self._being(busy=True):
            # Waited for here: Celery notes a task as sent before it looks for the broker.
            self.producer  # noqa: B018 - as said
            wait: float = super().tick(*args, **options)
            heart.beat()
        self._end_if_asked()
        return wait

    def end(self) -> None:
        """End at once where beat rests or waits, else after what it is at.

        Who asks again after some seconds does not wait for that. At once it means nothing: where
        all of a service is ended, several ask.

        Raises:
            SystemExit: At once.
        """
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
        if not self._busy or now - self._asked_at > _INSISTS_AFTER_SECONDS:
            raise SystemExit

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

    def _do_sync(self) -> None:
        """Write the schedule down, whole."""
        with self._being(busy=True):
            super()._do_sync()  # type: ignore[misc]  # not in the stubs
        self._end_if_asked()

    def _end_if_asked(self) -> None:
        if self._asked_at is not None:
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
