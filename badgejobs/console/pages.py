"""The pages that only show."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from aiohttp import web

from badgejobs.console import charts
from badgejobs.console.addresses import BADGE, SITE
from badgejobs.console.desk import Desk
from badgejobs.core.award_state import State
from badgejobs.core.overview import BadgeLine, Funnel
from badgejobs.errors import SettingsError

#: Longer than any site's name; more is not looked for.
_LONGEST_SEARCH: Final = 63
_HAPPENINGS: Final = 15
#: The steps of a funnel: tenths of the way.
_WHOLE: Final = 10
_HALF: Final = 5
_NEAR: Final = 8
#: How each state is told where people look.
STATES: Final = {
    State.ASSIGNED: "at Wix",
    State.PENDING: "to be given",
    State.INFLIGHT: "being given",
    State.UNKNOWN: "answer lost, being settled",
    State.HELD: "held back",
    State.REVOKING: "being taken away",
    State.REVOKED: "taken away by a rule",
    State.TAKEN: "taken away by a person",
    State.WITHDRAWN: "no longer earned, never given",
    State.BLOCKED: "refused by Wix",
    State.PAUSED: "badge is gone at Wix",
    State.NEEDS_ATTENTION: "left to a person",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the members of a site are with one badge."""

    badge: str
    title: str
    #: By tenths of the way, the last of them those who earned it.
    members: tuple[int, ...]

    def at_least(self, tenths: int) -> int:
        """Members who have come so far."""
        return sum(self.members[tenths:])

    @property
    def stages(self) -> list[tuple[str, int]]:
        """The funnel in four numbers."""
        return [
            ("begun", self.at_least(1)),
            ("half way", self.at_least(_HALF)),
            ("near", self.at_least(_NEAR)),
            ("earned", self.at_least(_WHOLE)),
        ]


class Pages:
    """Handlers of the pages that only show."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Take these addresses."""
        app.router.add_get("/", self.overview)
        app.router.add_get("/runs", self.runs)
        app.router.add_get(f"/sites/{SITE}", self.site)
        app.router.add_get(f"/sites/{SITE}/live", self.live)
        app.router.add_get(f"/sites/{SITE}/badges/{BADGE}", self.badge)
        app.router.add_get(f"/sites/{SITE}/runs", self.runs)
        app.router.add_get(f"/sites/{SITE}/drift", self.drift)
        app.router.add_get(f"/sites/{SITE}/quarantine", self.quarantine)

    async def overview(self, request: web.Request) -> web.Response:
        """All sites."""
        desk, search = self._desk, request.query.get("q", "").strip()[:_LONGEST_SEARCH]
        totals, found = await asyncio.gather(
            desk.ask(desk.views.totals),
            desk.ask(desk.views.sites, search=search, after=_after(request)),
        )
        values = {
            "totals": totals,
            "page": found,
            "search": search,
            "worst": () if search or _after(request) else totals.worst,
            "alerts": await desk.ask(desk.views.alerts) if totals.alerts else (),
            "page_after": _after(request),
            "keep": ({"q": search} if search else {})
            | ({"still": "1"} if "still" in request.query else {}),
        }
        return await desk.page(request, "overview.html", values)

    async def site(self, request: web.Request) -> web.Response:
        """One site."""
        desk, name = self._desk, request.match_info["site"]
        # each of the first three counts an index, and the database may count them side by side
        line, badges, found, funnel = await asyncio.gather(
            desk.ask(desk.views.site, name),
            desk.ask(desk.views.badges, name),
            desk.ask(desk.views.days, name),
            desk.ask(desk.views.steps, name),
        )
        days = tuple(found)
        values = {
            "site": name,
            "line": line,
            "badges": badges,
            "days": days,
            "drawn": await desk.ask(charts.given_and_taken, days) if _anything(days) else "",
            "funnel": funnel,
            "progress": progress(funnel, badges),
            "alerts": await desk.ask(desk.views.alerts, name) if line.alerts else (),
            "sources": await desk.ask(desk.explaining.sources, name),
        }
        values |= await self._lately(name)
        return await desk.page(request, "site.html", values)

    async def live(self, request: web.Request) -> web.Response:
        """What happened at a site lately: a part of its page, which fetches it again and again."""
        name = request.match_info["site"]
        await self._desk.ask(self._desk.views.site, name)
        return await self._desk.page(
            request, "_live.html", {"site": name} | await self._lately(name)
        )

    async def badge(self, request: web.Request) -> web.Response:
        """One badge of a site."""
        desk, name, badge = self._desk, request.match_info["site"], request.match_info["badge"]
        line = await self._known_badge(name, badge)
        days = tuple(await desk.ask(desk.views.days, name, badge=badge))
        holders = await desk.ask(desk.views.holders, name, badge, after=_after(request))
        funnel = await desk.ask(desk.views.steps, name)
        one = next((p for p in progress(funnel, [line]) if p.badge == badge), None)
        values = {
            "site": name,
            "line": line,
            "rule": await desk.ask(desk.explaining.rule_in_words, name, badge),
            "days": days,
            "standing": charts.counted_back(days, line.holders),
            "drawn": await desk.ask(charts.standing, days, line.holders)
            if line.holders or _anything(days)
            else "",
            "funnel": funnel,
            "one": one,
            "steps_drawn": await desk.ask(charts.steps, one.members)
            if one and one.at_least(1)
            else "",
            "page": holders,
            "refs": self._refs(name, [row.member for row in holders.rows]),
            "states": sorted(
                ((STATES[state], n) for state, n in line.states.items() if n), key=lambda s: -s[1]
            ),
            "keep": {},
        }
        return await desk.page(request, "badge.html", values)

    async def runs(self, request: web.Request) -> web.Response:
        """What ran, of one site or all."""
        desk, name = self._desk, request.match_info.get("site")
        failed = "failed" in request.query
        if name is not None:
            await desk.ask(desk.views.site, name)
        found = await desk.ask(desk.views.runs, name, after=_after(request), failed=failed)
        keep = {"failed": "1"} if failed else {}
        values = {"site": name, "page": found, "failed": failed, "keep": keep}
        return await desk.page(request, "runs.html", values)

    async def drift(self, request: web.Request) -> web.Response:
        """Where Wix and the ledger differ."""
        desk, name = self._desk, request.match_info["site"]
        line = await desk.ask(desk.views.site, name)
        found = await desk.ask(desk.views.drift, name, after=_after(request))
        refs = self._refs(name, [row.member for row in found.rows])
        values = {"site": name, "line": line, "page": found, "refs": refs, "keep": {}}
        return await desk.page(request, "drift.html", values)

    async def quarantine(self, request: web.Request) -> web.Response:
        """Records that could not be understood."""
        desk, name = self._desk, request.match_info["site"]
        line = await desk.ask(desk.views.site, name)
        found = await desk.ask(desk.views.quarantine, name, after=_after(request))
        values = {"site": name, "line": line, "page": found, "keep": {}}
        return await desk.page(request, "quarantine.html", values)

    async def _known_badge(self, site: str, badge: str) -> BadgeLine:
        lines = await self._desk.ask(self._desk.views.badges, site)
        found = next((one for one in lines if one.badge == badge), None)
        if found is None:
            known = ", ".join(one.badge for one in lines) or "none yet"
            raise SettingsError(f"{site} has no badge of that name; it has: {known}")
        return found

    async def _lately(self, site: str) -> dict[str, Any]:
        found = await self._desk.ask(self._desk.views.happenings, site, limit=_HAPPENINGS)
        return {
            "happenings": found,
            "refs": self._refs(site, [one.member for one in found]),
        }

    def _refs(self, site: str, members: Sequence[str]) -> Mapping[str, str]:
        return {one: self._desk.references.to(site, one) for one in members}


def progress(funnel: Funnel, badges: Sequence[BadgeLine]) -> list[Progress]:
    """The funnel by badge, in the order of the badges."""
    titles = {one.badge: one.title for one in badges}
    found = dict[str, Progress]()
    for badge, steps in groupby(sorted(funnel.steps, key=lambda s: s.badge), lambda s: s.badge):
        members = [0] * (_WHOLE + 1)
        for one in steps:
            members[one.step] += one.members
        title = titles.get(badge, badge)
        found[badge] = Progress(badge=badge, title=title, members=tuple(members))
    return [found[badge] for badge in titles if badge in found]


def _anything(days: Sequence[Any]) -> bool:
    return any(one.given or one.taken for one in days)


def _after(request: web.Request) -> str | None:
    return request.query.get("after") or None
