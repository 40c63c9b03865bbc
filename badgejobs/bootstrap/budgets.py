"""How much of each site's pace of API calls is used just now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from badgejobs.bootstrap.house import House
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


def paces(house: House, tx: SqlTransaction, sites: Collection[str]) -> dict[str, int]:
    """How many calls a minute each of these sites may make at most."""
    added = {one.row.name: one.row.requests_per_minute for one in tx.sites.all(sites)}
    usual = house.settings.requests_per_minute
    return {
        name: house.settings.requests_per_minute_of(name)
        if name in house.configured
        else added.get(name) or usual
        for name in sites
    }


def budgets(house: House, tx: SqlTransaction, sites: Collection[str]) -> list[Budget]:
    """The budget of each of these sites, in their order; two round trips for all of them."""
    return used_of(house, paces(house, tx, sites))


def used_of(house: House, pace: dict[str, int]) -> list[Budget]:
    """The same, of sites given with their whole pace: the database is not asked."""
    if isinstance(house.throttle, LocalThrottle):
        return [
            Budget(site=name, used=None, per_minute=most, shut_seconds=0)
            for name, most in pace.items()
        ]
    seen = house.throttle.overview(pace)
    return [
        Budget(
            site=name,
            used=seen[name].taken,
            per_minute=seen[name].per_minute,
            shut_seconds=seen[name].shut_seconds,
        )
        for name in pace
    ]
