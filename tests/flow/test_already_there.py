"""What stands at Wix already is a success, in whichever form Wix says it; who gave it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from stage import ONE_ORDER, TIMING, Clock, Stage, patience
from wix_double import Fault, lost

from badgejobs.core.award import Giver, State
from badgejobs.errors import AlreadyExists, RateLimited
from badgejobs.flow.assign import Assigned, assign
from badgejobs.flow.decide import decide
from badgejobs.flow.provision import provision
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault as ServedFault
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import DuplicateMode, Options, parse_installations
from badgejobs.sandbox.world import World
from badgejobs.store import SqlStore
from badgejobs.wix import wire
from badgejobs.wix.auth import ApiKeyCredentials
from badgejobs.wix.client import WixClient

IDS = {
    "siteId": "5170a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "instanceId": "1457a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appId": "a990a9d5-5f4d-4f2b-9a57-1f2b7a0c1100",
    "appSecret": "made-up",
    "apiKey": "IST.made-up",
}
LAG = 3600


def guid(number: int) -> str:
    return f"bbbbbbbb-0000-4000-8000-{number:012d}"


@dataclass
class Served:
    """The stages on a real sandbox behind our real client, all on one clock."""

    at: Stage
    world: World
    wix: WixClient

    def earn(self, *members: str) -> None:
        """Let members exist, and earn the badge."""
        shelf = self.world.sites[IDS["instanceId"]].members
        for member in members:
            body = {"id": member, "status": "APPROVED"}
            shelf.put(Record(body, shelf.fields), self.world.clock())
        self.at.record(*(self.at.order(member, member) for member in members))
        provision(
            self.at.site,
            self.at.rules,
            self.wix,
            self.at.store,
            quiet_period=TIMING.quiet_period,
        )
        with self.at.store.begin() as tx:
            decide(tx, self.at.site, members, self.at.rules)

    def give(self, *members: str) -> None:
        """The owner gives the badge by hand."""
        for member in members:
            self.wix.create_assignment(self.at.wix_id(), member, fence=lambda: None)

    def assign(self) -> Assigned | None:
        return assign(
            self.at.site,
            self.wix,
            self.at.rules,
            self.at.store,
            timing=TIMING,
            batch=100,
            patience=patience,
        )

    def disturb(self, path: str, kind: FaultKind, **told: int | bytes) -> None:
        self.world.faults.add([ServedFault(path=path, kind=kind, **told)])  # type: ignore[arg-type]

    def standing(self) -> dict[str, int]:
        """How many assignments each member has."""
        pairs = self.world.sites[IDS["instanceId"]].pairs
        return {member: len(rows) for (_, member), rows in pairs.items()}

    def creates(self) -> int:
        creating = {wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE}
        return sum(one.path in creating for one in self.world.journal.entries)


@contextmanager
def served(
    store: SqlStore, clock: Clock, mode: DuplicateMode, *, lag: float = LAG
) -> Iterator[Served]:
    world = World(
        parse_installations([IDS]),
        Options(query_lag_seconds=lag, rate_limit_requests=0, duplicate_mode=mode),
        clock=lambda: clock().timestamp(),
        now=clock,
    )
    credentials = ApiKeyCredentials(api_key=IDS["apiKey"], site_id=IDS["siteId"])
    with (
        running(world) as url,
        WixClient(base_url=url, credentials=credentials, pace=lambda: None) as wix,
    ):
        yield Served(Stage(store, clock), world, wix)


# ---------------------------------------------------------------- through the real client


@pytest.mark.parametrize("mode", [DuplicateMode.CONFLICT, DuplicateMode.RETURN_EXISTING])
@pytest.mark.parametrize("number", [1, 3])
def test_what_a_query_does_not_show_yet_is_a_persons_however_wix_says_that_it_stands(
    store: SqlStore, clock: Clock, mode: DuplicateMode, number: int
) -> None:
    members = [guid(n) for n in range(number)]
    with served(store, clock, mode) as here:
        here.earn(*members)
        here.give(*members)
        clock.advance(minutes=1)
        before = here.creates()

        done = here.assign()

        assert done
        assert (done.found, done.created, done.error) == (number, 0, None)
        assert here.creates() - before == 1
        assert here.standing() == dict.fromkeys(members, 1)
        for member in members:
            assert here.at.award(member).state is State.ASSIGNED
            assert here.at.award(member).giver is Giver.PERSON


def test_in_a_bulk_what_stood_is_a_persons_and_what_was_made_is_ours(
    store: SqlStore, clock: Clock
) -> None:
    members = [guid(n) for n in range(3)]
    with served(store, clock, DuplicateMode.CONFLICT) as here:
        here.earn(*members)
        here.give(members[1])
        clock.advance(minutes=1)

        here.assign()

        givers = [here.at.award(member).giver for member in members]
        assert givers == [Giver.OURS, Giver.PERSON, Giver.OURS]
        assert here.standing() == dict.fromkeys(members, 1)


@pytest.mark.parametrize("mode", list(DuplicateMode))
@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    ("kind", "lag"),
    [
        (FaultKind.RESET_BEFORE_WRITE, 2),
        (FaultKind.RESET_AFTER_WRITE, 0),
        (FaultKind.RESET_AFTER_WRITE, 30),
    ],
)
def test_a_lost_answer_ends_in_one_assignment_of_ours_in_every_mode(
    store: SqlStore,
    clock: Clock,
    *,
    mode: DuplicateMode,
    number: int,
    lag: int,
    kind: FaultKind,
) -> None:
    members = [guid(n) for n in range(number)]
    with served(store, clock, mode, lag=lag) as here:
        here.earn(*members)
        path = wire.ASSIGNMENTS if number == 1 else wire.ASSIGNMENTS_BULK_CREATE
        here.disturb(path, kind)
        for _ in range(6):
            while here.assign():
                pass
            clock.advance(seconds=60)

        assert here.standing() == dict.fromkeys(members, 1)
        assert here.creates() == (2 if kind is FaultKind.RESET_BEFORE_WRITE else 1)
        assert {here.at.award(member).giver for member in members} == {Giver.OURS}


def test_a_bare_409_proves_nothing_and_is_settled_by_reading(store: SqlStore, clock: Clock) -> None:
    """Wix says 409 also of a write that is under way just now."""
    with served(store, clock, DuplicateMode.SECOND_ROW, lag=0) as here:
        here.earn(guid(1))
        here.disturb(wire.ASSIGNMENTS, FaultKind.STATUS, status=409)

        here.assign()

        assert here.at.award(guid(1)).state is State.UNKNOWN
        for _ in range(4):
            clock.advance(seconds=60)
            here.assign()
        assert here.standing() == {guid(1): 1}
        assert here.at.award(guid(1)).giver is Giver.OURS


# ---------------------------------------------------------------- ours after all


def test_a_lost_attempt_that_shows_up_after_all_readings_is_ours_with_its_id(
    store: SqlStore, clock: Clock
) -> None:
    """The index of Wix is behind for longer than the quiet period and both readings."""
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.lag = timedelta(seconds=170)
    at.wix.script("create", Fault(error=lost(), applied=True))
    at.assign_all()
    for seconds in (120, 30):
        at.wait(seconds=seconds)
        at.wix.meanwhile("create", lambda: at.wait(seconds=25))
        at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert len(at.wix.named("create")) == 2
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.OURS)
    assert at.award().assignment_id


@pytest.mark.parametrize("habit", ["refuse", "return"])
def test_what_a_person_gave_between_two_attempts_is_theirs(
    store: SqlStore, clock: Clock, habit: str
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.second_create = habit  # type: ignore[assignment]
    at.wix.script("create", lost())
    at.assign_all()
    at.wait(seconds=120)
    at.assign_all()
    at.wait(seconds=10)
    at.wix.lag = timedelta(minutes=5)
    at.wix.give(at.wix_id(), "ada")
    at.wait(seconds=20)
    at.assign_all()

    assert len(at.wix.named("create")) == 2
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)


def test_what_a_person_gave_a_moment_before_our_only_attempt_is_theirs(
    store: SqlStore, clock: Clock
) -> None:
    """Within the tolerance of clocks, and yet not ours: our own request was told that it stood."""
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.meanwhile("before create", lambda: at.wix.give(at.wix_id(), "ada"))

    at.assign_all()

    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.PERSON)
    assert at.award().assignment_id, "one reading tells its id"
    assert len(at.wix.named("assignments")) == 2


def test_a_first_attempt_that_shows_up_after_a_second_was_stopped_is_ours(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.lag = timedelta(seconds=155)
    at.wix.script("create", Fault(error=lost(), applied=True), RateLimited("slower", seconds=9))
    at.assign_all()
    for seconds in (120, 30, 9):
        at.wait(seconds=seconds)
        at.assign_all()

    assert at.wix.standing == {("One Order", "ada"): 1}
    assert (at.award().state, at.award().giver) == (State.ASSIGNED, Giver.OURS)


def test_a_reading_that_fails_leaves_only_the_id_unknown(store: SqlStore, clock: Clock) -> None:
    at = Stage(store, clock)
    at.earn("ada")
    at.wix.script("assignments", None, RateLimited("slower", seconds=9))
    at.wix.script("create", AlreadyExists("409"))

    at.assign_all()

    award = at.award()
    assert (award.state, award.giver, award.assignment_id) == (State.ASSIGNED, Giver.PERSON, None)


def test_a_live_award_costs_two_calls_and_nothing_to_do_costs_none(
    store: SqlStore, clock: Clock
) -> None:
    at = Stage(store, clock, ONE_ORDER)
    at.earn("ada")
    at.wix.calls.clear()

    at.assign_all()
    assert [one.name for one in at.wix.calls] == ["assignments", "create"]
    at.assign_all()
    assert len(at.wix.calls) == 2
