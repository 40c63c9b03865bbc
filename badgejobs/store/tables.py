"""Every table; ``migrations`` makes the same ones, and a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Table,
    false,
    text,
)

from badgejobs.store import metadata
from badgejobs.store.columns import SERIAL
from badgejobs.store.fleet_tables import (
    app,
    compatible,
    pack,
    pack_canary,
    pack_version,
    process,
    site,
    standing,
    tick,
)
from badgejobs.store.ledger_tables import (
    alert,
    allowance,
    award,
    award_history,
    badge_binding,
    bulk_size,
    drift,
    reading,
    sighting,
    slot,
    wake_up,
)
from badgejobs.store.metadata import METADATA
from badgejobs.store.operator_tables import notification, progress, tally
from badgejobs.store.people_tables import fingerprint, identity, link, tombstone

__all__ = [
    "METADATA",
    "activity",
    "alert",
    "allowance",
    "app",
    "audit",
    "award",
    "award_history",
    "badge_binding",
    "badge_creation",
    "bulk_size",
    "compatible",
    "drift",
    "fingerprint",
    "hint",
    "identity",
    "link",
    "member_request",
    "notification",
    "pack",
    "pack_canary",
    "pack_version",
    "process",
    "progress",
    "quarantine",
    "reading",
    "resource",
    "rules_applied",
    "rules_version",
    "run",
    "scan",
    "sighting",
    "site",
    "site_binding",
    "slot",
    "standing",
    "tally",
    "tick",
    "tombstone",
    "wake_up",
]

_ON_A_POST = text("post <> ''")
_RUNG = text("rung_at IS NOT NULL")
_LEASED = text("lease_until IS NOT NULL")

#: The facts, one row an activity, in the newest state that was read.
activity = Table(
    "activity",
    METADATA,
    metadata.key("site"),
    metadata.key("source"),
    metadata.key("activity_id"),
    metadata.text_or_none("member_id"),
    metadata.time("occurred_at"),
    metadata.time("updated_at"),
    Column("revision", BigInteger, nullable=False),
    metadata.text("part"),
    #: Sorted, joined by spaces: equal marks are equal texts.
    metadata.text("marks"),
    #: JSON with sorted keys: equal amounts are equal texts.
    metadata.text("amounts"),
    metadata.text_or_none("currency"),
    metadata.text_or_none("base_currency"),
    #: A decimal number as text, so that it comes back digit by digit.
    metadata.text_or_none("rate"),
    metadata.time_or_none("paid_at"),
    metadata.text("channel"),
    #: The lines of an order as JSON, without what is as by default; empty where there are none.
    metadata.text("items"),
    metadata.text_or_none("linked_by"),
    metadata.text("post"),
    metadata.text_or_none("parent"),
    Column("own", Boolean, nullable=False),
    metadata.number("length"),
    #: The latest walk that saw it; 0 for window sources.
    Column("generation", BigInteger, nullable=False),
    metadata.time("first_seen_at"),
    #: When a complete reading first did not find it; None once it is seen again.
    metadata.time_or_none("missed_at"),
    Index("activity_member", "site", "member_id", "source"),
    Index(
        "activity_post",
        "site",
        "source",
        "part",
        "post",
        sqlite_where=_ON_A_POST,
        postgresql_where=_ON_A_POST,
    ),
)

#: How many published activities are known of each resource: a memo of ``activity``, kept with
#: its rows and made anew by each complete walk.
resource = Table(
    "resource",
    METADATA,
    metadata.key("site"),
    metadata.key("source"),
    metadata.key("part"),
    #: Empty for those that name none.
    metadata.key("resource"),
    metadata.number("published"),
)

#: Resources that may have changed and are to be read, whoever said so.
hint = Table(
    "hint",
    METADATA,
    metadata.key("site"),
    metadata.key("source"),
    metadata.key("part"),
    metadata.key("resource"),
    #: Not to be read before.
    metadata.time("due_at"),
    #: The reading that has taken it up; 0 for none.
    Column("generation", BigInteger, nullable=False),
)

#: What the last complete audit of a window source found, by month.
audit = Table(
    "audit",
    METADATA,
    metadata.key("site"),
    metadata.key("source"),
    #: Such as ``2026-03``, by the activities' own time in UTC.
    metadata.key("month"),
    #: Known before, found at Wix, and of these not known before.
    metadata.number("ours"),
    metadata.number("at_wix"),
    metadata.number("missed"),
    metadata.time("audited_at"),
)

#: Records that could not be understood.
quarantine = Table(
    "quarantine",
    METADATA,
    metadata.key("site"),
    metadata.key("source"),
    metadata.key("activity_id"),
    metadata.text("reason"),
    metadata.time("first_seen_at"),
    metadata.time("last_seen_at"),
    #: How often it was asked for by itself, when last, and by which version of badgejobs.
    metadata.number("tries"),
    metadata.time_or_none("tried_at"),
    metadata.text("tried_by"),
    #: When it is asked for again; None for what was dropped, and what has no id to ask for.
    metadata.time_or_none("due_at"),
    #: When Wix first did not give it any more.
    metadata.time_or_none("missed_at"),
    #: When a person said that it is to be left alone.
    metadata.time_or_none("dropped_at"),
    Index("quarantine_due", "site", "due_at"),
    Index("quarantine_at", "due_at"),
    Index("quarantine_tried_by", "tried_by"),
)

#: The place of each scan, under its lease.
scan = Table(
    "scan",
    METADATA,
    metadata.key("site"),
    metadata.key("source"),
    #: A value of ``core.source.Track``.
    metadata.key("track"),
    metadata.text("mode"),
    Column("epoch", BigInteger, nullable=False),
    metadata.time_or_none("lease_until"),
    #: None while a worker is at it; a time set meanwhile is a wish that outlives the lease.
    metadata.time_or_none("due_at"),
    metadata.time_or_none("rung_at"),
    Column("scanning", Boolean, nullable=False),
    metadata.text_or_none("cursor"),
    # the place of a window source
    metadata.time_or_none("reached"),
    metadata.time_or_none("since"),
    metadata.time_or_none("read_to"),
    metadata.time_or_none("near_since"),
    # the place of a source that is walked
    Column("generation", BigInteger, nullable=False),
    metadata.time_or_none("started_at"),
    metadata.time_or_none("complete_from"),
    metadata.time_or_none("until"),
    #: JSON: by part, what known resources do not explain.
    metadata.text("offsets"),
    #: When it is to be read once more after the reading that is open, which may be past it.
    metadata.time_or_none("wished_at"),
    #: JSON: the parts that the reading could not read, each with the reason.
    metadata.text("refused"),
    #: Who asked for it beside the schedule, until it is begun.
    metadata.text_or_none("asked_by"),
    #: When the scan that is open began; its slices keep it.
    metadata.time_or_none("began_at"),
    #: When the last complete scan ended, and when that scan began.
    metadata.time_or_none("completed_at"),
    metadata.time_or_none("completed_started_at"),
    metadata.number("failures"),
    metadata.text_or_none("last_error"),
    #: What was read beside the plain facts since the beginning: names, sorted, joined by spaces.
    metadata.text("wants"),
    Index("scan_due", "due_at"),
    # what is under way: few rows of many
    Index("scan_rung", "rung_at", sqlite_where=_RUNG, postgresql_where=_RUNG),
    Index("scan_leased", "lease_until", sqlite_where=_LEASED, postgresql_where=_LEASED),
)

#: Which site at Wix each name of ours is: what was recorded under it belongs to that site alone.
site_binding = Table(
    "site_binding",
    METADATA,
    metadata.key("site"),
    metadata.text("at_wix"),
    metadata.time("bound_at"),
    # what Wix tells of it, and when that was read
    metadata.text_or_none("timezone"),
    metadata.text_or_none("currency"),
    metadata.time_or_none("facts_read_at"),
)

#: Badges whose creation at Wix was begun and has not been answered.
badge_creation = Table(
    "badge_creation",
    METADATA,
    metadata.key("site"),
    metadata.key("badge"),
    metadata.time("begun_at"),
)

_UNDECIDED = text("decided_to IS NOT NULL")

#: The rules version each site has taken up.
rules_applied = Table(
    "rules_applied",
    METADATA,
    metadata.key("site"),
    metadata.text_or_none("version"),
    metadata.text_or_none("decided_to"),
    #: The version that provisioning last tried, whether it went well or not.
    metadata.text_or_none("tried"),
    #: The version under which every member was decided since the history last grew complete.
    metadata.text_or_none("whole"),
    Index("rules_undecided", "decided_to", sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
)

#: Every version of the rules that was ever in force, so that it can be read again.
rules_version = Table(
    "rules_version",
    METADATA,
    metadata.key("site"),
    metadata.key("version"),
    metadata.time("first_seen_at"),
    #: JSON with sorted keys: the text of the file, and what it was read with.
    metadata.text("content"),
)

_NOT_WELL = text("error IS NOT NULL OR ended_at IS NULL")

#: What ran, when, and what came of it.
run = Table(
    "run",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    metadata.text("site"),
    metadata.text("kind"),
    metadata.text("started_by"),
    metadata.time("started_at"),
    metadata.time_or_none("ended_at"),
    #: JSON with sorted keys: what was counted differs from kind to kind.
    metadata.text("numbers"),
    metadata.text_or_none("error"),
    #: The rules that it decided by, where it decided anything.
    metadata.text_or_none("rules_version"),
    #: The time of last changes that it read, where it read by time.
    metadata.time_or_none("window_since"),
    metadata.time_or_none("window_until"),
    #: It found nothing, and nobody had asked for it: the next of its kind may have its row.
    Column("idle", Boolean, nullable=False, server_default=false()),
    Index("run_started", "started_at"),
    Index("run_site", "site", "started_at"),
    # what failed, is lost, or is at work: few rows of many
    Index("run_not_well", "started_at", sqlite_where=_NOT_WELL, postgresql_where=_NOT_WELL),
    Index(
        "run_not_well_of",
        "site",
        "started_at",
        sqlite_where=_NOT_WELL,
        postgresql_where=_NOT_WELL,
    ),
    Index("run_idle", "site", "kind", sqlite_where=text("idle"), postgresql_where=text("idle")),
)

_OPEN = text("done_at IS NULL")

#: Wishes that one member be looked at now; at most one open a member.
member_request = Table(
    "member_request",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    metadata.text("site"),
    metadata.text("member_id"),
    metadata.time("requested_at"),
    metadata.time_or_none("done_at"),
    metadata.text_or_none("outcome"),
    #: When a bell was last rung for it.
    metadata.time_or_none("rung_at"),
    Index(
        "member_request_open",
        "site",
        "member_id",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
)
