"""What the console's pages show, out of the record: each view is one transaction that reads."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import TypeVar

from badgejobs.bootstrap.budgets import Budget, paces, used_of
from badgejobs.bootstrap.house import House
from badgejobs.bootstrap.kept import Kept
from badgejobs.bootstrap.sealed_places import SealedPlaces
from badgejobs.bootstrap.site_rules import SiteRules
from badgejobs.bootstrap.told import FromFile, FromPack
from badgejobs.core.milestone import Milestone
from badgejobs.core.overview import (
    AlertLine,
    BadgeLine,
    Day,
    DriftLine,
    Funnel,
    Happening,
    HolderLine,
    Page,
    QuarantineLine,
    RunLine,
    SiteLine,
    Totals,
)
from badgejobs.errors import BadgeJobsError, SettingsError
from badgejobs.store import SqlTransaction
from badgejobs.store.fleet_lines import SiteLine as StoredLine

Row = TypeVar("Row")

#: Of the sites that most need a person so many are shown beside the totals.
WORST = 5
#: No page is longer, whatever is asked for.
MOST_ROWS = 500
#: And no chart.
MOST_DAYS = 366
#: The rules of so many sites are kept as parsed.
_MOST_RULES = 100


#: What is asked for where the holders of all sites are counted.
_EVERY = "holders of every site"


class ConsoleViews:
    """The views; ``duties`` are what is scheduled as sources are, and is none.

    ``before_budgets`` may let the house share the pace of workers that came after it.
    What took long to count, as the badges of a site with 100,000 members, is told for a few seconds
    as it was; all else is as it stands.
    """

    def __init__(
        self,
        house: House,
        *,
        duties: Collection[str],
        before_budgets: Callable[[], None] = lambda: None,
    ) -> None:
        self._house, self._duties = house, frozenset(duties)
        self._before_budgets = before_budgets
        self._places, self._kept = SealedPlaces(), Kept()
        self._rules = OrderedDict[str, tuple[FromFile | FromPack, SiteRules]]()
        self._lock = Lock()

    def forget(self) -> None:
        """Look anew at everything: somebody has just changed what is shown."""
        self._kept.forget()

    def totals(self) -> Totals:
        """All sites added up, and the few that most need a person."""
        return self._kept.get("totals", self._totals)

    def _totals(self) -> Totals:
        names = self._house.directory.names()
        holders = self._kept.get(_EVERY, lambda: self._counted(names))
        with self._house.store.read() as tx:
            lines = tx.fleet_lines.of(names, duties=self._duties)
            worst = [one for one in lines if _needs_a_person(one)][:WORST]
            pace = paces(self._house, tx, [one.site for one in worst])
            kinds = [one.kind for one in tx.processes.alive()]
            now = tx.now
        return Totals(
            at=now,
            sites=len(lines),
            suspended=sum(one.suspended for one in lines),
            late=sum(one.stuck > 0 for one in lines),
            pending=sum(one.waiting for one in lines),
            held=sum(one.held for one in lines),
            unknown=sum(one.unknown for one in lines),
            needs_attention=sum(one.needs_attention for one in lines),
            quarantined=sum(one.quarantine for one in lines),
            drift=sum(one.drift for one in lines),
            errors=sum(one.failing for one in lines),
            alerts=sum(one.alerts for one in lines),
            holders=sum(holders.values()),
            workers=kinds.count("worker"),
            beats=kinds.count("beat"),
            worst=self._told(worst, holders, pace),
        )

    def sites(
        self, *, search: str = "", after: str | None = None, limit: int = 50
    ) -> Page[SiteLine]:
        """The next sites by name, of those whose name holds ``search``."""
        wanted = search.strip().casefold()
        names = [one for one in self._house.directory.names() if wanted in one.casefold()]
        begins = bisect_right(names, after) if after else 0
        shown = names[begins : begins + _rows(limit)]
        rows = {one.site: one for one in self._lines(shown)}
        more = begins + len(shown) < len(names)
        return Page(rows=tuple(rows[name] for name in shown), after=shown[-1] if more else None)

    def site(self, name: str) -> SiteLine:
        """One site; ``SettingsError`` where there is none of that name."""
        if name not in self._house.configured:
            with self._house.store.read() as tx:
                self._require(tx, name)
        return self._lines([name])[0]

    def badges(self, site: str) -> Sequence[BadgeLine]:
        """The badges of the record, and those of the rules that nothing is recorded of yet."""
        found, members = self._kept.get(("badges", site), lambda: self._recorded(site))
        known = {one.badge for one in found}
        told = self._milestones(site)
        lines = [_by_rules(one, told.get(one.badge)) for one in found]
        return lines + [
            BadgeLine(
                badge=one.badge,
                title=one.title,
                holders=0,
                members=sum(members[one.badge].values()) if one.badge in members else None,
                pending=0,
                held=0,
                needs_attention=0,
                states={},
                last_given_at=None,
                opens_pages=one.opens_pages,
            )
            for one in told.values()
            if one.badge not in known
        ]

    def _recorded(self, site: str) -> tuple[list[BadgeLine], dict[str, dict[int, int]]]:
        with self._house.store.read() as tx:
            self._require(tx, site)
            return tx.views.badges(site), tx.progress.of(site)

    def days(self, site: str, *, badge: str | None = None, last: int = 90) -> Sequence[Day]:
        """What was given and taken on each of the last days of UTC, the oldest first."""
        number = max(1, min(last, MOST_DAYS))

        def look() -> list[Day]:
            with self._house.store.read() as tx:
                self._require(tx, site)
                return tx.views.days(site, badge=badge, last=number)

        return self._kept.get(("days", site, badge, number), look)

    def steps(self, site: str) -> Funnel:
        """How far all members were when they were looked at last."""
        with self._house.store.read() as tx:
            self._require(tx, site)
            return tx.views.funnel(site)

    def happenings(
        self, site: str, *, badge: str | None = None, limit: int = 20
    ) -> Sequence[Happening]:
        """The latest changes of awards, the newest first."""
        with self._house.store.read() as tx:
            self._require(tx, site)
            return tx.views.happenings(site, badge=badge, limit=_rows(limit))

    def holders(
        self, site: str, badge: str, *, after: str | None = None, limit: int = 50
    ) -> Page[HolderLine]:
        """Who has a badge at Wix, in the order in which they earned it."""
        of, number = f"holders/{site}/{badge}", _rows(limit)
        place = self._places.open(after, of=of)
        begins = (datetime.fromisoformat(place[0]), str(place[1])) if place else None
        with self._house.store.read() as tx:
            self._require(tx, site)
            found = tx.people.holders(site, badge, after=begins, limit=number + 1)
        lines = [
            HolderLine(
                member=one.member_id,
                earned_at=one.earned_at,
                since=one.since,
                giver=one.giver,
                by=one.by,
                state=one.state,
            )
            for one in found
        ]
        return self._page(lines, number, of=of, place=lambda one: (one.earned_at, one.member))

    def runs(
        self,
        site: str | None = None,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool = False,
    ) -> Page[RunLine]:
        """What ran, the newest first; only what failed, or was lost, where that is asked for."""
        of = f"runs/{site or ''}"
        place, number = self._places.open(after, of=of), _rows(limit)
        begins = (datetime.fromisoformat(place[0]), int(place[1])) if place else None
        with self._house.store.read() as tx:
            if site is not None:
                self._require(tx, site)
            found = tx.views.runs(site, after=begins, limit=number + 1, failed=failed)
        return self._page(found, number, of=of, place=lambda one: (one.started_at, one.id))

    def drift(self, site: str, *, after: str | None = None, limit: int = 50) -> Page[DriftLine]:
        """Where Wix and the ledger differ, by member."""
        of = f"drift/{site}"
        place, number = self._places.open(after, of=of), _rows(limit)
        with self._house.store.read() as tx:
            self._require(tx, site)
            found = tx.views.drift(site, after=_pair(place), limit=number + 1)
        return self._page(found, number, of=of, place=lambda one: (one.member, one.badge))

    def quarantine(
        self, site: str, *, after: str | None = None, limit: int = 50
    ) -> Page[QuarantineLine]:
        """The records that are not understood, by source."""
        of = f"quarantine/{site}"
        place, number = self._places.open(after, of=of), _rows(limit)
        with self._house.store.read() as tx:
            self._require(tx, site)
            found = tx.views.quarantine(site, after=_pair(place), limit=number + 1)
        return self._page(found, number, of=of, place=lambda one: (one.source, one.id))

    def alerts(self, site: str | None = None, *, limit: int = 50) -> Sequence[AlertLine]:
        """What a person must know of, the oldest first; the totals tell how many there are."""
        with self._house.store.read() as tx:
            if site is not None:
                self._require(tx, site)
            found = tx.alerts.open(None if site is None else [site], limit=_rows(limit))
        return [
            AlertLine(
                site=one.site,
                kind=one.kind.value,
                subject=one.subject,
                text=one.text,
                raised_at=one.raised_at,
            )
            for one in found
        ]

    def _require(self, tx: SqlTransaction, site: str) -> None:
        """Raise ``SettingsError`` for a name that is not known."""
        if site not in self._house.configured and tx.sites.get(site) is None:
            raise SettingsError(f"there is no site {site!r}; the overview lists all that there are")

    def _lines(self, names: Sequence[str]) -> tuple[SiteLine, ...]:
        holders = self._holders(names)
        with self._house.store.read() as tx:
            lines = tx.fleet_lines.of(names, duties=self._duties)
            pace = paces(self._house, tx, names)
        return self._told(lines, holders, pace)

    def _holders(self, names: Sequence[str]) -> dict[str, int]:
        """How many badges stand at Wix, by site: all of them are counted."""
        every: dict[str, int] | None = self._kept.known(_EVERY)
        if every is not None:
            return every

        return self._kept.get(("holders", *names), lambda: self._counted(names))

    def _counted(self, names: Sequence[str]) -> dict[str, int]:
        with self._house.store.read() as tx:
            return tx.fleet_lines.holders(names)

    def _told(
        self, lines: Sequence[StoredLine], holders: dict[str, int], pace: dict[str, int]
    ) -> tuple[SiteLine, ...]:
        # one round trip for all of them, and no transaction is open meanwhile
        self._before_budgets()
        used = {one.site: one for one in used_of(self._house, pace)}
        return tuple(_line(one, used[one.site], holders.get(one.site, 0)) for one in lines)

    def _milestones(self, site: str) -> dict[str, Milestone]:
        """Those of the rules, by badge; none while they cannot be read, of which others tell."""
        try:
            rules = self._rules_of(site).file.in_force()
        except BadgeJobsError:
            return {}
        return {one.badge: one for one in rules.milestones}

    def _rules_of(self, site: str) -> SiteRules:
        """A site's rules, kept as parsed; by which earlier ones awards are held is not asked."""
        told = self._house.told(site).rules
        with self._lock:
            kept = self._rules.get(site)
            if kept is None or kept[0] != told:
                kept = self._rules[site] = (told, self._house.rules_of(site, told))
            self._rules.move_to_end(site)
            while len(self._rules) > _MOST_RULES:
                self._rules.popitem(last=False)
            return kept[1]

    def _page(
        self,
        found: Sequence[Row],
        number: int,
        *,
        of: str,
        place: Callable[[Row], tuple[str | int | datetime, ...]],
    ) -> Page[Row]:
        """A page of one row more than is shown, if there are more."""
        shown = tuple(found[:number])
        more = len(found) > number
        return Page(rows=shown, after=self._places.seal(place(shown[-1]), of=of) if more else None)


def _rows(limit: int) -> int:
    return max(1, min(limit, MOST_ROWS))


def _pair(place: Sequence[str] | None) -> tuple[str, str] | None:
    return (place[0], place[1]) if place else None


def _needs_a_person(one: StoredLine) -> bool:
    return any((one.alerts, one.needs_attention, one.stuck, one.unknown, one.suspended))


def _by_rules(line: BadgeLine, milestone: Milestone | None) -> BadgeLine:
    """A line with what the rules say of it, which holds also where Wix was not asked yet."""
    if milestone is None:
        return line
    title = milestone.title if line.title == line.badge else line.title
    return replace(line, title=title, opens_pages=line.opens_pages or milestone.opens_pages)


def _line(one: StoredLine, used: Budget, holders: int) -> SiteLine:
    return SiteLine(
        site=one.site,
        fresh_at=one.known_to,
        late=one.stuck > 0,
        pending=one.waiting,
        held=one.held,
        unknown=one.unknown,
        needs_attention=one.needs_attention,
        quarantined=one.quarantine,
        drift=one.drift,
        errors=one.failing,
        suspended=one.suspended,
        budget_used=used.used,
        budget=used.per_minute,
        shut_seconds=used.shut_seconds,
        holders=holders,
        alerts=one.alerts,
    )
