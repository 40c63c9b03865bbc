"""Houses that tell somebody, and whose time can be moved on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs_stage import (
    NORTH,
    LiveShops,
    member_id,
    read,
)
from listeners import SECRET, Mailbox, Receiver
from pydantic import SecretStr

from badgejobs.bootstrap import House
from badgejobs.bootstrap.telling import telling_of
from badgejobs.core.award import Award, Giver, State, Timing
from badgejobs.core.notification import Notification
from badgejobs.jobs import work
from badgejobs.jobs.notifying import run_notify, wake_notify
from badgejobs.jobs.units import Outcome
from badgejobs.sandbox.records.collection import Record
from badgejobs.store import acting
from badgejobs.store.notifications import note


@dataclass
class Ahead:
    """The real time, and what it was moved on by."""

    by: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


class Stage:
    """One shop whose house tells somebody; nothing has happened there yet, and Wix is away."""

    def __init__(self, house: House) -> None:
        self.house, self.time = house, Ahead()
        house.store._clock = self.time

    def happens(
        self, *members: int, badge: str = "first-purchase", period: int = 1, taken: bool = False
    ) -> None:
        """Awards of these members come to stand, or are taken, as the store settles them."""
        telling = telling_of(self.house, NORTH)
        with acting(telling=telling), self.house.store.begin() as tx:
            for member in members:
                sent = Award(
                    site=NORTH,
                    member_id=member_id(member),
                    badge=badge,
                    state=State.INFLIGHT,
                    earned_at=tx.now,
                    rules_version="1",
                    period=period,
                )
                was, one = sent, sent.given("a", Giver.OURS)
                if taken:
                    was = one.revoking(tx.now, Timing(), claim="c")
                    one = was.removed()
                note(tx._connection, [(was, one)], now=tx.now)

    def tells(self) -> Outcome:
        """One round of telling, as the bell of a tick would have it."""
        wake_notify(self.house)
        return run_notify(self.house, NORTH, by="test")

    def later(self, **by: float) -> None:
        self.time.by += timedelta(**by)

    def rows(self) -> list[Notification]:
        with self.house.store.read() as tx:
            return list(reversed(tx.notifications.listed([NORTH], failed=False, limit=1000)))

    def alerts(self) -> list[str]:
        with self.house.store.read() as tx:
            return [f"{one.kind.value} {one.subject}" for one in tx.alerts.open([NORTH])]


class Shop(Stage):
    """One that was read before, so that what is bought from here on is live."""

    def __init__(self, house: House, shops: LiveShops) -> None:
        super().__init__(house)
        self.shops = shops

    def buys(self, member: int, times: int = 1) -> None:
        """Orders come, are read, and what they earn is given."""
        self.shops.buys(member, times)
        self.looks()

    def refunds(self) -> None:
        """All that was bought is paid back, and badges are taken for it."""
        site = self.shops.site()
        for record in list(site.orders.current.values()):
            changed = {
                "paymentStatus": "FULLY_REFUNDED",
                "updatedDate": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.999Z}",
            }
            body = record.body | changed
            site.orders.put(Record(body, site.orders.fields), self.shops.world.clock())
        self.looks()

    def looks(self) -> None:
        with self.house.store.begin() as tx:
            tx.scans.make_due(NORTH, "orders")
        read(self.house)
        work.run_assign(self.house, NORTH, by="test")


def by_webhook(receiver: Receiver, **more: Any) -> dict[str, Any]:
    told = {"webhook_url": receiver.url, "webhook_secret": SecretStr(SECRET)}
    return told | more


def by_mail(mailbox: Mailbox, **more: Any) -> dict[str, Any]:
    told = {
        "smtp_host": "127.0.0.1",
        "smtp_port": mailbox.port,
        "smtp_security": "none",
        "mail_from": "badges@shop.example",
        "mail_to": ("owner@shop.example", "ops@shop.example"),
    }
    return told | more


#: Makes a stage that is told of by these settings.
MakeStage = Callable[..., Stage]
#: Makes a shop likewise; ``before`` so many members bought, before it was first read by ``rules``.
MakeShop = Callable[..., Shop]
