"""Override: a person says that what a person took may be given by the rules again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from badgejobs.core.award import OPEN, State
from badgejobs.core.milestone import Ruleset
from badgejobs.flow.decide import decide
from badgejobs.flow.ports import Store

#: Overrides cleared in one transaction.
CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What came of clearing overrides."""

    #: How many awards a person had taken, and no longer are.
    cleared: int = 0
    #: Of these: earned by the facts of now, and to be given again.
    opened: int = 0
    #: Earned, and waiting for what the ledger says.
    held: int = 0

    @property
    def unearned(self) -> int:
        """Not earned now: given again once they are."""
        return self.cleared - self.opened - self.held

    def __add__(self, other: Cleared) -> Cleared:
        return Cleared(
            cleared=self.cleared + other.cleared,
            opened=self.opened + other.opened,
            held=self.held + other.held,
        )


def clear_override(
    site: str, pairs: Collection[tuple[str, str]], rules: Ruleset, store: Store
) -> Cleared:
    """Clear the override of these (member_id, badge), and decide their members by the facts.

    Only what is ``taken`` is touched.
    """
    members = {member for member, _ in pairs}
    with store.begin() as tx:
        tx.activities.take_turns(site)
        before = tx.awards.of_members(site, members)
        taken = [pair for pair in pairs if pair in before and before[pair].state is State.TAKEN]
        if not taken:
            return Cleared()
        cleared = tx.comparing.clear_overrides(site, taken)
        tx.drifts.over(site, taken)
        decide(tx, site, members, rules)
        after = tx.awards.of_members(site, members)
    return Cleared(
        cleared=cleared,
        opened=sum(after[pair].state in OPEN for pair in taken),
        held=sum(after[pair].state is State.HELD for pair in taken),
    )


def clear_overrides_of(site: str, badge: str, rules: Ruleset, store: Store) -> Cleared:
    """Clear every override of one badge."""
    total = Cleared()
    while True:
        with store.begin() as tx:
            some = tx.comparing.taken(site, badge, limit=CHUNK)
        done = clear_override(site, some, rules, store) if some else Cleared()
        total += done
        if not done.cleared:
            return total
