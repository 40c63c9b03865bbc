"""What was asked and answered: a log bounded in memory, and counts that are not."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

#: Requests that the log keeps; older ones are dropped.
KEPT: Final = 100_000

_SECRET = "client_secret"  # noqa: S105 - the name of a field, not a secret


@dataclass(slots=True, kw_only=True)
class Entry:
    """One API request; what is not known when it arrives is filled in later."""

    time: str
    method: str
    path: str
    query: Mapping[str, str]
    request_id: str
    body: Any = None
    instance_id: str | None = None
    status: int | None = None
    fault: str | None = None
    #: The route that the path belongs to, with ids left out; for the counts.
    route: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The entry as the admin interface shows it."""
        return {
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "body": self.body,
            "instanceId": self.instance_id,
            "status": self.status,
            "requestId": self.request_id,
            "fault": self.fault,
        }


class Journal:
    """The requests since the last reset, in order of arrival."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT)
        self.counts: Counter[tuple[str, str, str, int | None]] = Counter()
        self._number = 0

    def arrived(self, *, method: str, path: str, query: Mapping[str, str], at: datetime) -> Entry:
        """Note a request that has just arrived; secrets in it are masked."""
        self._number += 1
        entry = Entry(
            time=stamp(at),
            method=method,
            path=path,
            query=_masked(query),
            request_id=(
                f"{int(at.timestamp()):010d}.{secrets.randbelow(10**9):09d}{self._number:09d}"
            ),
        )
        self.entries.append(entry)
        return entry

    def brought(self, entry: Entry, body: Any) -> None:
        """Note the body of a request, which may come long after its head; secrets are masked."""
        entry.body = _masked(body)

    def settled(self, entry: Entry, status: int | None) -> None:
        """Note how a request ended; None means that no answer was sent."""
        entry.status = status
        if entry.instance_id is not None:
            route = entry.route or entry.path
            self.counts[(entry.instance_id, entry.method, route, status)] += 1


def _masked(value: Any) -> Any:
    """The value with every secret in it masked, however deep it stands."""
    if isinstance(value, Mapping):
        return {name: "***" if name == _SECRET else _masked(inner) for name, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value


def stamp(moment: datetime) -> str:
    """A moment in UTC as Wix writes it: ISO 8601 with milliseconds and Z."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
