"""Two shops at a live sandbox, and what tests ask of them and of the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from celery import Celery
from left_alone import left_alone

from badgejobs.bootstrap import House
from badgejobs.config import Settings, SiteSettings
from badgejobs.core.source import Track
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import Outcome
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sandbox.history import seed
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.settings import Installation, Options
from badgejobs.sandbox.world import Site, World
from badgejobs.store.overviews import ScanOverview
from badgejobs.store.runs import Run
from badgejobs.wix import wire

#: Opens a house: ``open_shop(sites=..., secret=...)``.
OpenShop = Callable[..., House]
#: Makes settings, by the same words.
MakeSettings = Callable[..., Settings]
#: Binds the application: settings, the broker's address for Celery, and for redis-py.
Configure = Callable[[Settings, str, str], Celery]

SECRET = "app-secret-0123456789"
NORTH, SOUTH = "north", "south"
SHOPS = (NORTH, SOUTH)

FIRST_AND_THIRD = """\
version: 1
badges:
  - id: first-purchase
    badge: {title: First Purchase}
    when: {count: orders, gte: 1}
  - id: third-purchase
    badge: {title: Third Purchase}
    when: {count: orders, gte: 3}
"""
SECOND = """\
  - id: second-purchase
    badge: {title: Second Purchase}
    when: {count: orders, gte: 2}
"""
COMMENTER = """\
  - id: commenter
    badge: {title: Commenter}
    when: {count: comments, gte: 1}
"""
BROKEN = "version: 1\nbadges:\n  - id: a\n    badge: {titel: A}\n    when: {}\n"


def _id(kind: str, shop: str, number: int = 0) -> str:
    """A GUID that shows its shop in the second group: 0001 is north, 0002 south."""
    return f"{kind * 8}-{SHOPS.index(shop) + 1:04d}-4000-8000-{number:012d}"


def member_id(number: int, shop: str = NORTH) -> str:
    return _id("b", shop, number)


def order_prefix(shop: str) -> str:
    """How the ids of all orders of a shop begin, and of no other's."""
    return _id("c", shop)[:14]


def installation(shop: str) -> Installation:
    return Installation(
        site_id=_id("d", shop),
        instance_id=_id("e", shop),
        app_id=_id("a", NORTH),
        app_secret=SECRET,
    )


def make_world() -> World:
    """Both shops without lag and without a limit of rate."""
    return World(
        [installation(shop) for shop in SHOPS], Options(query_lag_seconds=0, rate_limit_requests=0)
    )


@dataclass
class LiveShops:
    """The sandbox that answers at ``url``."""

    url: str
    world: World
    _numbers: Any = field(default_factory=lambda: count(1))

    def site(self, shop: str = NORTH) -> Site:
        return self.world.sites[_id("e", shop)]

    def buys(self, member: int, times: int, *, shop: str = NORTH) -> None:
        """A member has bought so many times an hour ago, and pays now."""
        site, now = self.site(shop), self.world.clock()
        paid = datetime.now(UTC)
        at, paid_at = (
            f"{when:%Y-%m-%dT%H:%M:%S.000Z}" for when in (paid - timedelta(hours=1), paid)
        )
        standard = next(one for one in seed.orders() if one["paymentStatus"] == "PAID")
        body = {"id": member_id(member, shop), "status": "APPROVED", "privacyStatus": "PUBLIC"}
        site.members.put(Record(body, site.members.fields), now)
        for _ in range(times):
            order = standard | {
                "id": _id("c", shop, next(self._numbers)),
                "buyerInfo": {"memberId": member_id(member, shop)},
                **dict.fromkeys(("createdDate", "purchasedDate"), at),
                "updatedDate": paid_at,
            }
            site.orders.put(Record(order, site.orders.fields), now)

    def comments(self, member: int, *, shop: str = NORTH, post: str | None = None) -> None:
        """A member writes a comment, on a post that has one already or on another."""
        site = self.site(shop)
        comment = next(iter(seed.comments())) | {
            "id": _id("f", shop, next(self._numbers)),
            "author": {"memberId": member_id(member, shop)},
        }
        if post is not None:
            comment |= {"contextId": post, "resourceId": post}
        site.comments.put(Record(comment, site.comments.fields), self.world.clock())

    def given(self, shop: str = NORTH) -> list[tuple[str, str]]:
        """Every assignment that stands, as (member, title of the badge), sorted."""
        site = self.site(shop)
        titles = {one.id: one.body["title"] for one in site.badges.current.values()}
        bodies = [one.body for one in site.assignments.current.values()]
        return sorted((one["memberId"], titles[one["badgeId"]]) for one in bodies)

    def calls(self, *paths: str) -> int:
        """How many requests have come to these paths, answered or not."""
        return sum(one.path in paths for one in self.world.journal.entries)

    def creates(self) -> int:
        """How many requests to create assignments or badges have come."""
        writes = (wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE, wire.BADGES)
        entries = self.world.journal.entries
        return sum(one.method == "POST" and one.path in writes for one in entries)

    def fault(self, path: str, **how: Any) -> None:
        """Let the next request to a path go wrong."""
        self.world.faults.add([Fault(path=path, **how)])


def configuration(
    folder: Path, url: str, *, sites: Iterable[str] = (NORTH,), **told: Any
) -> Settings:
    """Settings for the shops, with a rules file for each in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for shop in sites:
        rules = folder / f"{shop}.yaml"
        rules.write_text(FIRST_AND_THIRD, encoding="utf-8")
        left_alone(rules)
    secret = told.pop("secret", SECRET)
    changed = told.pop("changed", {})
    return Settings(
        state_dir=folder / "state",
        wix_base_url=url,
        sites={
            shop: SiteSettings(
                **{
                    "rules": folder / f"{shop}.yaml",
                    "app_id": installation(shop).app_id,
                    "instance_id": installation(shop).instance_id,
                    "app_secret": secret,
                }
                | changed,
            )
            for shop in sites
        },
        **told,
    )


def rows(house: House, track: Track = Track.LIVE) -> dict[tuple[str, str], ScanOverview]:
    """How this track of each source stands, by site and name; duties have the live one alone."""
    with house.store.begin() as tx:
        found = tx.scans.overview()
    return {(one.site, one.source): one for one in found if one.track is track}


def runs(house: House) -> list[Run]:
    """Every run, oldest first."""
    with house.store.begin() as tx:
        return list(reversed(tx.runs.recent(None, 1000)))


def due(house: House) -> set[tuple[str, str]]:
    """What is due now, whether or not it was rung."""
    with house.store.begin() as tx:
        now = tx.now
    return {
        key
        for track in Track
        for key, row in rows(house, track).items()
        if row.due_at and row.due_at <= now
    }


def read(house: House, site: str = NORTH, source: str = "orders") -> Outcome:
    """All that is due of a source, as the bells of a tick would have it.

    What its tracks did is added up; the error, if any, is the first one's.
    """
    total = Outcome(site=site, kind=f"scan {source}", numbers={})
    for track in (Track.FULL, Track.LIVE):
        with house.store.read() as tx:
            is_wanted = track is Track.LIVE or tx.scans.is_due(site, source, track)
        if track in house.tracks(source) and is_wanted:
            one = work.run_scan(house, site, source, track, by="test")
            numbers = Counter(total.numbers)
            numbers.update(one.numbers)
            error, cause = total.error or one.error, total.cause or one.cause
            total = replace(one, numbers=dict(numbers), error=error, cause=cause)
    return total


def do_round(house: House, site: str = NORTH) -> list[Outcome]:
    """One of each, as the bells of a tick would have it."""
    duties.register(house)
    return [
        work.run_provision(house, site, by="test"),
        read(house, site),
        work.run_assign(house, site, by="test"),
    ]


def rewrite(house: House, text: str, site: str = NORTH) -> Path:
    """Change a site's rules file, as an operator does, and leave it alone for a minute."""
    file = house.settings.sites[site].rules
    assert file, "the site has a file of its own"
    file.write_text(text, encoding="utf-8")
    return left_alone(file)
