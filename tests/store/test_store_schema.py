"""Metadata and migrations agree; a schema that is not ours is named with its cure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from badgejobs.errors import StateError
from badgejobs.store import open_store
from badgejobs.store.engine import parse
from badgejobs.store.schema import HEAD
from badgejobs.store.tables import METADATA


def run(url: str, statement: str) -> None:
    engine = create_engine(parse(url))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_migrations_make_exactly_the_tables_that_we_use(database_url: str) -> None:
    engine = create_engine(parse(database_url))
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), METADATA)
        keys = {
            table: inspect(connection).get_pk_constraint(table)["constrained_columns"]
            for table in METADATA.tables
        }
        revision = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    assert difference == []
    assert revision == HEAD, "the newest migration is the one that each process asks for"
    assert keys == {
        name: [column.name for column in table.primary_key]
        for name, table in METADATA.tables.items()
    }


def test_a_database_without_tables_asks_for_migrate(empty_database_url: str) -> None:
    store = open_store(empty_database_url)
    store.ping()
    with pytest.raises(StateError, match="run `badgejobs migrate`"):
        store.check_schema()
    with pytest.raises(StateError, match="run `badgejobs migrate`"), store.begin() as tx:
        tx.requests.open_ids(["s", "t"], 9)
    store.migrate()
    store.check_schema()
    store.dispose()


def test_a_newer_schema_is_refused(database_url: str) -> None:
    run(database_url, "UPDATE alembic_version SET version_num = '9999'")
    run(database_url, "UPDATE compatible SET since = '9998'")
    cure = r"newer badgejobs.*badgejobs migrate.*upgrade badgejobs"
    store = open_store(database_url)
    with pytest.raises(StateError, match=cure):
        store.check_schema()
    with pytest.raises(StateError, match=cure):
        store.migrate()
    store.dispose()


def test_an_older_schema_asks_for_migrate(database_url: str) -> None:
    run(database_url, "UPDATE alembic_version SET version_num = '0001'")
    store = open_store(database_url)
    with pytest.raises(StateError, match=r"older badgejobs.*run `badgejobs migrate`"):
        store.check_schema()
    store.dispose()


def test_migrations_at_once_take_turns(empty_database_url: str) -> None:
    stores = [open_store(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda store: store.migrate(), stores))
    for store in stores:
        store.check_schema()
        store.dispose()
