"""The replay: real records revealed in the order of their own time, fast-forwarded.

Nothing runs in the background: what is due is revealed when the site is next looked at, with
the time at which it was due, so that a replay does the same under any clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.query import Fields
from badgejobs.sandbox.records.stamps import stamp


class Track:
    """One kind of record: its own span of time mapped onto a span of seconds."""

    def __init__(self, records: list[Record], started: float, seconds: float) -> None:
        self._records, self._started, self._seconds = records, started, seconds
        self._first = self._time(records[0]) if records else 0
        self._span = (self._time(records[-1]) - self._first) if records else 0
        self.revealed = 0

    @property
    def total(self) -> int:
        """How many records there are."""
        return len(self._records)

    def due(self, now: float) -> Iterator[tuple[float, Record]]:
        """Records that are due and not yet revealed, each with the time it was due."""
        while self.revealed < self.total:
            record = self._records[self.revealed]
            at = self._due_at(record)
            if at > now:
                return
            self.revealed += 1
            yield at, record

    def _due_at(self, record: Record) -> float:
        if not self._span or not self._seconds:
            return self._started
        passed = (self._time(record) - self._first) / self._span
        return self._started + self._seconds * passed

    @staticmethod
    def _time(record: Record) -> int:
        return int(record.values["createdDate"] or 0)


class Replay:
    """A replay under way on one site: ``seconds`` long, 0 for everything at once.

    Records come in order of their own time.
    """

    def __init__(
        self,
        *,
        orders: list[Record],
        comments: list[Record],
        started: float,
        seconds: float,
        began_at: datetime,
    ) -> None:
        """``started`` is a time of the world's clock, ``began_at`` the same as a date."""
        self._started, self._seconds, self._began_at = started, seconds, began_at
        self.orders = Track(orders, started, seconds)
        self.comments = Track(comments, started, seconds)

    def as_of(self, at: float, record: Record, fields: Fields) -> Record:
        """The record with the moment at which it came as its last change, as Wix has it.

        Who reads by last change would never find it otherwise. What was all there from the
        beginning keeps its own.
        """
        if not self._seconds:
            return record
        came = self._began_at + timedelta(seconds=at - self._started)
        return Record(record.body | {"updatedDate": stamp(came)}, fields)

    def progress(self, now: float) -> dict[str, Any]:
        """How far it is; ``finished`` once every record is revealed."""
        passed = (now - self._started) / self._seconds if self._seconds else 1.0
        tracks = {"orders": self.orders, "comments": self.comments}
        return {
            "started": True,
            "fraction": min(1.0, passed),
            "revealed": {name: track.revealed for name, track in tracks.items()},
            "total": {name: track.total for name, track in tracks.items()},
            "finished": all(track.revealed == track.total for track in tracks.values()),
        }


#: The progress of a site on which no replay was started.
NOT_STARTED: dict[str, Any] = {
    "started": False,
    "fraction": 0.0,
    "revealed": {"orders": 0, "comments": 0},
    "total": {"orders": 0, "comments": 0},
    "finished": False,
}
