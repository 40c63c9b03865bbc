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
    together: Sequence[bool],
) -> Sent:
    """One create for all that may go together, and one for each of the others.

    Where Wix refuses the whole of a call as it stands, each item stands for itself. A word about
    one thing in answer to the whole tells nothing of the others: Wix takes the items one by one,
    and some may have been given before.
    """
    sent, results = Sent(), dict[int, Created]()
    crowd = [index for index, may in enumerate(together) if may]
    if len(crowd) > 1:
        try:
            told = badges.create_assignments([pairs[index] for index in crowd], fence=fence)
        except Refused:
            pass  # one item spoils the call
        except (AlreadyExists, NotFound) as error:
            lost = Ambiguous(f"{error}; which of {len(crowd)} were given is not told")
            results |= {index: Created(error=lost) for index in crowd}
            sent.bulk_lost = True
        except BadgeJobsError as error:
            results |= {index: Created(error=error) for index in crowd}
            sent.bulk_lost = error.may_have_happened
        else:
            results |= dict(zip(crowd, told, strict=True))
            sent.clear = True
    stopped = stopper(results.values())
    for index, (badge_id, member_id) in enumerate(pairs):
        if index in results:
            continue
        if stopped:
            # What stopped the one before stops this one too, and this one was not sent.
            unsent = NotSent("an earlier request of this batch failed")
            results[index] = Created(error=unsent)
        else:
            results[index] = _one(badges, badge_id, member_id, fence)
            stopped = stopper([results[index]])
            sent.clear = sent.clear or not stopped
    sent.results = [results[index] for index in range(len(pairs))]
    return sent


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
