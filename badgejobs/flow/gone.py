"""A badge that was deleted at Wix: its awards wait until a person has it created anew."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from badgejobs.core.alert import Kind
from badgejobs.core.award import BEGINS_WITH_BADGE, WAITS_WITH_BADGE, Award, State
from badgejobs.core.ledger import Bound
from badgejobs.core.milestone import Milestone
from badgejobs.core.wixfacts import WixBadge
from badgejobs.errors import BadgeJobsError, Later, NotFound, Refused
from badgejobs.flow.ports import Badges, Store, Transaction
from badgejobs.flow.titles import standing_under

#: Seconds after which a badge whose awards are just being sent is looked at again.
_SOON = 15.0
#: Awards changed in one transaction, so that it is a short one.
CHUNK = 500

_WAITS_LATER = WAITS_WITH_BADGE - {State.HELD}


def badges_gone(badges: Badges, wix_badge_ids: Collection[str]) -> frozenset[str] | None:
    """Those of these Wix badges that are deleted: asked one by one, since lists lag behind.

    ``None`` where that cannot be told now.
    """
    gone = set[str]()
    for one in sorted(wix_badge_ids):
        try:
            badges.get_badge(one)
        except NotFound:
            gone.add(one)
        except BadgeJobsError:
            return None
    return frozenset(gone)


def badge_gone(tx: Transaction, site: str, badge: str, wix_badge_id: str | None = None) -> None:
    """Let everything of a badge wait that was surely deleted at Wix, and call for a person, once.

    With a ``wix_badge_id`` only while the badge is still bound to that one. What is in a worker's
    hand just now, and what is beyond a ``CHUNK``, waits from the next provisioning on;
    nothing of it is sent before that.
    """
    if wix_badge_id not in {None, tx.bindings.of(site).get(badge)}:
        return
    is_news = tx.bindings.note_gone(site, badge)
    tx.alerts.raised(
        site,
        Kind.BADGE_GONE,
        f"the badge {badge} was deleted at Wix, and its awards are paused; to have it created "
        f"anew and given to those who earn it: badgejobs provision {site} --recreate {badge}",
        subject=badge,
    )
    # what was held before is paused; what is earned since is held, and goes on being decided
    of = WAITS_WITH_BADGE if is_news else _WAITS_LATER
    tx.awards.turn_all(site, badge, Award.badge_gone, of=of, limit=CHUNK)


def keep_waiting(site: str, badge: str, store: Store) -> None:
    """Let the rest of a badge that is gone wait: of very many, or what was in a worker's hand."""
    _all_turned(site, badge, store, Award.badge_gone, _WAITS_LATER)


def recreate(
    site: str, milestone: Milestone, badges: Badges, store: Store, *, quiet_period: timedelta
) -> bool:
    """Bind a badge that is gone to a new one at Wix, and let its awards begin anew.

    A badge that stands there under its exact title is taken; else one is created: whether that
    was so is returned. What a person wished for is given again, and all members are decided
    anew. ``Refused`` with the cure where it is not gone, or cannot be created; ``Later`` while
    an earlier create, or a request of an award of it, may be under way.
    """
    badge = milestone.badge
    with store.begin() as tx:
        tx.awards.recover(quiet_period=quiet_period)
        known = tx.bindings.bound(site).get(badge)
        if known is None or known.gone_at is None:
            raise Refused(f"badge {badge!r} is not gone at Wix; there is nothing to create anew")
        _require_at_rest(tx, site, badge)
        tx.bindings.await_quiet(site, quiet_period=quiet_period)
    standing = standing_under(milestone, _left_of(badges, known))
    created = standing is None
    if standing is None:
        assert milestone.look, "a badge that is not ours to create was refused"
        with store.begin() as tx:
            tx.bindings.begin_create(
                site, badge, quiet_period=quiet_period, instead_of=known.wix_badge_id
            )
        standing = badges.create_badge(milestone.look)
    # nothing of it is given before it is bound
    _all_turned(site, badge, store, Award.badge_created_anew, BEGINS_WITH_BADGE)
    with store.begin() as tx:
        _require_at_rest(tx, site, badge)
        tx.bindings.bind(site, badge, standing.id)
        tx.bindings.note_permissions(site, {badge: standing.permissions_enabled})
        tx.bindings.note_titles(site, {badge: standing.title})
        if created:
            tx.bindings.note_look(site, badge, milestone.look)
        tx.alerts.clear(site, Kind.BADGE_GONE, subject=badge)
        tx.bindings.decide_anew(site)
    return created


def _all_turned(
    site: str,
    badge: str,
    store: Store,
    change: Callable[[Award], Award],
    of: Collection[State],
) -> None:
    turned = CHUNK
    while turned == CHUNK:
        with store.begin() as tx:
            turned = tx.awards.turn_all(site, badge, change, of=of, limit=CHUNK)


def _require_at_rest(tx: Transaction, site: str, badge: str) -> None:
    if tx.awards.in_hand(site, badge):
        raise Later(f"{site}: an award of the badge {badge} is under way", seconds=_SOON)


def _left_of(badges: Badges, known: Bound) -> list[WixBadge]:
    """The badges of the site; the gone one may be listed for a while, and is not there."""
    listed = badges.badges()
    if any(one.id == known.wix_badge_id for one in listed) and badges_gone(
        badges, [known.wix_badge_id]
    ):
        return [one for one in listed if one.id != known.wix_badge_id]
    return listed
