"""Which badge at Wix a badge of the rules is, by its title: asked once, before it is bound."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from badgejobs.core.milestone import Milestone
from badgejobs.core.wixfacts import WixBadge
from badgejobs.errors import Refused


def standing_under(milestone: Milestone, at_wix: Sequence[WixBadge]) -> WixBadge | None:
    """The one badge at Wix with exactly the title of the rule; ``None`` where it is to be created.

    Blanks at the ends do not count. ``Refused`` with the cure where there are two, where there is
    none and it is not ours to create, where one differs only by case or inner blanks (a near
    twin beside it would help nobody), and where it opens pages while its rule does not say when
    it is taken back.
    """
    badge, title = milestone.badge, milestone.title
    twins = [one for one in at_wix if one.title.strip() == title.strip()]
    if len(twins) > 1:
        ids = " and ".join(one.id for one in twins)
        raise Refused(
            f"badge {badge!r}: {len(twins)} badges at Wix are titled {title!r} ({ids}); rename or "
            "delete one of them in the dashboard"
        )
    if not twins:
        _refuse_near(milestone, at_wix)
        if milestone.look is None:
            raise Refused(
                f"badge {badge!r}: no badge at Wix is titled {title!r}; create it in the "
                "dashboard, or give the rule a look (badge: {title: ...}) to have it created"
            )
        return None
    if twins[0].permissions_enabled and not milestone.lifecycle.stated:
        raise Refused(
            f"badge {badge!r}: {title!r} opens pages at Wix (its permissions are on), so the rule "
            "must say when it is taken back: write lifecycle: {revoke: never}, "
            "{revoke: when_unmet} or {revoke: {grace: 7d}}"
        )
    return twins[0]


def _refuse_near(milestone: Milestone, at_wix: Sequence[WixBadge]) -> None:
    near = [one for one in at_wix if _alike(one.title) == _alike(milestone.title)]
    if near:
        told = " and ".join(f"{one.title!r} ({one.id})" for one in near)
        raise Refused(
            f"badge {milestone.badge!r}: no badge at Wix is titled {milestone.title!r}, and almost "
            f"so is {told}; write the title in the rules as it stands at Wix, or rename one of them"
        )


def _alike(title: str) -> str:
    """What titles have in common that a person would take for the same.

    >>> _alike("VIP  Gold") == _alike(" vip gold "), _alike("VIP") == _alike("VIPs")
    (True, False)
    """
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())
