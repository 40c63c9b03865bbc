"""Assign: claim a batch of awards in the database, act at Wix, settle.

One batch costs one Query and one create for up to a hundred awards of any badges: the Query
asks for all badge ids and all member ids of the batch at once, a superset of the wanted pairs,
which a Query per badge would only cut into more calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from badgejobs.core.award import Award, Giver, State, Timing
from badgejobs.core.ledger import Claimed
from badgejobs.core.milestone import Ruleset
from badgejobs.core.wixfacts import Created, Fence, WixAssignment
from badgejobs.errors import (
    AlreadyExists,
    Ambiguous,
    BadgeJobsError,
    Fenced,
    Later,
    NotFound,
    NotSent,
    Refused,
)
from badgejobs.flow.decide import allot_again, last_words
from badgejobs.flow.gone import badge_gone, badges_gone
from badgejobs.flow.ports import Badges, Store
from badgejobs.flow.scan import Patience

#: Seconds that an award itself waits after an error, whatever its site waits.
LONGEST_AWARD_WAIT = 10.0


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
) -> Assigned | None:
    """Bring one batch of a site's due awards to Wix; ``None`` when none is due.

    ``failures`` is how many tries of this site in a row ended in an error before.
    """
    with store.begin() as tx:
        claimed = tx.awards.claim(site, limit=batch, holds=timing.claim)
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
    together = [award.attempt == 1 for award in sending]
    fence = _fence(sending, claimed.token, store, timing)
    results = _send(pairs, badges, fence, together=together)
    gone = badges_gone(badges, _missed(pairs, results))
    with store.begin() as tx:
        after = [
            _settled(
                award,
                result,
                tx.now,
                timing,
                badge_gone=None if gone is None else badge_id in gone,
                wait=lambda error: _short(patience(error, failures), error),
            )
            for award, result, (badge_id, _) in zip(sending, results, pairs, strict=True)
        ]
        tx.awards.settle(after, claim=claimed.token)
        for badge, wix_badge_id in sorted(claimed.wix_badge_ids.items()):
            if wix_badge_id in (gone or ()):
                badge_gone(tx, site, badge, wix_badge_id)
    return _summary(claimed, [*settled, *after], error=_stopper(results))


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
    oldest = dict[tuple[str, str], WixAssignment]()
    for row in standing:
        known = oldest.setdefault((row.badge_id, row.member_id), row)
        if row.created_at and known.created_at and row.created_at < known.created_at:
            oldest[row.badge_id, row.member_id] = row
    sending, settled = list[Award](), list[Award]()
    with store.begin() as tx:
        words = last_words(tx, claimed.awards[0].site, claimed.awards, rules)
        for award in claimed.awards:
            hit = oldest.get((claimed.wix_badge_ids[award.badge], award.member_id))
            if hit is not None:
                settled.append(award.found(hit.id, hit.created_at, timing))
            elif award.state is State.UNKNOWN:
                settled.append(award.not_found(tx.now, timing))
            elif (word := words[award.member_id, award.badge]).state is State.WITHDRAWN:
                settled.append(award.withdrawn(reason=word.reason))
            elif word.state is State.HELD:
                settled.append(award.held(reason=word.reason))
            else:
                sending.append(award.sent(tx.now, timing))
        tx.awards.settle([*settled, *sending], claim=claimed.token)
        # whoever gave up a place at the last moment gave it to somebody who waits for it
        given_up = {one.badge for one in settled if one.state in {State.HELD, State.WITHDRAWN}}
        allot_again(tx, claimed.awards[0].site, given_up, rules)
    return sending, settled


def _fence(sending: Sequence[Award], claim: str, store: Store, timing: Timing) -> Fence:
    """The check right before the socket write: is all of it still in our hand, long enough?"""

    def check() -> None:
        with store.begin() as tx:
            if not tx.awards.holds(sending, claim=claim, at_least=timing.request_deadline):
                raise Fenced("the claim on these awards has run out; nothing was sent")

    return check


def _send(
    pairs: Sequence[tuple[str, str]],
    badges: Badges,
    fence: Fence,
    *,
    together: Sequence[bool],
) -> list[Created]:
    """One create for all that may go together, and one for each of the others.

    What came to nothing clear before goes alone, so that one item that Wix stumbles over
    takes no other with it. Where Wix refuses the whole of a call as it stands, each item stands
    for itself. A word about one thing in answer to the whole tells nothing of the others: Wix
    takes the items one by one, and some may have been given before.
    """
    results = dict[int, Created]()
    crowd = [index for index, may in enumerate(together) if may]
    if len(crowd) > 1:
        try:
            told = badges.create_assignments([pairs[index] for index in crowd], fence=fence)
        except Refused:
            pass  # one item spoils the call
        except (AlreadyExists, NotFound) as error:
            lost = Ambiguous(f"{error}; which of {len(crowd)} were given is not told")
            results |= {index: Created(error=lost) for index in crowd}
        except BadgeJobsError as error:
            results |= {index: Created(error=error) for index in crowd}
        else:
            results |= dict(zip(crowd, told, strict=True))
    stopped = _stopper(results.values())
    for index, (badge_id, member_id) in enumerate(pairs):
        if index in results:
            continue
        if stopped:
            # What stopped the one before stops this one too, and this one was not sent.
            unsent = NotSent("an earlier request of this batch failed")
            results[index] = Created(error=unsent)
        else:
            results[index] = _one(badges, badge_id, member_id, fence)
            stopped = _stopper([results[index]])
    return [results[index] for index in range(len(pairs))]


def _one(badges: Badges, badge_id: str, member_id: str, fence: Fence) -> Created:
    try:
        return Created(assignment=badges.create_assignment(badge_id, member_id, fence=fence))
    except BadgeJobsError as error:
        return Created(error=error)


def _short(wait: timedelta, error: BadgeJobsError) -> float:
    """The wait of one award: as long as was asked for, else short.

    How long a site rests after failures is its duty's affair, and ends with its first success.
    """
    seconds = wait.total_seconds()
    return seconds if isinstance(error, Later) else min(seconds, LONGEST_AWARD_WAIT)


def _settled(
    award: Award,
    result: Created,
    now: datetime,
    timing: Timing,
    *,
    badge_gone: bool | None,
    wait: Callable[[BadgeJobsError], float],
) -> Award:
    """The award after Wix's word on it, or after the lack of one."""
    if result.assignment:
        return award.answered(result.assignment.id, result.assignment.created_at)
    match result.error:
        case AlreadyExists():
            # Not born of this attempt as far as anyone can tell: a person's.
            return award.given(None, Giver.PERSON, reason="stood at Wix already")
        case NotFound() as error if badge_gone is None:
            # Whose absence it was cannot be told now.
            return award.not_sent(now, wait=wait(error), reason=str(error))
        case NotFound() if badge_gone:
            return award.badge_gone()
        case NotFound() | Refused() as error:
            return award.refused(State.BLOCKED, reason=str(error))
        case BadgeJobsError(may_have_happened=True) as error:
            return award.lost(now, timing, reason=str(error))
        case BadgeJobsError() as error:
            return award.not_sent(now, wait=wait(error), reason=str(error))
    raise AssertionError("a result is an assignment or an error")


def _missed(pairs: Sequence[tuple[str, str]], results: Sequence[Created]) -> set[str]:
    """The badges of items that Wix did not find: the badge may be gone, or the member."""
    return {
        badge_id
        for (badge_id, _), result in zip(pairs, results, strict=True)
        if isinstance(result.error, NotFound)
    }


def _stopper(results: Iterable[Created]) -> BadgeJobsError | None:
    """The error that ends this site's assigning for now, if one came."""
    about_one_item = (AlreadyExists, NotFound, Refused)
    errors = (result.error for result in results)
    return next((e for e in errors if e and not isinstance(e, about_one_item)), None)


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
