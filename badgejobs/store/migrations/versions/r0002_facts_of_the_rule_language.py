"""What the rule language needs of a fact, and under which wants each history was read.

The rows of older versions lack it, so every source is read again from its beginning. Nothing is
taken from anybody meanwhile: rows stand until the same record, read again, renews them.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Rows of the table of scans that are no sources.
_DUTIES = ("provision", "reconcile", "assign")


def upgrade() -> None:
    for column in (
        sa.Column("items", sa.Text(), nullable=False, server_default=""),
        sa.Column("channel", sa.Text(), nullable=False, server_default=""),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("base_currency", sa.Text()),
        sa.Column("rate", sa.Text()),
        sa.Column("linked_by", sa.Text()),
        sa.Column("post", sa.Text(), nullable=False, server_default=""),
        sa.Column("parent", sa.Text()),
        sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("length", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("activity", column)
    op.add_column("scan", sa.Column("wants", sa.Text(), nullable=False, server_default=""))
    _read_everything_again()


def _read_everything_again() -> None:
    places = ("reached", "since", "read_to", "near_since", "started_at", "complete_from")
    times = (*places, "began_at", "completed_at", "completed_started_at", "due_at", "lease_until")
    scan = sa.table(
        "scan",
        sa.column("source", sa.Text()),
        sa.column("epoch", sa.BigInteger()),
        sa.column("scanning", sa.Boolean()),
        sa.column("cursor", sa.Text()),
        *(sa.column(name, sa.DateTime(timezone=True)) for name in times),
    )
    op.execute(
        scan.update()
        .where(scan.c.source.not_in(_DUTIES))
        .values(
            dict.fromkeys(times)
            # A worker of the older version that is still at it loses its lease.
            | {"epoch": scan.c.epoch + 1, "scanning": False, "cursor": None}
            | {"due_at": datetime.now(UTC)}
        )
    )
