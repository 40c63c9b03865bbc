"""What an operator may have done: each act says first what will happen, and then what did."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from badgejobs.console.addresses import BADGE, MEMBER, SITE
from badgejobs.console.desk import Desk
from badgejobs.console.entrance import OPERATOR
from badgejobs.console.rendering import path
from badgejobs.console.turns import REMOVES_ACCESS, Asked, NeverBegun
from badgejobs.console.visits import Visit
from badgejobs.core.grant_list import one_line
from badgejobs.errors import RemovesAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that may be done, as it is told before."""

    title: str
    #: What will happen, sentence by sentence.
    happens: tuple[str, ...]
    button: str
    #: Whether it is hard to undo.
    is_grave: bool = False


SCAN: Final = Act(
    title="Read this site's sources now",
    happens=(
        "The workers read what changed at Wix, and decide anew about whom that touches.",
        "Badges may be given, and taken where a rule says so.",
        "API calls count against the site's budget as always.",
    ),
    button="Read now",
)
RETRY: Final = Act(
    title="Try again what was given up",
    happens=(
        "Awards that Wix refused, that were paused, or that need attention are sent once more.",
        "Those whose answers were lost are looked for at Wix before anything is sent.",
    ),
    button="Try again",
)
GRANT: Final = Act(
    title="Give this badge by hand",
    happens=(
        "The member gets the badge at Wix, whether they earned it or not.",
        "No rule takes it from them afterwards. It counts as given by a person.",
    ),
    button="Give the badge",
)
REVOKE: Final = Act(
    title="Take this badge away by hand",
    happens=(
        "The badge is taken from the member at Wix, whoever gave it.",
        "No rule gives it to them again, also where they have earned it.",
    ),
    button="Take the badge away",
    is_grave=True,
)


class Acts:
    """Handlers of the forms of an operator."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        #: (site, badge) of which Wix said that they open pages, where the record does not know it.
        self._opening = set[tuple[str, str]]()

    def add_to(self, app: web.Application) -> None:
        """Take these addresses."""
        for at, show, do in (
            ("scan", self.show_scan, self.scan),
            ("retry", self.show_retry, self.retry),
            (f"members/{MEMBER}/{BADGE}/grant", self.show_grant, self.grant),
            (f"members/{MEMBER}/{BADGE}/revoke", self.show_revoke, self.revoke),
        ):
            app.router.add_get(f"/sites/{SITE}/{at}", show)
            app.router.add_post(f"/sites/{SITE}/{at}", do)

    async def show_scan(self, request: web.Request) -> web.Response:
        """What a scan would do."""
        site = request.match_info["site"]
        sources = await self._desk.ask(self._desk.explaining.sources, site)
        return await self._confirm(request, SCAN, {"sources": sources})

    async def scan(self, request: web.Request) -> web.Response:
        """Have the sources read."""
        site, visit = request.match_info["site"], await self._operator(request)
        source = str((await request.post()).get("source", "")) or None
        call = partial(self._desk.acting.scan, site, source, who=visit.who)
        asked = Asked(act="scan", site=site, subject=site, visit=visit, call=call)
        return await self._done(request, _site(site), asked)

    async def show_retry(self, request: web.Request) -> web.Response:
        """What trying again would do."""
        return await self._confirm(request, RETRY)

    async def retry(self, request: web.Request) -> web.Response:
        """Try again."""
        site, visit = request.match_info["site"], await self._operator(request)
        call = partial(self._desk.acting.retry, site, who=visit.who)
        asked = Asked(act="retry", site=site, subject=site, visit=visit, call=call)
        return await self._done(request, _site(site), asked)

    async def show_grant(self, request: web.Request) -> web.Response:
        """What a grant would do."""
        return await self._confirm(request, GRANT, await self._whose(request))

    async def grant(self, request: web.Request) -> web.Response:
        """Give a badge."""
        return await self._by_hand(request, GRANT)

    async def show_revoke(self, request: web.Request) -> web.Response:
        """What taking it away would do."""
        return await self._confirm(request, REVOKE, await self._whose(request))

    async def revoke(self, request: web.Request) -> web.Response:
        """Take a badge away."""
        return await self._by_hand(request, REVOKE)

    async def _by_hand(self, request: web.Request, act: Act) -> web.Response:
        desk, visit = self._desk, await self._operator(request)
        whose, form = await self._whose(request), await request.post()
        site, member, badge = whose["site"], whose["member"], whose["badge"]
        note = one_line(str(form.get("note", "")))
        if not note:
            wrong = "Write in a few words why, for whoever reads the history later."
            return await self._confirm(request, act, whose | {"wrong": wrong})
        told = {"who": visit.who, "note": note}
        call = partial(desk.acting.grant, site, member, badge, **told)
        if act is REVOKE:
            opens = form.get("removes_access") == "yes"
            call = partial(self._revoked, site, member, badge, removes_access=opens, **told)
        asked = Asked(
            act="revoke" if act is REVOKE else "grant",
            site=site,
            badge=badge,
            subject=f"{whose['title']} of {member}",
            visit=visit,
            call=call,
        )
        try:
            return await self._done(request, whose["back"], asked)
        except RemovesAccess:
            again = {"wrong": REMOVES_ACCESS, "opens_pages": True, "note": note}
            return await self._confirm(request, act, whose | again)

    def _revoked(self, site: str, member: str, badge: str, **told: Any) -> str:
        try:
            return self._desk.acting.revoke(site, member, badge, **told)
        except RemovesAccess:
            # whoever asks again, also where nobody waited for this, is to find the box
            self._opening.add((site, badge))
            raise

    async def _operator(self, request: web.Request) -> Visit:
        """Whoever may act; all others are told how they may."""
        visit = await self._desk.visitor(request)
        if visit is None or not visit.may_act:
            raise web.HTTPForbidden(text="Only operators may do this; nothing was done.")
        return visit

    async def _whose(self, request: web.Request) -> dict[str, Any]:
        desk, asked = self._desk, request.match_info
        site, ref, badge = asked["site"], asked["ref"], asked["badge"]
        member = desk.references.of(site, ref)
        if member is None:
            raise web.HTTPSeeOther(f"{_site(site)}/members/{path(ref)}/{path(badge)}")
        badges = await desk.ask(desk.views.badges, site)
        line = next((one for one in badges if one.badge == badge), None)
        return {
            "site": site,
            "member": member,
            "badge": badge,
            "title": line.title if line else badge,
            "opens_pages": bool(line and line.opens_pages) or (site, badge) in self._opening,
            "back": f"{_site(site)}/members/{path(ref)}/{path(badge)}",
        }

    async def _confirm(
        self, request: web.Request, act: Act, values: dict[str, Any] | None = None
    ) -> web.Response:
        visit = await self._desk.visitor(request)
        site = request.match_info["site"]
        await self._desk.ask(self._desk.views.site, site)
        if visit is None or not visit.may_act:
            raise web.HTTPSeeOther(f"{OPERATOR}?{urlencode({'back': request.path})}")
        around = {
            "site": site, "act": act, "back": _site(site), "wrong": "", "member": "", "badge": "",
            "title": "", "sources": (), "opens_pages": False, "note": "",
        }  # fmt: skip
        values = around | (values or {})
        status = HTTPStatus.BAD_REQUEST if values["wrong"] else HTTPStatus.OK
        return await self._desk.page(request, "act.html", values, status=status)

    async def _done(self, request: web.Request, back: str, asked: Asked) -> web.Response:
        """Go back to a page that says what came of it; raises ``RemovesAccess``."""
        try:
            notice = await self._desk.turns.take(asked)
        except NeverBegun as error:
            # at once, for no other page will be there
            values = {"title": "Not done", "text": f"{asked.subject}: {error}"}
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return await self._desk.page(request, "error.html", values, status=status)
        asked.visit.notices.append(notice)
        raise web.HTTPSeeOther(back)


def _site(site: str) -> str:
    return f"/sites/{path(site)}"
