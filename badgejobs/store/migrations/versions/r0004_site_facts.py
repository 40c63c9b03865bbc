"""What Wix tells of a site: its time zone and its currency."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_binding", sa.Column("timezone", sa.Text()))
    op.add_column("site_binding", sa.Column("currency", sa.Text()))
    op.add_column("site_binding", sa.Column("facts_read_at", sa.DateTime(timezone=True)))
