"""The console's ports over values in memory: sites with everything that a page can show."""

# ruff: noqa: ARG002 - a port is asked more than this answers by

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import Event

from badgejobs.core.award_state import Giver, State
from badgejobs.core.explanation import Line
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
    Step,
    Totals,
)
from badgejobs.errors import RemovesAccess, SettingsError

NOW = datetime.now(UTC)
ANA = "aaaaaaaa-1111-4111-8111-0000000000aa"
BEN = "bbbbbbbb-2222-4222-8222-0000000000bb"
MEMBERS = (ANA, BEN)
#: What nobody but a browser under attack would take for a part of the page.
EVIL = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>"
BADGES = ("gold", "silver")
RUN_NAMES = {"calls": 31, "seen": 3000, "opened": 12, "void": 0}


def site_line(name: str, **told: object) -> SiteLine:
    line = SiteLine(
        site=name,
        fresh_at=NOW - timedelta(minutes=2),
        late=False,
        pending=3,
        held=0,
        unknown=0,
        needs_attention=0,
        quarantined=0,
        drift=0,
        errors=0,
        suspended=False,
        budget_used=42,
        budget=180,
        shut_seconds=0,
        holders=1234,
        alerts=0,
    )
    return replace(line, **told)  # type: ignore[arg-type]


SITES = {
    one.site: one
    for one in (
        site_line("atelier"),
        site_line("bakery", fresh_at=None, budget_used=None, holders=0, pending=0),
        site_line("cycles", suspended=True),
        site_line(
            "my-shop", late=True, alerts=1, needs_attention=4, errors=1, unknown=2, held=7,
            drift=2, quarantined=3, budget_used=171, shut_seconds=41.2,
        ),
    )
}  # fmt: skip


@dataclass
class InMemory:
    """All three ports; what was done is kept in ``done``."""

    title: str = "Gold Member"
    reason: str = "the condition is no longer met"
    is_empty: bool = False
    #: Totals are told for a while as they were counted.
    totals_at: datetime = NOW
    #: What acts wait for, and that one of them is at work.
    is_at_work: Event = field(default_factory=Event)
    may_go_on: Event = field(default_factory=Event)
    was_done: Event = field(default_factory=Event)
    done: list[tuple[object, ...]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.may_go_on.set()

    def totals(self) -> Totals:
        self.asked.append("totals")
        return Totals(
            at=self.totals_at, sites=len(SITES), suspended=1, late=1, pending=9, held=7, unknown=2,
            needs_attention=4, quarantined=3, drift=2, errors=1, alerts=1, holders=4936,
            workers=0 if self.is_empty else 2, beats=1, worst=(SITES["my-shop"],),
        )  # fmt: skip

    def sites(
        self, *, search: str = "", after: str | None = None, limit: int = 50
    ) -> Page[SiteLine]:
        found = [one for name, one in SITES.items() if search in name and name > (after or "")]
        if self.is_empty:
            return Page(rows=())
        return Page(rows=tuple(found[:3]), after=found[2].site if len(found) > 3 else None)

    def site(self, name: str) -> SiteLine:
        self.asked.append("site")
        if name not in SITES:
            raise SettingsError(f"there is no site {name!r}")
        return SITES[name]

    def badges(self, site: str) -> Sequence[BadgeLine]:
        self.asked.append("badges")
        gold = BadgeLine(
            badge="gold", title=self.title, holders=12, members=1520, pending=3, held=7,
            needs_attention=4, states={State.ASSIGNED: 12, State.HELD: 7, State.BLOCKED: 4},
            last_given_at=NOW - timedelta(hours=3), opens_pages=True,
        )  # fmt: skip
        silver = BadgeLine(
            badge="silver", title="silver", holders=0, members=None, pending=0, held=0,
            needs_attention=0, states={}, last_given_at=None, opens_pages=False, gone_at=NOW,
        )  # fmt: skip
        return () if self.is_empty else (gold, silver)

    def days(self, site: str, *, badge: str | None = None, last: int = 90) -> Sequence[Day]:
        begin = date(2026, 8, 29)
        some = not self.is_empty and badge != "silver"
        return [
            Day(
                day=begin + timedelta(days=n),
                given=(n * 7) % 5 if some else 0,
                taken=int(n % 11 == 0) if some else 0,
            )
            for n in range(last)
        ]

    def steps(self, site: str) -> Funnel:
        if self.is_empty:
            return Funnel(made_at=None, steps=())
        numbers = (352, 748, 237, 91, 41, 25, 10, 4, 1, 1, 10)
        steps = tuple(Step(badge="gold", step=n, members=m) for n, m in enumerate(numbers))
        return Funnel(made_at=NOW - timedelta(hours=9), steps=steps)

    def happenings(self, site: str, *, limit: int = 20) -> Sequence[Happening]:
        given = Happening(
            at=NOW - timedelta(seconds=30), kind="given", badge="gold", state=State.ASSIGNED,
            by="rules", member=ANA,
        )  # fmt: skip
        taken = replace(given, kind="taken", state=State.REVOKED, member=BEN, reason=self.reason)
        return () if self.is_empty else (given, taken)

    def holders(
        self, site: str, badge: str, *, after: str | None = None, limit: int = 50
    ) -> Page[HolderLine]:
        if badge != "gold":
            return Page(rows=())
        ana = HolderLine(
            member=ANA, earned_at=NOW, since=NOW, giver=Giver.OURS, by="rules", state=State.ASSIGNED
        )
        ben = replace(ana, member=BEN, giver=Giver.PERSON, by="a person at Wix")
        return Page(rows=(ben,)) if after else Page(rows=(ana,), after="sealed-place")

    def runs(
        self,
        site: str | None = None,
        *,
        after: str | None = None,
        limit: int = 50,
        failed: bool = False,
    ) -> Page[RunLine]:
        one = RunLine(
            id=7, site="my-shop", kind="scan orders", started_by="beat", started_at=NOW,
            ended_at=NOW + timedelta(seconds=3), numbers=RUN_NAMES, error=None, lost=False,
        )  # fmt: skip
        bad = replace(one, id=6, numbers={}, error=f"Wix answered 500; {self.reason}")
        lost = replace(one, id=5, ended_at=None, lost=True, numbers={})
        goes_on = replace(one, id=8, ended_at=None, numbers={})
        if self.is_empty:
            return Page(rows=())
        return Page(rows=(bad, lost) if failed else (goes_on, one, bad, lost))

    def drift(self, site: str, *, after: str | None = None, limit: int = 50) -> Page[DriftLine]:
        one = DriftLine(
            member=ANA, badge="gold", kind="given by a person", at_wix=1, note=self.reason,
            first_seen_at=NOW - timedelta(days=3), seen_at=NOW,
        )  # fmt: skip
        return Page(rows=() if self.is_empty else (one, replace(one, member=BEN, note="")))

    def quarantine(
        self, site: str, *, after: str | None = None, limit: int = 50
    ) -> Page[QuarantineLine]:
        one = QuarantineLine(
            site=site, source="orders", id="cccccccc-3333-4333-8333-0000000000cc",
            reason=f"priceSummary: is missing {self.reason}", first_seen_at=NOW, last_seen_at=NOW,
            tries=2, due_at=NOW + timedelta(hours=2),
        )  # fmt: skip
        return Page(rows=() if self.is_empty else (one, replace(one, due_at=None, tries=0)))

    def alerts(self, site: str | None = None) -> Sequence[AlertLine]:
        text = f"12 of silver would be taken away; `badgejobs release my-shop silver` {self.reason}"
        alert = AlertLine(
            site="my-shop", kind="revocations held back", subject="silver", text=text, raised_at=NOW
        )
        return () if self.is_empty else (alert,)

    def explain(self, site: str, member: str, badge: str) -> Line:
        if badge not in BADGES:
            raise SettingsError(f"the rules have no badge {badge!r}")
        counted = tuple(Line.of(f"counted: order {n}") for n in range(40))
        met = Line(text="met: 10 or more paid orders; 40 of 10", met=True, children=counted)
        unmet = Line(text="not met: a comment; 0 of 1", met=False)
        why = Line(text="why", children=(Line(text="all of", met=False, children=(met, unmet)),))
        award = Line(text="the award", children=(Line.of(f"there is none: {self.reason}"),))
        head = f"{self.title} (gold) of {member}: not earned"
        return Line(text=head, met=False, children=(award, why))

    def rule_in_words(self, site: str, badge: str) -> str:
        return "10 or more paid orders; kept once earned." if badge == "gold" else ""

    def sources(self, site: str) -> Sequence[str]:
        return ("comments", "orders")

    def scan(self, site: str, source: str | None, *, who: str) -> str:
        self.done.append(("scan", site, source, who))
        return "orders: the workers were told."

    def retry(self, site: str, *, who: str) -> str:
        self._wait()
        self.done.append(("retry", site, who))
        self.was_done.set()
        return "Nothing is to be tried again."

    def grant(self, site: str, member: str, badge: str, *, who: str, note: str) -> str:
        self.done.append(("grant", site, member, badge, who, note))
        return "Given; no rule takes it."

    def revoke(
        self,
        site: str,
        member: str,
        badge: str,
        *,
        who: str,
        note: str,
        removes_access: bool = False,
    ) -> str:
        self._wait()
        if not removes_access:
            raise RemovesAccess("add --yes-this-removes-access if that is what you want")
        self.done.append(("revoke", site, member, badge, who, note))
        return "Taken away; no rule gives it again."

    def _wait(self) -> None:
        self.is_at_work.set()
        self.may_go_on.wait(30)
