"""Sites, apps and packs of rules in the database; suspended sites; ticks and processes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: The first that says so: code that knows an older one refuses every other schema anyway.
compatible_since = "0007"


def _time(name: str, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=null)


def _slot(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _unique_where_given(name: str, column: str) -> None:
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, "site", [column], unique=True, sqlite_where=given, postgresql_where=given)


def _let_idle_runs_share_a_row() -> None:
    """Thousands of sites are looked at every minute, and most of these runs find nothing."""
    op.add_column("run", sa.Column("idle", sa.Boolean(), nullable=False, server_default=sa.false()))
    idle = sa.text("idle")
    op.create_index("run_idle", "run", ["site", "kind"], sqlite_where=idle, postgresql_where=idle)


def upgrade() -> None:
    _let_idle_runs_share_a_row()
    op.create_table(
        "compatible",
        *(_text(name) for name in ("name", "since")),
        sa.PrimaryKeyConstraint("name", name="compatible_pkey"),
    )
    op.create_table(
        "app",
        *(_text(name) for name in ("name", "app_id", "secret")),
        *(_time(name) for name in ("added_at", "changed_at")),
        sa.PrimaryKeyConstraint("name", name="app_pkey"),
    )
    op.create_table(
        "site",
        _text("name"),
        *(_text(name, null=True) for name in ("app", "instance_id", "site_id", "secret")),
        *(_text(name) for name in ("pack", "overrides", "comment_apps")),
        _number("requests_per_minute", null=True),
        *(_time(name) for name in ("added_at", "changed_at")),
        sa.PrimaryKeyConstraint("name", name="site_pkey"),
    )
    _unique_where_given("site_instance", "instance_id")
    _unique_where_given("site_site_id", "site_id")
    op.create_index("site_pack", "site", ["pack"])
    op.create_table(
        "standing",
        _text("site"),
        _number("refusals"),
        _time("suspended_at", null=True),
        *(_text(name) for name in ("suspended_by", "reason")),
        _time("probe_at", null=True),
        _number("probes"),
        sa.PrimaryKeyConstraint("site", name="standing_pkey"),
    )
    op.create_table(
        "pack",
        _text("name"),
        _number("stable", null=True),
        _number("canary", null=True),
        _number("canary_percent"),
        _time("canary_since", null=True),
        _time("changed_at"),
        sa.PrimaryKeyConstraint("name", name="pack_pkey"),
    )
    op.create_table(
        "pack_version",
        _text("pack"),
        _number("version"),
        *(_text(name) for name in ("content", "note", "added_by")),
        _time("added_at"),
        sa.PrimaryKeyConstraint("pack", "version", name="pack_version_pkey"),
    )
    op.create_table(
        "pack_canary",
        *(_text(name) for name in ("pack", "site")),
        sa.PrimaryKeyConstraint("pack", "site", name="pack_canary_pkey"),
    )
    op.create_table(
        "tick",
        _text("kind"),
        _slot("slot"),
        _time("at"),
        sa.PrimaryKeyConstraint("kind", name="tick_pkey"),
    )
    op.create_table(
        "process",
        *(_text(name) for name in ("name", "kind", "lanes")),
        _number("slots"),
        *(_time(name) for name in ("began_at", "seen_at")),
        sa.PrimaryKeyConstraint("name", name="process_pkey"),
    )
    op.create_index("process_seen", "process", ["seen_at"])
    _index_what_a_tick_asks_for()


def _index_what_a_tick_asks_for() -> None:
    """A tick asks for what is due, and what is under way, among the rows of thousands of sites."""
    op.create_index("scan_due", "scan", ["due_at"])
    op.create_index("quarantine_at", "quarantine", ["due_at"])
    op.create_index("wake_up_at", "wake_up", ["at"])
    for name, table, column in (
        ("scan_rung", "scan", "rung_at"),
        ("scan_leased", "scan", "lease_until"),
        ("rules_undecided", "rules_applied", "decided_to"),
        ("award_gone_at", "award", "revoke_at"),
    ):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, [column], sqlite_where=given, postgresql_where=given)
    op.add_column("member_request", _time("rung_at", null=True))
