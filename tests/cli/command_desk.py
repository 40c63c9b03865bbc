"""A sandbox with one site in it, a folder that is configured for it, and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from left_alone import left_alone
from one_process import SECRET, Ended, run_here

from badgejobs.sandbox.history import seed
from badgejobs.sandbox.records.collection import Record
from badgejobs.sandbox.world import World
from badgejobs.wix import wire

__all__ = [
    "APP",
    "INSTANCE",
    "RULES",
    "SECRET",
    "SITE",
    "Desk",
    "Ended",
    "LiveWix",
    "member_id",
    "orders_of",
    "run",
]

APP = "aaaaaaaa-0000-4000-8000-000000000001"
INSTANCE = "aaaaaaaa-0000-4000-8000-000000000002"
SITE = "aaaaaaaa-0000-4000-8000-000000000003"

RULES = """\
version: 1
badges:
  - id: first-purchase
    badge: {title: First Purchase}
    when: {count: orders, gte: 1}
  - id: third-purchase
    badge: {title: Third Purchase}
    when: {count: orders, gte: 3}
"""

TOML = """\
state_dir = "{folder}/state"
wix_base_url = "{wix}"

[assign]
request_deadline_seconds = 5
quiet_period_seconds = 11
late_apply_seconds = 5

[sites.shop]
rules = "rules.yaml"
app_id = "{app}"
instance_id = "{instance}"
app_secret_file = "app.secret"
"""


class Desk:
    """A folder with settings, rules and a secret, and commands run in it.

    ``run`` runs them in this process, which spares a second each; ``run_apart`` in one of their
    own, for what depends on that.
    """

    def __init__(self, folder: Path, wix: str) -> None:
        self.folder = folder
        self.write("rules.yaml", RULES)
        self.write("app.secret", SECRET)
        self.write(
            "badgejobs.toml", TOML.format(folder=folder, wix=wix, app=APP, instance=INSTANCE)
        )

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return left_alone(path)

    def run(self, *arguments: str, **environment: str) -> Ended:
        return run_here(arguments, folder=self.folder, environment=environment)

    def run_apart(self, *arguments: str, **environment: str) -> Ended:
        return run(arguments, folder=self.folder, environment=environment)


def run(arguments: Sequence[str], *, folder: Path, environment: dict[str, str]) -> Ended:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BADGEJOBS_")}
    process = subprocess.run(
        [sys.executable, "-m", "badgejobs", *arguments],
        cwd=folder,
        env=inherited | {"NO_COLOR": "1", "XDG_STATE_HOME": str(folder / "xdg")} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    ended = Ended(code=process.returncode, out=process.stdout, err=process.stderr)
    assert "Traceback" not in ended.err, ended.err
    assert SECRET not in ended.out + ended.err
    return ended


@dataclass(frozen=True)
class LiveWix:
    """A sandbox that answers."""

    url: str
    world: World

    def buys(self, member: int, times: int) -> None:
        """A member pays so many orders."""
        site, now = self.world.sites[INSTANCE], self.world.clock()
        body = {"id": member_id(member), "status": "APPROVED", "privacyStatus": "PUBLIC"}
        site.members.put(Record(body, site.members.fields), now)
        for order in orders_of(member, times):
            site.orders.put(Record(order, site.orders.fields), now)

    def given(self) -> int:
        """How many assignments stand."""
        return len(self.world.sites[INSTANCE].assignments.current)

    def creates(self) -> int:
        """How many requests to create assignments arrived."""
        creating = (wire.ASSIGNMENTS, wire.ASSIGNMENTS_BULK_CREATE)
        counts = self.world.journal.counts
        return sum(n for (_, _, path, _), n in counts.items() if path in creating)


def member_id(member: int) -> str:
    return f"bbbbbbbb-0000-4000-8000-{member:012d}"


def orders_of(member: int, number: int) -> list[dict[str, Any]]:
    """Orders of one member in the form of the real data, paid just now."""
    standard = next(one for one in seed.orders() if one["paymentStatus"] == "PAID")
    told = {
        "buyerInfo": {"memberId": member_id(member)},
        "updatedDate": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}",
    }
    return [
        standard | told | {"id": f"cccccccc-0000-4000-8000-{member:06d}{n:06d}"}
        for n in range(number)
    ]
