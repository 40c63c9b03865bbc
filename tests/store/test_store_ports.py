"""The store is what the stages ask for; mypy holds the signatures together."""

from __future__ import annotations

from badgejobs.flow.ports import Store
from badgejobs.store import SqlStore, open_store


def as_port(store: SqlStore) -> Store:
    return store


def test_the_store_serves_every_group_that_the_stages_ask_for() -> None:
    store = open_store("sqlite://")
    with as_port(store).begin() as tx:
        groups = [tx.activities, tx.scans, tx.awards, tx.bindings]
    assert all(groups)
    store.dispose()
