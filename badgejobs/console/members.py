"""A member's page: why they have a badge or not. Its address does not say who they are."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from aiohttp import web

from badgejobs.console.addresses import BADGE, MEMBER, SITE
from badgejobs.console.desk import Desk
from badgejobs.console.rendering import path

_MEMBER_ID: Final = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WRONG: Final = (
    "That is no member's id. It looks like 3f2b8c1e-0d3f-4a4e-9f10-6f5a2c9e2201; copy it whole "
    "from Wix's dashboard or from a list of holders here."
)


class Members:
    """Handlers of the member's page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add_to(self, app: web.Application) -> None:
        """Take these addresses."""
        app.router.add_get(f"/sites/{SITE}/members", self.ask)
        app.router.add_post(f"/sites/{SITE}/members", self.find)
        app.router.add_get(f"/sites/{SITE}/members/{MEMBER}/{BADGE}", self.explain)

    async def ask(self, request: web.Request) -> web.Response:
        """The form: which member, and which badge."""
        return await self._form(request)

    async def find(self, request: web.Request) -> web.Response:
        """Go to the page of the member of the form."""
        form, site = await request.post(), request.match_info["site"]
        badge, member = str(form.get("badge", "")), str(form.get("member", "")).strip().lower()
        await self._desk.ask(self._desk.views.site, site)
        if not re.fullmatch(_MEMBER_ID, member):
            return await self._form(request, wrong=_WRONG, badge=badge)
        raise web.HTTPSeeOther(address(self._desk, site, member, badge))

    async def explain(self, request: web.Request) -> web.Response:
        """The proof as a tree."""
        desk, site, badge = self._desk, request.match_info["site"], request.match_info["badge"]
        await desk.ask(desk.views.site, site)
        ref = request.match_info["ref"]
        member = desk.references.of(site, ref)
        if member is None:
            return await self._form(
                request,
                wrong="This address is over, for the console was started anew since: write the "
                "member's id once more.",
                badge=badge,
                status=HTTPStatus.GONE,
            )
        badges = await desk.ask(desk.views.badges, site)
        values = {
            "site": site,
            "member": member,
            "ref": ref,
            "badge": badge,
            "badges": badges,
            "title": next((one.title for one in badges if one.badge == badge), badge),
            "tree": await desk.ask(desk.explaining.explain, site, member, badge),
            "rule": await desk.ask(desk.explaining.rule_in_words, site, badge),
        }
        return await desk.page(request, "member.html", values)

    async def _form(
        self,
        request: web.Request,
        *,
        wrong: str = "",
        badge: str = "",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> web.Response:
        desk, site = self._desk, request.match_info["site"]
        await desk.ask(desk.views.site, site)
        badges = await desk.ask(desk.views.badges, site)
        if wrong and status is HTTPStatus.OK:
            status = HTTPStatus.BAD_REQUEST
        values = {"site": site, "badges": badges, "wrong": wrong, "badge": badge}
        return await desk.page(request, "members.html", values, status=status)


def address(desk: Desk, site: str, member: str, badge: str) -> str:
    """Where a member's page is."""
    return f"/sites/{path(site)}/members/{desk.references.to(site, member)}/{path(badge)}"
