"""Several machines that work for two shops: programs started, watched, killed; what must hold."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from jobs_stage import FIRST_AND_THIRD, SECRET, SHOPS, LiveShops, installation, member_id
from jobs_yard import Started
from left_alone import left_alone

from badgejobs.bootstrap import House, open_house
from badgejobs.config import Settings
from badgejobs.core.award import State
from badgejobs.sandbox.faults.kinds import FaultKind
from badgejobs.wix import wire

#: Nothing here waits for ever; a machine under load is slow, not wrong.
PATIENCE_SECONDS = 150.0
#: How many times longer the disturbances go on, for runs by hand.
LONGER = float(os.environ.get("BADGEJOBS_CHAOS_LONGER", "1"))

FIRST, THIRD = "First Purchase", "Third Purchase"
CREATES = (wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE)

#: Everything that is waited for is as short as its bounds allow.
TOML = """\
wix_base_url = "{url}"
tick_seconds = 1
requests_per_minute = {pace}
identity_key_file = "identity.key"

[scan]
orders_every_seconds = 1
slice_seconds = 2

[assign]
batch = {batch}
request_deadline_seconds = 3
late_apply_seconds = 1
quiet_period_seconds = 5
read_gap_seconds = 1
"""
SITE = """
[sites.{name}]
rules = "{name}.yaml"
app_id = "{app}"
instance_id = "{instance}"
app_secret_file = "app.secret"
"""


class Fleet:
    """A configuration that several machines share; each has a state folder of its own."""

    def __init__(
        self, folder: Path, shops: LiveShops, undo: ExitStack, *, database_url: str, redis_url: str,
        batch: int = 5, pace: int = 180,
    ) -> None:  # fmt: skip
        self.shops = shops
        self.folder, self._undo = folder, undo
        self._database_url, self._redis_url = database_url, redis_url
        self._write("app.secret", SECRET)
        self._write("identity.key", "0123456789abcdef" * 4)
        toml = TOML.format(url=shops.url, batch=batch, pace=pace)
        for shop in SHOPS:
            own = installation(shop)
            toml += SITE.format(name=shop, app=own.app_id, instance=own.instance_id)
            self._write(f"{shop}.yaml", FIRST_AND_THIRD)
        self._config = self._write("badgejobs.toml", toml)
        self.started = list[Started]()
        self._orders = Counter[tuple[str, int]]()

    def _write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return left_alone(file)

    # programs

    def start(self, *command: str, machine: str = "one", **celery: int) -> Started:
        """Start ``badgejobs`` with these words on a machine; killed at the end if it still runs.

        ``celery`` are settings of Celery's, in place of those that we ship.
        """
        program = ["-m", "badgejobs"]
        if celery:
            told = [f"{name}={number}" for name, number in celery.items()]
            program = [str(Path(__file__).with_name("retuned.py")), *told]
        name = f"{len(self.started):02d}-{machine}-{command[0]}.log"
        log = self._undo.enter_context((self.folder / name).open("w+b"))
        process = subprocess.Popen(
            [sys.executable, *program, *command],
            cwd=self.folder,
            env={k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
            | {
                "BADGEJOBS_CONFIG": str(self._config),
                "BADGEJOBS_STATE_DIR": str(self.folder / machine),
                "BADGEJOBS_DATABASE_URL": self._database_url,
                "BADGEJOBS_REDIS_URL": self._redis_url,
                "PYTHONFAULTHANDLER": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        started = Started(process, Path(log.name))
        self.started.append(started)
        self._undo.callback(ended, started)
        return started

    def worker(self, pool: str, *, machine: str = "one", **celery: int) -> Started:
        """Start a worker of two jobs at once."""
        words = ("worker", "--concurrency", "2", "--pool", pool)
        return self.start(*words, machine=machine, **celery)

    def crew(self) -> list[Started]:
        """A beat and two workers, ready."""
        started = [
            self.start("beat", machine="one"),
            self.worker("prefork", machine="one"),
            self.worker("threads", machine="two"),
        ]
        for one in started[1:]:
            one.says("ready.")
        return started

    @property
    def plain_database_url(self) -> str:
        """As psycopg knows it."""
        return self._database_url

    # the world

    def buys(self, members: Collection[int], times: int = 1) -> None:
        """Members of both shops buy, each so many times."""
        for shop in SHOPS:
            for member in members:
                self.shops.buys(member, times, shop=shop)
                self._orders[shop, member] += times

    def is_slow(self, seconds: float, *paths: str) -> None:
        """Let Wix do at once what comes to these paths, and tell it late."""
        for path in paths:
            self.shops.fault(path, kind=FaultKind.SLOW, delay_seconds=seconds, count=None)

    def earned(self, shop: str) -> list[tuple[str, str]]:
        """The badges that members have earned by what they bought."""
        lines = ((1, FIRST), (3, THIRD))
        return sorted(
            (member_id(member, shop), title)
            for (at, member), orders in self._orders.items()
            if at == shop
            for least, title in lines
            if orders >= least
        )

    def bought(self, shop: str) -> int:
        """How many orders a shop has had."""
        return sum(number for (at, _), number in self._orders.items() if at == shop)

    def is_done(self) -> bool:
        """Whether every badge that was earned stands at Wix, and every award is settled here."""
        return (
            all(len(self.shops.given(shop)) >= len(self.earned(shop)) for shop in SHOPS)
            and self._is_settled()
        )

    def _is_settled(self) -> bool:
        house = self.house()
        try:
            with house.store.read() as tx:
                return all(
                    {state for _, state in tx.awards.states(shop)} <= {State.ASSIGNED}
                    and sum(tx.awards.states(shop).values()) == len(self.earned(shop))
                    and tx.activities.number(shop, "orders") == self.bought(shop)
                    for shop in SHOPS
                )
        finally:
            house.close()

    def house(self) -> House:
        """A house over the same database, to look at it."""
        settings = Settings(
            state_dir=self.folder / "looking", database_url=self._database_url, sites={}
        )
        return open_house(settings, redis_url=None)

    # what must hold

    def comes_to_rest(self) -> float:
        """Wait until all is done; the seconds that it took."""
        began = time.monotonic()
        while not self.is_done():
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise AssertionError(self._what_is_missing())
            time.sleep(0.25)
        return time.monotonic() - began

    def _what_is_missing(self) -> str:
        house = self.house()
        with house.store.read() as tx:
            rows = [str(one) for one in tx.scans.overview()]
            states = {shop: dict(tx.awards.states(shop)) for shop in SHOPS}
        house.close()
        logs = [f"== {one._log.name}\n{one.said()[-3000:]}" for one in self.started]
        given = {shop: (len(self.shops.given(shop)), len(self.earned(shop))) for shop in SHOPS}
        return "\n".join(["not all was given in time", str(given), str(states), *rows, *logs])

    def nothing_is_lost_or_doubled(self) -> None:
        """Each badge stands once at Wix, was asked for once, and each order is recorded once."""
        for shop in SHOPS:
            assert self.shops.given(shop) == self.earned(shop)
        asked = Counter(self.asked())
        assert set(asked.values()) == {1}, asked.most_common(5)
        assert len(asked) == sum(len(self.earned(shop)) for shop in SHOPS)
        house = self.house()
        try:
            with house.store.read() as tx:
                for shop in SHOPS:
                    assert tx.activities.number(shop, "orders") == self.bought(shop)
                    found = sum(run.numbers.get("new", 0) for run in tx.runs.recent(shop, 10_000))
                    # what a run did that was killed stands, and its row does not tell of it
                    assert 0 < found <= self.bought(shop)
        finally:
            house.close()

    def asked(self) -> list[tuple[str, str, str]]:
        """Every award that Wix was asked to create, as often as it was."""
        return [
            (str(entry.instance_id), one["memberId"], one["badgeId"])
            for entry in self.shops.world.journal.entries
            if entry.method == "POST" and entry.path in CREATES and entry.body
            for one in entry.body.get("badgeAssignments") or [entry.body["badgeAssignment"]]
        ]

    def most_requests(self, *, within: timedelta = timedelta(seconds=60)) -> int:
        """The most requests of one site that the sandbox counted in any such time."""
        most = 0
        for shop in SHOPS:
            times = [
                datetime.fromisoformat(entry.time)
                for entry in self.shops.world.journal.entries
                if entry.instance_id == installation(shop).instance_id and entry.counted_by
            ]
            first = 0
            for last, at in enumerate(times):
                while at - times[first] >= within:
                    first += 1
                most = max(most, last - first + 1)
        return most

    def cut_off(self) -> int:
        """How many runs began and will never end, since their worker was lost."""
        house = self.house()
        try:
            with house.store.read() as tx:
                found = tx.runs.recent(None, 100_000)
        finally:
            house.close()
        old = datetime.now(UTC) - timedelta(seconds=5)
        return sum(run.ended_at is None and run.started_at < old for run in found)

    def tells(self, text: str) -> None:
        """Measured, and never asserted: shown by ``pytest -s``."""
        print(text)  # noqa: T201 - as said

    def creates(self) -> int:
        """How many creates of awards have come to Wix."""
        return self.shops.calls(*CREATES)

    def gives_more_than(self, creates: int) -> None:
        """Wait until one more create of awards is under way."""
        until(lambda: self.creates() > creates)

    def lies_in_no_hand(self) -> bool:
        """Whether no worker holds a lease or a claim."""
        house = self.house()
        try:
            with house.store.read() as tx:
                leased = any(one.lease_until for one in tx.scans.overview())
                states = {state for shop in SHOPS for _, state in tx.awards.states(shop)}
        finally:
            house.close()
        return not leased and State.INFLIGHT not in states

    def logs_are_clean(self, *, but: Collection[Started] = ()) -> None:
        """No log shows a traceback, a secret, a member or an order."""
        for one in self.started:
            said = one.said()
            for word in (SECRET, "bbbbbbbb-", "cccccccc-"):
                assert word not in said, said
            if one not in but:
                assert "Traceback" not in said, said


#: Makes a fleet: ``make_fleet(batch=..., pace=...)``.
MakeFleet = Callable[..., Fleet]


def ended(started: Started) -> None:
    """Kill a process and those that it started, if they still run."""
    try:
        family = psutil.Process(started.process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    started.kill()
    for one in family:
        if one.is_running():
            one.kill()


def children(started: Started) -> list[psutil.Process]:
    """The processes of its pool."""
    return psutil.Process(started.process.pid).children()


def until(condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until it is so; the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come true in time"
        time.sleep(0.05)
    return time.monotonic() - began


def drawn(seed: int) -> random.Random:
    return random.Random(seed)
