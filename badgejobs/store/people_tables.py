"""The tables of guests, of those who were erased, and of the key that keeps them apart."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from badgejobs.store import metadata
from badgejobs.store.columns import SERIAL

#: By which guests' orders find their member: keyed digests, never what they were made of. The
#: member's own stand with the activity of the source ``membership``.
identity = Table(
    "identity",
    metadata.METADATA,
    metadata.key("site"),
    metadata.key("source"),
    metadata.key("activity_id"),
    #: How it links: a value of ``core.activity.Link``.
    metadata.key("kind"),
    metadata.key("digest"),
    #: With the source, so that a contact of many guests costs nothing to ask for its member.
    Index("identity_digest", "site", "kind", "digest", "source"),
)

#: Which guest's order was given to which member, and why; only ever added to and undone.
link = Table(
    "link",
    metadata.METADATA,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    metadata.text("site"),
    metadata.text("source"),
    metadata.text("activity_id"),
    metadata.text("member_id"),
    metadata.text("kind"),
    metadata.time("made_at"),
    metadata.time_or_none("undone_at"),
    #: Who undid it: ``by hand``, or what made it untrue.
    metadata.text_or_none("undone_by"),
    Index("link_activity", "site", "source", "activity_id"),
    Index("link_member", "site", "member_id"),
)

#: Digests of what was erased and must not come back: members, and their contacts and addresses.
tombstone = Table(
    "tombstone",
    metadata.METADATA,
    metadata.key("site"),
    metadata.key("digest"),
    metadata.time("erased_at"),
)

#: What was made of a key that is kept outside, so that another key is noticed.
fingerprint = Table(
    "fingerprint",
    metadata.METADATA,
    metadata.key("name"),
    metadata.text("digest"),
)
