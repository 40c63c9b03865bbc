"""What the headers of an answer tell: Wix's time, its name for the request, a pause."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

#: Seconds to pause after a 429 that does not say how long (Wix's advice: about a minute).
DEFAULT_PAUSE: Final = 60.0
SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 900.0


def pause(retry_after: str | None, *, now: datetime | None) -> float:
    """Seconds to wait after a 429: what ``Retry-After`` says, between 1 s and 15 minutes.

    A date is measured from ``now``, Wix's own clock when it answered, never from ours.

    >>> pause("7", now=None), pause("-5", now=None), pause("86400", now=None)
    (7.0, 1.0, 900.0)
    >>> pause("soon", now=None), pause(None, now=None)
    (60.0, 60.0)
    """
    text = (retry_after or "").strip()
    seconds = DEFAULT_PAUSE
    if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", text):
        seconds = float(text)
    elif text and now and (until := http_date(text)):
        seconds = (until - now).total_seconds()
    return min(max(seconds, SHORTEST_PAUSE), LONGEST_PAUSE)


def answered_at(headers: Mapping[str, str]) -> datetime | None:
    """Wix's time when it answered (the ``Date`` header), aware UTC."""
    return http_date(headers.get("date", ""))


def request_id(headers: Mapping[str, str]) -> str:
    """Wix's own name for a request, for its support; empty where it gave none."""
    return re.sub(r"[^\w.:-]", "", headers.get("x-wix-request-id", ""), flags=re.ASCII)[:80]


def http_date(text: str) -> datetime | None:
    """A date as HTTP writes it, aware UTC, or ``None`` where it is none.

    >>> http_date("Tue, 03 Feb 2026 08:15:00 GMT")
    datetime.datetime(2026, 2, 3, 8, 15, tzinfo=datetime.timezone.utc)
    """
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError):
        return None
