"""A site with so many members who have earned one badge, its past read and nothing given yet."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from badgejobs.bootstrap.house import House
from badgejobs.cli.opening import ready
from badgejobs.cli.scanbench.serving import SITE, Served
from badgejobs.cli.scanbench.worker import SOURCE, Unthrottled
from badgejobs.config import Settings, prepare_state_dir
from badgejobs.core.activity import Activity, Mark
from badgejobs.core.allowance import Kind
from badgejobs.core.award import State
from badgejobs.errors import StateError
from badgejobs.flow.decide import decide
from badgejobs.jobs import duties, work
from badgejobs.jobs.units import BY_HAND, Outcome
from badgejobs.sandbox import builtin
from badgejobs.sources.installed import found_sources
from badgejobs.store import open_store
from badgejobs.wix.client import WixClient

_BADGE = "first"
_RULES = """\
version: 1
site: {timezone: UTC, currency: EUR}
badges:
  - {id: first, badge: {title: First Purchase}, when: {count: orders, gte: 1}}
"""
#: Records of one call or one transaction while a site is set up.
_AT_ONCE = 1_000
#: Whoever measures waits no longer than that for an award.
_LONGEST = 300.0


@dataclass(slots=True)
class Spent:
    """What some work took."""

    #: At the sandbox, by path.
    calls: dict[str, int]
    seconds: float
    cpu_seconds: float

    @property
    def made(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    @property
    def cpu_share(self) -> float:
        """How much of the time this process was at work; the rest it waited for the sandbox."""
        return self.cpu_seconds / self.seconds if self.seconds else 0.0


class Shop:
    """The first site of a sandbox, over a real store, worked as a worker does but for the pace."""

    def __init__(self, house: House, served: Served, *, seed: int) -> None:
        self._house, self._served = house, served
        self._luck = Random(seed)  # noqa: S311 - who the members are, the same again for a seed

    @property
    def client(self) -> WixClient:
        """The client that our stage gives badges by."""
        return self._house.at(SITE).badges

    def join(self, number: int) -> list[str]:
        """So many new members at the sandbox."""
        ids = [str(uuid.UUID(int=self._luck.getrandbits(128), version=4)) for _ in range(number)]
        for some in _pieces(ids):
            self._served.remote.store(
                builtin.instance_id(1),
                "members",
                [
                    {"id": one, "status": "APPROVED", "createdDate": "2026-01-01T00:00:00.000Z"}
                    for one in some
                ],
            )
        return ids

    def buy(self, members: Sequence[str]) -> None:
        """An order of each, in the store as if its page had been read; nobody is decided."""
        for some in _pieces(members):
            with self._house.store.begin() as tx:
                orders = [_order(member, tx.now) for member in some]
                tx.activities.record(orders, site=SITE, source=SOURCE, generation=0)

    def set_up(self, number: int) -> None:
        """Bind the badge and open the awards of the past, as many as are told beforehand."""
        with self._house.store.begin() as tx:
            tx.allowances.declare(
                SITE, Kind.AWARDS, number, holds=timedelta(days=1), declared_by="bench assign"
            )
        outcome = self._provisioned()
        while outcome.more:
            outcome = self._provisioned()
        if self.standing(State.PENDING) != number:
            raise StateError(f"{self.standing(State.PENDING):,} awards were opened, not {number:,}")

    def decide(self, member: str) -> None:
        """What a live scan does once it has recorded an order of this member."""
        rules = self._house.at(SITE).rules()
        with self._house.store.begin() as tx:
            decide(tx, SITE, [member], rules)

    def give(self, *, until: int, heard: Callable[[int], None] = lambda _: None) -> None:
        """Assign until so many awards stand; waits, where an answer was lost, as a worker would.

        ``StateError`` where they do not come to stand.
        """
        ends, given = time.monotonic() + _LONGEST, 0

        def counted(number: int) -> None:
            nonlocal given
            given += number
            heard(min(given, until))

        while True:
            outcome = work.run_assign(self._house, SITE, by=BY_HAND, heard=counted)
            stand = self.standing(State.ASSIGNED)
            if stand >= until:
                return
            if time.monotonic() > ends:
                why = outcome.error or "nothing is due"
                raise StateError(f"{stand:,} of {until:,} awards stand after all that time: {why}")
            if not outcome.more:
                self._rest()

    def idle(self) -> None:
        """All that comes by the hour, while there is nothing to do."""
        for duty in (work.run_provision, work.run_flip, work.run_assign):
            outcome = duty(self._house, SITE, by=BY_HAND)
            if outcome.error:
                raise StateError(f"{outcome.kind}: {outcome.error}")

    def badge_id(self) -> str:
        """The badge at the sandbox."""
        with self._house.store.read() as tx:
            return tx.bindings.of(SITE)[_BADGE]

    def standing(self, state: State) -> int:
        """How many awards are in a state."""
        with self._house.store.read() as tx:
            return tx.awards.states(SITE).get((_BADGE, state), 0)

    def spent(self, work: Callable[[], None]) -> Spent:
        """What this takes, calls as the sandbox counts them."""
        before = self._served.calls()
        began, cpu = time.perf_counter(), time.process_time()
        work()
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        after = self._served.calls()
        calls = {path: n - before.get(path, 0) for path, n in after.items()}
        return Spent({path: n for path, n in calls.items() if n}, seconds, cpu_seconds)

    def _provisioned(self) -> Outcome:
        outcome = work.run_provision(self._house, SITE, by=BY_HAND)
        if outcome.error:
            raise StateError(f"the site of the measurement was not set up: {outcome.error}")
        return outcome

    def _rest(self) -> None:
        """Until an award is due, as it stands in the ledger."""
        with self._house.store.begin() as tx:
            tx.awards.recover(quiet_period=self._house.timing.quiet_period)
            due_at = tx.awards.next_due_at(SITE)
            seconds = (due_at - tx.now).total_seconds() if due_at else 0.0
        time.sleep(min(max(seconds, 0.05), 5.0))


@contextmanager
def shop(served: Served, *, seed: int, assign: dict[str, Any] | None = None) -> Iterator[Shop]:
    """A shop over a database of its own, with these settings of assigning in place of defaults."""
    with TemporaryDirectory(prefix="badgejobs-bench-") as name:
        folder = Path(name)
        rules = folder / "rules.yaml"
        rules.write_text(_RULES, encoding="utf-8")
        told: dict[str, Any] = {
            "state_dir": folder / "state",
            "wix_base_url": served.url,
            "assign": assign or {},
            "sites": {
                SITE: {
                    "rules": rules,
                    "app_id": builtin.APP_ID,
                    "app_secret": builtin.APP_SECRET,
                    "instance_id": builtin.instance_id(1),
                }
            },
        }
        settings = Settings(**told)
        prepare_state_dir(settings.state_dir)
        # rules that were written this moment would be waited for
        house = House(
            settings,
            open_store(settings.database),
            Unthrottled(),
            found_sources(),
            lambda: time.time() + _AT_ONCE,
        )
        try:
            ready(house)
            duties.register(house)
            yield Shop(house, served, seed=seed)
        finally:
            house.close()


def _order(member: str, at: datetime) -> Activity:
    return Activity(
        site=SITE,
        source=SOURCE,
        activity_id=f"order of {member}",
        member_id=member,
        occurred_at=at,
        updated_at=at,
        marks=frozenset({Mark.APPROVED, Mark.PAID}),
        amounts=MappingProxyType({"items": 1_000, "total": 1_000, "refunded": 0}),
        currency="EUR",
    )


def _pieces(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + _AT_ONCE] for at in range(0, len(ids), _AT_ONCE))
