"""When Wix was asked last for a site's time zone and currency."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_binding", sa.Column("facts_read_at", sa.DateTime(timezone=True)))
