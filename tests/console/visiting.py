"""A visitor of the console without a browser: pages, their forms, and where they lead."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from ports_in_memory import InMemory

from badgejobs.console import Keys, application

PASSWORD = "the-password-of-this-console"
TOKEN = "the-token-of-its-operators"


def console(ports: InMemory, *, token: str | None = TOKEN, **more: Any) -> web.Application:
    keys = Keys(password=PASSWORD, token=token)
    return application(keys=keys, views=ports, explaining=ports, acting=ports, **more)


class Visitor:
    """One browser's session."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self.client = client
        self.word = ""

    async def get(self, address: str, **headers: str) -> tuple[ClientResponse, str]:
        """A page, without going on to where it leads."""
        response = await self.client.get(address, allow_redirects=False, headers=headers)
        text = await response.text()
        if found := re.search(r'name="form" value="([^"]+)"', text):
            self.word = found.group(1)
        return response, text

    async def send(
        self, address: str, *, headers: dict[str, str] | None = None, **fields: str
    ) -> ClientResponse:
        """A form, with the word of this session unless another is given."""
        told = {"form": self.word} | fields
        return await self.client.post(
            address, data=told, allow_redirects=False, headers=headers or {}
        )

    async def log_in(self) -> None:
        await self.get("/log-in")
        response = await self.send("/log-in", password=PASSWORD)
        assert response.status == 303
        await self.get("/")

    async def become_operator(self, name: str = "Olga") -> None:
        response = await self.send("/operator", token=TOKEN, name=name, back="/")
        assert response.status == 303
        await self.get("/")

    async def page_of(self, member: str, badge: str = "gold") -> str:
        """The address of a member's page."""
        await self.get("/sites/my-shop/members")
        response = await self.send("/sites/my-shop/members", member=member, badge=badge)
        assert response.status == 303
        return response.headers["Location"]

    async def told(self, words: str, *, at: str = "/runs") -> str:
        """The next page that says so, of pages that are looked at again and again."""
        async with asyncio.timeout(30):
            while words not in (text := (await self.get(at))[1]):
                pass
        return text

    async def all_pages(self) -> dict[str, str]:
        """Every page that can be reached, with its text."""
        seen, left = dict[str, str](), ["/"]
        while left:
            address = left.pop()
            if address in seen:
                continue
            response, seen[address] = await self.get(address)
            assert response.status in {200, 303}, (address, response.status)
            found = re.findall(r'(?:href|hx-get)="(/[^"]*)"', seen[address])
            left += [unescape(one) for one in found if not one.startswith("/static")]
        return seen


@asynccontextmanager
async def visiting(app: web.Application) -> AsyncIterator[Visitor]:
    async with TestClient(TestServer(app)) as client:
        yield Visitor(client)
