"""What happens on a live site: orders and comments come, change, are taken back and vanish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from live_site import LiveComments, LiveOrders, LiveSource, Record

from badgejobs.core.activity import Activity, Item, Mark

MEMBERS = ("ada", "bob", "cyd", "dan")
FAR = datetime(2099, 1, 1, tzinfo=UTC)

#: What comes later than this is left to the re-scan of the last days,
LATE = timedelta(minutes=9)
#: and what comes later than this to the reading in full.
VERY_LATE = timedelta(hours=20)


def delay(chance: Random) -> timedelta:
    """How long the index takes to show a change."""
    match chance.random():
        case roll if roll < 0.68:
            return timedelta(seconds=chance.uniform(0, 8))
        case roll if roll < 0.93:
            return timedelta(seconds=chance.uniform(8, LATE.total_seconds() - 1))
        case roll if roll < 0.97:
            return timedelta(hours=chance.uniform(1, 19.9))
        case _:
            return timedelta(days=chance.uniform(3, 6))


class Life:
    """What is alike for every kind of record."""

    source: LiveSource

    def __init__(self, site: str, chance: Random, now: Callable[[], datetime]) -> None:
        self.site, self.chance, self.now = site, chance, now
        #: Whether each change raises the revision; orders of Wix have none.
        self.is_revised = True

    def happen(self) -> str:
        """One thing happens; the id of a record that it happened to."""
        standing = [one for one in self.source.records.values() if one.removed_at is None]
        if not standing or self.chance.random() < 0.5:
            return self.arrive()
        record = self.chance.choice(standing)
        match self.chance.random():
            # What is dated 2099 lies behind all that a reading in full comes to: it is not missed.
            case roll if roll < 0.08 and not any(
                one.state.updated_at == FAR for one in record.versions
            ):
                record.removed_at = self.now() + timedelta(seconds=self.chance.uniform(0, 8))
            case roll if roll < 0.13 and record.blink is None:
                # shorter than the gap between two misses
                record.blink = (
                    self.now(),
                    self.now() + timedelta(minutes=self.chance.uniform(1, 8)),
                )
            case _:
                self.change(record, visible_in=delay(self.chance))
        return record.last.activity_id

    def change(self, record: Record, *, visible_in: timedelta) -> None:
        """A record comes to another state."""
        if record.removed_at is None:
            state = self.changed(record.last)
            revision = state.revision + self.is_revised
            later = replace(state, updated_at=self.stamp(), revision=revision)
            self.source.write(later, visible_in=visible_in)

    def stamp(self) -> datetime:
        """The present as Wix writes it down: cut to whole seconds, so that many are equal."""
        return self.now().replace(microsecond=0)

    def arrive(self) -> str:
        raise NotImplementedError

    def changed(self, one: Activity) -> Activity:
        raise NotImplementedError

    def new_id(self) -> str:
        return f"{self.chance.getrandbits(40):010x}"


class OrderLife(Life):
    """Orders: paid at once or later, refunded in part or in full, cancelled, imported in bulk."""

    def __init__(
        self, site: str, chance: Random, now: Callable[[], datetime], source: LiveOrders
    ) -> None:
        super().__init__(site, chance, now)
        self.source = source
        self.is_revised = chance.random() < 0.3

    def arrive(self) -> str:
        chance = self.chance
        number = chance.choice((1, 1, 1, 1, 1, 1, 3, 6, 12))
        far = chance.random() < 0.04
        name = ""
        for _ in range(number):
            name = self.new_id()
            self.source.write(self._new(name, far=far), visible_in=delay(chance))
        return name

    def changed(self, one: Activity) -> Activity:
        chance = self.chance
        amounts = dict(one.amounts)
        match chance.randrange(5):
            case 0:
                return replace(one, marks=one.marks | {Mark.PAID}, paid_at=self.now())
            case 1:
                amounts["refunded"] = min(amounts["items"], amounts.get("refunded", 0) + 100)
                return replace(one, amounts=amounts, marks=one.marks | {Mark.PARTLY_REFUNDED})
            case 2:
                return replace(one, marks=(one.marks - {Mark.PARTLY_REFUNDED}) | {Mark.REFUNDED})
            case 3:
                return replace(one, marks=one.marks ^ {Mark.CANCELLED})
            case _:
                amounts["items"] = chance.randrange(100, 5000)
                return replace(one, amounts=amounts, items=self._items())

    def _new(self, name: str, *, far: bool) -> Activity:
        chance = self.chance
        is_paid = chance.random() < 0.7
        amount = chance.randrange(100, 5000)
        return Activity(
            site=self.site,
            source="orders",
            activity_id=name,
            member_id=chance.choice((*MEMBERS, None)),
            occurred_at=FAR if far and chance.random() < 0.5 else self.stamp(),
            updated_at=FAR if far else self.stamp(),
            revision=int(self.is_revised),
            marks=frozenset({Mark.APPROVED, Mark.PAID} if is_paid else {Mark.APPROVED}),
            amounts={"items": amount, "total": amount + 100},
            currency="GBP",
            items=self._items(),
            channel=chance.choice(("WEB", "POS")),
            paid_at=self.now() if is_paid else None,
        )

    def _items(self) -> tuple[Item, ...]:
        return tuple(
            Item(product=product, quantity=self.chance.randrange(1, 4), amount=100)
            for product in self.chance.sample("pqr", self.chance.randrange(3))
        )


class CommentLife(Life):
    """Comments in two apps: edited, hidden and shown, deleted with and without a trace."""

    def __init__(
        self, site: str, chance: Random, now: Callable[[], datetime], source: LiveComments
    ) -> None:
        super().__init__(site, chance, now)
        self.source = source
        self._posts = ["post-1", "post-2"]

    def arrive(self) -> str:
        chance = self.chance
        if chance.random() < 0.2:
            self._posts.append(f"post-{len(self._posts) + 1}")
        post = chance.choice(self._posts)
        name = ""
        for _ in range(chance.choice((1, 1, 1, 4))):
            name = self.new_id()
            state = Activity(
                site=self.site,
                source="comments",
                activity_id=name,
                member_id=chance.choice(MEMBERS),
                occurred_at=self.stamp(),
                updated_at=self.stamp(),
                revision=1,
                part="blog" if post in self._posts[::2] else "forum",
                marks=frozenset({chance.choice((Mark.PUBLISHED, Mark.PUBLISHED, Mark.PENDING))}),
                post=post,
                parent=chance.choice((None, "root")),
                length=chance.randrange(1, 80),
            )
            self.source.write(state, visible_in=delay(chance))
        return name

    def changed(self, one: Activity) -> Activity:
        if Mark.DELETED in one.marks:
            return one
        match self.chance.randrange(4):
            case 0:
                return replace(one, length=self.chance.randrange(1, 80))
            case 1:
                return replace(one, marks=frozenset({Mark.HIDDEN}))
            case 2:
                return replace(one, marks=frozenset({Mark.PUBLISHED}))
            case _:
                # who wrote it is not told any more
                gone = frozenset({Mark.DELETED})
                return replace(one, marks=gone, member_id=None, parent=None, length=0)
