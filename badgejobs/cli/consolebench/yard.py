"""A large record: one site with a long history among many small ones, filled in bulk."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from badgejobs.bootstrap import House, open_house
from badgejobs.cli.rulebench.workload import SITE, Workload, made_up
from badgejobs.config import Settings, load_settings
from badgejobs.core.activity import Unreadable
from badgejobs.core.alert import Kind as Alarm
from badgejobs.core.award import Award, Giver, State, Timing
from badgejobs.core.drift import Drift, Kind
from badgejobs.core.ledger import Earned
from badgejobs.core.progress import EARNED
from badgejobs.core.source import Track
from badgejobs.jobs.duties import DUTIES
from badgejobs.service.broker import ensure_broker
from badgejobs.store import SqlStore, SqlTransaction

SOURCES = ("orders", "comments")
#: Each member that is made up is there so many times.
COPIES = 100
#: Awards were given on so many days, up to today.
DAYS = 120
_PAGE = 2_000
#: Of the badges of the demo's rules, how the awards are shared among them.
_SHARES = {
    "first-purchase": 50,
    "loyal-customer": 20,
    "commentator": 15,
    "big-spender": 10,
    "community-helper": 5,
}
_SETTINGS = """\
state_dir = "{folder}"
wix_base_url = "http://127.0.0.1:9"
log_format = "json"

[sites.{site}]
rules = "{folder}/rules.yaml"
app_id = "{app}"
instance_id = "{instance}"
app_secret_file = "{folder}/app.secret"
comment_apps = ["blog"]

[console]
operator_token_file = "{folder}/operator.token"
"""
#: Of whoever looks at the forms of operators.
TOKEN_FILE = "operator.token"  # noqa: S105 - the name of a file
#: Until the broker must have ended.
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of each; all but the first three beside the large site's members."""

    activities: int = 1_000_000
    members: int = 100_000
    awards: int = 150_000
    sites: int = 200
    runs: int = 20_000
    drift: int = 2_000
    quarantine: int = 1_000


@contextmanager
def settings_of_a_yard(database_url: str | None) -> Iterator[Settings]:
    """Settings of the large site, in a folder of their own."""
    with TemporaryDirectory(prefix="badgejobs-bench-") as name:
        folder = Path(name)
        told = _SETTINGS.format(
            folder=folder, site=SITE, app=uuid.UUID(int=1), instance=uuid.UUID(int=2)
        )
        rules = (files("badgejobs.rules") / "examples" / "demo.yaml").read_text(encoding="utf-8")
        if database_url:
            told = f'database_url_file = "{folder}/database.url"\n{told}'
        for file, text in (
            ("badgejobs.toml", told),
            ("database.url", database_url or ""),
            ("rules.yaml", rules),
            ("app.secret", secrets.token_urlsafe(24)),
            (TOKEN_FILE, secrets.token_urlsafe(24)),
        ):
            (folder / file).touch(mode=0o600)
            (folder / file).write_text(text, encoding="utf-8")
        # rules that were written this moment would be waited for
        os.utime(folder / "rules.yaml", (0, 0))
        # said here, they win over an environment that names the folder or database of real work
        url = database_url or f"sqlite:///{folder / 'badgejobs.db'}"
        yield load_settings(config=folder / "badgejobs.toml", state_dir=folder, database_url=url)


@contextmanager
def redis_of(settings: Settings) -> Iterator[str]:
    """The address of a Redis of their own, as workers share it; it has ended with the block."""
    embedded = ensure_broker(settings.state_dir)
    try:
        yield embedded.redis_url
    finally:
        embedded.close()
        embedded.wait_until_stopped(_STOP_SECONDS)


@contextmanager
def house_of(settings: Settings, *, redis_url: str | None = None) -> Iterator[House]:
    """The house over these settings."""
    house = open_house(settings, redis_url=redis_url)
    try:
        yield house
    finally:
        house.close()


def fill(
    settings: Settings, size: Size, *, seed: int, heard: Callable[[str], None] = lambda _: None
) -> None:
    """Write all that the size says into an empty database with our tables."""
    clock = _Clock(datetime.now(UTC))
    store = SqlStore(settings.database, clock=clock)
    try:
        store.migrate()
        luck = Random(seed)  # noqa: S311 - a made-up record, the same again for a seed
        members = max(1, size.members // COPIES)
        heard(f"recording {size.activities:,} activities of {size.members:,} members")
        workload = made_up(
            members=members, activities=max(members, size.activities // COPIES), seed=seed
        )
        _record(store, workload)
        _give(store, clock, [*workload.members], max(1, size.awards // COPIES), luck)
        with store.begin() as tx:
            tx.copies.multiply(SITE, times=COPIES)
        heard(f"adding {size.sites:,} sites, runs, drift and quarantine")
        _sites(store, size, luck)
        _runs(store, clock, size, luck)
        _aside(store, [*workload.members], size)
    finally:
        store.dispose()


class _Clock:
    """Tells the time that it is set to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def _record(store: SqlStore, workload: Workload) -> None:
    for source in SOURCES:
        every = workload.of(source)
        while page := list(islice(every, _PAGE)):
            with store.begin() as tx:
                tx.activities.record(page, site=SITE, source=source, generation=1)


def _give(store: SqlStore, clock: _Clock, members: list[str], number: int, luck: Random) -> None:
    """Awards of each day, of which few stand elsewhere than at Wix."""
    today, badges = clock.now, [*_SHARES]
    pairs = dict[tuple[str, str], None]()
    while len(pairs) < min(number, len(members) * len(badges)):
        [badge] = luck.choices(badges, [*_SHARES.values()])
        pairs[luck.choice(members), badge] = None
    every = [*pairs]
    with store.begin() as tx:
        for badge in badges:
            tx.bindings.bind(SITE, badge, f"wix-{badge}")
        tx.bindings.note_titles(SITE, {one: one.replace("-", " ").title() for one in badges})
    for day in range(DAYS):
        clock.now = today - timedelta(days=DAYS - 1 - day, seconds=luck.randrange(3_600))
        some = every[day * len(every) // DAYS : (day + 1) * len(every) // DAYS]
        if some:
            with store.begin() as tx:
                _given(tx, some, luck)
    clock.now = today


def _given(tx: SqlTransaction, pairs: list[tuple[str, str]], luck: Random) -> None:
    earned = [
        Earned(member_id=member, badge=badge, earned_at=tx.now - timedelta(hours=luck.randrange(9)))
        for member, badge in pairs
    ]
    tx.awards.open(SITE, earned, rules_version="v1")
    claimed = tx.awards.claim(SITE, limit=len(pairs), holds=timedelta(minutes=1))
    assert claimed, "they were opened just now"
    settled = [_outcome(one.sent(tx.now, Timing()), tx.now, luck) for one in claimed.awards]
    tx.awards.settle(settled, claim=claimed.token)


def _outcome(one: Award, now: datetime, luck: Random) -> Award:
    """Of a hundred sendings, 95 stand at Wix."""
    states = (State.ASSIGNED, State.UNKNOWN, State.TAKEN, State.NEEDS_ATTENTION)
    given = one.given(str(uuid.UUID(int=luck.getrandbits(128))), Giver.OURS)
    match luck.choices(states, (95, 2, 2, 1)):
        case [State.UNKNOWN]:
            return one.lost(now, Timing(), reason="the answer was lost")
        case [State.TAKEN]:
            return given.taken(reason="taken by a person")
        case [State.NEEDS_ATTENTION]:
            return one.refused(State.NEEDS_ATTENTION, reason="Wix answered otherwise than ever")
    return given


def _sites(store: SqlStore, size: Size, luck: Random) -> None:
    names = [f"shop-{number:04}" for number in range(1, size.sites)]
    steps = {badge: _steps(size, share, luck) for badge, share in _SHARES.items()}
    with store.begin() as tx:
        for source in (*SOURCES, *DUTIES):
            tracks = [Track.LIVE, Track.FULL] if source in SOURCES else [Track.LIVE]
            tx.scans.register(SITE, source, mode="window", tracks=tracks)
            for track in tracks:
                lease = tx.scans.lease(SITE, source, track, holds=timedelta(minutes=1))
                tx.scans.finish(lease, due_in=timedelta(minutes=5))
        tx.copies.spread(SITE, names)
        tx.progress.replace(SITE, steps)
        earned = [
            Earned(member_id=f"m{number}", badge="first-purchase", earned_at=tx.now)
            for number in range(5)
        ]
        for name in names:
            tx.bindings.bind(name, "first-purchase", "wix-first-purchase")
            tx.awards.open(name, earned, rules_version="v1")
        for name in names[:: max(1, len(names) // 5)]:
            tx.alerts.raised(name, Alarm.DRIFT, "see `badgejobs status`")


def _steps(size: Size, share: int, luck: Random) -> dict[int, int]:
    """All members, by how far they are; those who earned the badge have it."""
    earned = size.awards * share // 100
    far = [luck.random() / (step + 1) for step in range(EARNED)]
    left = max(0, size.members - earned)
    steps = {step: int(left * one / sum(far)) for step, one in enumerate(far)}
    return steps | {EARNED: earned}


def _runs(store: SqlStore, clock: _Clock, size: Size, luck: Random) -> None:
    """Half of them the large site's; one of a hundred failed."""
    names = [SITE, *(f"shop-{number:04}" for number in range(1, size.sites))]
    today, done = clock.now, 0
    while done < size.runs:
        clock.now = today - timedelta(seconds=(size.runs - done) * 60)
        with store.begin() as tx:
            for _ in range(min(500, size.runs - done)):
                name = SITE if luck.random() < 1 / 2 else luck.choice(names)
                run = tx.runs.start(name, f"scan {luck.choice(SOURCES)}", started_by="cli")
                error = "Wix answered 503" if luck.randrange(100) == 0 else None
                tx.runs.finish(run, numbers={"pages": 1, "recorded": 3}, error=error)
                done += 1
    clock.now = today


def _aside(store: SqlStore, members: list[str], size: Size) -> None:
    with store.begin() as tx:
        differences = [
            Drift(
                site=SITE,
                member_id=f"{members[number % len(members)]}~{number}",
                badge="first-purchase",
                kind=Kind.EXTRA if number % 3 else Kind.MISSING,
                at_wix=1,
            )
            for number in range(size.drift)
        ]
        tx.drifts.found(SITE, differences)
        broken = [
            Unreadable(
                source=SOURCES[number % 2],
                activity_id=str(uuid.UUID(int=number + 1)),
                reason="priceSummary.total.amount: not a number",
            )
            for number in range(size.quarantine)
        ]
        tx.quarantine.add(broken, site=SITE, generation=1)
