"""By hand: a person gives or takes a badge by command, whatever the rules say.

What is written here is carried out by the stages that assign and revoke, with all their care:
who gives by hand asks Wix first, and gives exactly once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from badgejobs.core.award import TAKEN_BY_HAND, Award, State
from badgejobs.core.byhand import GIVEN_BY_HAND, Answer, Bound, Known, Wish, granted, revoked
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.core.wixfacts import WixAssignment
from badgejobs.errors import NotFound, Refused, RemovesAccess, SettingsError
from badgejobs.flow.decide import allot_again
from badgejobs.flow.ports import Badges, Store, Transaction

Pair = tuple[str, str]

#: Members whose awards are changed in one transaction.
AWARDS_A_BATCH = 200

#: What a person says who takes a badge that opens pages.
YES_REMOVES_ACCESS = "--yes-this-removes-access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One member who is to have one badge by a person's wish."""

    member_id: str
    badge: str
    #: What is written beside it; empty for what is written beside all.
    note: str = field(default="", repr=False)

    @property
    def pair(self) -> Pair:
        """What names the award of it within its site."""
        return self.member_id, self.badge


def grant(
    site: str, wanted: Sequence[Wanted], rules: Ruleset, store: Store, *, quiet_period: timedelta
) -> dict[Pair, Answer]:
    """See to it that these members are given these badges; what that comes to, one by one.

    Nothing is sent here. Raises ``SettingsError`` with the cure for a badge that the rules do
    not have, or that is bound to none at Wix, and ``Refused`` for a member who was erased.
    """
    with store.begin() as tx:
        tx.activities.take_turns(site)
        if tx.byhand.erased(site, {one.member_id for one in wanted}):
            raise Refused(
                "all that was recorded of the member was erased, and nothing is to be recorded of "
                "them: give them the badge in Wix's dashboard"
            )
        known = tx.byhand.known(site, [one.pair for one in wanted])
        answers = _answers(tx, site, wanted, known, rules, quiet_period=quiet_period)
        changes = [
            (known[pair].award if pair in known else None, answer.after)
            for pair, answer in answers.items()
            if answer.after
        ]
        tx.byhand.write(changes, {one.pair: one.note for one in wanted if one.note})
        allot_again(tx, site, {after.badge for _, after in changes}, rules)
    return answers


def would_grant(
    site: str, wanted: Sequence[Wanted], rules: Ruleset, store: Store, *, quiet_period: timedelta
) -> dict[Pair, Answer]:
    """What ``grant`` would come to; nothing is written."""
    with store.begin() as tx:
        known = tx.byhand.known(site, [one.pair for one in wanted], lock=False)
        return _answers(tx, site, wanted, known, rules, quiet_period=quiet_period)


def revoke(
    site: str,
    pair: Pair,
    rules: Ruleset,
    badges: Badges,
    store: Store,
    *,
    quiet_period: timedelta,
    removes_access: bool,
) -> Answer:
    """See to it that a member has a badge no more, whoever gave it, and that no rule gives it.

    What stands at Wix is looked at, and nothing is sent that changes it. Raises ``RemovesAccess``
    where the badge opens pages and it was not said that access shall go, and otherwise as
    ``grant`` does.
    """
    member_id, badge = pair
    with store.begin() as tx:
        bound, milestone = bound_badge(tx, site, rules, badge), _milestone(rules, badge)
        if tx.byhand.erased(site, {member_id}):
            raise Refused(
                "all that was recorded of the member was erased, and nothing is to be recorded of "
                "them: take the badge from them in Wix's dashboard"
            )
    is_gone, standing = False, None
    try:
        # the badge by its id is told without lag, whatever was read last
        opens_pages = badges.get_badge(bound.wix_badge_id).permissions_enabled
    except NotFound:
        is_gone, opens_pages = True, False
    else:
        standing = _oldest(badges.assignments([bound.wix_badge_id], [member_id]))
    if (opens_pages or bound.opens_pages or milestone.opens_pages) and not removes_access:
        raise RemovesAccess(
            f"the badge {badge!r} opens pages at Wix, and who loses it loses access to them: "
            f"add {YES_REMOVES_ACCESS} if that is what you want"
        )
    with store.begin() as tx:
        tx.activities.take_turns(site)
        known = tx.byhand.known(site, [pair]).get(pair)
        born = standing.created_at if standing else None
        fresh = Award(
            site=site,
            member_id=member_id,
            badge=badge,
            state=State.REVOKING,
            reason=TAKEN_BY_HAND,
            earned_at=born or tx.now,
            rules_version=rules.version,
            by_hand=True,
            declared=True,
        )
        answer = revoked(
            fresh, known, standing, now=tx.now, quiet_period=quiet_period, is_gone=is_gone
        )
        if answer.after:
            tx.byhand.write([(known.award if known else None, answer.after)], {})
            # whoever lost a place in line by it gave it to somebody who waits
            allot_again(tx, site, {badge}, rules)
    return answer


def bound_badge(tx: Transaction, site: str, rules: Ruleset, badge: str) -> Bound:
    """The Wix badge of a badge of the rules.

    Raises ``SettingsError`` with the cure where there is none.
    """
    _milestone(rules, badge)
    bound = tx.byhand.bound(site).get(badge)
    if bound is None:
        raise SettingsError(
            f"the badge {badge!r} is bound to none at Wix yet: `badgejobs sync {site}` binds it, "
            f"and says what keeps it from being bound"
        )
    return bound


def unknown_badges(rules: Ruleset, bound: Mapping[str, Bound], named: Collection[str]) -> set[str]:
    """Those of these names that are no badge of the rules that is bound at Wix."""
    return set(named) - ({one.badge for one in rules.milestones} & set(bound))


def _milestone(rules: Ruleset, badge: str) -> Milestone:
    for one in rules.milestones:
        if one.badge == badge:
            return one
    known = ", ".join(sorted(one.badge for one in rules.milestones))
    raise SettingsError(f"the rules have no badge {badge!r}; they have: {known}")


def _answers(
    tx: Transaction,
    site: str,
    wanted: Sequence[Wanted],
    known: Mapping[Pair, Known],
    rules: Ruleset,
    *,
    quiet_period: timedelta,
) -> dict[Pair, Answer]:
    gone = {
        badge
        for badge in {one.badge for one in wanted}
        if bound_badge(tx, site, rules, badge).is_gone
    }
    return {
        one.pair: Answer(wish=Wish.BADGE_GONE)
        if one.badge in gone
        else granted(
            Award(
                site=site,
                member_id=one.member_id,
                badge=one.badge,
                state=State.PENDING,
                reason=GIVEN_BY_HAND,
                earned_at=tx.now,
                rules_version=rules.version,
                by_hand=True,
                # who asks for it says how many there are
                declared=True,
            ),
            known.get(one.pair),
            now=tx.now,
            quiet_period=quiet_period,
        )
        for one in wanted
    }


def _oldest(standing: Sequence[WixAssignment]) -> WixAssignment | None:
    """The one that is held to be the member's, where the pair stands more than once."""
    born = [(one.created_at, one.id, one) for one in standing if one.created_at is not None]
    return min(born)[2] if born else next(iter(standing), None)
