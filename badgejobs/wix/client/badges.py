"""The badges of a site."""

from __future__ import annotations

from badgejobs.core.milestone import Look
from badgejobs.core.wixfacts import WixBadge
from badgejobs.wix import bodies, calls
from badgejobs.wix.calls import Call, Place
from badgejobs.wix.client import asking
from badgejobs.wix.exchange import Exchange


class BadgeCalls:
    """What :class:`WixClient` can do with badges."""

    _exchange: Exchange

    def badges(self) -> list[WixBadge]:
        """Every badge of the site."""
        found = asking.every(
            self._exchange, lambda cursor: calls.query_badges(cursor=cursor), bodies.Badge
        )
        return [_badge(one) for one in found]

    def get_badge(self, badge_id: str) -> WixBadge:
        """One badge as it is now; :class:`NotFound` where there is none."""
        return self._one(calls.get_badge(badge_id))

    def create_badge(self, look: Look) -> WixBadge:
        """Create a badge; after an :class:`Ambiguous` look for its title before trying again."""
        return self._one(calls.create_badge(look))

    def update_badge(
        self,
        badge_id: str,
        revision: str,
        *,
        title: str | None = None,
        description: str | None = None,
        background: str | None = None,
        text: str | None = None,
        icon: str | None = None,
    ) -> WixBadge:
        """Change what is given of a badge, and leave the rest; it comes back as it is then.

        ``revision`` is the one that was read: where the badge was changed since, nothing is
        done and :class:`StaleRevision` raised. After an :class:`Ambiguous` read the badge.
        """
        call = calls.update_badge(
            badge_id,
            revision,
            title=title,
            description=description,
            background=background,
            text=text,
            icon=icon,
        )
        return self._one(call)

    def move_badge(
        self, badge_id: str, *, place: Place | None = None, after: str | None = None
    ) -> None:
        """Show a badge first, last, or right behind another one; harmless to repeat."""
        call = calls.move_badge(badge_id, place=place, after=after)
        asking.thing(self._exchange, call, bodies.Nothing)

    def _one(self, call: Call) -> WixBadge:
        found = asking.thing(self._exchange, call, bodies.BadgeAnswer).badge
        asking.require_same(found.id, call.id, call.endpoint)
        return _badge(found)


def _badge(found: bodies.Badge) -> WixBadge:
    icon = found.icon.url if isinstance(found.icon, bodies.Icon) else found.icon
    look = Look(
        title=found.title,
        description=found.description or "",
        background=found.background_color or "",
        text=found.text_color or "",
        icon=icon,
    )
    return WixBadge(
        id=found.id,
        revision=found.revision,
        title=found.title,
        look=look,
        permissions_enabled=bool(found.permissions_enabled),
    )
