"""The tables of what operators look at and are told: totals, progress of members, notifications."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, UniqueConstraint, text

from badgejobs.store import metadata
from badgejobs.store.columns import SERIAL

_UNSENT = text("due_at IS NOT NULL")

#: Totals that only grow, for metrics: ``labels`` is a JSON object with sorted names, and a total is
#: the sum over its shards, so that many processes adding to one do not wait for each other.
tally = Table(
    "tally",
    metadata.METADATA,
    metadata.key("name"),
    metadata.key("labels"),
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)

#: How many members of a site were how far towards a badge when all were looked at last: a memo,
#: which can be made anew at any time. ``step`` is in tenths of the way; 10 is met.
progress = Table(
    "progress",
    metadata.METADATA,
    metadata.key("site"),
    metadata.key("badge"),
    Column("step", Integer, primary_key=True, autoincrement=False),
    metadata.number("members"),
    metadata.time("made_at"),
)

#: What is to be told to somebody outside, once an award period and channel; ``due_at`` is missing
#: where it was told, or given up.
notification = Table(
    "notification",
    metadata.METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    metadata.text("site"),
    metadata.text("member_id"),
    metadata.text("badge"),
    metadata.number("period"),
    metadata.text("channel"),
    metadata.time("made_at"),
    metadata.time_or_none("due_at"),
    metadata.number("tries"),
    metadata.text_or_none("claim"),
    metadata.time_or_none("sent_at"),
    metadata.text("last_error"),
    UniqueConstraint("site", "member_id", "badge", "period", "channel"),
    Index("notification_due", "due_at", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
)
