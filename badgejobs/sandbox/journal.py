"""What was asked and answered: a log bounded in memory, and counts that are not."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from badgejobs.sandbox.limits import RollingWindow
from badgejobs.sandbox.records.stamps import stamp

#: Requests that the log keeps; older ones are dropped.
KEPT: Final = 100_000

#: Fields that hold secrets, in whatever request and wherever in it they stand.
_SECRETS: Final = frozenset(
    {
        "client_secret",
        "clientSecret",
        "appSecret",
        "apiKey",
        "token",
        "access_token",
        "accessToken",
        "refresh_token",
        "refreshToken",
    }
)
_MASK: Final = "***"
#: What is nested deeper than any query may be is not looked through, and masked whole.
_DEEPEST: Final = 100


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
    #: The rate limit that counted the request.
    counted_by: RollingWindow | None = None
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
        #: The most requests of an instance that came within one window, refused ones among them.
        self.most: dict[str, int] = {}
        self._lately: dict[str, deque[float]] = {}
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

    def came(self, instance_id: str, *, at: float, of: float) -> None:
        """Note that a request of an instance came; windows are ``of`` so many seconds."""
        lately = self._lately.setdefault(instance_id, deque())
        lately.append(at)
        while lately[0] <= at - of:
            lately.popleft()
        self.most[instance_id] = max(self.most.get(instance_id, 0), len(lately))

    def brought(self, entry: Entry, body: Any) -> None:
        """Note the body of a request, which may come long after its head; secrets are masked."""
        entry.body = _masked(body)

    def undone(self, entry: Entry) -> None:
        """Forget that a request was processed; only for one that just was, and wrote nothing."""
        if entry.counted_by is not None:
            entry.counted_by.take_back()
        entry.counted_by = entry.instance_id = None

    def settled(self, entry: Entry, status: int | None) -> None:
        """Note how a request ended; None means that no answer was sent."""
        entry.status = status
        if entry.instance_id is not None:
            route = entry.route or entry.path
            self.counts[(entry.instance_id, entry.method, route, status)] += 1


def _masked(value: Any, depth: int = 0) -> Any:
    """A copy of JSON with every secret in it masked.

    >>> _masked({"client_id": "a", "client_secret": "b", "more": [{"token": "c"}]})
    {'client_id': 'a', 'client_secret': '***', 'more': [{'token': '***'}]}
    """
    if not isinstance(value, Mapping | list):
        return value
    if depth == _DEEPEST:
        return _MASK
    if isinstance(value, list):
        return [_masked(one, depth + 1) for one in value]
    return {
        name: _MASK if name in _SECRETS else _masked(one, depth + 1) for name, one in value.items()
    }
