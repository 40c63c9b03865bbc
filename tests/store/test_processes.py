from __future__ import annotations

from datetime import timedelta

from badgejobs.core.lane import Lane
from badgejobs.store import SqlStore
from badgejobs.store.processes import GONE_AFTER, KEPT


def test_a_process_counts_while_it_is_heard_of(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.processes.seen("one:1:1", "worker", lanes=frozenset({Lane.SCAN, Lane.WALK}), slots=4)
        tx.processes.seen("one:2:1", "beat", lanes=frozenset(), slots=0)
        tx.processes.seen("one:1:1", "worker", lanes=frozenset(), slots=9)
        alive = tx.processes.alive()
    assert [(one.name, one.kind, one.lanes, one.slots) for one in alive] == [
        ("one:1:1", "worker", {Lane.SCAN, Lane.WALK}, 4),
        ("one:2:1", "beat", frozenset(), 0),
    ]
    with store.begin() as tx:
        tx.processes.ended("one:2:1")
        assert [one.name for one in tx.processes.alive()] == ["one:1:1"]
        assert tx.processes.alive(within=timedelta(0)) == []
        assert tx.processes.prune() == 0
    assert GONE_AFTER < KEPT
