"""The comments of a sandbox read by the real scan into a real store, and both looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from databases import Clock
from live_shop import LiveShop, guid, live_shop

from badgejobs.core.activity import Activity, Mark, is_live
from badgejobs.core.milestone import Count, Milestone, Ruleset, Selection
from badgejobs.core.policy import CommentPolicy
from badgejobs.core.site import Site
from badgejobs.core.source import Known, Resources, Track
from badgejobs.errors import BadgeJobsError
from badgejobs.flow.cadence import Cadence
from badgejobs.flow.pages import Scanned
from badgejobs.flow.scan import scan
from badgejobs.sandbox.endpoints import comments
from badgejobs.sandbox.history import made_up
from badgejobs.sandbox.switches import turned
from badgejobs.sources.comments import Comments
from badgejobs.store import SqlStore
from badgejobs.wix import wire

BLOG, FORUM = wire.COMMENT_APPS["blog"], wire.COMMENT_APPS["forum"]
SHOP = "shop"
#: Who writes: the comment of a number is that of the member of that number, all round.
MEMBERS = tuple(made_up.member_id(number) for number in range(50))

RULES = Ruleset(
    version="v1",
    milestones=(
        Milestone(
            badge="talker",
            title="Talker",
            look=None,
            condition=Count(of=Selection(source="comments", policy=CommentPolicy()), gte=1),
        ),
    ),
)


def patience(_error: BadgeJobsError, _failures: int) -> timedelta:
    return timedelta(seconds=2)


@dataclass
class Reading:
    """One site that is read; ``apps`` are those of its comments."""

    shop: LiveShop
    store: SqlStore
    clock: Clock
    apps: tuple[str, ...] = (BLOG,)
    name: str = SHOP
    cadence: Cadence = field(default_factory=Cadence)
    #: Goes up with every change at Wix.
    revision: int = 0

    def __post_init__(self) -> None:
        self.source_site = Site(name=self.name, comment_apps=self.apps)
        self.source = Comments(self.source_site)

    # ------------------------------------------------------------ at Wix

    def put(
        self, *numbers: int, post: int = 0, app: str = BLOG, status: str = "PUBLISHED", **more: str
    ) -> None:
        """Comments of these numbers as they are now, in place of what they were."""
        for number in numbers:
            member = number % len(MEMBERS)
            body = made_up.comment(guid("c", number), number=member, post=post, at=self.clock())
            self.revision += 1
            now = body | {"appId": app, "status": status, "revision": str(self.revision)}
            now |= more
            self.shop.put("comments", comments.stored_form(now))

    def remove(self, *numbers: int) -> None:
        self.shop.remove("comments", *(guid("c", number) for number in numbers))

    def turn(self, **positions: object) -> None:
        world = self.shop.world
        world.switches = turned(world.switches, positions)

    @property
    def counts(self) -> int:
        """Requests to count, ever."""
        return self.shop.asked(wire.COMMENTS_COUNT)

    @property
    def pages(self) -> int:
        """Requests for pages, ever."""
        return self.shop.asked(wire.COMMENTS_QUERY)

    # ------------------------------------------------------------ here

    def scan(self, track: Track = Track.LIVE) -> Scanned:
        return scan(
            self.name,
            self.source,
            self.shop.wix,
            lambda: RULES,
            self.store,
            track=track,
            cadence=self.cadence,
            patience=patience,
            time_is_up=lambda: False,
        )

    def backfill(self) -> Scanned:
        return self.scan(Track.FULL)

    def hint(self, *posts: str, app: str = BLOG) -> None:
        with self.store.begin() as tx:
            tx.resources.hint(self.name, "comments", [Resources(part=app, ids=posts)])

    def facts(self) -> dict[str, Activity]:
        """All that is known, by id."""
        with self.store.read() as tx:
            found = tx.activities.of_members(self.name, MEMBERS)
        return {one.activity_id: one for rows in found.values() for one in rows}

    def marks(self, number: int) -> Collection[Mark]:
        return self.facts()[guid("c", number)].marks

    def is_as_at_wix(self) -> bool:
        """Whether what is known and counts is what stands at Wix in public."""
        here = {one for one, fact in self.facts().items() if is_live(fact.marks)}
        there = {
            one
            for one, record in self.shop.site.comments.current.items()
            if record.values["status"] == "PUBLISHED" and record.values["appId"] in self.apps
        }
        return here == there

    def known(self) -> Known:
        with self.store.read() as tx:
            return tx.resources.known(self.name, "comments")

    def counted(self) -> dict[str, dict[str, int]]:
        """What the memo should be: the published activities by part and post."""
        found = dict[str, Counter[str]]()
        for one in self.facts().values():
            found.setdefault(one.part, Counter())[one.post] += is_live(one.marks)
        told = {part: {post: n for post, n in of.items() if n} for part, of in found.items()}
        return {part: of for part, of in told.items() if of}

    def due_at(self, track: Track) -> datetime | None:
        with self.store.read() as tx:
            (row,) = [one for one in tx.scans.overview(self.name) if one.track is track]
        return row.due_at


@contextmanager
def reading(store: SqlStore, clock: Clock, *apps: str) -> Iterator[Reading]:
    with live_shop() as shop:
        yield Reading(shop, store, clock, apps or (BLOG,))
