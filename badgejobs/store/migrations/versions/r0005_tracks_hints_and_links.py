"""Tracks of scans, hints, the memo of resources, links of guests, audits, tombstones."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SCAN = (
    "site, source, mode, epoch, lease_until, due_at, rung_at, scanning, cursor, reached, since,"
    " read_to, near_since, generation, started_at, complete_from, began_at, completed_at,"
    " completed_started_at, failures, last_error, wants"
)


def _time(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _number(name: str, *, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def upgrade() -> None:
    _tracks()
    op.add_column("activity", _time("missed_at", null=True))
    op.create_index(
        "activity_post",
        "activity",
        ["site", "source", "part", "post"],
        sqlite_where=sa.text("post <> ''"),
        postgresql_where=sa.text("post <> ''"),
    )
    op.add_column("quarantine", _number("tries", default="0"))
    op.add_column("quarantine", _time("tried_at", null=True))
    op.add_column("quarantine", _text("tried_by", default=""))
    op.add_column("quarantine", _time("due_at", null=True))
    op.add_column("quarantine", _time("missed_at", null=True))
    op.add_column("quarantine", _time("dropped_at", null=True))
    op.create_index("quarantine_due", "quarantine", ["site", "due_at"])
    op.create_index("quarantine_tried_by", "quarantine", ["tried_by"])
    # Read by a version before this one, so this one tries; what has no id can only be come across.
    op.execute("UPDATE quarantine SET due_at = last_seen_at WHERE activity_id <> ''")
    op.add_column("award", _flag("silent"))
    op.add_column("run", _time("window_since", null=True))
    op.add_column("run", _time("window_until", null=True))
    _new_tables()
    # The memo of what is published; the first complete walk makes it anew.
    op.execute(
        "INSERT INTO resource (site, source, part, resource, published)"
        " SELECT site, source, part, post, COUNT(*) FROM activity"
        " WHERE marks LIKE '%published%' AND marks NOT LIKE '%gone%'"
        " GROUP BY site, source, part, post"
    )


def _tracks() -> None:
    """One row a source becomes one a track of it.

    What had been read of a source to its end stays so: as the full reading, and for a source
    with a watermark as the live one too. What was cut off begins anew.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("scan", _text("track", default="live"))
        op.drop_constraint("scan_pkey", "scan", type_="primary")
        op.create_primary_key("scan_pkey", "scan", ["site", "source", "track"])
        op.add_column("scan", _time("until", null=True))
        op.add_column("scan", _text("offsets", default="{}"))
        op.add_column("scan", _time("wished_at", null=True))
        op.add_column("scan", _text("refused", default="{}"))
        op.add_column("scan", _text("asked_by", null=True))
    else:
        # SQLite cannot change a primary key in place
        op.create_table(
            "scan_by_track",
            *(_text(name) for name in ("site", "source")),
            _text("track", default="live"),
            _text("mode"),
            sa.Column("epoch", sa.BigInteger(), nullable=False),
            *(_time(name, null=True) for name in ("lease_until", "due_at", "rung_at")),
            sa.Column("scanning", sa.Boolean(), nullable=False),
            _text("cursor", null=True),
            *(_time(name, null=True) for name in ("reached", "since", "read_to", "near_since")),
            sa.Column("generation", sa.BigInteger(), nullable=False),
            *(_time(name, null=True) for name in ("started_at", "complete_from", "until")),
            _text("offsets", default="{}"),
            _time("wished_at", null=True),
            _text("refused", default="{}"),
            _text("asked_by", null=True),
            *(
                _time(name, null=True)
                for name in ("began_at", "completed_at", "completed_started_at")
            ),
            _number("failures"),
            _text("last_error", null=True),
            _text("wants", default=""),
            sa.PrimaryKeyConstraint("site", "source", "track", name="scan_pkey"),
        )
        op.execute(f"INSERT INTO scan_by_track ({_SCAN}) SELECT {_SCAN} FROM scan")  # noqa: S608 - names of ours
        op.drop_table("scan")
        op.rename_table("scan_by_track", "scan")
    duties = "('provision', 'reconcile', 'assign', 'flip')"
    op.execute(f"UPDATE scan SET track = 'full' WHERE source NOT IN {duties} AND mode = 'walk'")  # noqa: S608 - as above
    read = "reached IS NOT NULL AND completed_at IS NOT NULL"
    op.execute(
        "INSERT INTO scan (site, source, track, mode, epoch, due_at, scanning, generation,"  # noqa: S608 - as above
        " complete_from, completed_at, completed_started_at, failures, wants, offsets, refused,"
        " until)"
        " SELECT site, source, 'full', mode, epoch, due_at, false, generation,"
        " completed_started_at, completed_at, completed_started_at, 0, wants, '{}', '{}', reached"
        f" FROM scan WHERE source NOT IN {duties} AND mode = 'window' AND {read}"
    )
    op.execute(
        f"DELETE FROM scan WHERE source NOT IN {duties} AND mode = 'window'"  # noqa: S608 - as above
        f" AND track = 'live' AND NOT ({read})"
    )


def _new_tables() -> None:
    op.create_table(
        "resource",
        *(_text(name) for name in ("site", "source", "part", "resource")),
        _number("published"),
        sa.PrimaryKeyConstraint("site", "source", "part", "resource", name="resource_pkey"),
    )
    op.create_table(
        "hint",
        *(_text(name) for name in ("site", "source", "part", "resource")),
        _time("due_at"),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "source", "part", "resource", name="hint_pkey"),
    )
    op.create_table(
        "identity",
        *(_text(name) for name in ("site", "source", "activity_id", "kind", "digest")),
        sa.PrimaryKeyConstraint(
            "site", "source", "activity_id", "kind", "digest", name="identity_pkey"
        ),
    )
    op.create_index("identity_digest", "identity", ["site", "kind", "digest", "source"])
    op.create_table(
        "link",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        *(_text(name) for name in ("site", "source", "activity_id", "member_id", "kind")),
        _time("made_at"),
        _time("undone_at", null=True),
        _text("undone_by", null=True),
        sa.PrimaryKeyConstraint("id", name="link_pkey"),
    )
    op.create_index("link_activity", "link", ["site", "source", "activity_id"])
    op.create_index("link_member", "link", ["site", "member_id"])
    op.create_table(
        "tombstone",
        *(_text(name) for name in ("site", "digest")),
        _time("erased_at"),
        sa.PrimaryKeyConstraint("site", "digest", name="tombstone_pkey"),
    )
    op.create_table(
        "fingerprint",
        _text("name"),
        _text("digest"),
        sa.PrimaryKeyConstraint("name", name="fingerprint_pkey"),
    )
    op.create_table(
        "audit",
        *(_text(name) for name in ("site", "source", "month")),
        *(_number(name) for name in ("ours", "at_wix", "missed")),
        _time("audited_at"),
        sa.PrimaryKeyConstraint("site", "source", "month", name="audit_pkey"),
    )
