"""The tables of awards: the ledger, its history, and what is kept beside it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, UniqueConstraint, text

from badgejobs.store import metadata
from badgejobs.store.columns import SERIAL
from badgejobs.store.metadata import METADATA

_TO_GO = text("revoke_at IS NOT NULL")
#: Awards that stand at Wix, or soon may: written out, since an index is used only where a query
#: says the same in the same words.
NOT_OVER = text("state NOT IN ('withdrawn', 'revoked', 'taken')")

#: The ledger: one row for each (site, member, badge) that was ever earned, given or taken.
award = Table(
    "award",
    METADATA,
    metadata.key("site"),
    metadata.key("member_id"),
    metadata.key("badge"),
    metadata.text("state"),
    metadata.time("earned_at"),
    metadata.text("rules_version"),
    metadata.text("crossed_by"),
    metadata.number("attempt"),
    metadata.time_or_none("not_before"),
    metadata.text_or_none("claim"),
    metadata.time_or_none("claimed_until"),
    metadata.time_or_none("sent_at"),
    metadata.number("empty_reads"),
    metadata.text_or_none("giver"),
    metadata.text_or_none("assignment_id"),
    metadata.text("reason"),
    Column("has_slot", Boolean, nullable=False),
    #: Opened while the past was read: nobody is told of it.
    Column("silent", Boolean, nullable=False),
    metadata.time_or_none("unmet_since"),
    metadata.text("unmet_because"),
    metadata.time_or_none("revoke_at"),
    metadata.time_or_none("removal_sent_at"),
    metadata.time_or_none("missed_at"),
    metadata.number("period"),
    Column("by_hand", Boolean, nullable=False),
    Column("declared", Boolean, nullable=False),
    metadata.time("opened_at"),
    metadata.time("changed_at"),
    Index("award_site_due", "site", "state", "not_before"),
    Index("award_due", "state", "not_before"),
    Index("award_claimed", "claimed_until"),
    Index("award_badge", "site", "badge", "state", "earned_at"),
    Index("award_sent", "site", "sent_at"),
    Index("award_to_go", "site", "revoke_at", sqlite_where=_TO_GO, postgresql_where=_TO_GO),
    Index("award_gone_at", "revoke_at", sqlite_where=_TO_GO, postgresql_where=_TO_GO),
    Index(
        "award_held_to",
        "site",
        "rules_version",
        sqlite_where=NOT_OVER,
        postgresql_where=NOT_OVER,
    ),
)

#: How many members a badge was ever sent to: what a limit has left is not given twice, even
#: when a member and all their rows are erased.
slot = Table(
    "slot",
    METADATA,
    metadata.key("site"),
    metadata.key("badge"),
    metadata.number("used"),
)

#: When time alone may change what a member has earned.
wake_up = Table(
    "wake_up",
    METADATA,
    metadata.key("site"),
    metadata.key("member_id"),
    #: The sources that must be known up to that moment first, sorted, joined by spaces.
    metadata.key("waits_for"),
    metadata.time("at"),
    Index("wake_up_due", "site", "at"),
    Index("wake_up_at", "at"),
)

#: Every change of state of every award; only ever added to.
award_history = Table(
    "award_history",
    METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    metadata.text("site"),
    metadata.text("member_id"),
    metadata.text("badge"),
    metadata.time("at"),
    metadata.text_or_none("from_state"),
    metadata.text("to_state"),
    metadata.text("reason"),
    metadata.text("rules_version"),
    metadata.number("attempt"),
    metadata.number("period"),
    #: Who: ``rules``, ``a person at Wix``, or whoever ran a command.
    metadata.text("actor"),
    #: What a person wrote beside it.
    metadata.text("note"),
    #: The run in which it happened; None outside of runs.
    Column("run", BigInteger),
    Index("award_history_member", "site", "member_id"),
    Index("award_history_turned", "site", "to_state", "at", "from_state"),
    Index("award_history_badge", "site", "badge", "to_state", "at", "from_state"),
)

#: What somebody said beforehand how much of it there will be: so much passes a cap or a guard.
allowance = Table(
    "allowance",
    METADATA,
    metadata.key("site"),
    #: A value of ``core.allowance.Kind``.
    metadata.key("kind"),
    metadata.number("left"),
    metadata.time("until"),
    metadata.text("declared_by"),
)

#: What a person must know of; over once ``cleared_at`` is set.
alert = Table(
    "alert",
    METADATA,
    metadata.key("site"),
    #: A value of ``core.alert.Kind``.
    metadata.key("kind"),
    #: A badge; empty for the whole site.
    metadata.key("subject"),
    metadata.text("text"),
    metadata.time("raised_at"),
    metadata.time_or_none("cleared_at"),
    #: Whether it was told in the log since it was raised.
    Column("told", Boolean, nullable=False),
)

#: Where Wix and the ledger differ, as the last complete reading of Wix found it.
drift = Table(
    "drift",
    METADATA,
    metadata.key("site"),
    metadata.key("member_id"),
    metadata.key("badge"),
    #: A value of ``core.drift.Kind``.
    metadata.text("kind"),
    #: How many assignments of the pair stand at Wix.
    metadata.number("at_wix"),
    metadata.time("first_seen_at"),
    metadata.time("seen_at"),
    #: What was done about it, or why nothing.
    metadata.text("note"),
    Index("drift_kind", "site", "kind"),
)

#: A reading of who has which badge at Wix that is going on, and its place.
reading = Table(
    "reading",
    METADATA,
    metadata.key("site"),
    metadata.time("began_at"),
    #: The ids at Wix of the badges that it reads, sorted, joined by spaces.
    metadata.text("badge_ids"),
    #: Which list of these badges is being read, where that list goes on, and what it gave.
    metadata.number("part"),
    metadata.text_or_none("cursor"),
    metadata.number("pages"),
    metadata.text_or_none("mark"),
    metadata.number("refusals"),
    Column("done", Boolean, nullable=False),
    #: When another one is to follow.
    metadata.time_or_none("wished_at"),
)

#: What that reading has seen so far; forgotten once it was compared.
sighting = Table(
    "sighting",
    METADATA,
    metadata.key("site"),
    metadata.key("assignment_id"),
    metadata.text("wix_badge_id"),
    metadata.text("member_id"),
    metadata.time_or_none("created_at"),
)

#: How many awards the next bulk create of a site may hold, after an answer that was lost.
bulk_size = Table(
    "bulk_size",
    METADATA,
    metadata.key("site"),
    metadata.number("size"),
)

#: Which Wix badge each badge of the rules is.
badge_binding = Table(
    "badge_binding",
    METADATA,
    metadata.key("site"),
    metadata.key("badge"),
    metadata.text("wix_badge_id"),
    metadata.time("bound_at"),
    #: Whether its permissions were on at Wix when it was read last.
    Column("opens_pages", Boolean, nullable=False),
    #: When it was found that it was deleted at Wix.
    metadata.time_or_none("gone_at"),
    #: JSON: the look that the rules file gave it last; empty where the file does not own it.
    metadata.text("look"),
    #: The title at Wix when it was read last.
    metadata.text("title"),
    #: Its place among those that the file owns, as it was moved there last; 0 for none.
    metadata.number("place"),
    UniqueConstraint("site", "wix_badge_id"),
)
