"""Two, four and eight workers on one site at once: one create for each award."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from databases import Clock
from sandbox_shop import SandboxShop, sandbox_shop

from badgejobs.core.award import State
from badgejobs.store import SqlStore

pytestmark = pytest.mark.slow

MEMBERS = 15
BATCH = 4
#: No query shows anything of what is created here: the claim alone can keep workers apart.
NEVER_SEEN = 3600.0


def work(shop: SandboxShop, together: Barrier) -> int:
    """One worker; how many awards it gave."""
    with shop.client() as client:
        together.wait(30)
        given = 0
        while done := shop.assign(client, batch=BATCH):
            assert done.error is None
            given += done.created
        return given


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_workers_on_one_site_send_one_create_for_each_award(
    store: SqlStore, clock: Clock, workers: int
) -> None:
    with sandbox_shop(store, clock, members=MEMBERS, lag=NEVER_SEEN) as shop:
        together = Barrier(workers)
        with ThreadPoolExecutor(workers) as pool:
            given = [
                one.result() for one in [pool.submit(work, shop, together) for _ in range(workers)]
            ]

        assert dict(shop.created) == dict.fromkeys(shop.earned, 1)
        assert dict(shop.standing) == dict.fromkeys(shop.earned, 1)
        assert shop.states() == {State.ASSIGNED: len(shop.earned)}
        assert sum(given) == len(shop.earned)
