"""A shop at a real sandbox whose clock, and the database's, a test moves by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from databases import Clock
from giving import BADGES, RULES, SITE, order
from model_wix import guid

from badgejobs.core.award import Award, State, Timing
from badgejobs.flow.assign import Assigned, assign
from badgejobs.flow.decide import decide
from badgejobs.flow.provision import provision
from badgejobs.jobs.retrying import patience
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.sandbox.faults.scripted import Fault
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.records.kinds import ASSIGNMENTS, MEMBERS
from badgejobs.sandbox.server import running
from badgejobs.sandbox.settings import DuplicateMode, Installation, Options
from badgejobs.sandbox.world import Site, World
from badgejobs.store import SqlStore
from badgejobs.wix import wire
from badgejobs.wix.auth import AppCredentials
from badgejobs.wix.client import WixClient

TIMING = Timing()
WRITES = (wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE)
_OWN = Installation(
    site_id=guid(0xF1, 1), instance_id=guid(0xF2, 1), app_id=guid(0xF3, 1), app_secret="secret"
)


@dataclass(frozen=True, kw_only=True)
class SandboxShop:
    """The shop, the database that serves it, and what both are asked."""

    url: str
    world: World
    store: SqlStore
    clock: Clock
    members: tuple[str, ...]

    @property
    def site(self) -> Site:
        return self.world.sites[_OWN.instance_id]

    def client(self) -> WixClient:
        """A client of its own for each worker, as each process has one."""
        return WixClient(
            base_url=self.url,
            credentials=AppCredentials(
                app_id=_OWN.app_id, app_secret=_OWN.app_secret, instance_id=_OWN.instance_id
            ),
            pace=lambda: None,
            request_deadline=TIMING.request_deadline,
        )

    def open(self) -> None:
        """Make the badges, and let every member earn all of them."""
        with self.client() as client:
            provision(SITE, RULES, client, self.store, quiet_period=TIMING.quiet_period)
        now = self.clock()
        orders = [
            order(member, number, now) for member in self.members for number in range(1, BADGES + 1)
        ]
        with self.store.begin() as tx:
            tx.activities.record(orders, site=SITE, source="orders", generation=0)
            decide(tx, SITE, self.members, RULES)

    def give(self, member: str, number: int) -> None:
        """The owner gives a badge by hand, a day ago."""
        badge = self.badge(number)
        born = f"{self.clock() - timedelta(days=1):%Y-%m-%dT%H:%M:%S.000Z}"
        body = {
            "id": guid(0xA9, len(self.site.assignments.current) + 1),
            "badgeId": badge,
            "memberId": member,
            "createdDate": born,
            "updatedDate": born,
        }
        self.site.assignments.put(Record(body, ASSIGNMENTS), self.world.clock() - 86_400)
        self.site.pairs.setdefault((badge, member), []).append(body["id"])

    def badge(self, number: int) -> str:
        with self.store.read() as tx:
            return tx.bindings.of(SITE)[f"badge-{number}"]

    def lose(self, kind: FaultKind, *, chance: float, seed: int) -> None:
        """From now on a write may end without an answer."""
        self.world.faults.add(
            [
                Fault(path=path, kind=kind, count=None, probability=chance, seed=seed)
                for path in WRITES
            ]
        )

    def relent(self) -> None:
        self.world.faults = type(self.world.faults)()

    def assign(self, client: WixClient, *, batch: int = 100) -> Assigned | None:
        """One batch, as a worker does it."""
        return assign(
            SITE, client, RULES, self.store, timing=TIMING, batch=batch, patience=patience
        )

    def recover(self) -> None:
        with self.store.begin() as tx:
            tx.awards.recover(quiet_period=TIMING.quiet_period)

    def awards(self) -> list[Award]:
        with self.store.read() as tx:
            return list(tx.awards.of_members(SITE, self.members).values())

    def states(self) -> Counter[State]:
        return Counter(one.state for one in self.awards())

    @property
    def earned(self) -> set[tuple[str, str]]:
        """The oracle: every (Wix badge id, member id) that stands when all is done."""
        with self.store.read() as tx:
            badges = tx.bindings.of(SITE).values()
        return {(badge, member) for badge in badges for member in self.members}

    @property
    def standing(self) -> Counter[tuple[str, str]]:
        """How often each (Wix badge id, member id) stands."""
        return Counter({pair: len(rows) for pair, rows in self.site.pairs.items() if rows})

    @property
    def created(self) -> Counter[tuple[str, str]]:
        """How often a create of each pair came in, as the sandbox's log has it."""
        asked = list[Any]()
        for entry in self.world.journal.entries:
            if entry.method == "POST" and entry.path == wire.ASSIGNMENTS:
                asked.append(entry.body["badgeAssignment"])
            if entry.path == wire.ASSIGNMENTS_BULK_CREATE:
                asked += entry.body["badgeAssignments"]
        return Counter((one["badgeId"], one["memberId"]) for one in asked)


@contextmanager
def sandbox_shop(
    store: SqlStore,
    clock: Clock,
    *,
    members: int,
    lag: float = 0,
    duplicates: DuplicateMode = DuplicateMode.SECOND_ROW,
) -> Iterator[SandboxShop]:
    began = clock()
    world = World(
        [_OWN],
        Options(query_lag_seconds=lag, rate_limit_requests=0, duplicate_mode=duplicates),
        clock=lambda: 1e6 + (clock() - began).total_seconds(),
        now=clock,
    )
    names = tuple(guid(0xE0, number) for number in range(1, members + 1))
    site = world.sites[_OWN.instance_id]
    for one in names:
        site.members.put(Record({"id": one, "status": "APPROVED"}, MEMBERS), 0.0)
    with running(world) as url:
        shop = SandboxShop(url=url, world=world, store=store, clock=clock, members=names)
        shop.open()
        yield shop
