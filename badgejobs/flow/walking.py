"""All members of a site with their facts, some at a time, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from badgejobs.core.activity import Activity
from badgejobs.core.award import Award
from badgejobs.flow.decide import MEMBERS_A_BATCH
from badgejobs.flow.ports import Store

#: The members of a batch in key order with their facts, and the awards of all of them.
Batch = tuple[Mapping[str, list[Activity]], Mapping[tuple[str, str], Award]]


def batches(
    site: str, store: Store, *, size: int = MEMBERS_A_BATCH, with_awards: bool = False
) -> Iterator[Batch]:
    """Every member of whom something is recorded, each batch read in a transaction of its own.

    Nothing is open while a batch is in hand, so that a long walk keeps nobody waiting.
    """
    last = ""
    while True:
        with store.read() as tx:
            members = tx.activities.members_after(site, last, size)
            facts = tx.activities.of_members(site, members)
            awards = tx.awards.of_members(site, members) if with_awards else {}
        yield {one: facts[one] for one in members if one in facts}, awards
        if len(members) < size:
            return
        last = members[-1]
