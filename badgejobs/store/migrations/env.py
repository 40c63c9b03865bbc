"""What alembic runs for each command; the connection and its lock come from the caller."""

from alembic import context

from badgejobs.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
