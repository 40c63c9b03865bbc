"""Who is told the numbers, and that a flood of questions is one question to the database."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from badgejobs.intake.metrics_page import MetricsPage

TOKEN = "a-token-of-32-characters-0123456"


def asked(
    *, token: str | None, open_to_all: bool, sent: str | None = None, times: int = 1
) -> tuple[list[int], str, int]:
    """The statuses, the last text, and how often was looked."""
    looks = list[int]()

    def look() -> int:
        looks.append(1)
        return len(looks)

    page = MetricsPage(
        look,
        lambda found, accept: (f"{found} {accept}".encode(), "text/plain; charset=utf-8"),
        token=token,
        open_to_all=open_to_all,
    )

    async def ask() -> tuple[list[int], str]:
        app = web.Application()
        page.add_to(app)
        headers = {"Accept": "a"} | ({"Authorization": sent} if sent else {})
        async with TestClient(TestServer(app)) as client:
            answers = await asyncio.gather(
                *(client.get("/metrics", headers=headers) for _ in range(times))
            )
            return [one.status for one in answers], await answers[-1].text()

    statuses, text = asyncio.run(ask())
    return statuses, text, len(looks)


def test_loopback_is_answered_and_asks_the_database_once_for_a_flood() -> None:
    assert asked(token=None, open_to_all=True, times=20) == ([200] * 20, "1 a", 1)


def test_beyond_loopback_nobody_is_answered_without_a_token() -> None:
    statuses, text, looks = asked(token=None, open_to_all=False, sent="Bearer x")
    assert (statuses, looks) == ([403], 0)
    assert "set metrics.token_file" in text


def test_only_who_sends_the_token_is_answered() -> None:
    for open_to_all in (True, False):
        for sent in (None, TOKEN, f"Basic {TOKEN}", "Bearer ", f"Bearer {TOKEN[:-1]}", "Bearer é"):
            statuses, text, looks = asked(token=TOKEN, open_to_all=open_to_all, sent=sent)
            assert (statuses, looks) == ([401], 0)
            assert TOKEN not in text
        assert asked(token=TOKEN, open_to_all=open_to_all, sent=f"Bearer {TOKEN}")[0] == [200]
