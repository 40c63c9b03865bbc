"""Reconcile: hold the ledger against what stands at Wix, and say where they differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from badgejobs.core.award import State
from badgejobs.flow.ports import Badges, Store

#: Assignments looked up in the ledger at once.
CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Where Wix and the ledger differ. Nothing is repaired by it."""

    agreed: int = 0
    #: Assigned by the ledger, absent at Wix.
    missing: int = 0
    #: At Wix, and not assigned by the ledger: given by a person, or an answer on its way.
    extra: int = 0
    #: Pairs of member and badge that stand more than once at Wix.
    duplicate: int = 0


def reconcile(site: str, badges: Badges, store: Store) -> Drift:
    """Read all assignments of the bound badges once and compare them with the ledger.

    It also makes the site's members due to be decided anew, as the level below all bells, and
    notes which badges open pages now: somebody may have switched that on in the dashboard.
    """
    with store.begin() as tx:
        bound = tx.bindings.of(site)
    at_wix = {badge.id: badge for badge in badges.badges()} if bound else {}
    with store.begin() as tx:
        tx.bindings.note_permissions(
            site,
            {
                badge: at_wix[wix_id].permissions_enabled
                for badge, wix_id in bound.items()
                if wix_id in at_wix
            },
        )
        tx.bindings.decide_anew(site)
    names = {wix_id: badge for badge, wix_id in bound.items()}
    rows = badges.assignments(sorted(names)) if names else []
    standing = Counter((row.member_id, names[row.badge_id]) for row in rows)
    pairs, agreed = sorted(standing), 0
    for start in range(0, len(pairs), CHUNK):
        chunk = pairs[start : start + CHUNK]
        with store.begin() as tx:
            ledger = tx.awards.of_members(site, {member for member, _ in chunk})
        agreed += sum(pair in ledger and ledger[pair].state is State.ASSIGNED for pair in chunk)
    with store.begin() as tx:
        states = tx.awards.states(site)
    assigned = sum(
        number
        for (badge, state), number in states.items()
        if state is State.ASSIGNED and badge in bound
    )
    return Drift(
        agreed=agreed,
        missing=assigned - agreed,
        extra=len(pairs) - agreed,
        duplicate=sum(times > 1 for times in standing.values()),
    )
