"""The processes of the demo: broker, sandbox, worker and beat, as in real operation."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from badgejobs.bootstrap import House, open_house
from badgejobs.cli.demo_tour import RULES
from badgejobs.cli.demo_view import Snapshot
from badgejobs.cli.opening import ready
from badgejobs.config import Settings, load_settings
from badgejobs.core.activity import Activity
from badgejobs.core.allowance import Kind
from badgejobs.core.award import OPEN, State
from badgejobs.errors import StateError
from badgejobs.sandbox.remote import RemoteSandbox
from badgejobs.service.addresses import free_port
from badgejobs.service.broker import ensure_broker
from badgejobs.service.lifeline import owner_of_this_process
from badgejobs.service.supervision import Program, running, status

SOURCES = ("orders", "comments")
#: A worker that starts on a busy machine may take this long.
START_SECONDS = 40.0
#: How long the processes may take to end before they are killed.
STOP_SECONDS = 3

#: Commands that show pages.
_PAGES = ("flower", "console")
#: What the console is opened by.
_PASSWORD, _TOKEN = "console.password", "console.token"

CONFIGURATION = """\
# Written by `badgejobs demo`; a real configuration is written by `badgejobs init`.
state_dir = "{folder}"
wix_base_url = "{wix}"
tick_seconds = 1
# On a Redis that others use too, its bells are not theirs.
queue_prefix = "badgejobs-demo:"
log_format = "json"

[scan]
orders_every_seconds = 12
comments_every_seconds = 12
walk_every_seconds = 3600
walk_at_most_every_seconds = 15
overlap_seconds = 3
slice_seconds = 20

# Against a sandbox on loopback every uncertainty is short.
[assign]
request_deadline_seconds = 3
quiet_period_seconds = 10
read_gap_seconds = 2
late_apply_seconds = 5

[console]
operator_token_file = "{folder}/console.token"

[sites.{site}]
rules = "{rules}"
app_id = "{app_id}"
instance_id = "{instance_id}"
app_secret_file = "{secret}"
comment_apps = ["blog"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything the demo looks at while it runs."""

    site: str
    instance_id: str
    folder: Path
    sandbox: RemoteSandbox
    house: House
    #: Where pages are, while they are wanted.
    flower: str | None
    console: str | None
    began: float

    def snapshot(self) -> Snapshot:
        """What is there to see now."""
        replay, stats = self.sandbox.replay(self.instance_id), self.sandbox.stats(self.instance_id)
        with self.house.store.read() as tx:
            recorded = {source: tx.activities.number(self.site, source) for source in SOURCES}
            awards = tx.awards.states(self.site)
        return Snapshot(
            seconds=time.monotonic() - self.began,
            arrived={
                source: (replay["revealed"][source], replay["total"][source]) for source in SOURCES
            },
            recorded=recorded,
            awards=awards,
            calls=_by(stats, "path"),
            throttled=_by(stats, "status").get("429", 0),
            processes=self.processes(),
        )

    def expect(self, awards: int) -> None:
        """Say beforehand how many awards will come live, so that no cap holds them up."""
        with self.house.store.begin() as tx:
            tx.allowances.declare(
                self.site, Kind.AWARDS, awards, holds=timedelta(days=1), declared_by="demo"
            )

    def is_settled(self, *, since: datetime) -> bool:
        """Whether both sources were read in full since then, and no award is on its way."""
        with self.house.store.read() as tx:
            begun = tx.scans.known_to(self.site)
            states = tx.awards.states(self.site)
        read = all((at := begun.get(name)) and at >= since for name in SOURCES)
        on_their_way = {State.INFLIGHT, *OPEN}
        return read and not any(n for (_, state), n in states.items() if state in on_their_way)

    def facts(self) -> dict[str, list[Activity]]:
        """All recorded activities of members."""
        found, after = dict[str, list[Activity]](), ""
        with self.house.store.read() as tx:
            while members := tx.activities.members_after(self.site, after, 500):
                found |= tx.activities.of_members(self.site, members)
                after = members[-1]
        return found

    def earned(self, members: Collection[str]) -> dict[tuple[str, str], datetime]:
        """When each award of these members was earned, by (member_id, badge)."""
        with self.house.store.read() as tx:
            awards = tx.awards.of_members(self.site, members)
        return {pair: award.earned_at for pair, award in awards.items()}

    def addresses(self) -> list[str]:
        """Where to look while it is left running."""
        lines = [f"sandbox   {self.sandbox.base_url}", f"logs      {self.folder / 'log'}"]
        if self.flower:
            lines.append(f"Flower    {self.flower}  (user badgejobs, password in {self.folder})")
        if self.console:
            password, token = (
                (self.folder / name).read_text(encoding="ascii").strip()
                for name in (_PASSWORD, _TOKEN)
            )
            lines += [
                f"console   {self.console}",
                f"          password {password}",
                f'          to act, log in, then "read-only" at the top; token {token}',
            ]
        return lines

    def processes(self) -> dict[str, str]:
        """Each supervised program with its state."""
        return {one.name: one.state.lower() for one in status(self.folder)}


@contextmanager
def stage(folder: Path, *, with_pages: bool) -> Iterator[Stage]:
    """Start the processes in a folder of their own, and end them all with the block.

    Flower and the console are among them where pages are wanted.

    Database and broker of the environment are used where they are given, the database only if
    its tables are of this version; the site has a new name each time, so nothing that stands
    there is touched.
    """
    began = time.monotonic()
    for old in folder.glob("badgejobs.db*"):
        old.unlink()
    site = f"demo-{secrets.token_hex(4)}"
    ids = {name: str(uuid.uuid4()) for name in ("siteId", "instanceId", "appId")}
    app_secret, port = secrets.token_urlsafe(24), free_port()
    pages = {name: free_port() for name in _PAGES} if with_pages else {}
    with ExitStack() as stack:
        rules = _rules(folder)
        secret_file = _private(folder / "app-secret", app_secret)
        told = CONFIGURATION.format(
            folder=folder, wix=f"http://127.0.0.1:{port}", site=site, rules=rules,
            app_id=ids["appId"], instance_id=ids["instanceId"], secret=secret_file,
        )  # fmt: skip
        _private(folder / _PASSWORD, secrets.token_urlsafe(12))
        _private(folder / _TOKEN, secrets.token_urlsafe(24))
        configuration = _private(folder / "badgejobs.toml", told)
        settings = load_settings(config=configuration)
        house = open_house(settings, redis_url=None)
        stack.callback(house.close)
        ready(house)
        stack.enter_context(_broker_that_is_seen_to_end(settings))
        supervised = stack.enter_context(
            running(
                _programs(configuration, port, pages),
                folder=folder,
                stop_seconds=STOP_SECONDS,
            )
        )
        sandbox = RemoteSandbox(f"http://127.0.0.1:{port}")
        _await("the sandbox", sandbox.is_up, supervised, folder)
        sandbox.reset([{**ids, "appSecret": app_secret}])
        yield Stage(
            site=site,
            instance_id=ids["instanceId"],
            folder=folder,
            sandbox=sandbox,
            house=house,
            **{name: _address(pages.get(name)) for name in _PAGES},
            began=began,
        )


@contextmanager
def _broker_that_is_seen_to_end(settings: Settings) -> Iterator[None]:
    """The broker; an embedded one has ended when the block is left."""
    if settings.redis_url is not None:
        yield
        return
    embedded = ensure_broker(settings.state_dir)
    try:
        yield
    finally:
        embedded.close()
        embedded.wait_until_stopped(STOP_SECONDS)


def _rules(folder: Path) -> Path:
    """A copy of the demo's rules that may be changed."""
    text = (files("badgejobs.rules") / "examples" / "demo.yaml").read_text(encoding="utf-8")
    file = folder / RULES
    # the schema does not lie beside it
    file.write_text(text.partition("\n#\n")[2], encoding="utf-8")
    # a file that was written this moment would be waited for
    os.utime(file, (0, 0))
    return file


def _address(port: int | None) -> str | None:
    return f"http://127.0.0.1:{port}" if port else None


def _programs(configuration: Path, port: int, pages: Mapping[str, int]) -> list[Program]:
    """One real process for each part, as the Procfile would start it."""
    lines = {
        "sandbox": ["sandbox", "serve", "--port", str(port)],
        "worker": ["worker", "--pool", "threads", "--concurrency", "4"],
        "beat": ["beat"],
    }
    lines |= {name: [name, "--port", str(own)] for name, own in pages.items()}
    environment = {
        "BADGEJOBS_CONFIG": str(configuration),
        "BADGEJOBS_OWNER": owner_of_this_process(),
    }
    return [
        Program(
            name=name,
            argv=[sys.executable, "-m", "badgejobs", *line],
            environment=environment,
            stop_seconds=STOP_SECONDS,
        )
        for name, line in lines.items()
    ]


def _await(
    what: str, ready: Callable[[], bool], supervised: subprocess.Popen[bytes], folder: Path
) -> None:
    ends = time.monotonic() + START_SECONDS
    while not ready():
        if supervised.poll() is not None or time.monotonic() > ends:
            raise StateError(f"{what} did not start; see {folder / 'log'}")
        time.sleep(0.1)


def _by(stats: Mapping[str, Any], key: str) -> dict[str, int]:
    """Answered requests added up by one of their properties."""
    totals = Counter[str]()
    for row in stats["requests"]:
        totals[str(row[key])] += row["count"]
    return dict(totals)


def _private(path: Path, text: str) -> Path:
    """A file that only we can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    return path
