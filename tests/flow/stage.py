"""One site on a stage: the real store, a Wix in memory, and the stages to play on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Protocol

from wix_double import World, WorldComments, WorldOrders, WorldSource

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.award import Award, State, Timing
from badgejobs.core.drift import Caution
from badgejobs.core.evaluate import evaluate
from badgejobs.core.guard import Guard
from badgejobs.core.identity import keyed
from badgejobs.core.milestone import Condition, Count, Look, Milestone, Ruleset, Selection
from badgejobs.core.policy import CommentPolicy, OrderPolicy
from badgejobs.core.source import Track
from badgejobs.errors import BadgeJobsError
from badgejobs.flow.assign import Assigned, assign
from badgejobs.flow.cadence import Cadence
from badgejobs.flow.decide import Decided, flip, take_up
from badgejobs.flow.erase import erase
from badgejobs.flow.pages import Scanned
from badgejobs.flow.provision import Provisioned, provision
from badgejobs.flow.reconcile import Reconciled, reconcile
from badgejobs.flow.revoke import Revoked, revoke
from badgejobs.flow.scan import scan
from badgejobs.jobs.retrying import verdict
from badgejobs.store import SqlStore
from badgejobs.store.wake_ups import WakeUps

TIMING = Timing()
#: Nothing is too much for this guard.
FREE = Guard(percent=100)
CADENCE = Cadence()


class Clock(Protocol):
    """A clock that stands still until a test moves it."""

    def __call__(self) -> datetime: ...

    def advance(self, **by: float) -> datetime: ...


def patience(error: BadgeJobsError, failures: int) -> timedelta:
    """The verdict without its spread, so that waits are figures."""
    return timedelta(seconds=verdict(error, max(0, failures)).seconds)


def milestone(badge: str, condition: Condition) -> Milestone:
    title = badge.replace("-", " ").title()
    return Milestone(badge=badge, title=title, look=Look(title=title), condition=condition)


def orders_at_least(number: int) -> Count:
    return Count(of=Selection(source="orders", policy=OrderPolicy()), gte=number)


def comments_at_least(number: int) -> Count:
    return Count(of=Selection(source="comments", policy=CommentPolicy()), gte=number)


TWO_ORDERS = milestone("two-orders", orders_at_least(2))
ONE_ORDER = milestone("one-order", orders_at_least(1))
TALKER = milestone("talker", comments_at_least(1))


def rules_of(*milestones: Milestone, version: str = "v1") -> Ruleset:
    return Ruleset(version=version, milestones=milestones)


def added(one: Scanned, other: Scanned) -> Scanned:
    numbers = {
        item.name: getattr(one, item.name) + getattr(other, item.name)
        for item in fields(Scanned)
        if type(getattr(one, item.name)) is int
    }
    return replace(
        other,
        **numbers,
        completed=one.completed and other.completed,
        more=one.more or other.more,
        overtaken=one.overtaken or other.overtaken,
        since=one.since if one.pages else other.since,
    )


class Stage:
    """What a test needs to play one site, with short names for what it asks."""

    def __init__(
        self,
        store: SqlStore,
        clock: Clock,
        *milestones: Milestone,
        site: str = "shop",
        page_size: int = 2,
        batch: int = 100,
        world: Callable[[Clock], World] = World,
    ) -> None:
        self.store, self.clock, self.site, self.batch = store, clock, site, batch
        #: New awards within an hour; without a number there is no cap.
        self.most_an_hour: int | None = None
        self.rules = rules_of(*(milestones or (ONE_ORDER,)))
        self.wix = world(clock)
        self.orders = WorldOrders(self.wix, page_size=page_size)
        self.comments = WorldComments(self.wix, page_size=page_size)

    # ------------------------------------------------------------ facts

    def order(
        self,
        activity_id: str,
        member_id: str | None = "ada",
        *,
        at: datetime | None = None,
        updated_at: datetime | None = None,
        marks: Iterable[Mark] = (Mark.APPROVED, Mark.PAID),
        revision: int = 1,
    ) -> Activity:
        now = self.clock()
        return Activity(
            site=self.site,
            source="orders",
            activity_id=activity_id,
            member_id=member_id,
            occurred_at=at or now,
            updated_at=updated_at or at or now,
            revision=revision,
            marks=frozenset(marks),
            amounts={"items": 1000, "total": 1000},
            currency="GBP",
        )

    def joined(self, member_id: str, at: datetime) -> Activity:
        """That a member joined the site."""
        return Activity(
            site=self.site,
            source="membership",
            activity_id=member_id,
            member_id=member_id,
            occurred_at=at,
            updated_at=at,
            marks=frozenset({Mark.JOINED}),
        )

    def record(self, *activities: Activity) -> None:
        """Facts, as if a page of their source held them; nobody is decided."""
        with self.store.begin() as tx:
            for one in activities:
                tx.activities.record([one], site=self.site, source=one.source, generation=0)

    def comment(
        self,
        activity_id: str,
        member_id: str | None = "ada",
        *,
        marks: Iterable[Mark] = (Mark.PUBLISHED,),
        revision: int = 1,
        post: str = "post",
    ) -> Activity:
        return Activity(
            site=self.site,
            source="comments",
            activity_id=activity_id,
            member_id=member_id,
            occurred_at=self.clock(),
            updated_at=self.clock(),
            revision=revision,
            part="blog",
            post=post,
            marks=frozenset(marks),
        )

    # ------------------------------------------------------------ stages

    def wait(self, **by: float) -> None:
        self.clock.advance(**by)

    def scan(
        self,
        source: WorldSource | None = None,
        *,
        time_is_up: Callable[[], bool] = lambda: False,
        cadence: Cadence = CADENCE,
    ) -> Scanned:
        """All that is due of a source, as a worker would come to it, and the live track.

        What its tracks did is added up; it is completed where each one was.
        """
        source = source or self.orders
        total = Scanned(completed=True)
        for track in (Track.FULL, Track.RECENT, Track.LIVE, Track.FULL):
            if track is Track.LIVE or self.is_due(source, track):
                done = self.scan_track(track, source, time_is_up=time_is_up, cadence=cadence)
                total = added(total, done)
                if done.more:
                    break
        return total

    def live(
        self,
        *,
        time_is_up: Callable[[], bool] = lambda: False,
        cadence: Cadence = CADENCE,
    ) -> Scanned:
        """The live track of the orders alone."""
        return self.scan_track(Track.LIVE, time_is_up=time_is_up, cadence=cadence)

    def is_due(self, source: WorldSource, track: Track) -> bool:
        """Whether a track is to be read now, or is not known yet."""
        with self.store.begin() as tx:
            rows = [one for one in tx.scans.overview(self.site) if one.source == source.name]
            if not rows:
                return track is Track.FULL
            return tx.scans.is_due(self.site, source.name, track)

    def scan_track(
        self,
        track: Track,
        source: WorldSource | None = None,
        *,
        time_is_up: Callable[[], bool] = lambda: False,
        cadence: Cadence = CADENCE,
    ) -> Scanned:
        return scan(
            self.site,
            source or self.orders,
            self.wix,
            lambda: self.rules,
            self.store,
            track=track,
            cadence=cadence,
            patience=patience,
            time_is_up=time_is_up,
        )

    def provision(self) -> Provisioned:
        return provision(
            self.site, self.rules, self.wix, self.store, quiet_period=TIMING.quiet_period
        )

    def assign(self) -> Assigned | None:
        """One batch."""
        return assign(
            self.site,
            self.wix,
            self.rules,
            self.store,
            timing=TIMING,
            batch=self.batch,
            most_an_hour=self.most_an_hour,
            patience=patience,
        )

    def assign_all(self) -> Counter[str]:
        """Batches until none is due now; what they came to."""
        totals = Counter[str]()
        while one := self.assign():
            for name in ("claimed", "created", "found", "unknown", "refused", "withdrawn"):
                totals[name] += getattr(one, name)
        return +totals

    def revoke(self, guard: Guard = FREE) -> Revoked | None:
        """One batch of what is due to be taken."""
        return revoke(
            self.site,
            self.wix,
            self.rules,
            self.store,
            timing=TIMING,
            batch=self.batch,
            patience=patience,
            guard=guard,
        )

    def revoke_all(self, guard: Guard = FREE) -> Counter[str]:
        """Batches until none is due now; what they came to."""
        totals = Counter[str]()
        while one := self.revoke(guard):
            for name in ("claimed", "revoked", "taken", "kept", "held_back", "again"):
                totals[name] += getattr(one, name)
        return +totals

    def decide_due(self) -> Decided:
        """Decide all members if they are to be decided anew, and then whose time has come."""
        everyone, done = take_up(self.site, self.rules, self.store, batches=1000)
        some, none_left = flip(self.site, self.rules, self.store, batches=1000)
        assert done
        assert none_left
        return everyone + some

    def erase(self, member_id: str) -> None:
        """Erase all of a member for good, under a key as a configured site has one."""
        self.store.digest = self.store.digest or keyed(b"a key of this stage's own")
        erase(self.site, member_id, self.store)

    def reconcile(
        self,
        *,
        caution: Caution | None = None,
        accepted: bool = False,
        dry_run: bool = False,
        anew: bool = False,
        pages: int | None = None,
    ) -> Reconciled:
        """Hold the ledger against Wix; where ``pages`` are given, one slice of so many."""
        read = list[int]()
        return reconcile(
            self.site,
            self.wix,
            self.wix,
            self.store,
            timing=TIMING,
            caution=caution or Caution(),
            accepted=accepted,
            dry_run=dry_run,
            anew=anew,
            time_is_up=lambda: pages is not None and len(read) >= pages,
            heard=read.append,
        )

    def recover(self) -> int:
        with self.store.begin() as tx:
            return tx.awards.recover(quiet_period=TIMING.quiet_period)

    def earn(self, *members: str) -> None:
        """Bind the badges, let each member place two orders, and scan."""
        self.provision()
        for member in members:
            self.orders.put(self.order(f"{member}-1", member), self.order(f"{member}-2", member))
        self.scan()

    # ------------------------------------------------------------ looking

    def award(self, member_id: str = "ada", badge: str | None = None) -> Award:
        with self.store.begin() as tx:
            awards = tx.awards.of_members(self.site, [member_id])
        return awards[member_id, badge or self.rules.milestones[0].badge]

    def awards(self, *members: str) -> dict[tuple[str, str], State]:
        with self.store.begin() as tx:
            awards = tx.awards.of_members(self.site, members)
        return {pair: award.state for pair, award in awards.items()}

    def facts(self, *members: str) -> dict[str, dict[str, Activity]]:
        with self.store.begin() as tx:
            found = tx.activities.of_members(self.site, members)
        return {
            member: {one.activity_id: one for one in found.get(member, ())} for member in members
        }

    def history(self, member_id: str = "ada") -> list[tuple[str, State, str]]:
        """Every state that a member's awards came to, as (badge, state, reason)."""
        with self.store.read() as tx:
            changes = tx.awards.history(self.site, member_id)
        return [(one.badge, one.to_state, one.reason) for one in changes]

    def unmet(self) -> dict[str, int]:
        """How many awards of each badge are due to be taken."""
        with self.store.read() as tx:
            return tx.awards.unmet(self.site)

    def wake_ups(self) -> WakeUps:
        with self.store.read() as tx:
            return tx.wake_ups.overview(self.site, tx.scans.known_to(self.site))

    def wix_id(self, badge: str | None = None) -> str:
        with self.store.begin() as tx:
            return tx.bindings.of(self.site)[badge or self.rules.milestones[0].badge]

    def expected(self) -> set[tuple[str, str]]:
        """The (title, member) that the world's true history earns, by evaluation alone."""
        return self.earned_by([*self.orders.records.values(), *self.comments.records.values()])

    def earned_by(self, facts: Collection[Activity]) -> set[tuple[str, str]]:
        """The (title, member) that these facts earn now."""
        members = {one.member_id for one in facts if one.member_id}
        return {
            (one.title, member)
            for member in members
            for one in self.rules.milestones
            if evaluate([f for f in facts if f.member_id == member], one, self.clock()).met
        }
