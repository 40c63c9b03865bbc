"""Unlink: take a guest's order from a member again, by a person's word."""

from __future__ import annotations

from badgejobs.core.milestone import Ruleset
from badgejobs.flow.decide import Decided, decide
from badgejobs.flow.ports import Store


def unlink(site: str, link_id: int, rules: Ruleset | None, store: Store) -> Decided | None:
    """Undo a link and decide the members whose facts it changed, in one transaction.

    The same order never comes to the same member by itself again. Where there are no rules to
    decide by, it is noted that the members are to be decided, and ``None`` is returned. Raises
    ``StateError`` where there is no such link, or it is undone already.
    """
    with store.begin() as tx:
        tx.activities.take_turns(site)
        touched = tx.links.undo(site, link_id)
        if rules is not None:
            return decide(tx, site, touched, rules)
        for member in sorted(touched):
            tx.requests.add(site, member)
        return None
