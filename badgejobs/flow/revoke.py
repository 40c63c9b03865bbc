"""Revoke: claim what is due to be taken, hear the last word, take it at Wix, settle.

A delete names one assignment by its id, so it can be sent again without harm. What must not
happen is that a badge goes which should stand: the facts are asked once more right before, the
guard counts, and only what we gave is ever named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from badgejobs.core import alert, allowance
from badgejobs.core.award import Award, State, Timing, Unmet
from badgejobs.core.guard import (
    HELD_BACK,
    HELD_BACK_BY_GUARD,
    RELEASED,
    SETTLED_IN,
    Guard,
    not_counted,
    warning,
)
from badgejobs.core.ledger import Claimed, Lapse
from badgejobs.core.milestone import Milestone, Ruleset
from badgejobs.core.wixfacts import Fence, WixAssignment
from badgejobs.errors import (
    BadgeJobsError,
    Fenced,
)
from badgejobs.flow.decide import decide, outlook_on
from badgejobs.flow.deleting import deleted, stopper
from badgejobs.flow.gone import badge_gone, badges_gone
from badgejobs.flow.lapses import is_ours
from badgejobs.flow.ports import Badges, Store, Transaction
from badgejobs.flow.removal import (
    NO_HURRY,
    Going,
    named,
    not_found,
    settled_by,
    short,
    with_its_badge,
)
from badgejobs.flow.scan import Patience
from badgejobs.flow.verdicts import HISTORY

#: What cannot be judged yet is looked at again after so long.
LOOK_AGAIN = timedelta(minutes=10)
#: Why an award that is due to be taken is not: there is nothing to be named in a delete.
NOT_SEEN = "no assignment of ours is seen at Wix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What became of one batch."""

    claimed: int = 0
    #: Taken away by us.
    revoked: int = 0
    #: Was gone before, or went by a person's wish.
    taken: int = 0
    #: Not to be taken after all, or not yet.
    kept: int = 0
    #: Not taken before a person says so.
    held_back: int = 0
    #: Not taken, or nobody knows: tried again.
    again: int = 0
    #: Awards that may be given now because of it.
    opened: int = 0
    #: What stopped the batch, if something did.
    error: BadgeJobsError | None = None


def revoke(
    site: str,
    badges: Badges,
    rules: Ruleset,
    store: Store,
    *,
    timing: Timing,
    batch: int,
    patience: Patience,
    guard: Guard,
    failures: int = 0,
) -> Revoked | None:
    """Take one batch of a site's due badges away; ``None`` when none is due.

    ``failures`` is how many tries of this site in a row ended in an error before.
    """
    with store.begin() as tx:
        claimed = tx.removals.claim(site, limit=batch, holds=timing.claim)
        if claimed is None:
            if not tx.removals.is_held_back(site):
                tx.alerts.clear(site, alert.Kind.REVOCATIONS)
            return None
    try:
        seen = _seen(claimed, badges)
    except BadgeJobsError as error:
        wait = short(patience(error, failures), error)
        with store.begin() as tx:
            _give_back(tx, site, claimed.token, until=tx.now + timedelta(seconds=wait))
        return Revoked(claimed=len(claimed.awards), again=len(claimed.awards), error=error)
    with store.begin() as tx:
        going, settled = _last_words(tx, claimed, seen, rules, timing=timing, guard=guard)
    if not going:
        return _summary(claimed, settled, ())
    fence = _fence([one.award for one in going], claimed.token, store, timing)
    results = deleted([each for one in going for each in one.ids], badges, fence)
    # with a badge that was deleted at Wix all of its assignments went, and nobody took them
    unfound = {claimed.wix_badge_ids[one.award.badge] for one in going if not_found(one, results)}
    gone = badges_gone(badges, unfound)
    with store.begin() as tx:
        tx.activities.take_turns(site)
        after = [
            settled_by(one, results, tx.now, lambda error: short(patience(error, failures), error))
            if not not_found(one, results)
            else with_its_badge(one, claimed.wix_badge_ids[one.award.badge], gone, tx.now)
            for one in going
        ]
        written = tx.awards.settle(after, claim=claimed.token)
        stay = sum(
            one.released and award.state is State.ASSIGNED
            for one, award in zip(going, after, strict=True)
        )
        # what a person let go, and Wix did not take, may go still
        tx.allowances.give_back(site, allowance.Kind.REVOCATIONS, min(stay, written))
        for badge, wix_badge_id in sorted(claimed.wix_badge_ids.items()):
            if wix_badge_id in (gone or ()):
                badge_gone(tx, site, badge, wix_badge_id)
        # met again meanwhile, or a tier that waited for this one to go
        opened = decide(tx, site, sorted({one.member_id for one in after}), rules)
    done = _summary(claimed, settled, after, error=stopper(results.values()))
    return replace(done, opened=opened.opened + opened.cleared)


# ---------------------------------------------------------------- before it is sent


def _seen(claimed: Claimed, badges: Badges) -> dict[tuple[str, str], list[WixAssignment]]:
    """The assignments at Wix of those whose id is not known, or of whom all are to go."""
    asked = [one for one in claimed.awards if one.by_hand or one.assignment_id is None]
    if not asked:
        return {}
    rows = badges.assignments(
        sorted({claimed.wix_badge_ids[one.badge] for one in asked}),
        sorted({one.member_id for one in asked}),
    )
    found = dict[tuple[str, str], list[WixAssignment]]()
    for row in rows:
        found.setdefault((row.member_id, row.badge_id), []).append(row)
    return {
        (one.member_id, one.badge): found.get((one.member_id, claimed.wix_badge_ids[one.badge]), [])
        for one in asked
    }


def _last_words(
    tx: Transaction,
    claimed: Claimed,
    seen: Mapping[tuple[str, str], Sequence[WixAssignment]],
    rules: Ruleset,
    *,
    timing: Timing,
    guard: Guard,
) -> tuple[list[Going], list[Award]]:
    """Decide once more, ask the guard, and commit what goes as being taken: (to send, settled)."""
    site = claimed.awards[0].site
    decide(tx, site, sorted({one.member_id for one in claimed.awards}), rules)
    rows = tx.removals.in_hand(site, claimed.token)
    due = [one for one in rows if is_due(one, tx.now)]
    settled = [one.released(tx.now, wait=0) for one in rows if not is_due(one, tx.now)]
    unknown = _not_to_be_judged(tx, site, due, rules)
    going = list[Going]()
    for award in due:
        found = seen.get((award.member_id, award.badge), ())
        judged = named(award, found, timing)
        if (award.member_id, award.badge) in unknown:
            settled.append(_put_off(tx, award, tx.now + LOOK_AGAIN, HISTORY))
        elif isinstance(judged, Going):
            going.append(judged)
        elif judged is None and award.by_hand:
            wait = timing.quiet_period.total_seconds()
            later = award.removal_lost(tx.now, wait=wait, reason=NOT_SEEN)
            settled.append(replace(later, empty_reads=award.empty_reads + 1))
        elif judged is None:
            settled.append(_put_off(tx, award, tx.now + NO_HURRY, NOT_SEEN))
        else:
            # a person's: nothing is to be noted of it
            tx.awards.mark(site, [Lapse(member_id=award.member_id, badge=award.badge)])
            settled.append(judged)
    going, held_back = _guarded(tx, site, going, rules, guard)
    settled += held_back
    sending = [replace(one, award=_under_way(one, tx.now, timing, claimed.token)) for one in going]
    tx.awards.settle([*settled, *(one.award for one in sending)], claim=claimed.token)
    return sending, settled


def is_due(award: Award, now: datetime) -> bool:
    """Whether it is to be taken now; what was begun is gone on with."""
    if award.state is State.REVOKING:
        return True
    return is_ours(award) and award.revoke_at is not None and award.revoke_at <= now


def _not_to_be_judged(
    tx: Transaction, site: str, due: Iterable[Award], rules: Ruleset
) -> set[tuple[str, str]]:
    """Those of whom something is not read yet that may say that they should stand."""
    outlook = outlook_on(tx, site, rules)
    by_badge: dict[str, Milestone] = {one.badge: one for one in rules.milestones}
    return {
        (award.member_id, award.badge)
        for award in due
        if award.state is State.ASSIGNED
        if not outlook.knows_all_of(rules.held_to(by_badge[award.badge], award.rules_version))
    }


def _put_off(tx: Transaction, award: Award, until: datetime, reason: str) -> Award:
    """It stands as before, and is looked at again later."""
    if award.state is State.REVOKING:
        wait = (until - tx.now).total_seconds()
        return award.removal_lost(tx.now, wait=wait, reason=reason)
    _noted_until(tx, award, until)
    return replace(award.released(tx.now, wait=0), reason=reason)


def _noted_until(tx: Transaction, award: Award, until: datetime) -> None:
    because = next(one for one in Unmet if one == award.unmet_because)
    noted = Lapse(
        member_id=award.member_id,
        badge=award.badge,
        because=because,
        since=award.unmet_since,
        goes_at=until,
    )
    tx.awards.mark(award.site, [noted])


def _guarded(
    tx: Transaction, site: str, going: list[Going], rules: Ruleset, guard: Guard
) -> tuple[list[Going], list[Award]]:
    """What may go by the guard's word, and what waits for a person's."""
    since = tx.versions.since(site, rules.version)
    beside = not_counted(settled_in=since is not None and tx.now - since > SETTLED_IN)
    counted = [
        one
        for one in going
        if one.award.state is State.ASSIGNED and one.award.unmet_because not in beside
    ]
    if not counted:
        return going, []
    tally = tx.removals.tally(site, beside=beside, released=RELEASED)
    if guard.passes(tally.number, of=tally.of):
        tx.alerts.clear(site, alert.Kind.REVOCATIONS)
        return going, []
    passing = tx.allowances.spend(site, allowance.Kind.REVOCATIONS, len(counted))
    others = [one for one in going if one not in counted]
    released = [replace(one, released=True) for one in counted[:passing]]
    waiting = [one.award for one in counted[passing:]]
    if waiting:
        tx.removals.hold_back(site, until=tx.now + HELD_BACK, beside=beside)
        tx.alerts.raised(site, alert.Kind.REVOCATIONS, warning(site, tally, passing))
    elif tally.due <= passing:
        tx.alerts.clear(site, alert.Kind.REVOCATIONS)
    held_back = [
        replace(one.released(tx.now, wait=0), reason=HELD_BACK_BY_GUARD) for one in waiting
    ]
    return [*others, *released], held_back


def _under_way(one: Going, now: datetime, timing: Timing, claim: str) -> Award:
    after = one.award.revoking(now, timing, claim=claim)
    released = one.released or one.award.reason.endswith(RELEASED)
    return replace(after, reason=after.reason + RELEASED) if released else after


def _give_back(tx: Transaction, site: str, claim: str, *, until: datetime) -> None:
    """Nothing was sent: it is all as it was, and waits for its turn again."""
    freed = [
        _put_off(tx, one, until, one.reason)
        if is_due(one, tx.now)
        else one.released(tx.now, wait=0)
        for one in tx.removals.in_hand(site, claim)
    ]
    tx.awards.settle(freed, claim=claim)


# ---------------------------------------------------------------- sending, and after


def _fence(going: Sequence[Award], claim: str, store: Store, timing: Timing) -> Fence:
    """The check right before the socket write: is all of it still in our hand, long enough?"""

    def check() -> None:
        with store.begin() as tx:
            if not tx.awards.holds(going, claim=claim, at_least=timing.request_deadline):
                raise Fenced("the claim on these awards has run out; nothing was sent")

    return check


def _summary(
    claimed: Claimed,
    settled: Sequence[Award],
    after: Sequence[Award],
    error: BadgeJobsError | None = None,
) -> Revoked:
    states = Counter(one.state for one in after)
    held_back = sum(one.reason == HELD_BACK_BY_GUARD for one in settled)
    return Revoked(
        claimed=len(claimed.awards),
        revoked=states[State.REVOKED],
        taken=states[State.TAKEN],
        kept=len(settled) - held_back,
        held_back=held_back,
        again=states[State.ASSIGNED] + states[State.REVOKING],
        error=error,
    )
