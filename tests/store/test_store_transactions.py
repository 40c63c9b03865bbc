"""No update is lost by threads, processes or forks; readers do not wait."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import StatementError

from badgejobs.core.watermark import Round
from badgejobs.errors import BadgeJobsError
from badgejobs.store import SqlStore, open_store

HOLDS = timedelta(seconds=30)

#: Reads a number, adds one, writes it back; what a counter kept in a place would do.
COUNT = """
import sys
from datetime import timedelta
from badgejobs.core.watermark import Round
from badgejobs.store import open_store

def count(store, times):
    for _ in range(times):
        with store.begin() as tx:
            lease = tx.scans.lease("s", "comments", holds=timedelta(seconds=30))
            place = Round(generation=lease.place.generation + 1)
            tx.scans.keep(lease, place, holds=timedelta(seconds=30))
            tx.scans.release(lease, due_in=timedelta(0), completed=True)
"""

FORK = (
    COUNT
    + """
import os
store = open_store(sys.argv[1])
count(store, 5)
child = os.fork()
if child == 0:
    store.dispose(close=False)
    go, = os.read(0, 1)
    count(store, 20)
    store.dispose()
    os._exit(0)
count(store, 20)
store.dispose()  # the parent leaves the database while the child is about to use it
print("left", flush=True)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""
)


def generation(store: SqlStore) -> int:
    with store.read() as tx:
        (row,) = tx.scans.overview("s")
    assert isinstance(row.place, Round)
    return row.place.generation


@pytest.fixture
def counting(database_url: str) -> Any:
    store = open_store(database_url)
    with store.begin() as tx:
        tx.scans.register("s", "comments", "walk")
    yield store
    store.dispose()


def test_threads_that_read_then_write_lose_no_update(counting: SqlStore) -> None:
    def count(_: int) -> None:
        for _turn in range(25):
            with counting.begin() as tx:
                lease = tx.scans.lease("s", "comments", holds=HOLDS)
                assert isinstance(lease.place, Round)
                place = Round(generation=lease.place.generation + 1)
                tx.scans.keep(lease, place, holds=HOLDS)
                tx.scans.release(lease, due_in=timedelta(0), completed=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert generation(counting) == 100


def test_processes_that_read_then_write_lose_no_update(
    counting: SqlStore, database_url: str
) -> None:
    script = COUNT + "store = open_store(sys.argv[1])\ncount(store, 20)\nstore.dispose()\n"
    workers = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", script, database_url])
        for _ in range(3)
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    assert generation(counting) == 60


def test_parent_and_forked_child_do_not_share_connections(
    counting: SqlStore, database_url: str
) -> None:
    counting.dispose()
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", FORK, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "left\n"
        process.stdin.write("g")
        process.stdin.close()
        assert process.wait(60) == 0
    assert generation(counting) == 45


def test_a_reader_sees_one_moment_and_waits_for_no_writer(store: SqlStore) -> None:
    with store.read() as reader:
        assert reader.requests.open_ids(["s", "t"], 9) == []
        with store.begin() as writer:
            request = writer.requests.add("s", "ada")
            assert reader.requests.open_ids(["s", "t"], 9) == []
        assert reader.requests.open_ids(["s", "t"], 9) == []
    with store.read() as reader:
        assert reader.requests.open_ids(["s", "t"], 9) == [request]


def test_a_transaction_for_reading_cannot_write(store: SqlStore) -> None:
    with pytest.raises(BadgeJobsError, match="read-only"), store.read() as tx:
        tx.requests.add("s", "ada")
    with store.begin() as tx:
        assert tx.requests.open_ids(["s", "t"], 9) == []
        tx.requests.add("s", "ada")


def test_the_time_is_the_databases_and_stands_within_a_transaction(database_url: str) -> None:
    store = open_store(database_url)
    with store.begin() as tx:
        now = tx.now
        assert tx.now is now
        assert now.tzinfo is UTC
        assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    store.dispose()


def test_a_time_without_a_zone_is_refused(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.scans.register("s", "comments", "walk")
        lease = tx.scans.lease("s", "comments", holds=HOLDS)
    naive = Round(complete_from=datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
    with pytest.raises(StatementError, match="without a zone"), store.begin() as tx:
        tx.scans.keep(lease, naive, holds=HOLDS)


def test_values_of_a_statement_are_in_no_error_text(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.scans.register("s", "comments", "walk")
        lease = tx.scans.lease("s", "comments", holds=HOLDS)
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - as above
    with pytest.raises(StatementError) as caught, store.begin() as tx:
        tx.scans.keep(lease, Round(cursor="a-secret", complete_from=naive), holds=HOLDS)
    assert "a-secret" not in str(caught.value)


def test_a_store_in_memory_serves_a_simulation() -> None:
    store = open_store("sqlite://")
    store.migrate()
    with store.begin() as tx:
        request = tx.requests.add("s", "ada")
    with store.read() as tx:
        assert tx.requests.open_ids(["s", "t"], 9) == [request]
    store.dispose()
