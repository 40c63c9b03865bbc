"""Every table; ``migrations`` makes the same ones, and a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from badgejobs.store.columns import SERIAL, AwareTime

METADATA = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    }
)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _text_or_none(name: str) -> Column[str]:
    return Column(name, Text)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False)


def _time(name: str) -> Column[object]:
    return Column(name, AwareTime, nullable=False)


def _time_or_none(name: str) -> Column[object]:
    return Column(name, AwareTime)


_ON_A_POST = text("post <> ''")

#: The facts, one row an activity, in the newest state that was read.
activity = Table(
    "activity",
    METADATA,
    _key("site"),
    _key("source"),
    _key("activity_id"),
    _text_or_none("member_id"),
    _time("occurred_at"),
    _time("updated_at"),
    Column("revision", BigInteger, nullable=False),
    _text("part"),
    #: Sorted, joined by spaces: equal marks are equal texts.
    _text("marks"),
    #: JSON with sorted keys: equal amounts are equal texts.
    _text("amounts"),
    _text_or_none("currency"),
    _text_or_none("base_currency"),
    #: A decimal number as text, so that it comes back digit by digit.
    _text_or_none("rate"),
    _time_or_none("paid_at"),
    _text("channel"),
    #: The lines of an order as JSON, without what is as by default; empty where there are none.
    _text("items"),
    _text_or_none("linked_by"),
    _text("post"),
    _text_or_none("parent"),
    Column("own", Boolean, nullable=False),
    _number("length"),
    #: The latest walk that saw it; 0 for window sources.
    Column("generation", BigInteger, nullable=False),
    _time("first_seen_at"),
    #: When a complete reading first did not find it; None once it is seen again.
    _time_or_none("missed_at"),
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
    _key("site"),
    _key("source"),
    _key("part"),
    #: Empty for those that name none.
    _key("resource"),
    _number("published"),
)

#: Resources that may have changed and are to be read, whoever said so.
hint = Table(
    "hint",
    METADATA,
    _key("site"),
    _key("source"),
    _key("part"),
    _key("resource"),
    #: Not to be read before.
    _time("due_at"),
    #: The reading that has taken it up; 0 for none.
    Column("generation", BigInteger, nullable=False),
)

#: By which guests' orders find their member: keyed digests, never what they were made of. The
#: member's own stand with the activity of the source ``membership``.
identity = Table(
    "identity",
    METADATA,
    _key("site"),
    _key("source"),
    _key("activity_id"),
    #: How it links: a value of ``core.activity.Link``.
    _key("kind"),
    _key("digest"),
    #: With the source, so that a contact of many guests costs nothing to ask for its member.
    Index("identity_digest", "site", "kind", "digest", "source"),
)

#: Which guest's order was given to which member, and why; only ever added to and undone.
link = Table(
    "link",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    _text("site"),
    _text("source"),
    _text("activity_id"),
    _text("member_id"),
    _text("kind"),
    _time("made_at"),
    _time_or_none("undone_at"),
    #: Who undid it: ``by hand``, or what made it untrue.
    _text_or_none("undone_by"),
    Index("link_activity", "site", "source", "activity_id"),
    Index("link_member", "site", "member_id"),
)

#: Digests of what was erased and must not come back: members, and their contacts and addresses.
tombstone = Table(
    "tombstone",
    METADATA,
    _key("site"),
    _key("digest"),
    _time("erased_at"),
)

#: What was made of a key that is kept outside, so that another key is noticed.
fingerprint = Table(
    "fingerprint",
    METADATA,
    _key("name"),
    _text("digest"),
)

#: What the last complete audit of a window source found, by month.
audit = Table(
    "audit",
    METADATA,
    _key("site"),
    _key("source"),
    #: Such as ``2026-03``, by the activities' own time in UTC.
    _key("month"),
    #: Known before, found at Wix, and of these not known before.
    _number("ours"),
    _number("at_wix"),
    _number("missed"),
    _time("audited_at"),
)

#: Records that could not be understood.
quarantine = Table(
    "quarantine",
    METADATA,
    _key("site"),
    _key("source"),
    _key("activity_id"),
    _text("reason"),
    _time("first_seen_at"),
    _time("last_seen_at"),
    #: How often it was asked for by itself, when last, and by which version of badgejobs.
    _number("tries"),
    _time_or_none("tried_at"),
    _text("tried_by"),
    #: When it is asked for again; None for what was dropped, and what has no id to ask for.
    _time_or_none("due_at"),
    #: When Wix first did not give it any more.
    _time_or_none("missed_at"),
    #: When a person said that it is to be left alone.
    _time_or_none("dropped_at"),
    Index("quarantine_due", "site", "due_at"),
    Index("quarantine_tried_by", "tried_by"),
)

#: The place of each scan, under its lease.
scan = Table(
    "scan",
    METADATA,
    _key("site"),
    _key("source"),
    #: A value of ``core.source.Track``.
    _key("track"),
    _text("mode"),
    Column("epoch", BigInteger, nullable=False),
    _time_or_none("lease_until"),
    #: None while a worker is at it; a time set meanwhile is a wish that outlives the lease.
    _time_or_none("due_at"),
    _time_or_none("rung_at"),
    Column("scanning", Boolean, nullable=False),
    _text_or_none("cursor"),
    # the place of a window source
    _time_or_none("reached"),
    _time_or_none("since"),
    _time_or_none("read_to"),
    _time_or_none("near_since"),
    # the place of a source that is walked
    Column("generation", BigInteger, nullable=False),
    _time_or_none("started_at"),
    _time_or_none("complete_from"),
    _time_or_none("until"),
    #: JSON: by part, what known resources do not explain.
    _text("offsets"),
    #: Who asked for it beside the schedule, until it is begun.
    _text_or_none("asked_by"),
    #: When the scan that is open began; its slices keep it.
    _time_or_none("began_at"),
    #: When the last complete scan ended, and when that scan began.
    _time_or_none("completed_at"),
    _time_or_none("completed_started_at"),
    _number("failures"),
    _text_or_none("last_error"),
    #: What was read beside the plain facts since the beginning: names, sorted, joined by spaces.
    _text("wants"),
)

#: The ledger: one row for each (site, member, badge) that was ever earned.
award = Table(
    "award",
    METADATA,
    _key("site"),
    _key("member_id"),
    _key("badge"),
    _text("state"),
    _time("earned_at"),
    _text("rules_version"),
    _text("crossed_by"),
    _number("attempt"),
    _time_or_none("not_before"),
    _text_or_none("claim"),
    _time_or_none("claimed_until"),
    _time_or_none("sent_at"),
    _number("empty_reads"),
    _text_or_none("giver"),
    _text_or_none("assignment_id"),
    _text("reason"),
    Column("has_slot", Boolean, nullable=False),
    #: Opened while the past was read: nobody is told of it.
    Column("silent", Boolean, nullable=False),
    _time_or_none("unmet_since"),
    _time("opened_at"),
    _time("changed_at"),
    Index("award_site_due", "site", "state", "not_before"),
    Index("award_due", "state", "not_before"),
    Index("award_claimed", "claimed_until"),
    Index("award_badge", "site", "badge", "state", "earned_at"),
)

#: How many members a badge was ever sent to: what a limit has left is not given twice, even
#: when a member and all their rows are erased.
slot = Table(
    "slot",
    METADATA,
    _key("site"),
    _key("badge"),
    _number("used"),
)

#: When time alone may change what a member has earned.
wake_up = Table(
    "wake_up",
    METADATA,
    _key("site"),
    _key("member_id"),
    #: The sources that must be known up to that moment first, sorted, joined by spaces.
    _key("waits_for"),
    _time("at"),
    Index("wake_up_due", "site", "at"),
)

#: Every change of state of every award; only ever added to.
award_history = Table(
    "award_history",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    _text("site"),
    _text("member_id"),
    _text("badge"),
    _time("at"),
    _text_or_none("from_state"),
    _text("to_state"),
    _text("reason"),
    _text("rules_version"),
    _number("attempt"),
    Index("award_history_member", "site", "member_id"),
)

#: Which Wix badge each badge of the rules is.
badge_binding = Table(
    "badge_binding",
    METADATA,
    _key("site"),
    _key("badge"),
    _text("wix_badge_id"),
    _time("bound_at"),
    #: Whether its permissions were on at Wix when it was read last.
    Column("opens_pages", Boolean, nullable=False),
    UniqueConstraint("site", "wix_badge_id"),
)

#: Which site at Wix each name of ours is: what was recorded under it belongs to that site alone.
site_binding = Table(
    "site_binding",
    METADATA,
    _key("site"),
    _text("at_wix"),
    _time("bound_at"),
    # what Wix tells of it, and when that was read
    _text_or_none("timezone"),
    _text_or_none("currency"),
    _time_or_none("facts_read_at"),
)

#: Badges whose creation at Wix was begun and has not been answered.
badge_creation = Table(
    "badge_creation",
    METADATA,
    _key("site"),
    _key("badge"),
    _time("begun_at"),
)

#: The rules version each site has taken up.
rules_applied = Table(
    "rules_applied",
    METADATA,
    _key("site"),
    _text_or_none("version"),
    _text_or_none("decided_to"),
    #: The version that provisioning last tried, whether it went well or not.
    _text_or_none("tried"),
    #: The version under which every member was decided since the history last grew complete.
    _text_or_none("whole"),
)

#: Every version of the rules that was ever in force, so that it can be read again.
rules_version = Table(
    "rules_version",
    METADATA,
    _key("site"),
    _key("version"),
    _time("first_seen_at"),
    #: JSON with sorted keys: the text of the file, and what it was read with.
    _text("content"),
)

#: What ran, when, and what came of it.
run = Table(
    "run",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    _text("site"),
    _text("kind"),
    _text("started_by"),
    _time("started_at"),
    _time_or_none("ended_at"),
    #: JSON with sorted keys: what was counted differs from kind to kind.
    _text("numbers"),
    _text_or_none("error"),
    #: The rules that it decided by, where it decided anything.
    _text_or_none("rules_version"),
    #: The time of last changes that it read, where it read by time.
    _time_or_none("window_since"),
    _time_or_none("window_until"),
    Index("run_started", "started_at"),
    Index("run_site", "site", "started_at"),
)

_OPEN = text("done_at IS NULL")

#: Wishes that one member be looked at now; at most one open a member.
member_request = Table(
    "member_request",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    _text("site"),
    _text("member_id"),
    _time("requested_at"),
    _time_or_none("done_at"),
    _text_or_none("outcome"),
    Index(
        "member_request_open",
        "site",
        "member_id",
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    ),
)
