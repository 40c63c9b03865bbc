"""A beat that ticks by itself, so that no worker's slot is needed to find out what is due."""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry

from badgejobs.jobs import heart


class Ticking(PersistentScheduler):
    """Celery's schedule, but ticks are not sent to a queue: they are done here.

    Slots may all be at long work, and a tick that waits for one is late for every site. At each
    turn it tells that it lives.
    """

    def tick(self, *args: Any, **options: Any) -> float:
        """Do or send what is due; the seconds until the next turn."""
        wait: float = super().tick(*args, **options)
        heart.beat()
        return wait

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
        with heart.waiting():
            return super()._ensure_connected()  # type: ignore[misc]  # not in the stubs
