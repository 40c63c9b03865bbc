"""Column types that keep a promise which the databases do not keep alike."""

from __future__ import annotations

from datetime import UTC, datetime

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

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The same moment, aware, in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return value.replace(tzinfo=UTC)
        return value.astimezone(UTC)
