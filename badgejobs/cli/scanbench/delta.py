"""What a scan of a thousand new orders costs beside a history of any length.

The history is recorded and decided once for a few members, by the real scan, and then copied by
the database; the new orders come page by page from a source in this process, so that neither
network nor sandbox is measured. After each round they are forgotten again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from statistics import median
from types import MappingProxyType

from badgejobs.cli.scanbench.rules import RULES_WITH_A_LIMIT
from badgejobs.cli.scanbench.serving import SITE
from badgejobs.core.activity import Activity, Item, Mark
from badgejobs.core.source import Mode, Page, Scope, Track
from badgejobs.errors import StateError
from badgejobs.flow.cadence import PAGE, Cadence
from badgejobs.flow.decide import flip, take_up
from badgejobs.flow.scan import scan
from badgejobs.jobs.retrying import patience
from badgejobs.rules.loader import parse_rules
from badgejobs.store import SqlStore, open_store

SOURCE = "orders"
#: New orders of one round, and by how many members, half of them of each kind.
NEW, BUYERS = 1_000, 200
#: Orders that are recorded before they are copied, and how many the members have by turns: a few
#: new ones bring the latter a badge that the former have.
_RECORDED, _EACH = 1_000, (60, 40)
#: A history is a multiple of it.
STEP = _RECORDED
_BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
_MARKS = frozenset({Mark.APPROVED, Mark.PAID})


@dataclass(slots=True, kw_only=True)
class Cost:
    """What the rounds over one history in one database cost."""

    database: str
    stored: int
    seconds: list[float] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """The median of the rounds' seconds."""
        return median(self.seconds)

    @property
    def sent(self) -> float:
        """The median of the rounds' statements."""
        return median(self.statements)


class _Shelf:
    """A source that gives the pages that it was filled with, whatever it is asked for."""

    name = SOURCE
    mode: Mode = "window"

    def __init__(self) -> None:
        self.pages: list[tuple[Activity, ...]] = [()]
        self.answered_at = _BEGINS

    def fetch(self, client: None, scope: Scope, cursor: str | None) -> Page:
        """The next page."""
        del client, scope
        at = int(cursor or 0)
        more = at + 1 < len(self.pages)
        return Page(
            activities=self.pages[at],
            next_cursor=str(at + 1) if more else None,
            answered_at=self.answered_at,
        )


class History:
    """A site with so many orders in a store of its own, ready for rounds of new ones."""

    def __init__(self, url: str, *, stored: int, seed: int, buyers: int = BUYERS) -> None:
        if stored % STEP:
            raise StateError(f"{stored:,} orders cannot be made: name a multiple of {STEP:,}")
        self._now = _BEGINS + timedelta(days=100)
        self._store = open_store(url, clock=lambda: self._now)
        self._rules = parse_rules(RULES_WITH_A_LIMIT, file="the rules of the measurement")
        self._luck = Random(seed)  # noqa: S311 - who buys, the same again for a seed
        self._shelf = _Shelf()
        self._members = [
            f"{self._luck.getrandbits(120):030x}" for _ in range(2 * _RECORDED // sum(_EACH))
        ]
        self._copies, self._number = stored // _RECORDED, buyers
        self._record()

    @property
    def store(self) -> SqlStore:
        """Where it is stored."""
        return self._store

    def close(self) -> None:
        """Close its connections."""
        self._store.dispose()

    def round(self, cost: Cost) -> None:
        """Scan a thousand new orders, note what that cost, and forget them."""
        self._now += timedelta(hours=1)
        began = self._now
        buyers = self._buyers()
        first = began - timedelta(seconds=NEW)
        orders = [self._order(member, first, n) for n, member in enumerate(buyers)]
        self._fill(orders, answered_at=began)
        with self._store.statements() as sent:
            since = time.perf_counter()
            self._scan(Track.LIVE)
            self._wake()
            cost.seconds.append(time.perf_counter() - since)
        cost.statements.append(sent.total())
        with self._store.begin() as tx:
            known = tx.activities.number(SITE, SOURCE)
            tx.copies.forget_since(SITE, began)
        if known != cost.stored + NEW:
            raise StateError(f"{known:,} orders are stored, not {cost.stored + NEW:,}")

    def _record(self) -> None:
        orders = [
            self._order(member, _BEGINS, n * len(self._members) + place)
            for n in range(max(_EACH))
            for place, member in enumerate(self._members)
            if n < _EACH[place % len(_EACH)]
        ]
        self._fill(orders, answered_at=self._now)
        self._scan(Track.FULL)
        self._now += timedelta(hours=1)
        self._fill([], answered_at=self._now)
        self._scan(Track.LIVE)
        take_up(SITE, self._rules, self._store, batches=len(self._members))
        self._wake()
        with self._store.begin() as tx:
            tx.copies.multiply(SITE, times=self._copies)

    def _scan(self, track: Track) -> None:
        done = scan(
            SITE,
            self._shelf,
            None,
            lambda: self._rules,
            self._store,
            track=track,
            cadence=Cadence(),
            patience=patience,
            time_is_up=lambda: False,
            wants=self._rules.wants,
        )
        if not done.completed:
            raise StateError(f"the {track} scan of the measurement did not come to its end")

    def _wake(self) -> None:
        """Decide the members of whom some badge waited until all before it was read."""
        self._now += timedelta(minutes=1)
        _, done = flip(SITE, self._rules, self._store, batches=BUYERS)
        if not done:
            raise StateError("more members were to be woken than had bought anything")

    def _fill(self, orders: list[Activity], *, answered_at: datetime) -> None:
        pages = range(0, len(orders), PAGE)
        self._shelf.pages = [tuple(orders[at : at + PAGE]) for at in pages] or [()]
        self._shelf.answered_at = answered_at

    def _buyers(self) -> Iterator[str]:
        """Who buys the new orders: so many members, by turns of each kind, all equally often."""
        kinds = len(_EACH)
        known = len(self._members) * self._copies // kinds
        chosen = self._luck.sample(range(known), min(self._number // kinds, known))
        for n in range(NEW):
            which = chosen[n // kinds % len(chosen)] * kinds + n % kinds
            copy, place = divmod(which, len(self._members))
            yield self._members[place] + (f"~{copy}" if copy else "")

    def _order(self, member: str, since: datetime, number: int) -> Activity:
        at = since + timedelta(seconds=number)
        amount = 6_500 + number % 500
        return Activity(
            site=SITE,
            source=SOURCE,
            activity_id=f"{self._luck.getrandbits(120):030x}",
            member_id=member,
            occurred_at=at,
            updated_at=at,
            marks=_MARKS,
            amounts=MappingProxyType({"items": amount, "total": amount, "refunded": 0}),
            currency="EUR",
            channel="WEB",
            items=(Item(product=f"p{number % 200:03}", amount=amount),),
        )


@contextmanager
def histories(
    urls: Mapping[tuple[str, int], str], *, seed: int, buyers: int = BUYERS
) -> Iterator[list[tuple[Cost, History]]]:
    """One history in each database, by the database's name and how much it is to hold."""
    found = list[tuple[Cost, History]]()
    try:
        for (database, stored), url in urls.items():
            cost = Cost(database=database, stored=stored)
            found.append((cost, History(url, stored=stored, seed=seed, buyers=buyers)))
        yield found
    finally:
        for _, one in found:
            one.close()


def rounds(over: list[tuple[Cost, History]], *, number: int) -> list[Cost]:
    """Let all take turns so many times; a round that fills caches comes before and is dropped."""
    for turn in range(number + 1):
        for cost, history in over:
            history.round(cost)
            if not turn:
                cost.seconds.clear()
                cost.statements.clear()
    return [cost for cost, _ in over]
