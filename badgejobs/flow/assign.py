"""Assign: claim a batch of awards in the database, act at Wix, settle.

One batch costs one Query and one create for up to a hundred awards of any badges: the Query
asks for all badge ids and all member ids of the batch at once, a superset of the wanted pairs,
which a Query per badge would only cut into more calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from badgejobs.core.alert import Kind
from badgejobs.core.award import Award, Giver, State, Timing
from badgejobs.core.ledger import Claimed
from badgejobs.core.milestone import Ruleset
from badgejobs.core.wixfacts import Fence, WixAssignment
from badgejobs.errors import (
    BadgeJobsError,
    Fenced,
    Later,
)
from badgejobs.flow.answers import Verdicts, lost_before, missed, oldest_of_each, read_again
from badgejobs.flow.decide import allot_again, decide, last_words
from badgejobs.flow.gone import badge_gone, badges_gone
from badgejobs.flow.ports import Badges, Store, Transaction
from badgejobs.flow.scan import Patience
from badgejobs.flow.sending import send, stopper

#: Seconds that an award itself waits after an error, whatever its site waits.
LONGEST_AWARD_WAIT = 10.0
#: From this attempt on an award goes alone.
_ALONE_FROM = 3
#: So many of those a batch. All of a batch is in flight from the same moment on, and a worker that
#: is lost between two calls costs what waited for the later one an attempt that nobody made.
_MOST_ALONE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What became of one batch."""

    claimed: int = 0
    #: Given by us: by this batch, or by an earlier attempt whose answer was lost.
    created: int = 0
    #: Stood at Wix already, by a person's hand as far as anyone can tell.
    found: int = 0
    #: Answers lost; settled by reading after the quiet period.
    unknown: int = 0
    #: Refused by Wix for good, or paused because the badge is gone.
    refused: int = 0
    withdrawn: int = 0
    #: Not to be given now after all.
    held: int = 0
    #: What stopped the batch, if something did; its awards know when to go on.
    error: BadgeJobsError | None = None


def assign(
    site: str,
    badges: Badges,
    rules: Ruleset,
    store: Store,
    *,
    timing: Timing,
    batch: int,
    patience: Patience,
    failures: int = 0,
    batch_after_failure: int = 20,
    most_an_hour: int | None = None,
) -> Assigned | None:
    """Bring one batch of a site's due awards to Wix; ``None`` when none is due.

    ``failures`` is how many tries of this site in a row ended in an error before. After a bulk
    create whose answer was lost the next one holds ``batch_after_failure`` awards, and twice as
    many after each clear answer. Of new awards that nobody declared the site is given
    ``most_an_hour``; without a number there is no cap.
    """
    with store.begin() as tx:
        to_send = tx.awards.bulk_size(site, usual=batch)
        claimed = tx.awards.claim(
            site, limit=batch, to_send=to_send, holds=timing.claim, most_an_hour=most_an_hour
        )
        if most_an_hour is not None:
            _tell_of_cap(tx, site, most_an_hour)
    if claimed is None:
        return None
    try:
        standing = badges.assignments(
            sorted({claimed.wix_badge_ids[award.badge] for award in claimed.awards}),
            sorted({award.member_id for award in claimed.awards}),
        )
    except BadgeJobsError as error:
        _give_back(claimed, store, wait=_short(patience(error, failures), error))
        return Assigned(claimed=len(claimed.awards), error=error)
    sending, settled = _before_sending(claimed, standing, rules, store, timing)
    if not sending:
        return _summary(claimed, settled)
    pairs = [(claimed.wix_badge_ids[award.badge], award.member_id) for award in sending]
    fence = _fence(sending, claimed.token, store, timing)
    sent = send(pairs, badges, fence, calls=_calls(sending, batch_after_failure))
    verdicts = Verdicts(
        timing=timing,
        wait=lambda error: _short(patience(error, failures), error),
        gone=badges_gone(badges, missed(pairs, sent.results)),
        standing=read_again(badges, pairs, sent.results),
    )
    tiers = {one.badge for one in rules.milestones if one.ladder}
    with store.begin() as tx:
        if verdicts.gone or any(award.badge in tiers for award in sending):
            # before any row is locked, as every decision does it
            tx.activities.take_turns(site)
        lost = lost_before(tx, site, sending, sent.results)
        after = [
            verdicts.on(award, result, badge_id, tx.now, lost.get((award.member_id, award.badge)))
            for award, result, (badge_id, _) in zip(sending, sent.results, pairs, strict=True)
        ]
        tx.awards.settle(after, claim=claimed.token, was=sending)
        for badge, wix_badge_id in sorted(claimed.wix_badge_ids.items()):
            if wix_badge_id in (verdicts.gone or ()):
                badge_gone(tx, site, badge, wix_badge_id)
        if sent.bulk_lost:
            tx.awards.bulk_answered(site, usual=batch, cut_to=batch_after_failure)
        elif sent.clear and to_send < batch:
            tx.awards.bulk_answered(site, usual=batch, cut_to=None)
        _decide_tiers(tx, site, after, tiers, rules)
    return _summary(claimed, [*settled, *after], error=stopper(sent.results))


def _tell_of_cap(tx: Transaction, site: str, most: int) -> None:
    """Raise the alert that awards wait for the cap, or end it when none does any more."""
    number, _ = tx.awards.waiting_for_cap(site)
    if not number:
        tx.alerts.clear(site, Kind.CAPPED)
        return
    tx.alerts.raised(
        site,
        Kind.CAPPED,
        f"{number} new awards wait: a site is given no more than {most} in an hour by itself. See "
        f"that the rules mean it, then `badgejobs release {site} --awards {number}` lets them go",
    )


def _calls(sending: Sequence[Award], after_failure: int) -> list[list[int]]:
    """Which go together in one create, by their places.

    What was lost once goes in small calls, and what was lost twice alone, so that one item that
    Wix stumbles over takes few others with it.
    """
    first = [index for index, award in enumerate(sending) if award.attempt == 1]
    again = [index for index, award in enumerate(sending) if 1 < award.attempt < _ALONE_FROM]
    alone = [index for index, award in enumerate(sending) if award.attempt >= _ALONE_FROM]
    parts = (again[at : at + after_failure] for at in range(0, len(again), after_failure))
    return [first, *parts, *([index] for index in alone)]


def _give_back(claimed: Claimed, store: Store, *, wait: float) -> None:
    with store.begin() as tx:
        freed = [award.released(tx.now, wait=wait) for award in claimed.awards]
        tx.awards.settle(freed, claim=claimed.token)


def _before_sending(
    claimed: Claimed,
    standing: Sequence[WixAssignment],
    rules: Ruleset,
    store: Store,
    timing: Timing,
) -> tuple[list[Award], list[Award]]:
    """Settle what the read answers, and commit the rest as in flight: (to send, settled).

    The facts are asked once more in the same transaction: what was refunded since the award
    was opened is withdrawn here, what has lost its place is held, and neither reaches Wix.
    """
    oldest = oldest_of_each(standing)
    sending, settled, alone = list[Award](), list[Award](), 0
    with store.begin() as tx:
        words = last_words(tx, claimed.awards[0].site, claimed.awards, rules)
        tried = {(one.member_id, one.badge) for one in claimed.awards if one.attempt}
        lost = tx.awards.lost_sendings(claimed.awards[0].site, tried) if tried else {}
        for award in claimed.awards:
            hit = oldest.get((claimed.wix_badge_ids[award.badge], award.member_id))
            if hit is not None and award.shows_still(hit.id, tx.now):
                wait = timing.read_gap.total_seconds()
                settled.append(award.released(tx.now, wait=wait))
            elif hit is not None:
                settled.append(_found(award, hit, timing, lost))
            elif award.state is State.UNKNOWN:
                settled.append(award.not_found(tx.now, timing))
            elif (word := words[award.member_id, award.badge]).state is State.WITHDRAWN:
                settled.append(award.withdrawn(reason=word.reason))
            elif word.state is State.HELD:
                settled.append(award.held(reason=word.reason))
            elif award.attempt + 1 >= _ALONE_FROM and alone == _MOST_ALONE:
                settled.append(award.released(tx.now, wait=0))  # the next batch has it
            else:
                sending.append(award.sent(tx.now, timing))
                alone += sending[-1].attempt >= _ALONE_FROM
        tx.awards.settle([*settled, *sending], claim=claimed.token, was=claimed.awards)
        tiers = {one.badge for one in rules.milestones if one.ladder}
        _decide_tiers(tx, claimed.awards[0].site, settled, tiers, rules)
        # whoever gave up a place at the last moment gave it to somebody who waits for it
        given_up = {one.badge for one in settled if one.state in {State.HELD, State.WITHDRAWN}}
        allot_again(tx, claimed.awards[0].site, given_up, rules)
    return sending, settled


def _found(
    award: Award,
    hit: WixAssignment,
    timing: Timing,
    lost: Mapping[tuple[str, str], Collection[datetime]],
) -> Award:
    """The award after a reading shows it: ours where any attempt of ours explains its birth."""
    found = award.found(hit.id, hit.created_at, timing)
    if found.giver is Giver.OURS or award.by_hand:
        return found
    earlier = lost.get((award.member_id, award.badge), ())
    return award.stood(hit.id, hit.created_at, timing, lost=earlier) if earlier else found


def _fence(sending: Sequence[Award], claim: str, store: Store, timing: Timing) -> Fence:
    """The check right before the socket write: is all of it still in our hand, long enough?

    And at this very attempt: what another hand has moved on is not sent from this one.
    """

    def check() -> None:
        with store.begin() as tx:
            if not tx.awards.holds(sending, claim=claim, at_least=timing.request_deadline):
                raise Fenced("the claim on these awards has run out; nothing was sent")

    return check


def _short(wait: timedelta, error: BadgeJobsError) -> float:
    """The wait of one award: as long as was asked for, else short.

    How long a site rests after failures is its duty's affair, and ends with its first success.
    """
    seconds = wait.total_seconds()
    return seconds if isinstance(error, Later) else min(seconds, LONGEST_AWARD_WAIT)


def _decide_tiers(
    tx: Transaction, site: str, settled: Iterable[Award], tiers: Collection[str], rules: Ruleset
) -> None:
    """Decide those anew who have a tier of a ladder from now on: a lower one may go."""
    climbed = {
        one.member_id for one in settled if one.state is State.ASSIGNED and one.badge in tiers
    }
    decide(tx, site, climbed, rules)


def _summary(
    claimed: Claimed, after: Sequence[Award], error: BadgeJobsError | None = None
) -> Assigned:
    states = Counter(award.state for award in after)
    ours = sum(award.state is State.ASSIGNED and award.giver is Giver.OURS for award in after)
    return Assigned(
        claimed=len(claimed.awards),
        created=ours,
        found=states[State.ASSIGNED] - ours,
        unknown=states[State.UNKNOWN],
        refused=states[State.BLOCKED] + states[State.PAUSED],
        withdrawn=states[State.WITHDRAWN],
        held=states[State.HELD],
        error=error,
    )
