"""Taking awards back, who did what in their history, alerts, allowances, drift, looks."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _time(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _number(name: str, *, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def upgrade() -> None:
    op.add_column("award", _text("unmet_because", default=""))
    for name in ("revoke_at", "removal_sent_at", "missed_at"):
        op.add_column("award", _time(name, null=True))
    op.add_column("award", _number("period", default="1"))
    op.add_column("award", _flag("by_hand"))
    op.add_column("award", _flag("declared"))
    op.create_index("award_sent", "award", ["site", "sent_at"])
    to_go = sa.text("revoke_at IS NOT NULL")
    op.create_index(
        "award_to_go",
        "award",
        ["site", "revoke_at"],
        sqlite_where=to_go,
        postgresql_where=to_go,
    )
    # What should not stand was noted without why and until when: the next decision says both.
    op.execute("UPDATE award SET unmet_since = NULL")
    op.add_column("award_history", _number("period", default="1"))
    op.add_column("award_history", _text("actor", default="rules"))
    op.add_column("award_history", _text("note", default=""))
    op.add_column("award_history", sa.Column("run", sa.BigInteger()))
    op.create_index("award_history_at", "award_history", ["site", "to_state", "at"])
    op.add_column("badge_binding", _time("gone_at", null=True))
    op.add_column("badge_binding", _text("look", default=""))
    op.add_column("badge_binding", _text("title", default=""))
    op.add_column("badge_binding", _number("place", default="0"))
    _new_tables()
    # Every member is decided anew, which tells of each badge that stands whether it should.
    op.execute("UPDATE rules_applied SET decided_to = '' WHERE version IS NOT NULL")


def _new_tables() -> None:
    op.create_table(
        "allowance",
        _text("site"),
        _text("kind"),
        _number("left"),
        _time("until"),
        _text("declared_by"),
        sa.PrimaryKeyConstraint("site", "kind", name="allowance_pkey"),
    )
    op.create_table(
        "alert",
        *(_text(name) for name in ("site", "kind", "subject", "text")),
        _time("raised_at"),
        _time("cleared_at", null=True),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "kind", "subject", name="alert_pkey"),
    )
    op.create_table(
        "drift",
        *(_text(name) for name in ("site", "member_id", "badge", "kind")),
        _number("at_wix"),
        _time("first_seen_at"),
        _time("seen_at"),
        _text("note"),
        sa.PrimaryKeyConstraint("site", "member_id", "badge", name="drift_pkey"),
    )
    op.create_index("drift_kind", "drift", ["site", "kind"])
    op.create_table(
        "bulk_size",
        _text("site"),
        _number("size"),
        sa.PrimaryKeyConstraint("site", name="bulk_size_pkey"),
    )
    op.create_table(
        "reading",
        _text("site"),
        _time("began_at"),
        _text("badge_ids"),
        _number("part"),
        sa.Column("cursor", sa.Text()),
        _number("pages"),
        sa.Column("mark", sa.Text()),
        _number("refusals"),
        sa.Column("done", sa.Boolean(), nullable=False),
        _time("wished_at", null=True),
        sa.PrimaryKeyConstraint("site", name="reading_pkey"),
    )
    op.create_table(
        "sighting",
        *(_text(name) for name in ("site", "assignment_id", "wix_badge_id", "member_id")),
        _time("created_at", null=True),
        sa.PrimaryKeyConstraint("site", "assignment_id", name="sighting_pkey"),
    )
