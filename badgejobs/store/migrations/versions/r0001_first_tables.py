"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _time(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _serial() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=True, nullable=False)


def upgrade() -> None:
    op.create_table(
        "activity",
        _text("site"),
        _text("source"),
        _text("activity_id"),
        _text("member_id", null=True),
        _time("occurred_at"),
        _time("updated_at"),
        _big("revision"),
        _text("part"),
        _text("marks"),
        _text("amounts"),
        _text("currency", null=True),
        _big("generation"),
        _time("first_seen_at"),
        sa.PrimaryKeyConstraint("site", "source", "activity_id", name="activity_pkey"),
    )
    op.create_index("activity_member", "activity", ["site", "member_id", "source"])
    op.create_table(
        "quarantine",
        _text("site"),
        _text("source"),
        _text("activity_id"),
        _text("reason"),
        _time("first_seen_at"),
        _time("last_seen_at"),
        sa.PrimaryKeyConstraint("site", "source", "activity_id", name="quarantine_pkey"),
    )
    op.create_table(
        "scan",
        _text("site"),
        _text("source"),
        _text("mode"),
        _big("epoch"),
        _time("lease_until", null=True),
        _time("due_at", null=True),
        _time("rung_at", null=True),
        sa.Column("scanning", sa.Boolean(), nullable=False),
        _text("cursor", null=True),
        _time("reached", null=True),
        _time("since", null=True),
        _time("read_to", null=True),
        _time("near_since", null=True),
        _big("generation"),
        _time("started_at", null=True),
        _time("complete_from", null=True),
        _time("began_at", null=True),
        _time("completed_at", null=True),
        _time("completed_started_at", null=True),
        _number("failures"),
        _text("last_error", null=True),
        sa.PrimaryKeyConstraint("site", "source", name="scan_pkey"),
    )
    _create_ledger()
    op.create_table(
        "rules_applied",
        _text("site"),
        _text("version", null=True),
        _text("decided_to", null=True),
        _text("tried", null=True),
        sa.PrimaryKeyConstraint("site", name="rules_applied_pkey"),
    )
    _create_runs_and_requests()


def _create_ledger() -> None:
    op.create_table(
        "award",
        _text("site"),
        _text("member_id"),
        _text("badge"),
        _text("state"),
        _time("earned_at"),
        _text("rules_version"),
        _number("attempt"),
        _time("not_before", null=True),
        _text("claim", null=True),
        _time("claimed_until", null=True),
        _time("sent_at", null=True),
        _number("empty_reads"),
        _text("giver", null=True),
        _text("assignment_id", null=True),
        _text("reason"),
        _time("opened_at"),
        _time("changed_at"),
        sa.PrimaryKeyConstraint("site", "member_id", "badge", name="award_pkey"),
    )
    op.create_index("award_site_due", "award", ["site", "state", "not_before"])
    op.create_index("award_due", "award", ["state", "not_before"])
    op.create_index("award_claimed", "award", ["claimed_until"])
    op.create_table(
        "award_history",
        _serial(),
        _text("site"),
        _text("member_id"),
        _text("badge"),
        _time("at"),
        _text("from_state", null=True),
        _text("to_state"),
        _text("reason"),
        _text("rules_version"),
        _number("attempt"),
        sa.PrimaryKeyConstraint("id", name="award_history_pkey"),
    )
    op.create_index("award_history_member", "award_history", ["site", "member_id"])
    op.create_table(
        "badge_binding",
        _text("site"),
        _text("badge"),
        _text("wix_badge_id"),
        _time("bound_at"),
        sa.PrimaryKeyConstraint("site", "badge", name="badge_binding_pkey"),
        sa.UniqueConstraint("site", "wix_badge_id", name="badge_binding_site_wix_badge_id_key"),
    )
    op.create_table(
        "badge_creation",
        _text("site"),
        _text("badge"),
        _time("begun_at"),
        sa.PrimaryKeyConstraint("site", "badge", name="badge_creation_pkey"),
    )
    op.create_table(
        "site_binding",
        _text("site"),
        _text("at_wix"),
        _time("bound_at"),
        sa.PrimaryKeyConstraint("site", name="site_binding_pkey"),
    )


def _create_runs_and_requests() -> None:
    op.create_table(
        "run",
        _serial(),
        _text("site"),
        _text("kind"),
        _text("started_by"),
        _time("started_at"),
        _time("ended_at", null=True),
        _text("numbers"),
        _text("error", null=True),
        sa.PrimaryKeyConstraint("id", name="run_pkey"),
    )
    op.create_index("run_started", "run", ["started_at"])
    op.create_index("run_site", "run", ["site", "started_at"])
    op.create_table(
        "member_request",
        _serial(),
        _text("site"),
        _text("member_id"),
        _time("requested_at"),
        _time("done_at", null=True),
        _text("outcome", null=True),
        sa.PrimaryKeyConstraint("id", name="member_request_pkey"),
    )
    is_open = sa.text("done_at IS NULL")
    op.create_index(
        "member_request_open",
        "member_request",
        ["site", "member_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
