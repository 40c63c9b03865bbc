"""The tables of a fleet: sites, the apps they have, their packs of rules, who works, whose tick."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, text

from badgejobs.store import metadata

_AN_INSTANCE = text("instance_id IS NOT NULL")
_A_SITE_ID = text("site_id IS NOT NULL")

#: Which of our schema's older revisions code may know and still work with these tables.
compatible = Table(
    "compatible",
    metadata.METADATA,
    #: ``schema``.
    metadata.key("name"),
    #: The oldest such revision.
    metadata.text("since"),
)

#: Apps of ours at Wix, each with the secret that all its instances share.
app = Table(
    "app",
    metadata.METADATA,
    #: Our short name for it.
    metadata.key("name"),
    metadata.text("app_id"),
    #: Sealed: see the room ``vault``. Nothing in the clear is ever stored.
    metadata.text("secret"),
    metadata.time("added_at"),
    #: When its secret was last replaced; processes that hold an older one read it again.
    metadata.time("changed_at"),
)

#: The sites that were added by command; those of a configuration file have no row here.
site = Table(
    "site",
    metadata.METADATA,
    metadata.key("name"),
    #: An app by our name for it and its instance there ...
    metadata.text_or_none("app"),
    metadata.text_or_none("instance_id"),
    #: ... or a site of an account, and the sealed API key of that account.
    metadata.text_or_none("site_id"),
    metadata.text_or_none("secret"),
    #: The pack of rules by which it is decided, and what is said otherwise for this site: YAML,
    #: empty where nothing is.
    metadata.text("pack"),
    metadata.text("overrides"),
    #: Names or GUIDs, joined by spaces, in the order in which they are walked.
    metadata.text("comment_apps"),
    Column("requests_per_minute", Integer),
    metadata.time("added_at"),
    #: When any of the above was last changed; processes that hold an older state read it again.
    metadata.time("changed_at"),
    # One Wix site is one site of ours: two names for it would give its badges twice.
    Index(
        "site_instance", "instance_id", unique=True,
        sqlite_where=_AN_INSTANCE, postgresql_where=_AN_INSTANCE,
    ),
    Index(
        "site_site_id", "site_id", unique=True,
        sqlite_where=_A_SITE_ID, postgresql_where=_A_SITE_ID,
    ),
    Index("site_pack", "pack"),
)  # fmt: skip

#: Sites that are not simply at work, of whatever origin; no row is the usual case.
standing = Table(
    "standing",
    metadata.METADATA,
    metadata.key("site"),
    #: How often in a row Wix refused the credentials, or a permission.
    metadata.number("refusals"),
    #: Since when nothing of it is done, and who said so: ``person`` or ``wix``; None: it works.
    metadata.time_or_none("suspended_at"),
    metadata.text("suspended_by"),
    metadata.text("reason"),
    #: When Wix is asked again whether it takes us, and how often that was in vain.
    metadata.time_or_none("probe_at"),
    metadata.number("probes"),
)

#: Packs of rules, each with the version that its sites go by and the one that some try.
pack = Table(
    "pack",
    metadata.METADATA,
    metadata.key("name"),
    #: None before the first version was promoted.
    Column("stable", Integer),
    Column("canary", Integer),
    #: Which sites try it beside those in ``pack_canary``: this share of them, in percent.
    metadata.number("canary_percent"),
    metadata.time_or_none("canary_since"),
    metadata.time("changed_at"),
)

#: Every version of a pack that was ever put in; never changed, never deleted.
pack_version = Table(
    "pack_version",
    metadata.METADATA,
    metadata.key("pack"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    #: The text of the rules file.
    metadata.text("content"),
    metadata.text("note"),
    metadata.text("added_by"),
    metadata.time("added_at"),
)

#: The sites that are named to try a pack's canary version.
pack_canary = Table(
    "pack_canary",
    metadata.METADATA,
    metadata.key("pack"),
    metadata.key("site"),
)

#: The last slot of each kind of tick that was begun: two beats make one tick.
tick = Table(
    "tick",
    metadata.METADATA,
    metadata.key("kind"),
    #: The database's time divided by the interval, whole.
    Column("slot", BigInteger, nullable=False),
    metadata.time("at"),
)

#: Processes of ours and when each was last heard of.
process = Table(
    "process",
    metadata.METADATA,
    #: Host, process id and start, so that a restart is another process.
    metadata.key("name"),
    #: ``worker`` or ``beat``.
    metadata.text("kind"),
    #: The lanes that it works for, joined by spaces; empty for one that works for none.
    metadata.text("lanes"),
    #: Jobs at once.
    metadata.number("slots"),
    metadata.time("began_at"),
    metadata.time("seen_at"),
    Index("process_seen", "seen_at"),
)
