"""Children are replaced, and columns come, while a worker is at work: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from chaos_fleet import CREATES, MakeFleet, children, until

pytest_plugins = ["chaos_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: Each page of the history is a job of its own.
ORDERS_OF_A_MEMBER = 8


def test_children_that_are_replaced_in_the_middle_of_a_backfill_lose_nothing(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(batch=4)
    fleet.buys(range(40), times=ORDERS_OF_A_MEMBER)
    program = Path(__file__).with_name("restless.py")
    worker = fleet.worker("--pool", "prefork", program=program)
    worker.says("ready.")
    before = {one.pid for one in children(worker)}

    fleet.start("beat")
    fleet.comes_to_rest()
    until(lambda: before.isdisjoint(one.pid for one in children(worker)))

    fleet.nothing_is_lost_or_doubled()
    assert worker.process.poll() is None
    fleet.logs_are_clean()


def test_a_worker_goes_on_while_an_additive_migration_runs(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(batch=4)
    fleet.is_slow(0.2, *CREATES)
    worker = fleet.worker("--pool", "threads")
    fleet.start("beat")
    worker.says("ready.")
    fleet.buys(range(8), times=3)
    fleet.gives_more_than(0)

    # what the next release of ours may do: columns that an older program knows nothing of
    with psycopg.connect(fleet.plain_database_url, autocommit=True) as admin:
        admin.execute("SET lock_timeout = '10s'")
        found = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in found.fetchall():
            admin.execute(f'ALTER TABLE "{table}" ADD COLUMN of_tomorrow integer DEFAULT 7')
            admin.execute(f'CREATE INDEX ON "{table}" (of_tomorrow)')
    fleet.buys(range(8, 16), times=3)
    fleet.comes_to_rest()

    fleet.nothing_is_lost_or_doubled()
    assert worker.process.poll() is None
    fleet.logs_are_clean()
