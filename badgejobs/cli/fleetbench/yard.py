"""The processes of a fleet: a sandbox, beat and workers, each as an operator starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from badgejobs.cli.fleetbench.ailing import Ailment
from badgejobs.cli.fleetbench.traffic import RULES
from badgejobs.errors import StateError
from badgejobs.sandbox import builtin

#: As long as a worker may take to end softly.
_STOP_SECONDS = 60.0
_TICKED = re.compile(r"bell answered .*milliseconds=([0-9]+) task=badgejobs\.tick")

_SETTINGS = """\
state_dir = "{folder}/state"
wix_base_url = "{url}"
tick_seconds = {tick}
log_level = "DEBUG"
{database}
[scan]
orders_every_seconds = {every}
"""
_SITE = """
[sites.{name}]
rules = "rules.yaml"
app_id = "{app}"
instance_id = "{instance}"
app_secret_file = "{secret}"
"""


def name_of(site: int) -> str:
    """What the site of that number is called."""
    return f"s{site:05d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a fleet is set up."""

    sites: int
    #: The last of the sites are bad, in this order.
    bad: Sequence[Ailment] = ()
    workers: int = 2
    concurrency: int = 4
    pool: str = "threads"
    every_seconds: int = 20
    tick_seconds: int = 2
    #: ``None``: an SQLite file.
    database: str | None = None

    @property
    def good(self) -> range:
        """The numbers of the sites that are as they should be."""
        return range(1, self.sites + 1 - len(self.bad))

    @property
    def ailing(self) -> dict[int, Ailment]:
        """The others, with what they have."""
        first = self.sites + 1 - len(self.bad)
        return dict(enumerate(self.bad, start=first))


@dataclass(slots=True)
class Yard:
    """A folder with settings, and the processes that work in it."""

    folder: Path
    setting: Setting
    workers: list[psutil.Process] = field(default_factory=list)
    _processes: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def write(self, url: str) -> None:
        """The settings, the rules and the secrets."""
        ailing = self.setting.ailing
        database = self.setting.database
        text = _SETTINGS.format(
            folder=self.folder,
            url=url,
            tick=self.setting.tick_seconds,
            every=self.setting.every_seconds,
            database='database_url_file = "database.url"' if database else "",
        )
        text += "".join(
            _SITE.format(
                name=name_of(site),
                app=builtin.APP_ID,
                instance=builtin.instance_id(site),
                secret="wrong.secret" if ailing.get(site) is Ailment.REFUSED else "app.secret",
            )
            for site in range(1, self.setting.sites + 1)
        )
        (self.folder / "state").mkdir(mode=0o700)
        secrets = {"app.secret": builtin.APP_SECRET, "wrong.secret": "another-secret"}
        if database:
            secrets["database.url"] = database
        for name, content in secrets.items():
            file = self.folder / name
            file.touch(mode=0o600)
            file.write_text(content, encoding="utf-8")
        (self.folder / "badgejobs.toml").write_text(text, encoding="utf-8")
        rules = self.folder / "rules.yaml"
        rules.write_text(RULES, encoding="utf-8")
        # rules that were written this moment would be waited for
        os.utime(rules, (0, 0))

    @property
    def database(self) -> str:
        """The URL of its database."""
        return self.setting.database or f"sqlite:///{self.folder}/state/badgejobs.db"

    def start(self) -> None:
        """Beat and the workers."""
        self._start("beat", "beat")
        for number in range(1, self.setting.workers + 1):
            name = f"worker-{number}"
            line = ["--pool", self.setting.pool, "--concurrency", str(self.setting.concurrency)]
            started = self._start(name, "worker", "--name", name, *line)
            self.workers.append(psutil.Process(started.pid))

    def stop(self) -> None:
        """End all of them, softly where they let us."""
        for _, one in self._processes:
            one.terminate()
        ends = time.monotonic() + _STOP_SECONDS
        for _, one in self._processes:
            try:
                one.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()

    def require_running(self) -> None:
        """Raise ``StateError`` with the last words of a process that ended."""
        for name, one in self._processes:
            if one.poll() is not None:
                words = (self.folder / f"{name}.log").read_text("utf-8", "replace")[-600:]
                raise StateError(f"{name} of the measurement ended: {words.strip()}")

    def cpu_seconds(self) -> float:
        """What the workers have used, their children with them."""
        total = 0.0
        for one in self._with_children():
            times = one.cpu_times()
            total += times.user + times.system
        return total

    def worker_megabytes(self) -> list[int]:
        """The memory of each worker alone (USS), its children with it."""
        return [
            round(sum(_own(part) for part in (one, *one.children(recursive=True))) / 1e6)
            for one in self.workers
        ]

    def tick_milliseconds(self) -> list[float]:
        """How long each tick took, as the logs of beat and workers say."""
        return [
            float(found)
            for log in self.folder.glob("*.log")
            for found in _TICKED.findall(log.read_text("utf-8", "replace"))
        ]

    def _with_children(self) -> list[psutil.Process]:
        return [part for one in self.workers for part in (one, *one.children(recursive=True))]

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
        with (self.folder / f"{name}.log").open("wb") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", "badgejobs", *command],
                cwd=self.folder,
                env=inherited | {"BADGEJOBS_CONFIG": str(self.folder / "badgejobs.toml")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append((name, started))
        return started


@contextmanager
def at_work(yard: Yard) -> Iterator[Yard]:
    """The processes, until the end."""
    yard.start()
    try:
        yield yard
    finally:
        yard.stop()


def own_megabytes(pid: int) -> int:
    """The memory that belongs to one process alone."""
    return round(_own(psutil.Process(pid)) / 1e6)


def _own(process: psutil.Process) -> int:
    return int(process.memory_full_info().uss)


def middle(values: Sequence[float]) -> float:
    """The median; 0 of none."""
    return median(values) if values else 0.0
