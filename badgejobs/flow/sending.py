"""Send: the creates of one batch, together where they may, and what each came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from badgejobs.core.wixfacts import Created, Fence
from badgejobs.errors import (
    AlreadyExists,
    Ambiguous,
    BadgeJobsError,
    NotFound,
    NotSent,
    Refused,
)
from badgejobs.flow.ports import Badges


@dataclass(slots=True)
class Sent:
    """What a batch of creates came to, one result an item, and what that says of bulk calls."""

    results: list[Created] = field(default_factory=list)
    #: The answer to a bulk create was lost, and with it what became of each of its items.
    bulk_lost: bool = False
    #: At least one create was answered clearly.
    clear: bool = False


def send(
    pairs: Sequence[tuple[str, str]],
    badges: Badges,
    fence: Fence,
    *,
    calls: Iterable[Sequence[int]],
) -> Sent:
    """Each of ``calls`` names the pairs, by their places, that go together in one create.

    Where Wix refuses the whole of a call as it stands, each item stands for itself. A word about
    one thing in answer to the whole tells nothing of the others: Wix takes the items one by one,
    and some may have been given before. After an error that stops, the rest is not sent.
    """
    sent, results = Sent(), dict[int, Created]()
    for call in calls:
        left = list(call)
        if len(left) > 1 and not stopper(results.values()):
            results |= _together(left, pairs, badges, fence, sent)
            left = [index for index in left if index not in results]
        for index in left:
            if stopper(results.values()):
                # What stopped the one before stops this one too, and this one was not sent.
                unsent = NotSent("an earlier request of this batch failed")
                results[index] = Created(error=unsent)
            else:
                results[index] = _one(badges, *pairs[index], fence)
                sent.clear = sent.clear or not stopper([results[index]])
    sent.results = [results[index] for index in range(len(pairs))]
    return sent


def _together(
    crowd: Sequence[int],
    pairs: Sequence[tuple[str, str]],
    badges: Badges,
    fence: Fence,
    sent: Sent,
) -> dict[int, Created]:
    """What one bulk create came to, by place; nothing where one item spoils the call."""
    try:
        told = badges.create_assignments([pairs[index] for index in crowd], fence=fence)
    except Refused:
        return {}
    except (AlreadyExists, NotFound) as error:
        sent.bulk_lost = True
        lost = Ambiguous(f"{error}; which of {len(crowd)} were given is not told")
        return {index: Created(error=lost) for index in crowd}
    except BadgeJobsError as error:
        sent.bulk_lost = sent.bulk_lost or error.may_have_happened
        return {index: Created(error=error) for index in crowd}
    sent.clear = True
    return dict(zip(crowd, told, strict=True))


def _one(badges: Badges, badge_id: str, member_id: str, fence: Fence) -> Created:
    try:
        return Created(assignment=badges.create_assignment(badge_id, member_id, fence=fence))
    except BadgeJobsError as error:
        return Created(error=error)


def stopper(results: Iterable[Created]) -> BadgeJobsError | None:
    """The error that ends this site's assigning for now, if one came."""
    about_one_item = (AlreadyExists, NotFound, Refused)
    errors = (result.error for result in results)
    return next((e for e in errors if e and not isinstance(e, about_one_item)), None)
