"""One run of the model: facts arrive, workers give badges, everything goes wrong, and it ends.

Real are the store, the decision, the giving, the waits after errors and the client down to its
sockets. The model is the clock, the wire, Wix, the bells, and who dies or stands still when.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from giving_laws import Ending, Report, judge, report_of
from greenlet import getcurrent
from model_wix import ModelWix, Pair, Wrong, guid
from profiles import Profile
from virtual_time import Time
from wires import URL, Wires, plugged

from badgejobs.core.activity import Activity, Mark
from badgejobs.core.award import State, Timing
from badgejobs.core.milestone import Condition, Count, Look, Milestone, Ruleset, Selection
from badgejobs.core.policy import OrderPolicy
from badgejobs.flow.assign import assign
from badgejobs.flow.decide import decide
from badgejobs.flow.ports import Store, Transaction
from badgejobs.flow.provision import provision
from badgejobs.jobs.retrying import patience
from badgejobs.store import SqlStore, open_store
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

SITE = "shop"
#: Each member earns so many badges, one with each order.
BADGES = 4
WORKERS = 4
BATCH = 100
#: Seconds in which so many awards are earned, on the average.
_PACE = 0.6
#: A job that died comes back after so many seconds, and due rows are looked for so often.
_REDELIVERY = 60.0
_SWEEP = 30.0
#: Longer than anything can take to come to rest once nothing goes wrong.
_LONGEST_REST = 4 * 3600.0

#: A transaction that stands still keeps all others out, and its server ends it.
_MAY_STALL = {"after a commit", "connecting", "answered"}

_UNDER_WAY = {State.PENDING, State.INFLIGHT, State.UNKNOWN}
_KNOWN_AS_SENT = {State.INFLIGHT, State.UNKNOWN}


class Died(BaseException):
    """A worker's process ends here."""


def _earned_with(orders: int) -> Condition:
    return Count(of=Selection(source="orders", policy=OrderPolicy()), gte=orders)


RULES = Ruleset(
    version="v1",
    milestones=tuple(
        Milestone(
            badge=f"badge-{number}",
            title=f"Badge {number}",
            look=Look(title=f"Badge {number}"),
            condition=_earned_with(number),
        )
        for number in range(1, BADGES + 1)
    ),
)


@dataclass(kw_only=True)
class _Worker:
    client: WixClient
    is_busy: bool = False


class _Store:
    """The real store, with the places in it where a worker may die or stand still."""

    def __init__(self, store: SqlStore, step: Callable[[str], None]) -> None:
        self._store, self._step = store, step
        self.read = store.read

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._store.begin() as tx:
            yield tx
            self._step("before a commit")
        self._step("after a commit")


@dataclass(kw_only=True)
class Giving:
    """One run."""

    profile: Profile
    seed: int
    awards: int
    timing: Timing = field(default_factory=Timing)

    def __post_init__(self) -> None:
        self.chance = Random(f"{self.profile.name} {self.seed}")
        random.seed(self.seed)  # the spread of waits
        self.time = Time()
        self.store = open_store("sqlite://", clock=self.time)
        self.store.migrate()
        self.steps: Store = _Store(self.store, self._step)
        self.wix = ModelWix(
            time=self.time,
            profile=self.profile,
            chance=self.chance,
            unknown_to_us=self._unknown,
            sender=getcurrent,
        )
        self.members = [guid(0xE0, number) for number in range(1, self.awards // BADGES + 1)]
        self.wix.members.update(self.members)
        self.earned_at = dict[Pair, float]()
        self._orders = Counter[str]()
        self._bells = 0
        self._failures = 0
        self._at_work = dict[object, _Worker]()
        self._badge_of = dict[str, str]()

    def play(self) -> Report:
        """The whole run; raises :class:`Wrong` where a law was broken."""
        wires = Wires(
            time=self.time,
            serve=self.wix.serve,
            connecting=self._connecting,
            leaving=self._leaving,
            answered=lambda _: self._step("answered"),
        )
        with plugged(wires):
            self._workers = [_Worker(client=self._client()) for _ in range(WORKERS)]
            provision(
                SITE,
                RULES,
                self._workers[0].client,
                self.store,
                quiet_period=self.timing.quiet_period,
            )
            with self.store.read() as tx:
                self._badge_of = {wix: ours for ours, wix in tx.bindings.of(SITE).items()}
            self._plan()
            self.time.run(until=self._span + 60)
            self.wix.is_calm = True
            self._come_to_rest()
            before = self._ending(self._states()[State.NEEDS_ATTENTION])
            self._a_person_looks()
            for one in self._workers:
                one.client.close()
        end = self._ending(before.waiting)
        self.store.dispose()
        judge(end, given_up=before.given_up())
        return report_of(end)

    # ------------------------------------------------------------ what happens when

    def _plan(self) -> None:
        chance = self.chance
        self._span = self.awards * _PACE
        orders = [member for member in self.members for _ in range(BADGES)]
        chance.shuffle(orders)
        while orders:
            # A page of a scan brings some at once, and sometimes very many.
            size = 120 if chance.random() < 0.02 else chance.randint(1, 8)
            page, orders = orders[:size], orders[size:]
            self.time.at(chance.uniform(0, self._span), partial(self._earned, page))
        sweeps = int(self._span / _SWEEP) + 4
        for number in range(sweeps):
            self.time.at(number * _SWEEP, self._sweep)
        self._plan_the_owner()

    def _plan_the_owner(self) -> None:
        chance, profile = self.chance, self.profile
        for _ in range(int(self.awards * profile.owner)):
            self.time.at(chance.uniform(0, self._span), self._owner_acts)
        for badge in sorted(self._badge_of)[: profile.badges_deleted]:
            moment = self._span * chance.uniform(0.3, 0.7)
            self.time.at(moment, partial(self.wix.delete_badge, badge))
        gone = int(len(self.members) * profile.members_deleted)
        for member in chance.sample(self.members, gone):
            moment = self._span * chance.random()
            self.time.at(moment, partial(self.wix.delete_member, member))

    def _earned(self, members: list[str]) -> None:
        """A page of orders is recorded and decided, as a scan does it, and a bell rung."""
        now = self.time()
        orders = list[Activity]()
        for member in members:
            self._orders[member] += 1
            number = self._orders[member]
            orders.append(order(member, number, now))
            self.earned_at[self._pair(member, number)] = self.time.seconds
        with self.store.begin() as tx:
            tx.activities.record(orders, site=SITE, source="orders", generation=0)
            decide(tx, SITE, sorted(set(members)), RULES)
        self.time.after(0.1, self._ring)
        if self.chance.random() < self.profile.double_bell:
            self.time.after(self.chance.uniform(0.1, 1.0), self._ring)

    def _owner_acts(self) -> None:
        chance = self.chance
        if chance.random() < 0.5:
            self.wix.give((chance.choice(sorted(self._badge_of)), chance.choice(self.members)))
        elif given := [pair for pair in self.wix.rows if self.wix.standing(pair)]:
            self.wix.take(chance.choice(given))

    def _sweep(self) -> None:
        with self.store.begin() as tx:
            tx.awards.recover(quiet_period=self.timing.quiet_period)
            due = tx.awards.due_sites([SITE], 1)
        if due:
            self._ring()

    # ------------------------------------------------------------ workers

    def _ring(self) -> None:
        """One more job: a free worker takes it, or the first that becomes free."""
        idle = next((one for one in self._workers if not one.is_busy), None)
        if idle is None:
            self._bells += 1
            return
        idle.is_busy = True
        self.time.start(lambda: self._work(idle))

    def _work(self, worker: _Worker) -> None:
        me = getcurrent()
        self._at_work[me] = worker
        try:
            self._give(worker)
        except Died:
            self.wix.counts["workers that died"] += 1
            worker.client = self._client()
            self.time.after(_REDELIVERY, self._ring)
        self._at_work.pop(me)
        self.wix.looked.pop(me, None)
        worker.is_busy = False
        if self._bells:
            self._bells -= 1
            self._ring()

    def _give(self, worker: _Worker) -> None:
        """Batches until none is due or something stops it, as a job does it."""
        while True:
            done = assign(
                SITE,
                worker.client,
                RULES,
                self.steps,
                timing=self.timing,
                batch=BATCH,
                patience=patience,
                failures=self._failures,
            )
            if done is None:
                return
            self._failures = self._failures + 1 if done.error else 0
            if done.error:
                wait = patience(done.error, self._failures)
                self.time.after(wait.total_seconds(), self._ring)
                return

    def _step(self, where: str) -> None:
        """A worker comes by here: it may die, or stand still."""
        if self.wix.is_calm or getcurrent() not in self._at_work:
            return
        if self.chance.random() < self.profile.crash:
            raise Died
        if where in _MAY_STALL:
            self._may_stall()

    def _connecting(self) -> None:
        self.time.wait(self.chance.uniform(0.01, 0.1))
        self._step("connecting")

    def _leaving(self, path: str) -> None:
        if self.wix.is_calm or getcurrent() not in self._at_work:
            return
        self._step("leaving")
        writes = path in {wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE}
        if writes and self.profile.stalls_behind_all:
            self._may_stall()
        if writes and self.chance.random() < self.profile.owner:
            self._owner_acts()

    def _may_stall(self) -> None:
        if self.chance.random() < self.profile.stall:
            self.wix.counts["stalls"] += 1
            self.time.wait(self.chance.uniform(*self.profile.stall_seconds))

    def _client(self) -> WixClient:
        return WixClient(
            base_url=URL,
            credentials=ApiKeyCredentials(api_key="IST.key", site_id=guid(0xF0, 1)),
            pace=lambda: None,
            request_deadline=self.timing.request_deadline,
            monotonic=self.time.monotonic,
        )

    # ------------------------------------------------------------ the end

    def _come_to_rest(self) -> None:
        """Sweeps until nothing is under way, and no worker at work."""
        ends = self.time.seconds + _LONGEST_REST
        while self._at_work or self._under_way():
            if self.time.seconds > ends:
                raise Wrong(f"it does not come to rest: {self._states()}")
            self._sweep()
            self.time.run(until=self.time.seconds + _SWEEP)

    def _a_person_looks(self) -> None:
        """What waits for a person is tried again by hand: one read tells what became of it."""
        with self.store.begin() as tx:
            tx.awards.revive(SITE)
        self._come_to_rest()

    def _under_way(self) -> bool:
        """Whether there is work left; what was sent of a badge that is gone now waits with it."""
        with self.store.read() as tx:
            states = tx.awards.states(SITE)
        there = {self._badge_of[one] for one in self.wix.badges}
        return any(state in _UNDER_WAY and badge in there for badge, state in states)

    def _states(self) -> Counter[State]:
        with self.store.read() as tx:
            states = tx.awards.states(SITE)
        found = Counter[State]()
        for (_, state), number in states.items():
            found[state] += number
        return found

    def _unknown(self, pairs: list[Pair]) -> int:
        """How many of these leave now without a word in the ledger that they do."""
        with self.store.read() as tx:
            ledger = tx.awards.of_members(SITE, {member for _, member in pairs})
        sent = {
            key
            for key, award in ledger.items()
            if award.state in _KNOWN_AS_SENT and award.attempt > 0
        }
        return sum((member, self._badge_of[badge]) not in sent for badge, member in pairs)

    def _ending(self, waiting: int) -> Ending:
        """What is to be judged, from here on a value of its own."""
        with self.store.read() as tx:
            ledger = tx.awards.of_members(SITE, self.members)
        return Ending(
            profile=self.profile,
            seed=self.seed,
            wix=self.wix,
            earned_at=self.earned_at,
            ledger={
                (wix, member): ledger.get((member, self._badge_of[wix]))
                for wix, member in self.earned_at
            },
            waiting=waiting,
        )

    def _pair(self, member: str, number: int) -> Pair:
        wanted = f"badge-{number}"
        return next(wix for wix, ours in self._badge_of.items() if ours == wanted), member


def order(member: str, number: int, at: Any) -> Activity:
    return Activity(
        site=SITE,
        source="orders",
        activity_id=f"{member}-{number}",
        member_id=member,
        occurred_at=at,
        updated_at=at,
        revision=1,
        marks=frozenset({Mark.APPROVED, Mark.PAID}),
        amounts={"items": 1000, "total": 1000},
        currency="GBP",
    )


def play(profile: Profile, seed: int, *, awards: int, **timing: Any) -> Report:
    """One run of a profile."""
    one = Giving(profile=profile, seed=seed, awards=awards)
    one.timing = replace(one.timing, **timing)
    return one.play()
