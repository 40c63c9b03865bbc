"""Provision: every badge of the rules stands at Wix, is bound by its id, and looks as they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from badgejobs.core.alert import Kind
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.core.wixfacts import WixBadge
from badgejobs.errors import BadgeJobsError, Refused, StateError
from badgejobs.flow.gone import badge_gone, badges_gone, keep_waiting, recreate
from badgejobs.flow.looks import bring_looks, put_in_order
from badgejobs.flow.ports import Badges, Store
from badgejobs.flow.titles import standing_under


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A badge that has another title at Wix than when it was read last."""

    badge: str
    was: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What provisioning did."""

    created: int = 0
    #: Badges that stood at Wix under the title and are bound now.
    found: int = 0
    #: Badges whose look was brought to Wix.
    changed: int = 0
    #: Badges that were moved in the order of display.
    moved: int = 0
    #: Badges of the rules that are gone at Wix and wait for a person, known before or not.
    gone: tuple[str, ...] = ()
    #: Titles that were changed in the dashboard; nothing follows from that.
    renamed: tuple[Renamed, ...] = ()
    #: What kept a badge from being bound or shown as the rules say; the others are.
    error: BadgeJobsError | None = None


def unbound(site: str, rules: Ruleset, store: Store) -> tuple[Milestone, ...]:
    """The milestones whose badge is not bound to one at Wix yet."""
    with store.begin() as tx:
        bound = tx.bindings.of(site)
    return tuple(one for one in rules.milestones if one.badge not in bound)


def provision(
    site: str,
    rules: Ruleset,
    badges: Badges,
    store: Store,
    *,
    quiet_period: timedelta,
    read_anew: bool = False,
) -> Provisioned:
    """Bind every badge of the rules, creating those that the site lacks, and dress them.

    A title is looked up only here, the first time; from then on the id counts, since titles
    are edited in the dashboard. A badge for which ``standing_under`` refuses stays unbound, and
    nobody is given it; that is an error of the outcome, and so is what went wrong with looks and
    order: the rest goes on. Nothing is deleted, and what was deleted at Wix is not created anew.

    Wix is asked only where something is to be done, or with ``read_anew``: then the badges are
    listed once, which tells of titles, permissions and of what is gone. Raises ``Later`` while
    a create may still be on its way.
    """
    work = _Provisioning(site, rules, badges, store)
    if missing := unbound(site, rules, store):
        with store.begin() as tx:
            tx.bindings.await_quiet(site, quiet_period=quiet_period)
        at_wix = badges.badges()
        work.look_over(at_wix)
        for milestone in missing:
            try:
                at_wix.append(work.bind(milestone, at_wix, quiet_period))
            except (Refused, StateError) as refused:
                work.errors.append(refused)
    elif read_anew:
        try:
            work.look_over(badges.badges())
        except BadgeJobsError as failure:
            work.errors.append(failure)
    changed, errors = bring_looks(site, rules, badges, store)
    moved, error = put_in_order(site, rules, badges, store)
    errors = [*work.errors, *errors, *([error] if error else [])]
    gone = work.keep_waiting()
    return Provisioned(
        created=work.created,
        found=work.found,
        changed=changed,
        moved=moved,
        gone=tuple(one.badge for one in rules.milestones if one.badge in gone),
        renamed=tuple(work.renamed),
        error=errors[0] if errors else None,
    )


def provision_anew(
    site: str,
    rules: Ruleset,
    badge: str,
    badges: Badges,
    store: Store,
    *,
    quiet_period: timedelta,
) -> Provisioned:
    """Create a badge anew that was deleted at Wix, and provision the rest beside it.

    Raises ``Refused`` where no rule gives it any more, and what ``recreate`` raises.
    """
    milestone = next((one for one in rules.milestones if one.badge == badge), None)
    if milestone is None:
        known = ", ".join(sorted(one.badge for one in rules.milestones)) or "none"
        raise Refused(f"no rule of {site} gives the badge {badge!r}; its badges: {known}")
    # it may be gone without anybody having noticed so far
    before = provision(site, rules, badges, store, quiet_period=quiet_period, read_anew=True)
    created = recreate(site, milestone, badges, store, quiet_period=quiet_period)
    after = provision(site, rules, badges, store, quiet_period=quiet_period)
    return replace(
        after,
        created=before.created + created,
        found=before.found + (not created),
        changed=before.changed + after.changed,
        moved=before.moved + after.moved,
        renamed=before.renamed,
        error=before.error or after.error,
    )


class _Provisioning:
    """One pass over the badges of a site, and what came of it so far."""

    def __init__(self, site: str, rules: Ruleset, badges: Badges, store: Store) -> None:
        self._site, self._rules, self._badges, self._store = site, rules, badges, store
        self._names = {one.badge for one in rules.milestones}
        self.created = self.found = 0
        self.renamed = list[Renamed]()
        self.errors = list[BadgeJobsError]()

    def bind(
        self, milestone: Milestone, at_wix: Sequence[WixBadge], quiet_period: timedelta
    ) -> WixBadge:
        """Bind one badge to the one that stands at Wix, or to a new one."""
        site, badge = self._site, milestone.badge
        standing = standing_under(milestone, at_wix)
        is_new = standing is None
        if standing is None:
            assert milestone.look, "a badge that is not ours to create was refused"
            with self._store.begin() as tx:
                tx.bindings.begin_create(site, badge, quiet_period=quiet_period)
            standing = self._badges.create_badge(milestone.look)
        with self._store.begin() as tx:
            tx.bindings.bind(site, badge, standing.id)
            tx.bindings.note_permissions(site, {badge: standing.permissions_enabled})
            tx.bindings.note_titles(site, {badge: standing.title})
            if is_new:
                tx.bindings.note_look(site, badge, milestone.look)
        self.created += is_new
        self.found += not is_new
        return standing

    def keep_waiting(self) -> frozenset[str]:
        """See to what is gone: all of it waits, and without a rule it is over; which it is."""
        with self._store.begin() as tx:
            gone = tx.bindings.gone(self._site)
            for badge in sorted(gone - self._names):
                tx.alerts.clear(self._site, Kind.BADGE_GONE, subject=badge)
        for badge in sorted(gone & self._names):
            keep_waiting(self._site, badge, self._store)
        return gone

    def look_over(self, at_wix: Sequence[WixBadge]) -> None:
        """Note what a list of all badges tells of those that are bound already."""
        with self._store.begin() as tx:
            bound = tx.bindings.bound(self._site)
        stands = {badge: known.wix_badge_id for badge, known in bound.items() if not known.gone_at}
        by_id = {one.id: one for one in at_wix}
        listed = {badge: by_id[wix_id] for badge, wix_id in stands.items() if wix_id in by_id}
        missed = {badge: stands[badge] for badge in stands.keys() & self._names - listed.keys()}
        gone = badges_gone(self._badges, missed.values()) or frozenset()
        with self._store.begin() as tx:
            for badge, wix_id in sorted(missed.items()):
                if wix_id in gone:
                    badge_gone(tx, self._site, badge, wix_id)
            tx.bindings.note_permissions(
                self._site, {badge: one.permissions_enabled for badge, one in listed.items()}
            )
            former = tx.bindings.note_titles(
                self._site, {badge: one.title for badge, one in listed.items()}
            )
        self.renamed += [
            Renamed(badge=badge, was=was, title=listed[badge].title)
            for badge, was in former.items()
        ]
