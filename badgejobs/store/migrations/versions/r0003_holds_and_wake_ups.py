"""Holds, places of badges with a limit, wake-ups, and the versions of rules."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _time(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def upgrade() -> None:
    op.create_table(
        "slot",
        _text("site"),
        _text("badge"),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "badge", name="slot_pkey"),
    )
    op.create_table(
        "wake_up",
        _text("site"),
        _text("member_id"),
        _text("waits_for"),
        _time("at"),
        sa.PrimaryKeyConstraint("site", "member_id", "waits_for", name="wake_up_pkey"),
    )
    op.create_index("wake_up_due", "wake_up", ["site", "at"])
    op.create_table(
        "rules_version",
        _text("site"),
        _text("version"),
        _time("first_seen_at"),
        _text("content"),
        sa.PrimaryKeyConstraint("site", "version", name="rules_version_pkey"),
    )
    _widen_ledger()
    op.add_column(
        "badge_binding",
        sa.Column("opens_pages", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("site_binding", _text("timezone", null=True))
    op.add_column("site_binding", _text("currency", null=True))
    op.add_column("run", _text("rules_version", null=True))
    op.add_column("rules_applied", _text("whole", null=True))
    # Nobody has a wake-up yet: every member is decided once more.
    op.execute("UPDATE rules_applied SET decided_to = '' WHERE version IS NOT NULL")


def _widen_ledger() -> None:
    op.add_column("award", sa.Column("crossed_by", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "award", sa.Column("has_slot", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("award", _time("unmet_since", null=True))
    op.create_index("award_badge", "award", ["site", "badge", "state", "earned_at"])
    # as Award.takes_slot says it
    op.execute(
        "UPDATE award SET has_slot = true"
        " WHERE state IN ('inflight', 'unknown', 'assigned', 'needs_attention')"
        " OR sent_at IS NOT NULL OR attempt > 0"
    )
    op.execute(
        "INSERT INTO slot (site, badge, used)"
        " SELECT site, badge, COUNT(*) FROM award WHERE has_slot = true GROUP BY site, badge"
    )
