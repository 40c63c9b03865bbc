"""Deleting assignments at Wix by their ids, with one result an id whatever happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from badgejobs.core.wixfacts import Fence, Removed
from badgejobs.errors import Ambiguous, BadgeJobsError, NotFound, NotSent, Refused
from badgejobs.flow.ports import Badges

#: Assignments named in one delete.
MOST_IDS = 100


def deleted(ids: Sequence[str], badges: Badges, fence: Fence) -> dict[str, Removed]:
    """Delete these assignments; what stops one call keeps the next ones from being sent."""
    results = dict[str, Removed]()
    for start in range(0, len(ids), MOST_IDS):
        some = ids[start : start + MOST_IDS]
        if stopper(results.values()):
            unsent = NotSent("an earlier request of this batch failed")
            results |= {one: Removed(error=unsent) for one in some}
        else:
            results |= _sent(some, badges, fence)
    return results


def _sent(ids: Sequence[str], badges: Badges, fence: Fence) -> dict[str, Removed]:
    """One delete of all; where Wix refuses it as it stands, one of each."""
    try:
        return dict(zip(ids, badges.delete_assignments(ids, fence=fence), strict=True))
    except Refused as error:
        if len(ids) == 1:
            return {ids[0]: Removed(error=error)}
    except NotFound as error:
        # which of them was not found is not told
        lost = Ambiguous(f"{error}; which of {len(ids)} were taken is not told")
        return {one: Removed(error=lost) for one in ids}
    except BadgeJobsError as error:
        return {one: Removed(error=error) for one in ids}
    results = dict[str, Removed]()
    for one in ids:
        if stopper(results.values()):
            results[one] = Removed(error=NotSent("an earlier request of this batch failed"))
        else:
            results |= _sent([one], badges, fence)
    return results


def stopper(results: Iterable[Removed]) -> BadgeJobsError | None:
    """The error that ends this site's deleting for now, if one came."""
    return next((one.error for one in results if one.error and not _of_one(one.error)), None)


def _of_one(error: BadgeJobsError) -> bool:
    return isinstance(error, Refused | NotFound)
