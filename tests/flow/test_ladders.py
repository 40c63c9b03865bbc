"""Ladders: the tier to be had is given before another is taken, up and down, whatever fails."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from databases import Clock
from refunds import PAID, REFUNDED, buys, refund, restore
from stage import Stage, milestone, orders_at_least
from wix_double import Fault, WorkerKilled, lost

from badgejobs.core.activity import Mark
from badgejobs.core.award import Giver, State, Unmet
from badgejobs.core.calendar import Span
from badgejobs.core.milestone import Lifecycle, Milestone
from badgejobs.errors import BadgeJobsError, NotSent, RateLimited
from badgejobs.store import SqlStore, open_store

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DOWN = Lifecycle(stated=True, revokes=True)
SLOWLY = replace(DOWN, grace=Span(exact=timedelta(days=7)))


def ladder(lifecycle: Lifecycle = DOWN) -> tuple[Milestone, ...]:
    """Three tiers at one, two and three orders, the highest first, of which one is shown."""
    tiers, above = list[Milestone](), tuple[Milestone, ...]()
    for badge, number in (("gold", 3), ("silver", 2), ("bronze", 1)):
        plain = replace(
            milestone(badge, orders_at_least(number)), lifecycle=lifecycle, ladder="orders"
        )
        tiers.append(replace(plain, above=above))
        above = (plain, *above)
    return tuple(tiers)


def on(store: SqlStore, clock: Clock, lifecycle: Lifecycle = DOWN) -> Stage:
    at = Stage(store, clock, *ladder(lifecycle), page_size=50)
    at.provision()
    return at


def works(at: Stage, *, rounds: int = 3) -> None:
    """Everybody works, some rounds, as bells ring."""
    at.scan()
    for _ in range(rounds):
        at.recover()
        with at.store.begin() as tx:
            tx.bindings.decide_anew(at.site)
        at.decide_due()
        at.assign_all()
        with at.store.begin() as tx:
            tx.bindings.decide_anew(at.site)
        at.decide_due()
        at.revoke_all()
        at.wait(minutes=3)


def shown(at: Stage, member: str = "ada") -> list[str]:
    return sorted(title for title, of in at.wix.standing.elements() if of == member)


def test_going_up_the_higher_tier_stands_before_the_lower_goes(
    store: SqlStore, clock: Clock
) -> None:
    at = on(store, clock)
    buys(at, "ada", 1)
    works(at)
    assert shown(at) == ["Bronze"]

    buys(at, "ada", 1, first=2)
    assert at.revoke() is None, "the higher does not stand yet"
    works(at)

    assert shown(at) == ["Silver"]
    names = [call.name for call in at.wix.named("create", "create_many", "delete_many")]
    assert names == ["create", "create", "delete_many"]
    assert at.history()[-1] == ("bronze", State.REVOKED, Unmet.HIGHER_TIER)


def test_going_down_the_lower_tier_stands_before_the_higher_goes(
    store: SqlStore, clock: Clock
) -> None:
    at = on(store, clock)
    buys(at, "ada", 3)
    works(at)
    assert shown(at) == ["Gold"]

    refund(at, "ada-1", "ada-2")
    assert at.revoke() is None, "the lower does not stand yet"
    works(at)

    assert shown(at) == ["Bronze"]
    names = [call.name for call in at.wix.named("create", "create_many", "delete_many")]
    assert names == ["create", "create", "delete_many"]


def test_who_falls_off_the_ladder_keeps_nothing(store: SqlStore, clock: Clock) -> None:
    at = on(store, clock)
    buys(at, "ada", 1)
    works(at)
    refund(at, "ada-1")
    works(at)
    assert shown(at) == []


def test_grace_keeps_the_higher_tier_alone_and_then_the_lower_takes_its_place(
    store: SqlStore, clock: Clock
) -> None:
    at = on(store, clock, SLOWLY)
    buys(at, "ada", 3)
    works(at)
    refund(at, "ada-1")
    works(at)
    assert shown(at) == ["Gold"], "one tier is shown, and it is the better one as yet"

    at.wait(days=7)
    works(at)

    assert shown(at) == ["Silver"]


@pytest.mark.parametrize("state", [State.HELD, State.BLOCKED, State.PAUSED, State.NEEDS_ATTENTION])
def test_nothing_is_taken_while_the_tier_in_its_place_cannot_be_given(
    store: SqlStore, clock: Clock, state: State
) -> None:
    at = on(store, clock)
    buys(at, "ada", 3)
    works(at)
    refund(at, "ada-1")
    claimed = None
    with store.begin() as tx:
        claimed = tx.awards.claim(at.site, limit=9, holds=timedelta(seconds=45))
        assert claimed
        (silver,) = claimed.awards
        tx.awards.settle([silver.refused(state, reason="cannot be")], claim=claimed.token)
    with store.begin() as tx:
        tx.bindings.decide_anew(at.site)
    if state is not State.HELD:
        at.decide_due()

    assert at.revoke() is None
    assert shown(at) == ["Gold"]
    assert at.award(badge="gold").revoke_at is None


def test_a_higher_tier_that_cannot_be_given_takes_nothing(store: SqlStore, clock: Clock) -> None:
    at = on(store, clock)
    buys(at, "ada", 1)
    works(at)
    at.wix.members_gone.add("ada")
    buys(at, "ada", 1, first=2)
    works(at)
    assert at.award(badge="silver").state is State.BLOCKED
    assert shown(at) == ["Bronze"]


def test_a_tier_below_that_a_person_took_is_not_waited_for(store: SqlStore, clock: Clock) -> None:
    at = on(store, clock)
    buys(at, "ada", 2)
    works(at)
    at.wix.take(at.wix_id("silver"), "ada")
    with store.begin() as tx:
        silver = tx.awards.of_members(at.site, ["ada"])["ada", "silver"]
        assert silver.state is State.ASSIGNED
        tx._connection.exec_driver_sql("UPDATE award SET state = 'taken' WHERE badge = 'silver'")
    buys(at, "ada", 1, first=3)
    works(at)
    assert shown(at) == ["Gold"]

    refund(at, "ada-1")
    works(at)

    assert shown(at) == [], "gold is lost, and silver a person does not want"


def test_a_tier_that_a_person_gave_stands_in_for_ours_and_stays(
    store: SqlStore, clock: Clock
) -> None:
    at = on(store, clock)
    at.wix.give(at.wix_id("silver"), "ada")
    at.wait(minutes=9)
    buys(at, "ada", 2)
    works(at)
    assert at.award(badge="silver").giver is Giver.PERSON
    buys(at, "ada", 1, first=3)
    works(at)
    assert shown(at) == ["Gold", "Silver"]

    refund(at, "ada-1")
    works(at)

    assert shown(at) == ["Silver"]


def test_up_and_down_and_up_again_ends_where_the_facts_are(store: SqlStore, clock: Clock) -> None:
    at = on(store, clock)
    buys(at, "ada", 3)
    works(at)
    for _ in range(3):
        refund(at, "ada-1")
        works(at)
        assert shown(at) == ["Silver"]
        restore(at, "ada-1")
        works(at)
        assert shown(at) == ["Gold"]
    assert at.award(badge="silver").period == 3


# ---------------------------------------------------------------- whatever goes wrong

#: Seeds of every run of the suite, and of its long step.
SHORT, LONG, STEPS, CHUNKS = 8, 32, 12, 2
MEMBERS = ("ada", "bob")


class Climb:
    """One seed: members go up and down while calls fail and workers die.

    After every single call, whoever showed a tier still shows one, unless one began to be taken
    when the facts gave none: what is on its way then cannot be called back.
    """

    def __init__(self, seed: int, store: SqlStore, clock: Clock) -> None:
        self.chance = Random(seed)
        lifecycle = self.chance.choice([DOWN, DOWN, SLOWLY])
        self.at = Stage(
            store,
            clock,
            *ladder(lifecycle),
            site=f"climb-{seed}",
            page_size=50,
            batch=self.chance.choice([1, 2, 100]),
        )
        self.at.wix.second_create = "row"
        self.at.wix.lag = timedelta(seconds=self.chance.choice([0, 0, 20]))
        self.had = set[str]()
        #: When what was read changed, and whether it gave no tier from then on.
        self.read = defaultdict[str, list[tuple[datetime, bool]]](list)
        self._watch()

    def _watch(self) -> None:
        """Look at the world after each change of it."""
        wix = self.at.wix
        for name in ("create_assignment", "create_assignments", "delete_assignments"):
            self._look_after(name, getattr(wix, name))

    def _look_after(self, name: str, real: Callable[..., object]) -> None:
        def call(*args: object, **kwargs: object) -> object:
            try:
                return real(*args, **kwargs)
            finally:
                self.look()

        setattr(self.at.wix, name, call)

    def look(self) -> None:
        showing = {member for _, member in self.at.wix.standing}
        for member in sorted(self.had - showing):
            assert self._was_bare(member), f"{member} is without a tier"
        self.had = showing

    def _was_bare(self, member: str) -> bool:
        """Whether a tier of theirs began to be taken when what was read gave them none."""
        with self.at.store.read() as tx:
            changes = tx.awards.history(self.at.site, member)
        begun = {
            one.badge: one.at
            for one in changes
            if (one.from_state, one.to_state) == (State.ASSIGNED, State.REVOKING)
        }
        return any(self._gave_none(member, moment) for moment in begun.values())

    def _gave_none(self, member: str, moment: datetime) -> bool:
        read = self.read[member]
        before = [bare for at, bare in read if at < moment][-1:]
        return any([*before, *(bare for at, bare in read if at == moment)])

    def _scan(self) -> None:
        try:
            self.at.scan()
        finally:
            for member in MEMBERS:
                known = self.at.facts(member)[member].values()
                bare = all(Mark.REFUNDED in one.marks for one in known)
                self.read[member].append((self.at.clock(), bare))

    def play(self) -> None:
        chance, at = self.chance, self.at
        at.provision()
        for _ in range(STEPS):
            for member in MEMBERS:
                number = chance.randrange(1, 4)
                marks = chance.choice([PAID, PAID, REFUNDED])
                known = at.orders.records.get(f"{member}-{number}")
                one = at.order(
                    f"{member}-{number}",
                    member,
                    at=known.occurred_at if known else None,
                    updated_at=at.clock(),
                    marks=marks,
                    revision=known.revision + 1 if known else 1,
                )
                at.orders.put(one)
            for name in ("create", "create_many", "delete_many", "assignments"):
                if chance.random() < 0.5:
                    at.wix.script(name, self._fault())
            if chance.random() < 0.4:
                at.wix.meanwhile(chance.choice(["create", "delete_many"]), self._someone_works)
            for _ in range(3):
                self._someone_works()
                at.wait(seconds=chance.choice([1, 10, 50, 130, 4 * 86_400]))
        at.wix.relent()
        for _ in range(4):
            at.wait(days=8)
            # what is read now is to be known to ``_was_bare`` too
            self._scan()
            works(at)

    def _fault(self) -> Fault:
        errors = [lost(), WorkerKilled(), NotSent("no route"), RateLimited("429", seconds=5)]
        error = self.chance.choice(errors)
        applied = isinstance(error, WorkerKilled) or getattr(error, "may_have_happened", False)
        return Fault(error=error, applied=bool(applied) and self.chance.random() < 0.5)

    def _someone_works(self) -> None:
        at = self.at
        doings: list[Callable[[], object]] = [
            self._scan, at.decide_due, at.assign, at.revoke, at.revoke, at.recover
        ]  # fmt: skip
        for doing in self.chance.choices(doings, k=4):
            try:
                doing()
            except (BadgeJobsError, WorkerKilled):
                continue

    def check(self) -> None:
        at = self.at
        given_up = {
            member
            for (member, _), state in at.awards(*MEMBERS).items()
            if state is State.NEEDS_ATTENTION
        }
        standing = Counter({p: n for p, n in at.wix.standing.items() if p[1] not in given_up})
        assert standing == Counter({p for p in at.expected() if p[1] not in given_up})


@pytest.fixture
def arena() -> Iterator[tuple[SqlStore, Clock]]:
    """A store in memory that many seeds share."""
    clock = Clock()
    store = open_store("sqlite://", clock=clock)
    store.migrate()
    yield store, clock
    store.dispose()


def climb_all(chunk: int, seeds: int, arena: tuple[SqlStore, Clock]) -> None:
    taken = 0
    for seed in range(chunk, seeds, CHUNKS):
        print(f"seed {seed}")  # noqa: T201 - shown where it fails
        climb = Climb(seed, *arena)
        climb.play()
        climb.check()
        taken += len(climb.at.wix.named("delete_many"))
    assert taken > seeds // CHUNKS, "or nothing was taken"


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.usefixtures("database_url")
def test_after_every_call_a_member_shows_a_tier_who_showed_one_and_has_earned_one(
    arena: tuple[SqlStore, Clock], chunk: int
) -> None:
    climb_all(chunk, SHORT, arena)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.usefixtures("database_url")
def test_in_many_more_histories_nobody_falls_between_two_tiers(
    arena: tuple[SqlStore, Clock], chunk: int
) -> None:
    climb_all(chunk, LONG, arena)
