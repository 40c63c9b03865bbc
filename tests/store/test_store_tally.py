"""Totals add up over processes and threads; figures are those of the rows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine, select

from badgejobs.core.totals import ABOVE_ALL, AWARD_LAG, CALLS, RUN_SECONDS, Totals, key, observed
from badgejobs.store import open_store
from badgejobs.store.operator_tables import tally


def test_totals_that_many_add_to_at_once_are_their_sum(database_url: str) -> None:
    store = open_store(database_url)
    kinds = [key(CALLS, lane=lane, answer=answer) for lane in "ab" for answer in ("2xx", "lost")]

    def add(turn: int) -> None:
        # each in another order: they must not wait for each other in a circle
        them = kinds[turn % 4 :] + kinds[: turn % 4]
        with store.begin() as tx:
            tx.tally.add(dict.fromkeys(them, 1) | {key("none"): 0})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(24)))
    with store.begin() as tx:
        tx.tally.add({})
        tx.tally.add(observed(RUN_SECONDS, 300.5, kind="scan orders"))
    with store.read() as tx:
        totals = tx.tally.all()
    store.dispose()

    assert totals == dict.fromkeys(kinds, 24) | {
        key(RUN_SECONDS.within, kind="scan orders", le=ABOVE_ALL): 1,
        key(RUN_SECONDS.sum_ms, kind="scan orders"): 300_500,
    }
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        labels = set(connection.scalars(select(tally.c.labels).where(tally.c.name == CALLS)))
    engine.dispose()
    assert '{"answer": "2xx", "lane": "a"}' in labels, "sorted, so that one total is one text"


def test_what_was_taken_out_and_not_written_is_not_lost() -> None:
    totals = Totals()
    totals.add(CALLS, lane="scan")
    taken = totals.take()
    totals.add(CALLS, 2, lane="scan")
    totals.add_all(taken)
    totals.observe(AWARD_LAG, -3.0)
    assert totals.take()[key(CALLS, lane="scan")] == 3
    assert totals.take() == {}


def test_an_empty_record_has_figures(database_url: str) -> None:
    store = open_store(database_url)
    with store.read() as tx:
        assert tx.figures.awards() == tx.figures.drifts() == tx.figures.quarantined() == {}
        assert tx.figures.alerts() == {}
        assert tx.tally.all() == {}
        assert tx.figures.oldest_unknown() is None
        assert tx.figures.read_up_to(["shop"], sources=["orders"]) == []
        ago = datetime.now(UTC) - timedelta(days=1)
        assert tx.figures.lags("shop", 1, since=ago) == {}
    store.dispose()
