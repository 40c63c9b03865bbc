"""Who buys at which site and when, and which badges that earns: the truth, counted by itself."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from badgejobs.sandbox import builtin
from badgejobs.sandbox.history.made_orders import MadeOrders
from badgejobs.sandbox.remote import RemoteSandbox

#: Badges by title, and how many orders they are for.
BADGES = {"First Purchase": 1, "Third Purchase": 3, "Tenth Purchase": 10}
RULES = "version: 1\nsite: {timezone: UTC, currency: EUR}\nbadges:\n" + "".join(
    f"  - {{id: n{number}, badge: {{title: {title}}}, when: {{count: orders, gte: {number}}}}}\n"
    for title, number in BADGES.items()
)
#: Members of a site, and the orders that they have when a measurement begins.
MEMBERS, HISTORY = 20, 30
#: New orders are looked for so often.
_NAP_SECONDS = 0.1


def _stamped(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


@dataclass(slots=True)
class Traffic:
    """The orders of a fleet whose sites are numbered from 1; the same again for a seed."""

    seed: int
    #: How many orders each member of each site has.
    bought: Counter[tuple[int, int]] = field(default_factory=Counter)
    #: When the order came by which a member earned a badge, of those that came while watched.
    earned_at: dict[tuple[int, str, str], datetime] = field(default_factory=dict)
    came: int = 0
    _luck: Random = field(init=False)
    _made: MadeOrders = field(init=False)

    def __post_init__(self) -> None:
        self._luck = Random(self.seed)  # noqa: S311 - who buys, the same again for a seed
        self._made = MadeOrders(1_000_000, self.seed)

    def history(self, folder: Path, sites: int) -> Path:
        """A seed for the sandbox: members and past orders, alike for all of its sites."""
        before = datetime.now(UTC) - timedelta(days=30)
        orders = []
        for place in range(HISTORY):
            who = self._luck.randrange(MEMBERS // 2)
            orders.append(self._order(who, before + timedelta(hours=place)))
            for site in range(1, sites + 1):
                self.bought[site, who] += 1
        members = [
            {"id": member(one), "status": "APPROVED", "createdDate": _stamped(before)}
            for one in range(MEMBERS)
        ]
        file = folder / "history.json"
        file.write_text(json.dumps({"members": members, "orders": orders}), encoding="utf-8")
        return file

    def arrive(
        self, sandbox: RemoteSandbox, *, sites: int, a_minute: float, seconds: float
    ) -> None:
        """Let orders come to sites at random, for so long."""
        ends = time.monotonic() + seconds
        at = time.monotonic() + self._luck.expovariate(a_minute / 60)
        while at < ends:
            while time.monotonic() < at:
                time.sleep(min(_NAP_SECONDS, max(0.0, at - time.monotonic())))
            self._buy(sandbox, self._luck.randint(1, sites), self._luck.randrange(MEMBERS))
            at += self._luck.expovariate(a_minute / 60)
        time.sleep(max(0.0, ends - time.monotonic()))

    def due(self, site: int) -> set[tuple[str, str]]:
        """Who of a site has earned what by now: (member, title)."""
        return {
            (member(who), title)
            for who in range(MEMBERS)
            for title, number in BADGES.items()
            if self.bought[site, who] >= number
        }

    def _buy(self, sandbox: RemoteSandbox, site: int, who: int) -> None:
        now = datetime.now(UTC)
        sandbox.store(builtin.instance_id(site), "orders", [self._order(who, now)])
        self.came += 1
        self.bought[site, who] += 1
        for title, number in BADGES.items():
            if self.bought[site, who] == number:
                self.earned_at[site, member(who), title] = now

    def _order(self, who: int, at: datetime) -> dict[str, Any]:
        return self._made.body(0) | {
            "id": str(uuid.UUID(int=self._luck.getrandbits(128), version=4)),
            "status": "APPROVED",
            "paymentStatus": "PAID",
            "buyerInfo": {"memberId": member(who)},
            **dict.fromkeys(("createdDate", "purchasedDate", "updatedDate"), _stamped(at)),
        }


def member(number: int) -> str:
    """The id of the member of that number, the same at every site."""
    return f"0000000b-0000-4000-8000-{number:012d}"
