"""How much of each site's pace of API calls is used just now."""

from __future__ import annotations

from collections.abc import Sequence

from badgejobs.bootstrap.budgets import Budget, budgets
from badgejobs.cli.output import Rows

__all__ = ["Budget", "budgets", "in_words", "told"]


def told(one: Budget) -> str:
    """In a few letters.

    >>> told(Budget(site="s", used=9, per_minute=180, shut_seconds=0))
    '5 %'
    >>> told(Budget(site="s", used=9, per_minute=90, shut_seconds=29.5))
    'shut for 30 s'
    """
    if one.shut_seconds > 0:
        return f"shut for {-(-one.shut_seconds // 1):.0f} s"
    return "" if one.percent is None else f"{one.percent} %"


def in_words(found: Sequence[Budget]) -> Rows:
    """For the page of a site."""
    rows = [
        (
            one.site,
            "not told: the broker is away" if one.used is None else f"{one.used} ({told(one)})",
            str(one.per_minute),
        )
        for one in found
    ]
    return Rows(("site", "calls in the last minute", "allowed a minute"), rows)
