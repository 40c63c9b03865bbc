"""How much of each site's pace of API calls is used just now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from badgejobs.bootstrap import House
from badgejobs.cli.output import Rows
from badgejobs.coordination.local import LocalThrottle
from badgejobs.store import SqlTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The calls of one site within the last minute."""

    site: str
    #: ``None`` where it cannot be told: no Redis answers in which all workers share the pace.
    used: int | None
    #: What may be used a minute now: the site's pace, or what a 429 has left of it.
    per_minute: int
    #: Until calls go on after a 429.
    shut_seconds: float

    @property
    def percent(self) -> int | None:
        """The part that is used; whole percent, rounded up."""
        return None if self.used is None else -(-100 * self.used // self.per_minute)


def budgets(house: House, tx: SqlTransaction, sites: Collection[str]) -> list[Budget]:
    """The budget of each of these sites, in their order; two round trips for all of them."""
    added = {one.row.name: one.row.requests_per_minute for one in tx.sites.all(sites)}
    usual = house.settings.requests_per_minute
    pace = {
        name: house.settings.requests_per_minute_of(name)
        if name in house.configured
        else added.get(name) or usual
        for name in sites
    }
    if isinstance(house.throttle, LocalThrottle):
        return [
            Budget(site=name, used=None, per_minute=pace[name], shut_seconds=0) for name in sites
        ]
    seen = house.throttle.overview(pace)
    return [
        Budget(
            site=name,
            used=seen[name].taken,
            per_minute=seen[name].per_minute,
            shut_seconds=seen[name].shut_seconds,
        )
        for name in sites
    ]


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
