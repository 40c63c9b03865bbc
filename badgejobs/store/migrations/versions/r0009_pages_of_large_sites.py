"""Indexes, so that a page of the console costs no more than its own rows."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: Only indexes were added, and one made longer: code that knows 0007 finds all that it looks for.
compatible_since = "0007"


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    given = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=given, postgresql_where=given)


def upgrade() -> None:
    after = ["to_state", "at", "from_state"]
    op.create_index("award_history_turned", "award_history", ["site", *after])
    op.create_index("award_history_badge", "award_history", ["site", "badge", *after])
    # all that it gave is given by the first of these
    op.drop_index("award_history_at", "award_history")
    not_well = "error IS NOT NULL OR ended_at IS NULL"
    _partial("run_not_well", "run", ["started_at"], not_well)
    _partial("run_not_well_of", "run", ["site", "started_at"], not_well)
    not_over = "state NOT IN ('withdrawn', 'revoked', 'taken')"
    _partial("award_held_to", "award", ["site", "rules_version"], not_over)
