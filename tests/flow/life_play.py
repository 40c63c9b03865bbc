"""A life: facts, faults, workers and persons, in an order that a seed decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from random import Random

from databases import Clock
from life_laws import Laws, Pair
from life_rules import words
from life_world import LifeWorld
from stage import FREE, TIMING, Stage
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.activity import Mark
from badgejobs.core.byhand import Wish
from badgejobs.core.drift import Caution
from badgejobs.core.guard import Guard
from badgejobs.errors import BadgeJobsError, NotSent, RateLimited, TokenRefused
from badgejobs.flow import byhand
from badgejobs.flow.override import clear_override
from badgejobs.flow.provision import provision_anew
from badgejobs.store import SqlStore
from badgejobs.store.acting import acting

MEMBERS = ("ada", "bob", "cyd")
#: The person who runs commands.
MARA = "mara"
#: Only one badge a day is taken by rules in seeds with this guard.
TIGHT = Guard(percent=0, least=1)

PAID = (Mark.APPROVED, Mark.PAID)
REFUNDED = (*PAID, Mark.REFUNDED)
CALLS = ("create", "create_many", "delete_many", "assignments", "fetch orders", "members")


class Life:
    """One seed: a world, its habits, and all who have a hand in it."""

    def __init__(self, seed: int, store: SqlStore, clock: Clock, *, site: str = "") -> None:
        self.chance = chance = Random(seed)
        self.words = words(chance)
        self.at = Stage(
            store,
            clock,
            *self.words.first.milestones,
            site=site or f"life-{seed}",
            page_size=chance.choice([3, 50, 50]),
            batch=chance.choice([1, 2, 100]),
            world=LifeWorld,
        )
        self.at.rules = self.words.first
        assert isinstance(self.at.wix, LifeWorld)
        self.wix = self.at.wix
        self.wix.lag = timedelta(seconds=chance.choice([0, 0, 5, 20]))
        # Where a second create makes a second row, each one too many stays to be seen.
        self.wix.second_create = chance.choice(["row", "row", "row", "refuse", "return"])
        self.guard = TIGHT if chance.random() < 0.15 else FREE
        self.caution = Caution(repair_duplicates=chance.random() < 0.5)
        self.laws = Laws(self.at, self.wix, self.words, MEMBERS)
        self._runs = count(1)
        #: How many workers read a source just now.
        self._reading = 0
        self._has = {
            name: chance.random() < often
            for name, often in {
                "owner": 0.6, "commands": 0.4, "badge dropped": 0.2, "member deleted": 0.2,
                "holes": 0.4,
            }.items()
        }  # fmt: skip

    def play(self, steps: int) -> None:
        change_at = self.chance.randrange(2, steps)
        self._do(self.at.provision)
        for step in range(steps):
            if step == change_at:
                self.at.rules, self.laws.second_since = self.words.second, self.at.clock()
            self._facts()
            self._trouble()
            self._persons()
            for _ in range(2):
                self._someone_works()
                self.wait(seconds=self.chance.choice([0, 1, 5, 30, 60, 130, 130, 7200, 100_000]))

    # ------------------------------------------------------------ what arrives

    def _facts(self) -> None:
        chance, at = self.chance, self.at
        for _ in range(chance.randrange(1, 4)):
            number, member = chance.randrange(3), chance.choice(MEMBERS)
            if chance.random() < 0.7:
                name = f"{member}-{number}"
                known = at.orders.records.get(name)
                at.orders.put(
                    at.order(
                        name,
                        member,
                        at=known.occurred_at if known else None,
                        updated_at=at.clock(),
                        marks=chance.choice([PAID, PAID, REFUNDED]),
                        revision=known.revision + 1 if known else 1,
                    ),
                    visible_in=timedelta(seconds=chance.choice([0, 0, 8])),
                )
            else:
                name = f"c-{member}-{number}"
                written = at.comments.records.get(name)
                at.comments.put(
                    at.comment(
                        name,
                        member,
                        marks=[chance.choice([Mark.PUBLISHED, Mark.PUBLISHED, Mark.HIDDEN])],
                        revision=written.revision + 1 if written else 1,
                    )
                )

    # ------------------------------------------------------------ what goes wrong

    def _trouble(self) -> None:
        chance, wix = self.chance, self.wix
        for name in CALLS:
            often = 0.45 if name.startswith(("create", "delete")) else 0.15
            if chance.random() < often:
                wix.script(name, *([None] * chance.randrange(2)), self._fault(name))
            if chance.random() < 0.15:
                wix.meanwhile(name, self._interlude)
        for name in ("before create", "before delete"):
            if chance.random() < 0.3:
                wix.meanwhile(name, self._interlude)
        if self._has["holes"] and chance.random() < 0.3:
            wix.holes += 1

    def _fault(self, name: str) -> Fault:
        chance = self.chance
        if name.startswith("create") and chance.random() < 0.3:
            # Within what the settings allow for: a request's deadline and late apply.
            return Fault(error=lost(), late=timedelta(seconds=chance.uniform(0, 90)))
        if name.startswith(("create", "delete")) and chance.random() < 0.6:
            return Fault(
                error=chance.choice([lost(), WorkerKilled()]), applied=chance.random() < 0.5
            )
        errors = [
            WorkerKilled(), lost(), NotSent("no route"), TokenRefused("401"),
            RateLimited("429", seconds=9),
        ]  # fmt: skip
        return Fault(error=chance.choice(errors))

    def _interlude(self) -> None:
        """While one worker hangs at a call, time passes, and others have a hand in it."""
        self.wait(seconds=self.chance.choice([0, 0, 5, 50, 85]))
        self._someone_works()
        if self.chance.random() < 0.5:
            self._persons()
        if self.chance.random() < 0.3:
            # What it left behind is taken over before the first one wakes.
            self._do(self.at.recover)
            self._someone_works()

    # ------------------------------------------------------------ who works

    def _someone_works(self) -> None:
        at = self.at
        doings: list[Callable[[], object]] = [
            self.live, self.scan, self.scan_comments, at.decide_due, at.assign, at.assign,
            self.revoke, self.revoke, at.recover, at.provision, self.reconcile,
        ]  # fmt: skip
        for doing in self.chance.choices(doings, k=self.chance.randrange(2, 6)):
            self._do(doing)

    def revoke(self) -> object:
        return self.at.revoke(self.guard)

    def reconcile(self) -> object:
        return self.at.reconcile(caution=self.caution)

    def _do(self, doing: Callable[[], object]) -> bool:
        """One run of one worker, which may end as any does; whether it came to its end."""
        if self._reading:
            # another worker has read some pages, and not all
            self.laws.sample()
        try:
            with acting(run=next(self._runs)):
                doing()
        except (BadgeJobsError, WorkerKilled):
            return False
        return True

    def live(self) -> None:
        self._read(self.at.live)

    def scan(self) -> None:
        self._read(self.at.scan)

    def scan_comments(self) -> None:
        self._read(lambda: self.at.scan(self.at.comments))

    def _read(self, reading: Callable[[], object]) -> None:
        self._reading += 1
        try:
            reading()
        finally:
            self._reading -= 1
            self.laws.sample()

    def wait(self, **by: float) -> None:
        self.at.wait(**by)

    # ------------------------------------------------------------ persons

    def _persons(self) -> None:
        chance = self.chance
        if self._has["owner"] and chance.random() < 0.35:
            self._owner()
        if self._has["commands"] and chance.random() < 0.4:
            self._command()
        if self._has["badge dropped"] and chance.random() < 0.1:
            self._drop_a_badge()
        elif self._gone() and chance.random() < 0.3:
            self.create_anew()
        if self._has["member deleted"] and chance.random() < 0.1:
            self._has["member deleted"] = False
            self.wix.delete_member(chance.choice(MEMBERS))

    def _pair(self) -> Pair | None:
        """Some member and badge that are both there."""
        pair = self.chance.choice(MEMBERS), self.chance.choice(self.words.milestones).badge
        with self.at.store.begin() as tx:
            bound = tx.bindings.of(self.at.site).get(pair[1])
        if bound is None or not self.wix.has_badge(bound) or pair[0] in self.wix.members_gone:
            return None
        return pair

    def _owner(self) -> None:
        """The owner sees the dashboard without lag, and gives what is not there."""
        pairs = [one for one in (self._pair() for _ in range(6)) if one]
        here = [one for one in pairs if self.wix.rows(self.laws.at_wix(one))]
        if here and self.chance.random() < 0.6:
            self.laws.take_by_owner(here[0])
        elif gone := [one for one in pairs if one not in here]:
            self.wix.give(*self.laws.at_wix(gone[0]))
            self.laws.gave(gone[0])

    def _command(self) -> None:
        pair = self._pair()
        if pair is None:
            return
        doing = self.chance.choice([self._grant, self._revoke_by_hand, self._clear])
        try:
            with acting(actor=MARA, note="as she was asked to"):
                doing(pair)
        except (BadgeJobsError, WorkerKilled):
            return

    def _grant(self, pair: Pair) -> None:
        wanted = [byhand.Wanted(member_id=pair[0], badge=pair[1])]
        quiet = TIMING.quiet_period
        (answer,) = byhand.grant(
            self.at.site, wanted, self.at.rules, self.at.store, quiet_period=quiet
        ).values()
        if answer.wish in {Wish.TO_DO, Wish.KEPT}:
            self.laws.granted(pair)

    def _revoke_by_hand(self, pair: Pair) -> None:
        answer = byhand.revoke(
            self.at.site, pair, self.at.rules, self.wix, self.at.store,
            quiet_period=TIMING.quiet_period, removes_access=True,
        )  # fmt: skip
        if answer.wish not in {Wish.WAIT, Wish.BADGE_GONE}:
            self.laws.revoked(pair)

    def _clear(self, pair: Pair) -> None:
        if clear_override(self.at.site, [pair], self.at.rules, self.at.store).cleared:
            self.laws.cleared(pair)

    # ------------------------------------------------------------ badges that go

    def _drop_a_badge(self) -> None:
        pair = self._pair()
        if pair:
            self._has["badge dropped"] = False
            self.laws.badge_dropped(pair[1])
            self.wix.drop_badge(self.at.wix_id(pair[1]))

    def _gone(self) -> list[str]:
        """The badges that are gone at Wix, whether anybody noticed or not."""
        with self.at.store.begin() as tx:
            bound = tx.bindings.of(self.at.site)
        return [badge for badge, wix_id in bound.items() if not self.wix.has_badge(wix_id)]

    def create_anew(self) -> None:
        for badge in self._gone():
            with acting(actor=MARA, note="created anew"):
                try:
                    provision_anew(
                        self.at.site, self.at.rules, badge, self.wix, self.at.store,
                        quiet_period=TIMING.quiet_period,
                    )  # fmt: skip
                except (BadgeJobsError, WorkerKilled):
                    continue

    # ------------------------------------------------------------ the end

    def settle(self, times: int = 2) -> None:
        """Nothing goes wrong any more: everybody works until nothing is due."""
        for _ in range(times):
            self.wait(hours=7)
            self._do(self.at.recover)
            self.create_anew()
            self.round()
            for _ in range(2):
                self.wait(seconds=150)
                for doing in (self.at.decide_due, self.at.assign_all, self.revoke_all):
                    self._do(doing)
            self._do(self.reconcile)
        for doing in (self.at.decide_due, self.at.assign_all, self.revoke_all):
            self._do(doing)

    def round(self) -> None:
        """One of everything."""
        at = self.at
        for doing in (
            at.provision, self.scan, self.scan_comments, at.decide_due, at.assign_all,
            self.revoke_all, self.reconcile,
        ):  # fmt: skip
            self._do(doing)

    def revoke_all(self) -> object:
        return self.at.revoke_all(self.guard)
