"""Column types that keep a promise which the databases do not keep alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, TypeDecorator

#: A number that the database hands out; SQLite does so only for its ``INTEGER PRIMARY KEY``.
SERIAL = BigInteger().with_variant(Integer(), "sqlite")


class AwareTime(TypeDecorator[datetime]):
    """A moment: an aware datetime in, stored as UTC, an aware datetime in UTC out.

    SQLite stores text and forgets the zone; PostgreSQL answers in the session's zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC, without its zone where the database would only drop it."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone; the store takes aware datetimes only")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """The same moment, aware, in UTC.

        Deciding reads three moments of every activity of a member, so there is no step between
        what the driver gives and what we want.
        """
        del coltype
        return _of_text if dialect.name == "sqlite" else _of_time


def _of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


def _of_time(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)
