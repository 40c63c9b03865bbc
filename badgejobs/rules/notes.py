"""What the owner of a rules file should know though it holds: what was assumed, what waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet

from badgejobs.core.milestone import Milestone, Ruleset

#: How many badges a note names.
_MOST_NAMED = 3

#: What this version reads, and does not do yet.
_NOT_DONE: tuple[tuple[Callable[[Milestone], object], str], ...] = (
    (
        lambda one: one.notify_revoke or one.notify_backfill or not one.notify_award,
        "this version sends no messages of its own, whatever 'notify' says",
    ),
)


def notes_about(left_open: AbstractSet[str], ruleset: Ruleset) -> Iterator[str]:
    """A sentence for each thing that was assumed, and for what is not carried out yet."""
    if "timezone" in left_open:
        yield "timezone: taken as UTC here; the service takes the site's own, as Wix tells it"
    if "currency" in left_open:
        yield (
            "currency: the site's own is not known here; amounts were checked as if it had two "
            "digits behind the point"
        )
    for is_meant, text in _NOT_DONE:
        if meant := [one.badge for one in ruleset.milestones if is_meant(one)]:
            yield f"{_listed(meant)}: {text}"


def _listed(badges: Iterable[str]) -> str:
    """Some ids of badges, and how many more.

    >>> _listed("abcde")
    'a, b, c and 2 more'
    """
    listed = list(badges)
    shown, more = ", ".join(listed[:_MOST_NAMED]), len(listed) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
