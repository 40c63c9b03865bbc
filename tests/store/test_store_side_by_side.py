"""Workers of two versions side by side: the older goes on where the newer schema only adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from badgejobs.core.lane import Lane
from badgejobs.core.source import Track
from badgejobs.errors import StateError
from badgejobs.store import SqlStore, open_store, schema
from badgejobs.store.engine import parse
from badgejobs.store.schema import HEAD

VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"
NEXT = f"{int(HEAD) + 1:04d}"

#: A step of the next version, which adds what this version's code does not know.
ADDS = """\
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{head}"
compatible_since = "{since}"


def upgrade():
    op.create_table("novelty", sa.Column("name", sa.Text(), primary_key=True))
    op.add_column("scan", sa.Column("novel", sa.Text(), nullable=True))
    op.add_column("process", sa.Column("rank", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("process_rank", "process", ["rank"])
"""

#: Brings a database to the next version's schema: its address, and the oldest code it bears.
Upgrade = Callable[..., None]


@pytest.fixture
def upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upgrade:
    def to_next(url: str, *, since: str) -> None:
        folder = tmp_path / "next"
        folder.mkdir()
        step = ADDS.format(next=NEXT, head=HEAD, since=since)
        (folder / f"r{NEXT}_adds.py").write_text(step)
        both = f"{VERSIONS}:{folder}"

        def config() -> Config:
            made = Config()
            made.set_main_option("script_location", str(VERSIONS.parent))
            made.set_main_option("path_separator", ":")
            made.set_main_option("version_path_separator", ":")
            made.set_main_option("version_locations", both)
            return made

        # the next version's own code, which differs in these two only
        with monkeypatch.context() as newer:
            newer.setattr(schema, "_config", config)
            newer.setattr(schema, "HEAD", NEXT)
            store = open_store(url)
            with suppress(StateError):
                store.check_schema()
                pytest.fail("a newer worker refuses the older schema")
            store.migrate()
            store.check_schema()
            store.dispose()

    return to_next


@pytest.fixture
def older(database_url: str) -> Iterator[SqlStore]:
    """This version's code, which is then the older one."""
    store = open_store(database_url)
    yield store
    store.dispose()


def test_a_worker_goes_on_while_the_schema_is_one_step_newer_that_only_adds(
    older: SqlStore, database_url: str, upgrade: Upgrade
) -> None:
    with older.begin() as tx:
        tx.processes.seen("before", "worker", lanes=frozenset({Lane.SCAN}), slots=2)
        tx.scans.register("north", "orders", "window")
    upgrade(database_url, since=HEAD)

    older.check_schema()  # as it is asked at each start
    with older.begin() as tx:
        tx.processes.seen("after", "beat", lanes=frozenset(), slots=0)
        tx.scans.register("south", "orders", "window", tracks=(Track.LIVE, Track.FULL))
        lease = tx.scans.lease("north", "orders", holds=timedelta(seconds=60))
        tx.scans.release(lease, due_in=timedelta(seconds=60), completed=True)
        assert [one.name for one in tx.processes.alive()] == ["after", "before"]
    older.migrate()  # its `badgejobs migrate` has nothing to do, and takes nothing back
    engine = create_engine(parse(database_url))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == NEXT
    engine.dispose()


def test_a_worker_refuses_a_newer_schema_that_does_not_bear_it(
    older: SqlStore, database_url: str, upgrade: Upgrade
) -> None:
    upgrade(database_url, since=NEXT)

    for ask in (older.check_schema, older.migrate):
        with pytest.raises(StateError, match=rf"newer badgejobs \(schema {NEXT}\).*upgrade"):
            ask()


def test_the_first_schema_that_says_so_bears_no_older_code(empty_database_url: str) -> None:
    """What was landed before asks for its own revision alone, so its workers must be stopped."""
    engine = create_engine(parse(empty_database_url))
    with engine.begin() as connection:
        config = schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
    engine.dispose()
    store = open_store(empty_database_url)
    with pytest.raises(StateError, match=r"older badgejobs \(schema 0006\).*stop the workers"):
        store.check_schema()
    store.migrate()
    store.check_schema()
    store.dispose()
