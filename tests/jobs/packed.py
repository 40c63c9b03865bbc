"""Two sites of one pack, and a clock that a test can move on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from jobs_stage import NORTH, SOUTH, OpenShop, do_round
from sqlalchemy import update

from badgejobs.bootstrap import House
from badgejobs.core.pack import LOOKS_EVERY, SETTLES_IN
from badgejobs.store import SqlTransaction
from badgejobs.store.fleet_tables import pack

BOTH = (NORTH, SOUTH)
PACKED = {"rules": None, "pack": "shops"}


class Moving:
    """The clock of this machine, which a test can move on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


def two_sites(open_shop: OpenShop, clock: Moving, text: str) -> House:
    """Two sites of one pack, whose first version is in force."""
    opened = open_shop(sites=BOTH, changed=PACKED, clock=clock)
    put(opened, text)
    come_into_force(opened, clock)
    return opened


def put(house: House, text: str) -> int:
    with house.store.begin() as tx:
        return tx.packs.put("shops", text, note="", added_by="mara", others=BOTH)[0]


def change(house: House, clock: Moving, how: Callable[[SqlTransaction], Any]) -> None:
    """Change the pack, and wait until that is in force."""
    with house.store.begin() as tx:
        how(tx)
    come_into_force(house, clock)


def come_into_force(house: House, clock: Moving) -> None:
    """Let the last change of the pack be so old that every process goes by it."""
    with house.store.begin() as tx:
        changed_at = tx.packs.existing("shops").changed_at - SETTLES_IN
        tx._connection.execute(update(pack).values(changed_at=changed_at))
    clock.ahead += LOOKS_EVERY.total_seconds()


def round_of_both(house: House) -> None:
    for site in BOTH:
        assert [one.error for one in do_round(house, site)] == [None, None, None]
