"""One site, as it stands at Wix and as it is recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from badgejobs.core.award import State
from badgejobs.errors import NotFound, Permanent
from badgejobs.flow.gone import badge_gone
from badgejobs.flow.ports import Badges, Members, Store, Transaction


class BothSides:
    """One site, at Wix and in the record."""

    def __init__(
        self, site: str, badges: Badges, members: Members, store: Store, *, dry_run: bool
    ) -> None:
        self.site, self.badges, self.store, self.dry_run = site, badges, store, dry_run
        self._members = members
        #: How many awards stood of badges that were found to be gone.
        self.paused = Counter[str]()

    def open(self) -> AbstractContextManager[Transaction]:
        """A transaction; it cannot write where nothing is to be written."""
        return self.store.read() if self.dry_run else self.store.begin()

    def standing_badges(self, bound: Mapping[str, str]) -> dict[str, str]:
        """Those of the bound badges that stand at Wix; awards of the others wait for a person."""
        at_wix = {badge.id: badge for badge in self.badges.badges()} if bound else {}
        standing = {
            badge: wix_id
            for badge, wix_id in bound.items()
            if wix_id in at_wix or not self.is_gone(badge, wix_id)
        }
        if not self.dry_run:
            opens = {
                badge: at_wix[wix_id].permissions_enabled
                for badge, wix_id in standing.items()
                if wix_id in at_wix
            }
            with self.store.begin() as tx:
                tx.bindings.note_permissions(self.site, opens)
        return standing

    def is_gone(self, badge: str, wix_id: str) -> bool:
        """Whether a badge is surely gone: a list may lag, the badge by its id does not."""
        try:
            self.badges.get_badge(wix_id)
        except NotFound:
            with self.open() as tx:
                self.paused[badge] += tx.awards.states(self.site).get((badge, State.ASSIGNED), 0)
                if not self.dry_run:
                    badge_gone(tx, self.site, badge, wix_id)
            return True
        return False

    def there(self, member_ids: Sequence[str]) -> Collection[str] | None:
        """Those of these members whom the site has; ``None`` where we may not ask."""
        try:
            return self._members.members(member_ids)
        except Permanent:
            return None

    def decide_anew(self) -> None:
        """Let every member of the site be decided once more."""
        if not self.dry_run:
            with self.store.begin() as tx:
                tx.bindings.decide_anew(self.site)
