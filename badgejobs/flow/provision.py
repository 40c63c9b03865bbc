"""Provision: every badge of the rules stands at Wix and is bound by its id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.core.wixfacts import WixBadge
from badgejobs.errors import BadgeJobsError, Refused
from badgejobs.flow.ports import Badges, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What provisioning did."""

    created: int = 0
    #: Badges that stood at Wix under the title and are bound now.
    found: int = 0
    #: What kept a badge from being bound; the others are.
    error: BadgeJobsError | None = None


def unbound(site: str, rules: Ruleset, store: Store) -> tuple[Milestone, ...]:
    """The milestones whose badge is not bound to one at Wix yet."""
    with store.begin() as tx:
        bound = tx.bindings.of(site)
    return tuple(one for one in rules.milestones if one.badge not in bound)


def provision(
    site: str, rules: Ruleset, badges: Badges, store: Store, *, quiet_period: timedelta
) -> Provisioned:
    """Bind every badge of the rules, creating those that the site lacks.

    A title is looked up only here, the first time; from then on the id counts, since titles
    are edited in the dashboard. Two badges at Wix of one title, none where one must exist, or
    one that opens pages while its rule does not say when it is taken back, leave that badge
    unbound, and nobody is given it, with a ``Refused`` as the error of the outcome; the others
    go on.
    Raises ``Later`` while a create may still be on its way.
    """
    missing = unbound(site, rules, store)
    if not missing:
        return Provisioned()
    with store.begin() as tx:
        tx.bindings.await_quiet(site, quiet_period=quiet_period)
    by_title = defaultdict[str, list[WixBadge]](list)
    for badge in badges.badges():
        by_title[_normal(badge.title)].append(badge)
    created = found = 0
    error: BadgeJobsError | None = None
    for milestone in missing:
        try:
            standing = _only(milestone, by_title[_normal(milestone.title)])
        except Refused as refused:
            error = error or refused
            continue
        if standing:
            found += 1
        else:
            assert milestone.look, "_only refuses a missing badge that is not ours to create"
            with store.begin() as tx:
                tx.bindings.begin_create(site, milestone.badge, quiet_period=quiet_period)
            standing = badges.create_badge(milestone.look)
            created += 1
        with store.begin() as tx:
            tx.bindings.bind(site, milestone.badge, standing.id)
            tx.bindings.note_permissions(site, {milestone.badge: standing.permissions_enabled})
    return Provisioned(created=created, found=found, error=error)


def _only(milestone: Milestone, twins: Sequence[WixBadge]) -> WixBadge | None:
    if len(twins) > 1:
        ids = " and ".join(badge.id for badge in twins)
        raise Refused(
            f"badge {milestone.badge!r}: {len(twins)} badges at Wix are titled "
            f"{milestone.title!r} ({ids}); rename or delete one of them in the dashboard"
        )
    if not twins and milestone.look is None:
        raise Refused(
            f"badge {milestone.badge!r}: no badge at Wix is titled {milestone.title!r}; create "
            "it in the dashboard, or give the rule a look (badge: {title: ...}) to have it created"
        )
    if twins and twins[0].permissions_enabled and not milestone.lifecycle.stated:
        raise Refused(
            f"badge {milestone.badge!r}: {milestone.title!r} opens pages at Wix (its permissions "
            "are on), so the rule must say when it is taken back: write lifecycle: "
            "{revoke: never}, {revoke: when_unmet} or {revoke: {grace: 7d}}"
        )
    return twins[0] if twins else None


def _normal(title: str) -> str:
    return title.strip().casefold()
