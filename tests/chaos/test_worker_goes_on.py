"""Children are replaced, and columns come, while a worker is at work: nothing is lost."""

from __future__ import annotations

import psycopg
import pytest
from chaos_fleet import CREATES, MakeFleet, children, until

pytest_plugins = ["chaos_fixtures"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: The history has more than one page.
MEMBERS, ORDERS_OF_A_MEMBER = 30, 4


def test_children_that_are_replaced_in_the_middle_of_a_backfill_lose_nothing(
    make_fleet: MakeFleet,
) -> None:
    fleet = make_fleet(batch=20)
    fleet.buys(range(MEMBERS), times=ORDERS_OF_A_MEMBER)
    # no child is below a kilobyte, so each is replaced after every job
    worker = fleet.worker("prefork", worker_max_memory_per_child=1)
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
    worker = fleet.worker("threads")
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
