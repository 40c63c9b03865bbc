"""Totals for metrics, members' progress for the console, notifications to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Only tables were added: code that knows 0007 writes what it knows, and misses nothing.
compatible_since = "0007"


def _time(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "tally",
        *(_text(name) for name in ("name", "labels")),
        _number("shard"),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", "shard", name="tally_pkey"),
    )
    op.create_table(
        "progress",
        *(_text(name) for name in ("site", "badge")),
        *(_number(name) for name in ("step", "members")),
        _time("made_at"),
        sa.PrimaryKeyConstraint("site", "badge", "step", name="progress_pkey"),
    )
    op.create_table(
        "notification",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        *(_text(name) for name in ("site", "member_id", "badge")),
        _number("period"),
        _text("channel"),
        _time("made_at"),
        _time("due_at", null=True),
        _number("tries"),
        _text("claim", null=True),
        _time("sent_at", null=True),
        _text("last_error"),
        sa.UniqueConstraint(
            "site", "member_id", "badge", "period", "channel",
            name="notification_site_member_id_badge_period_channel_key",
        ),
    )  # fmt: skip
    given = sa.text("due_at IS NOT NULL")
    op.create_index(
        "notification_due",
        "notification",
        ["due_at"],
        sqlite_where=given,
        postgresql_where=given,
    )
